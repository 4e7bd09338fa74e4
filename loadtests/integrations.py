"""A dispatcher that looks up active integrations, and people who look at theirs."""

from __future__ import annotations

from typing import Any

from locust import between, task

from gatepost import targets
from gatepost.load.people import somebody
from gatepost.load.users import DatabaseUser
from gatepost.session import Identity
from services.integrations.integration_service import IntegrationService

_MEMBERS = "select jsonb_build_array(organization_id, user_id) from public.memberships limit 5000"


class Member(DatabaseUser):
    """Somebody of one organization; a colleague of another must see nothing of it."""

    wait_time = between(0.05, 0.4)

    def on_start(self) -> None:
        """Sign in as a member."""
        super().on_start()
        self.service = IntegrationService(self.database)
        self.organization, user = somebody(self.database, _MEMBERS)
        self.me = Identity.user(user)

    @task(8)
    def look_up_active(self) -> None:
        """Look up what may be sent through."""
        with self.timed("active integrations", targets.DATABASE_RESPONSE) as answer:
            found = self.service.active_integrations(self.me, self.organization)
            answer.expect([one.type for one in found] == sorted(one.type for one in found), "not by type")

    @task(2)
    def list_them(self) -> None:
        """Look at all of them."""
        with self.timed("list integrations", targets.DATABASE_RESPONSE):
            self.service.list_integrations(self.me, self.organization)

    @task(1)
    def see_nothing_of_others(self) -> None:
        """Ask for an organization that nobody has: another tenant's would answer alike, with nothing."""
        nobody: Any = "00000000-0000-4000-8000-ffffffffffff"
        with self.timed("another's integrations", targets.DATABASE_RESPONSE) as answer:
            answer.expect(not self.service.active_integrations(self.me, nobody), "saw a stranger's")
