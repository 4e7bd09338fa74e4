"""Authors who look where they may post, share posts with many collectives, and read what was done."""

from __future__ import annotations

import random
from uuid import UUID

from locust import between, task

from gatepost import targets
from gatepost.load.people import somebody
from gatepost.load.users import DatabaseUser
from gatepost.session import Identity
from loadtests._people import AUTHORS
from services.post_collectives.audit_service import PostCollectiveAuditService
from services.post_collectives.post_collective_service import PostCollectiveService

_OWN_POSTS = "select id from public.posts where author_id = %(author)s limit 50"
_SHARED_AT_ONCE = 10


class Author(DatabaseUser):
    """Shares posts of their own."""

    wait_time = between(0.05, 0.5)

    def on_start(self) -> None:
        """Sign in as an author and find their posts and the collectives where they may post."""
        super().on_start()
        self.audit = PostCollectiveAuditService(self.database)
        self.service = PostCollectiveService(self.database, self.audit)
        self.id: UUID = somebody(self.database, AUTHORS)
        self.me = Identity.user(self.id)
        self.posts = [row["id"] for row in self.database.rows(self.me, _OWN_POSTS, author=self.id)]
        found = self.service.get_postable_collectives(self.me, self.id)
        self.collectives = [one.collective_id for one in found]

    def _some(self) -> list[UUID]:
        return random.sample(self.collectives, min(_SHARED_AT_ONCE, len(self.collectives)))

    @task(4)
    def validate(self) -> None:
        """See whether posting is allowed, in every collective at once."""
        if not self.collectives:
            return
        with self.timed("validate permissions", targets.VALIDATION) as answer:
            found = self.service.validate_collective_permissions(self.me, self.id, self.collectives)
            answer.expect(found.is_valid, "somebody who may post was refused")

    @task(2)
    def share(self) -> None:
        """Share a post with up to ten collectives, once more where it is shared already."""
        if not (self.posts and self.collectives):
            return
        post, chosen = random.choice(self.posts), self._some()  # noqa: S311
        with self.timed("share with 10 collectives", targets.ASSOCIATION_CREATION) as answer:
            shared = self.service.create_post_collective_associations(self.me, post, self.id, chosen)
            there = {one.collective_id for one in self.service.get_associations(self.me, post)}
            answer.expect(set(chosen) <= there, f"not shared as asked: {shared}")

    @task(1)
    def remove(self) -> None:
        """Take a post back from one collective."""
        if not (self.posts and self.collectives):
            return
        post, chosen = random.choice(self.posts), self._some()[:1]  # noqa: S311
        with self.timed("take a post back", targets.ASSOCIATION_CREATION):
            self.service.remove_post_collective_associations(self.me, post, self.id, chosen)

    @task(3)
    def read_audit_log(self) -> None:
        """Look at what was done with a post."""
        if not self.posts:
            return
        with self.timed("audit log of a post", targets.AUDIT_RETRIEVAL) as answer:
            page = self.audit.get_post_audit_log(self.me, random.choice(self.posts))  # noqa: S311
            answer.expect(page is not None, "no page")
