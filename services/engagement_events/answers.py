"""How the feature's errors are answered."""

from __future__ import annotations

from collections.abc import Iterator

from gatepost.web.problems import Forbidden, Problem, Unacceptable
from services.engagement_events.problems import (
    EngagementError,
    InvalidCursor,
    InvalidEvent,
    TooManySubscribers,
)


class TooManyStreams(Problem):
    """As many streams are open as may be."""

    status = 429
    type = "/problems/too-many-streams"
    title = "Too many streams are open"
    fixed_headers = {"Retry-After": "30"}


def explained() -> Iterator[None]:
    """Answer what an endpoint raises with a problem document: a dependency of the routers."""
    try:
        yield
    except EngagementError as error:
        raise problem_of(error) from error


def problem_of(error: EngagementError) -> Problem:
    """Return an error as the caller is told of it."""
    match error:
        case InvalidEvent(number=int(number)):
            return Unacceptable(errors=[{"where": f"body.events.{number}", "message": str(error)}])
        case InvalidEvent() | InvalidCursor():
            return Unacceptable(str(error))
        case TooManySubscribers():
            return TooManyStreams(str(error))
        case _:
            return Forbidden(str(error))
