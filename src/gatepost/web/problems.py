"""Failures as HTTP tells them: RFC 9457 problem documents, without statements and without values."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, ClassVar

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from gatepost import session
from gatepost.web.request_ids import request_id

MEDIA_TYPE = "application/problem+json"
_log = logging.getLogger("gatepost.web")


class ProblemResponse(JSONResponse):
    """A problem document."""

    media_type = MEDIA_TYPE


class InvalidPart(BaseModel):
    """One part of a request that is not acceptable."""

    where: str = Field(description="For example `body.name` or `path.organization_id`")
    message: str


class ProblemDocument(BaseModel):
    """What went wrong, by RFC 9457."""

    type: str = Field(description="Which problem it is: the same words every time")
    title: str
    status: int
    detail: str | None = None
    request_id: str = Field(description="The answer's `X-Request-ID`: what support asks for")
    errors: list[InvalidPart] | None = None


class Problem(HTTPException):
    """A failure that the caller is told of; extend it and give `status`, `type` and `title`.

    :param detail: what happened this time, for people: no statement, no other tenant's values.
    :param extensions: further members of the problem document, such as `errors`.
    """

    status: ClassVar[int] = 500
    type: ClassVar[str] = "about:blank"
    title: ClassVar[str] = "Internal error"
    fixed_headers: ClassVar[Mapping[str, str]] = {}

    def __init__(self, detail: str | None = None, **extensions: Any) -> None:
        super().__init__(self.status, detail or self.title)
        self.explanation = detail
        self.extensions = extensions


class Unauthorized(Problem):
    """No token, or none that is valid."""

    status = 401
    type = "/problems/unauthorized"
    title = "A valid bearer token is needed"
    fixed_headers = {"WWW-Authenticate": "Bearer"}


class Forbidden(Problem):
    """The identity may not do this."""

    status = 403
    type = "/problems/forbidden"
    title = "You may not do this"


class NotFound(Problem):
    """There is no such thing, or none that the identity may see."""

    status = 404
    type = "/problems/not-found"
    title = "There is no such thing, or you may not see it"


class AlreadyThere(Problem):
    """Something else is in the way."""

    status = 409
    type = "/problems/conflict"
    title = "It conflicts with what is there"


class TooSlow(Problem):
    """The request's body does not come."""

    status = 408
    type = "/problems/too-slow"
    title = "The request came too slowly"


class TooLarge(Problem):
    """The request's body is larger than allowed."""

    status = 413
    type = "/problems/too-large"
    title = "The request is too large"


class Unacceptable(Problem):
    """The request's values are not acceptable."""

    status = 422
    type = "/problems/invalid"
    title = "The request is not valid"


class TemporarilyUnavailable(Problem):
    """The database cannot be had now."""

    status = 503
    type = "/problems/unavailable"
    title = "The service is not available now: try again later"
    fixed_headers = {"Retry-After": "1"}


class OutcomeUnknown(TemporarilyUnavailable):
    """Nobody knows whether the change was made."""

    type = "/problems/outcome-unknown"
    title = "The change may have been made, or not: look before you try again"


class TookTooLong(TemporarilyUnavailable):
    """The database took too long; nothing was changed."""

    type = "/problems/timeout"
    title = "It took too long and nothing was changed: try again later"


class InMaintenance(TemporarilyUnavailable):
    """The platform is in maintenance: users read and do not write; `detail` says why."""

    type = "/problems/maintenance"
    title = "The platform is in maintenance"
    fixed_headers = {"Retry-After": "60"}


Ask = Callable[[session.Database], str | None]
"""Returns the message for people while the platform is in maintenance, else None."""
_OF_SESSION: dict[type[session.SessionError], type[Problem]] = {
    session.Refused: Forbidden,
    session.Conflict: AlreadyThere,
    session.Invalid: Unacceptable,
    session.TimedOut: TookTooLong,
    session.OutcomeUnknown: OutcomeUnknown,
    session.Unavailable: TemporarilyUnavailable,
    session.ReadOnly: TemporarilyUnavailable,
}


def of_session(error: session.SessionError) -> Problem:
    """Return the problem that a failed transaction is to the caller."""
    return _OF_SESSION.get(type(error), Problem)()


def answer(problem: Problem) -> ProblemResponse:
    """Return the response for a problem."""
    return _respond(
        problem.status,
        problem.type,
        problem.title,
        problem.fixed_headers,
        problem.explanation,
        **problem.extensions,
    )


def _respond(
    status: int, type_: str, title: str, headers: Mapping[str, str], detail: str | None = None, **more: Any
) -> ProblemResponse:
    document = {"type": type_, "title": title, "status": status, "request_id": request_id(), **more}
    if detail:
        document["detail"] = detail
    return ProblemResponse(document, status, dict(headers))


def register(app: FastAPI) -> None:
    """Answer every exception with a problem document."""
    app.add_exception_handler(Problem, _on_problem)
    app.add_exception_handler(session.SessionError, _on_session_error)
    app.add_exception_handler(RequestValidationError, _on_validation_error)
    app.add_exception_handler(HTTPException, _on_http_exception)


def _on_problem(_request: Request, error: Exception) -> ProblemResponse:
    assert isinstance(error, Problem)
    if error.status >= 500:
        _log.error("%s: %s", type(error).__name__, error.title)
    return answer(error)


def _on_session_error(request: Request, error: Exception) -> ProblemResponse:
    assert isinstance(error, session.SessionError)
    problem = of_session(error)
    if isinstance(error, session.ReadOnly):
        problem = _read_only(request)
    level = logging.ERROR if problem.status >= 500 else logging.INFO
    _log.log(level, "%s", reason(error))
    return answer(problem)


def _read_only(request: Request) -> Problem:
    """Say that this is maintenance, where it is: a standby takes no writes either."""
    ask: Ask | None = request.app.state.maintenance
    try:
        message = ask(request.app.state.database) if ask else None
    except session.SessionError as error:
        _log.warning("nobody can tell whether this is maintenance: %s", type(error).__name__)
        message = None
    return InMaintenance(message) if message else TemporarilyUnavailable()


def reason(error: Exception) -> str:
    """Return what the log may know of a failure: not a statement's words, which repeat values."""
    name = type(error).__name__
    if not isinstance(error, session.SessionError):
        return f"{name}: {error}"
    place = {"sqlstate": error.sqlstate, "table": error.table, "constraint": error.constraint}
    known = ", ".join(f"{key} {value}" for key, value in place.items() if value)
    return f"{name} in the database" + (f" ({known})" if known else "")


def _on_validation_error(_request: Request, error: Exception) -> ProblemResponse:
    assert isinstance(error, RequestValidationError)
    errors = [
        {"where": ".".join(str(part) for part in one["loc"]), "message": one["msg"]} for one in error.errors()
    ]
    return answer(Unacceptable(errors=errors))


def _on_http_exception(_request: Request, error: Exception) -> ProblemResponse:
    assert isinstance(error, HTTPException)
    title = HTTPStatus(error.status_code).phrase
    detail = error.detail if error.detail != title else None
    return _respond(error.status_code, "about:blank", title, error.headers or {}, detail)
