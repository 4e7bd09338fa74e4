"""The API of the platform in this process, with tokens of anybody."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import jwt
import pytest
from fastapi import APIRouter, FastAPI
from fix_platform import PROJECT
from starlette.testclient import TestClient

from gatepost.session import Database
from gatepost.web import Verifier, create_app, serve

SECRET = "a secret of the tests, which has 64 bytes and more, as HS512 wants it"


def token_of(user: str | None, **claims: Any) -> str:
    """A token that is valid for an hour; a claim that is None is left out."""
    made = {
        "sub": user,
        "role": "authenticated",
        "exp": int(time.time()) + 3600,
        **claims,
    }
    return jwt.encode({key: value for key, value in made.items() if value is not None}, SECRET, "HS256")


def bearer(token: str) -> dict[str, str]:
    """The header that carries a token."""
    return {"Authorization": f"Bearer {token}"}


def headers_of(user: str) -> dict[str, str]:
    """The header of a signed-in user."""
    return bearer(token_of(user))


SERVICE = bearer(token_of(None, role="service_role"))
ANONYMOUS = bearer(token_of(None, role="anon"))


def platform_app(database: Database) -> FastAPI:
    """The application as `gatepost serve` makes it."""
    made = serve.load(PROJECT)
    return create_app(database, Verifier(SECRET), made.routers, maintenance=made.maintenance)


def client_of(database: Database, routers: Sequence[APIRouter] = (), **options: Any) -> TestClient:
    """A client of an application with these routers."""
    app = create_app(database, options.pop("verifier", None) or Verifier(SECRET), routers, **options)
    return TestClient(app, raise_server_exceptions=False)


@dataclass
class Log:
    """What was logged, line by line, as the server writes it."""

    lines: list[dict[str, Any]]

    @property
    def text(self) -> str:
        """All of it."""
        return json.dumps(self.lines)

    def of(self, logger: str) -> list[dict[str, Any]]:
        """The lines of one logger."""
        return [line for line in self.lines if line["logger"] == logger]


@pytest.fixture
def log() -> Iterator[Log]:
    """What the API logs."""
    found = Log([])
    format_ = serve.JsonLines().format

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            found.lines.append(json.loads(format_(record)))

    handler, logger = Keep(), logging.getLogger("gatepost")
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield found
    logger.removeHandler(handler)
    logger.setLevel(before)


@pytest.fixture
def api(platform_database: Database) -> TestClient:
    """A client of the platform's API, on a copy of the platform."""
    return TestClient(platform_app(platform_database), raise_server_exceptions=False)
