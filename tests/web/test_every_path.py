"""Every path, for everybody who should get nothing."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import jwt
import pytest
from fix_platform import Deployed, copy_of
from fix_web import ANONYMOUS, SECRET, bearer, headers_of, platform_app, token_of
from people import ACME, ADA, EVE
from starlette.testclient import TestClient
from web.operations import ALL, ANSWERED, CLOSED, OF_ADA, PUBLIC, Operation

from gatepost.session import Database

CLAIMS = {"sub": ADA, "role": "authenticated", "exp": 4_000_000_000}
SERVICE_CLAIMS = {"role": "service_role", "exp": 4_000_000_000}
WORTHLESS = {
    "no token": {},
    "an empty one": {"Authorization": "Bearer "},
    "expired": bearer(token_of(ADA, exp=int(time.time()) - 3600)),
    "forged": bearer(jwt.encode(CLAIMS, SECRET[::-1], "HS256")),
    "a forged service": bearer(jwt.encode(SERVICE_CLAIMS, SECRET[::-1], "HS256")),
    "another algorithm": bearer(jwt.encode(CLAIMS, SECRET, "HS512")),
    "none": bearer(jwt.encode(CLAIMS, None, "none")),
    "none for a service": bearer(jwt.encode(SERVICE_CLAIMS, None, "none")),
    "never expires": bearer(token_of(ADA, exp=None)),
    "a role of its own": bearer(token_of(ADA, role="app_owner")),
    "the right one as a password": {"Authorization": f"Basic {token_of(ADA)}"},
}
FOR_GUESTS = {"GET /api/flags"}
"""What a guest's client asks before anybody signs in: the flags, by their names."""
each = pytest.mark.parametrize("operation", CLOSED, ids=lambda one: one.name)


def test_only_these_need_no_token() -> None:
    assert {one.name for one in ALL if one.is_public} == PUBLIC


def test_there_are_paths_of_every_feature() -> None:
    paths = {one.path for one in CLOSED}
    for start in (
        "/api/posts",
        "/api/collectives",
        "/api/events",
        "/api/sync",
        "/api/flags",
        "/api/organizations",
    ):
        assert any(path.startswith(start) for path in paths), start


@pytest.fixture(scope="module")
def client(platform: Deployed) -> Iterator[TestClient]:
    with copy_of(platform, platform) as copied, Database(copied.url("authenticator")) as database:
        yield TestClient(platform_app(database), raise_server_exceptions=False)


@each
def test_a_worthless_token_gets_nothing(client: TestClient, operation: Operation) -> None:
    for name, headers in WORTHLESS.items():
        response = client.request(operation.method, operation.address(OF_ADA), headers=headers)
        assert response.status_code == 401, (name, response.text)
        document = response.json()
        assert set(document) == {"type", "title", "status", "request_id"}, name
        assert ACME not in response.text


@pytest.mark.parametrize("operation", ANSWERED, ids=lambda one: one.name)
def test_nobody_gets_nothing(client: TestClient, operation: Operation) -> None:
    response = client.request(operation.method, operation.address(OF_ADA), headers=ANONYMOUS, json={})
    if response.status_code == 200:
        assert operation.name in FOR_GUESTS or not response.json(), response.text
    else:
        assert response.status_code in (401, 403, 404, 422), response.text


READS = [one for one in ANSWERED if one.method == "GET"]


@pytest.mark.parametrize("operation", READS, ids=lambda one: one.name)
def test_another_tenant_sees_nothing_of_it(client: TestClient, operation: Operation) -> None:
    """No id that a member of Acme sees comes back to somebody of Initech, except what was asked for."""
    address = operation.address(OF_ADA)
    members = client.get(address, headers=headers_of(ADA), params=REQUIRED.get(operation.path))
    strangers = client.get(address, headers=headers_of(EVE), params=REQUIRED.get(operation.path))
    assert strangers.status_code in (200, 400, 403, 404, 422), strangers.text
    if members.status_code == 200 and strangers.status_code == 200:
        common = uuids(members.json()) & uuids(strangers.json())
        assert not common - set(OF_ADA.values()) - {EVE}


REQUIRED: dict[str, dict[str, Any]] = {
    "/api/posts/search": {"text": "post", "q": "post"},
    "/api/events/daily": {"type": "page_view"},
}


def uuids(value: Any) -> set[str]:
    """Every UUID in a JSON value."""
    if isinstance(value, dict):
        return set().union(*(uuids(one) for one in value.values()))
    if isinstance(value, list):
        return set().union(*(uuids(one) for one in value))
    return {value} if isinstance(value, str) and len(value) == 36 and value.count("-") == 4 else set()


def test_members_do_see_something(client: TestClient) -> None:
    """Otherwise the test above could not fail."""
    seen = {
        one.name
        for one in READS
        if uuids(client.get(one.address(OF_ADA), headers=headers_of(ADA)).json()) - set(OF_ADA.values())
    }
    assert len(seen) >= 8, seen
