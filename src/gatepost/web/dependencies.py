"""What endpoints ask for: who calls, and the database."""

from __future__ import annotations

import logging
from typing import Annotated, cast

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from gatepost.session import Database, Identity
from gatepost.web.problems import Unauthorized
from gatepost.web.tokens import InvalidToken, Verifier

_bearer = HTTPBearer(auto_error=False, bearerFormat="JWT", scheme_name="token")
_log = logging.getLogger("gatepost.web")


def caller(
    request: Request, given: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)]
) -> Identity:
    """Return the identity of the request's bearer token.

    :raises Unauthorized: there is none, or it is not valid.
    """
    if given is None:
        raise Unauthorized
    try:
        identity = cast("Verifier", request.app.state.verifier).identity(given.credentials)
    except InvalidToken as error:
        _log.info("token refused: %s", error)
        raise Unauthorized from None
    request.state.who = {"role": identity.role, "user": str(identity.user_id) if identity.user_id else None}
    return identity


def database(request: Request) -> Database:
    """Return the application's database."""
    return cast("Database", request.app.state.database)


Caller = Annotated[Identity, Depends(caller)]
"""The type of an endpoint's parameter that is the verified identity."""
Storage = Annotated[Database, Depends(database)]
"""The type of an endpoint's parameter that is the database."""
