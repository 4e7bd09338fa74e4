"""What is new to a subscriber: exact, whatever order transactions commit in, and resumable.

A cursor is a snapshot: which transactions its holder has seen. New is what that snapshot did not see and the
next one does; nothing is missed and nothing comes twice, even where an earlier transaction commits later.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from gatepost.session import Database, Identity, Invalid
from services.engagement_events.events import whose
from services.engagement_events.problems import InvalidCursor
from services.engagement_events.statements import QUERIES

PAGE = 500
_FIRST = UUID(int=0)
_LONGEST = 8_192
_SNAPSHOT = r"\d{1,19}:\d{1,19}:(?:\d{1,19}(?:,\d{1,19})*)?"
_TEXT = re.compile(
    rf"(?P<known>{_SNAPSHOT})(?:/(?P<seen>{_SNAPSHOT})/(?P<after>\d{{1,19}})/(?P<id>[0-9a-f-]{{36}}))?"
)


@dataclass(frozen=True)
class Cursor:
    """What a subscriber has seen.

    A page that is not read to its end is between two snapshots: after an event of a transaction.
    """

    known: str | None = None
    """A snapshot as text; None: nothing before now."""
    seen: str | None = None
    after: str = "0"
    id: UUID = _FIRST

    @classmethod
    def parse(cls, text: str) -> Cursor:
        """Return the cursor that `str` made the text of.

        :raises InvalidCursor: the text is none.
        """
        match = _TEXT.fullmatch(text) if len(text) <= _LONGEST else None
        try:
            if match and match["seen"]:
                return cls(match["known"], match["seen"], match["after"], UUID(match["id"]))
            if match:
                return cls(match["known"])
        except ValueError:
            pass
        raise InvalidCursor("this is no place in the stream: give an id that the stream gave, or none")

    def __str__(self) -> str:
        if self.known is None:
            raise InvalidCursor("a stream that was never read has no place yet")
        return f"{self.known}/{self.seen}/{self.after}/{self.id}" if self.seen else self.known


@dataclass(frozen=True)
class News:
    """One new event, and where to go on after it."""

    event: dict[str, Any]
    """`id, session_id, event_type, value, timestamp`."""
    cursor: Cursor
    delay_ms: float
    """From when the database got it to when it was read, by the database's clock."""


@dataclass(frozen=True)
class Page:
    """News in the order of their transactions, and where to go on."""

    news: tuple[News, ...]
    cursor: Cursor
    has_more: bool
    """Whether to read on at once: the page was full, or the end of one that began a while ago."""


def read(database: Database, caller: Identity, cursor: Cursor, size: int = PAGE) -> Page:
    """Return what is new to `caller`, read under their own identity.

    :raises InvalidCursor: the cursor is no snapshot, or one that this server has not reached.
    """
    try:
        rows = database.rows(
            caller,
            QUERIES["new_events"],
            user_id=whose(caller),
            since=cursor.known,
            until=cursor.seen,
            after_transaction=cursor.after,
            after_id=cursor.id,
            page_size=size,
        )
    except Invalid as error:
        raise InvalidCursor("this is no place in the stream") from error
    first = rows[0]
    if first["is_foreign"]:
        raise InvalidCursor("this place lies ahead of this server, which was restored: begin anew")
    page = _page([row for row in rows if row["id"]], first["known"], first["seen"], size)
    # What was committed since the page began is in nobody's wake any more.
    return replace(page, has_more=page.has_more or cursor.seen is not None)


_SHOWN = ("id", "session_id", "event_type", "value", "timestamp")


def _page(rows: list[dict[str, Any]], known: str, seen: str, size: int) -> Page:
    is_full = len(rows) >= size
    places = [Cursor(known, seen, row["recorded_in"], row["id"]) for row in rows]
    if not is_full:
        places[-1:] = [Cursor(seen)] if places else []
    news = tuple(
        News({name: row[name] for name in _SHOWN}, place, row["delay_ms"])
        for row, place in zip(rows, places, strict=True)
    )
    return Page(news, places[-1] if places else Cursor(seen), is_full)
