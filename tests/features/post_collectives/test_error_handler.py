"""What is tried again, what is not, and what people and the audit log are told."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from gazette import BO, GAZETTE, UNFINISHED, Log

from gatepost.session import (
    Conflict,
    Database,
    Faulty,
    Identity,
    Invalid,
    OutcomeUnknown,
    SessionError,
    TimedOut,
    Unavailable,
)
from services.post_collectives import PostCollectiveAuditService, PostCollectiveErrorHandler
from services.post_collectives.error_handler import Retries
from services.post_collectives.errors import (
    InternalFailure,
    InvalidInput,
    OutcomeNotKnown,
    PostCollectiveError,
    ServicesOnly,
    TemporarilyFailed,
)
from services.post_collectives.operation import Operation


def failure(kind: type[SessionError], sqlstate: str | None = None) -> SessionError:
    made = kind("a message that repeats s3cret")
    made.sqlstate = sqlstate
    return made


@pytest.fixture
def handler(database: Database) -> PostCollectiveErrorHandler:
    retries = Retries(attempts=3, first_pause=0.001, longest_pause=0.002)
    return PostCollectiveErrorHandler(database, PostCollectiveAuditService(database), retries)


def operation() -> Operation:
    return Operation("create", Identity.user(BO), UNFINISHED, [GAZETTE])


class Failing:
    """Fails with these, one after the other, then succeeds."""

    def __init__(self, *errors: BaseException) -> None:
        self.errors, self.calls = list(errors), 0

    def __call__(self) -> str:
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        return "done"


@pytest.mark.parametrize(
    "error",
    [
        failure(Conflict, "40001"),
        failure(Conflict, "40P01"),
        failure(TimedOut, "55P03"),
        failure(Unavailable, "57P01"),
        failure(OutcomeUnknown),
    ],
    ids=["serialization", "deadlock", "lock timeout", "lost", "lost commit"],
)
def test_what_is_safe_is_tried_again(
    handler: PostCollectiveErrorHandler, audit_log: Log, error: SessionError
) -> None:
    work = Failing(error, error)
    done = operation()
    assert handler.run(done, work) == "done"
    assert (work.calls, done.attempts, audit_log()) == (3, 3, [])


@pytest.mark.parametrize(
    ("error", "typed", "outcome"),
    [
        (failure(Invalid, "23514"), InvalidInput, "refused"),
        (failure(Conflict, "23505"), TemporarilyFailed, "failed"),
        (failure(TimedOut, "57014"), TemporarilyFailed, "failed"),
        (failure(Faulty, "42601"), InternalFailure, "failed"),
        (KeyError("s3cret"), InternalFailure, "failed"),
    ],
)
def test_what_is_not_safe_or_in_vain_is_not(
    handler: PostCollectiveErrorHandler,
    audit_log: Log,
    error: Exception,
    typed: type[PostCollectiveError],
    outcome: str,
) -> None:
    work = Failing(error)
    with pytest.raises(typed) as told:
        handler.run(operation(), work)
    assert work.calls == 1
    (entry,) = audit_log()
    assert (entry["outcome"], entry["error_code"]) == (outcome, told.value.code)
    assert "s3cret" not in str(entry) + str(told.value) + str(told.value.extensions)


@pytest.mark.parametrize(
    ("error", "typed"),
    [
        (failure(Conflict, "40P01"), TemporarilyFailed),
        (failure(Unavailable), TemporarilyFailed),
        (failure(OutcomeUnknown), OutcomeNotKnown),
    ],
)
def test_attempts_come_to_an_end(
    handler: PostCollectiveErrorHandler, audit_log: Log, error: SessionError, typed: type[PostCollectiveError]
) -> None:
    work = Failing(*[error] * 5)
    with pytest.raises(typed):
        handler.run(operation(), work)
    assert work.calls == 3
    (entry,) = audit_log()
    assert entry["detail"]["attempts"] == 3


def test_a_cancelled_operation_is_written_down(handler: PostCollectiveErrorHandler, audit_log: Log) -> None:
    with pytest.raises(KeyboardInterrupt):
        handler.run(operation(), Failing(KeyboardInterrupt()))
    assert [(one["outcome"], one["error_code"]) for one in audit_log()] == [("failed", "cancelled")]


def test_pauses_grow_and_differ() -> None:
    retries = Retries(first_pause=0.02, longest_pause=0.1)
    for attempt, longest in ((1, 0.02), (2, 0.04), (3, 0.08), (4, 0.1), (50, 0.1)):
        pauses = {retries.pause(attempt) for _ in range(50)}
        assert longest / 2 <= min(pauses) <= max(pauses) <= longest
        assert len(pauses) > 25


def test_statistics_and_recent_errors(handler: PostCollectiveErrorHandler) -> None:
    for error in (failure(Invalid, "23514"), failure(Invalid, "23514"), failure(Faulty)):
        with pytest.raises(PostCollectiveError):
            handler.run(operation(), Failing(error))
    counted = handler.get_error_statistics(Identity.service())
    assert [(one.error_code, one.errors, one.user_count) for one in counted[:2]] == [
        ("invalid_input", 2, 1),
        ("internal", 1, 1),
    ]
    mine = handler.get_recent_errors(Identity.user(BO), user_id=UUID(BO), limit=2)
    assert [one.error_code for one in mine] == ["internal", "invalid_input"]
    everybodys = handler.get_recent_errors(Identity.service(), limit=3)
    assert [one.user_id for one in everybodys] == [UUID(BO)] * 3


@pytest.mark.parametrize("user", [None, UUID(GAZETTE)])
def test_others_errors_are_for_services(handler: PostCollectiveErrorHandler, user: Any) -> None:
    with pytest.raises(ServicesOnly):
        handler.get_recent_errors(Identity.user(BO), user_id=user)
    with pytest.raises(ServicesOnly):
        handler.get_error_statistics(Identity.user(BO))


def test_every_error_has_words_for_people_and_a_code_of_its_own() -> None:
    def below(kind: type[PostCollectiveError]) -> list[type[PostCollectiveError]]:
        return [kind, *(one for child in kind.__subclasses__() for one in below(child))]

    errors = below(PostCollectiveError)[1:]
    assert len({one.code for one in errors}) == len(errors) == 12
    for one in errors:
        assert one.title[0].isupper()
        assert one.outcome in ("refused", "failed")
        assert (one.status >= 500) == (one.outcome == "failed")
