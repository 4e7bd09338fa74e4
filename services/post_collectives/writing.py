"""Writing and finding posts: drafts that save themselves, new posts, lists and search."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from psycopg.types.json import Jsonb

from gatepost.session import Database, Identity, Invalid
from services.post_collectives.error_handler import PostCollectiveErrorHandler
from services.post_collectives.errors import InvalidInput, NotSignedIn, PostUnknown
from services.post_collectives.models import DraftSave, DraftSaved, DraftSummary, NewPost, PostSummary
from services.post_collectives.operation import Operation
from services.post_collectives.queries import QUERIES, page_size

T = TypeVar("T")


class WritingService:
    """What authors do before they share, and what readers look for.

    Every method raises PostCollectiveError; then nothing was changed.
    """

    def __init__(self, database: Database, errors: PostCollectiveErrorHandler) -> None:
        self._database, self._errors = database, errors

    def save_draft(self, caller: Identity, save: DraftSave | Mapping[str, Any]) -> DraftSaved:
        """Save a draft of the caller's; the same save once, however often it is sent."""

        def work() -> DraftSaved:
            given = DraftSave.model_validate(save)
            try:
                row = self._database.row(
                    _author(caller),
                    QUERIES["save_post_draft"],
                    **{**given.model_dump(), "settings": Jsonb(given.settings)},
                )
            except Invalid as error:
                if error.constraint == "post_drafts_post_id_fkey":
                    raise PostUnknown from error
                raise
            return DraftSaved(draft_id=given.draft_id, **(row or {}))

        return self._run("auto_save", caller, work)

    def get_drafts(self, caller: Identity, limit: int = 50) -> list[DraftSummary]:
        """Return the caller's drafts, the one saved last first."""

        def work() -> list[DraftSummary]:
            author = _author(caller)
            rows = self._database.rows(
                author, QUERIES["drafts_of_author"], author_id=author.user_id, page_size=page_size(limit)
            )
            return [DraftSummary(**row) for row in rows]

        return self._run("drafts", caller, work)

    def create_post(self, caller: Identity, new: NewPost | Mapping[str, Any]) -> UUID:
        """Make a post of the caller's and return its id; the same id again makes no second one."""

        def work() -> UUID:
            post, author = NewPost.model_validate(new), _author(caller)
            with self._database.transaction(author) as tx:
                made = tx.rows(QUERIES["create_post"], **post.model_dump())
                there = made or tx.rows(QUERIES["readable_post"], post_id=post.id, user_id=author.user_id)
            if not made and not (there and there[0]["is_author"]):
                raise InvalidInput("id: choose another one, a new random UUID.")
            return post.id

        return self._run("create_post", caller, work)

    def search_posts(
        self,
        caller: Identity,
        words: str,
        collective_id: UUID | None = None,
        before: datetime | None = None,
        limit: int = 20,
    ) -> list[PostSummary]:
        """Return the newest posts that match and that the caller may read.

        :param words: as in a search box: `"a phrase"`, `or`, `-without`.
        :param before: the time of publication of the last one on the page before.
        """

        def work() -> list[PostSummary]:
            if len(words) > 500 or not 1 <= limit <= 100:
                raise InvalidInput("Search with up to 500 characters, for up to 100 posts at a time.")
            rows = self._database.rows(
                caller,
                QUERIES["search_posts"],
                words=words,
                collective_id=collective_id,
                before=before or "infinity",
                page_size=limit,
            )
            return [PostSummary(**row) for row in rows]

        return self._run("search", caller, work)

    def get_collective_posts(
        self, caller: Identity, collective_id: UUID, before: datetime | None = None, limit: int = 50
    ) -> list[PostSummary]:
        """Return the newest posts of a collective of the caller's.

        :param before: `shared_at` of the last one on the page before.
        :raises NotSignedIn: the caller is nobody in particular.
        """

        def work() -> list[PostSummary]:
            rows = self._database.rows(
                _author(caller),
                QUERIES["collective_feed"],
                collective_id=collective_id,
                before=before or "infinity",
                page_size=page_size(limit),
            )
            return [PostSummary(**row) for row in rows]

        return self._run("collective_posts", caller, work)

    def get_home_posts(self, caller: Identity, limit: int = 50) -> list[PostSummary]:
        """Return the newest posts of all collectives of the caller."""

        def work() -> list[PostSummary]:
            reader = _author(caller)
            rows = self._database.rows(reader, QUERIES["home_feed"], page_size=page_size(limit))
            return [PostSummary(**row) for row in rows]

        return self._run("home_posts", caller, work)

    def _run(self, name: str, caller: Identity, work: Callable[[], T]) -> T:
        return self._errors.run(Operation("other", caller, name=name, is_audited=False), work)


def _author(caller: Identity) -> Identity:
    if caller.user_id is None:
        raise NotSignedIn
    return caller
