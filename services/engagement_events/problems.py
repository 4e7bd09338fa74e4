"""What can be wrong with a request about engagement events, whichever way it comes in."""

from __future__ import annotations

from gatepost.errors import GatepostError


class EngagementError(GatepostError):
    """A request about engagement events that cannot be met."""


class InvalidEvent(EngagementError, ValueError):
    """An event that cannot be recorded; `number` is its place in the batch, from 0."""

    def __init__(self, message: str, number: int | None = None) -> None:
        super().__init__(message)
        self.number = number


class InvalidCursor(EngagementError, ValueError):
    """A place to go on from that is none, or is another server's."""


class UnknownUser(EngagementError, LookupError):
    """There is no account for the events: it was erased, or never was."""


class NobodySignedIn(EngagementError, PermissionError):
    """Events are a user's, and the identity has none: give the user whose events are meant."""


class ServiceOnly(EngagementError, PermissionError):
    """What only a background service may do."""


class TooManySubscribers(EngagementError):
    """This process, or this user, has as many streams open as it may."""
