"""Browsers and apps that use the platform through its API."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from locust import between, task

from gatepost import targets
from gatepost.load.people import somebody
from gatepost.load.users import ApiUser
from gatepost.session import Identity
from loadtests._people import AUTHORS

_OWN_POSTS = "select id from public.posts where author_id = %(author)s limit 50"
_SHARED_AT_ONCE = 10


class Browser(ApiUser):
    """An author who shares posts, reports events and reads both."""

    wait_time = between(0.1, 0.6)

    def on_start(self) -> None:
        """Sign in as an author, and find their posts and the collectives where they may post."""
        super().on_start()
        author = somebody(self.database, AUTHORS)
        me = Identity.user(author)
        self.sign_in(me)
        self.posts = [str(row["id"]) for row in self.database.rows(me, _OWN_POSTS, author=author)]
        found = self.ask("GET", "/api/collectives/postable", "signing in", None) or []
        self.collectives = [one["collective_id"] for one in found]

    def _get(self, path: str, **options: Any) -> Any:
        return self.ask("GET", path, f"GET {path}", targets.API_RESPONSE, **options)

    def _body(self) -> dict[str, list[str]]:
        chosen = min(_SHARED_AT_ONCE, len(self.collectives))
        return {"collective_ids": random.sample(self.collectives, chosen)}

    @task(4)
    def validate(self) -> None:
        """See whether posting is allowed, in every collective at once."""
        if self.collectives:
            path, body = "/api/collectives/permissions", {"collective_ids": self.collectives}
            self.ask("POST", path, f"POST {path}", targets.VALIDATION, lambda got: got["is_valid"], json=body)

    @task(2)
    def share(self) -> None:
        """Share a post with up to ten collectives."""
        if self.posts and self.collectives:
            path = f"/api/posts/{random.choice(self.posts)}/collectives"  # noqa: S311
            name = "POST /api/posts/{post_id}/collectives"
            self.ask("POST", path, name, targets.ASSOCIATION_CREATION, json=self._body())

    @task(2)
    def read_audit_log(self) -> None:
        """Look at what was done with a post."""
        if self.posts:
            path = f"/api/posts/{random.choice(self.posts)}/audit-log"  # noqa: S311
            self.ask("GET", path, "GET /api/posts/{post_id}/audit-log", targets.AUDIT_RETRIEVAL)

    @task(2)
    def home(self) -> None:
        """Read what is new."""
        self._get("/api/posts/home")

    @task(6)
    def record(self) -> None:
        """Report an event."""
        one = str(uuid4())
        event = {
            "id": one,
            "event_type": "post.viewed",
            "value": {},
            "timestamp": datetime.now(UTC).isoformat(),
        }
        self.ask(
            "POST",
            "/api/events",
            "POST /api/events",
            targets.API_RESPONSE,
            lambda got: got["new"] == [one],
            json={"events": [event]},
        )

    @task(3)
    def last_events(self) -> None:
        """Look at the last events."""
        self._get("/api/events", right=lambda got: len(got) <= 50)

    @task(2)
    def flags(self) -> None:
        """Ask which features are on."""
        self._get("/api/flags")
