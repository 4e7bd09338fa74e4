"""News of a user's events as server-sent events.

Each event's id is where to go on: a client that comes back with `Last-Event-ID` misses nothing and gets
nothing twice. Nothing is queued for a slow client: it reads on from its place whenever it can.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress

from starlette.concurrency import run_in_threadpool

from gatepost.session import Database, Identity, TimedOut, Unavailable
from services.engagement_events.events import whose
from services.engagement_events.listener import Listener
from services.engagement_events.models import EventOut
from services.engagement_events.news import Cursor, News, Page, read
from services.engagement_events.problems import EngagementError

SIGN_OF_LIFE = 15.0
"""Seconds after which a silent stream says that it is there, and looks by itself."""
_PAUSE = 1.0
_RETRY_MS = 2_000


async def frames(
    database: Database, listener: Listener, caller: Identity, start: Cursor, began: Page
) -> AsyncIterator[bytes]:
    """Yield the stream from `start` on, of which the first page was read, until the token expires."""
    loop, woken = asyncio.get_running_loop(), asyncio.Event()
    # What came between the first page and the subscription is read at once.
    woken.set()
    expires = float(caller.claims.get("exp", "inf"))
    with suppress(EngagementError), listener.subscribed(whose(caller), _waker(loop, woken)):
        yield f"retry: {_RETRY_MS}\n\nid: {start}\nevent: ready\ndata: {{}}\n\n".encode()
        page = began
        while time.time() < expires:
            for news in page.news:
                yield frame(news)
            if not page.has_more and not await _news_within(woken, min(SIGN_OF_LIFE, expires - time.time())):
                yield b": nothing new\n\n"
            woken.clear()
            page = await _next(database, listener, caller, page.cursor)


def _waker(loop: asyncio.AbstractEventLoop, woken: asyncio.Event) -> Callable[[], None]:
    def wake() -> None:
        # The loop may have ended before its subscribers.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(woken.set)

    return wake


async def _news_within(woken: asyncio.Event, seconds: float) -> bool:
    with suppress(TimeoutError):
        await asyncio.wait_for(woken.wait(), max(seconds, 0))
        return True
    return False


async def _next(database: Database, listener: Listener, caller: Identity, cursor: Cursor) -> Page:
    """Read on; where the database cannot be had, wait a moment and stay where we are."""
    try:
        page = await run_in_threadpool(read, database, caller, cursor)
    except (Unavailable, TimedOut):
        await asyncio.sleep(_PAUSE)
        return Page((), cursor, has_more=False)
    for news in page.news:
        listener.delays.add(news.delay_ms)
    return page


def frame(news: News) -> bytes:
    """Return one event's frame."""
    event = EventOut.model_validate(news.event).model_dump(mode="json")
    return f"id: {news.cursor}\nevent: engagement_event\ndata: {json.dumps(event)}\n\n".encode()
