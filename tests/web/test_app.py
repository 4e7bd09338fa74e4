"""What every endpoint gets: an identity, problems without secrets, an id, limits, metrics, maintenance."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Annotated, Any
from uuid import UUID

import pytest
from fastapi import APIRouter, Depends
from fix_platform import Deployed
from fix_web import ANONYMOUS, SERVICE, Log, bearer, client_of, headers_of, token_of
from people import ACME, ADA, BO, CLEO
from pydantic import BaseModel
from starlette.testclient import TestClient

from gatepost import web
from gatepost.session import Database, Identity
from gatepost.web import Caller, Storage
from gatepost.web.problems import NotFound, Problem
from gatepost.web.requests import Limits

router = APIRouter(prefix="/api/tries")
VALUE = "a value that nobody else may see"


class Note(BaseModel):
    text: str
    stars: int = 0


class Rename(BaseModel):
    name: str


@router.get("/me")
def me(caller: Caller, storage: Storage) -> dict[str, str | None]:
    row = storage.row(caller, "select current_user::text as role, app.current_user_id()::text as user")
    assert row is not None
    return row


@router.get("/contract")
def contract(
    caller: Annotated[Identity, Depends(web.caller)], database: Annotated[Database, Depends(web.database)]
) -> int:
    return int(database.value(caller, "select count(*) from public.users"))


@router.post("/notes", status_code=201)
def note(_caller: Caller, note: Note) -> Note:
    return note


@router.get("/things/{thing_id}")
def thing(_caller: Caller, thing_id: UUID) -> None:
    raise NotFound(f"no thing {thing_id}")


@router.get("/fails/{how}")
def fail(caller: Caller, storage: Storage, how: str) -> Any:
    statements: dict[str, Any] = {
        "refused": "delete from public.users",
        "read_only": "update public.users set display_name = display_name",
        "invalid": "select %(value)s::uuid",
        "faulty": "select %(value)s from nowhere",
        "slow": "select pg_sleep(3), %(value)s::text",
    }
    if how == "conflict":
        with storage.transaction(Identity.service()) as tx:
            tx.changed(
                "insert into public.memberships (organization_id, user_id) values (%(o)s, %(u)s)",
                o=ACME,
                u=ADA,
            )
    if how == "bug":
        raise ZeroDivisionError(how)
    given = {"value": VALUE} if "%(value)s" in statements[how] else {}
    return storage.rows(caller, statements[how], **given)


@pytest.fixture
def quick(clone: Deployed) -> Iterator[Database]:
    with Database(clone.url("authenticator"), statement_timeout=0.3) as opened:
        yield opened


@pytest.fixture
def client(quick: Database) -> TestClient:
    return client_of(quick, [router], limits=Limits(body=1000))


def test_a_token_is_the_identity_of_the_transaction(client: TestClient) -> None:
    for user in (ADA, BO):
        assert client.get("/api/tries/me", headers=headers_of(user)).json() == {
            "role": "authenticated",
            "user": user,
        }
    assert client.get("/api/tries/me", headers=SERVICE).json() == {"role": "service_role", "user": None}
    assert client.get("/api/tries/contract", headers=headers_of(CLEO)).json() == 3


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer "},
        {"Authorization": "Basic YTpi"},
        {"Authorization": f"Token {token_of(ADA)}"},
        bearer(token_of(ADA, exp=1)),
        bearer(token_of(ADA) + "x"),
        {"Cookie": f"token={token_of(ADA)}"},
    ],
)
def test_without_a_valid_token_nothing(client: TestClient, headers: dict[str, str]) -> None:
    response = client.get("/api/tries/me", headers=headers)
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json() == {
        "type": "/problems/unauthorized",
        "title": "A valid bearer token is needed",
        "status": 401,
        "request_id": response.headers["x-request-id"],
    }


def test_a_token_in_the_address_is_none(client: TestClient) -> None:
    assert client.get(f"/api/tries/me?access_token={token_of(ADA)}").status_code == 401


def test_anonymous_may_enter_but_sees_nothing(client: TestClient) -> None:
    response = client.get("/api/tries/contract", headers=ANONYMOUS)
    assert (response.status_code, response.json()["type"]) == (403, "/problems/forbidden")


@pytest.mark.parametrize(
    ("how", "status", "type_"),
    [
        ("refused", 403, "/problems/forbidden"),
        ("invalid", 422, "/problems/invalid"),
        ("conflict", 409, "/problems/conflict"),
        ("slow", 503, "/problems/timeout"),
        ("faulty", 500, "about:blank"),
        ("bug", 500, "about:blank"),
    ],
)
def test_failures_tell_nothing_of_statements_and_values(
    client: TestClient, log: Log, how: str, status: int, type_: str
) -> None:
    response = client.get(f"/api/tries/fails/{how}", headers=headers_of(ADA))
    document = response.json()
    assert (response.status_code, document["status"], document["type"]) == (status, status, type_)
    assert set(document) == {"type", "title", "status", "request_id"}
    assert document["request_id"] == response.headers["x-request-id"]
    for word in (VALUE, "select", "memberships", "nowhere", ACME, token_of(ADA)):
        assert word not in response.text
    for word in (VALUE, "select ", ACME, "Bearer"):
        assert word not in log.text
    assert all(line["request_id"] == document["request_id"] for line in log.lines)
    assert log.of("gatepost.access")[-1]["status"] == status


def test_the_log_says_where_a_statement_failed(client: TestClient, log: Log) -> None:
    client.get("/api/tries/fails/conflict", headers=headers_of(ADA))
    (line,) = log.of("gatepost.web")
    assert line["message"] == (
        "Conflict in the database (sqlstate 23505, table memberships, constraint memberships_pkey)"
    )


def test_a_bug_leaves_its_trace_in_the_log(client: TestClient, log: Log) -> None:
    client.get("/api/tries/fails/bug", headers=headers_of(ADA))
    (line,) = log.of("gatepost.web")
    assert "ZeroDivisionError" in line["trace"]
    assert line["level"] == "error"


def test_problems_of_ones_own(client: TestClient) -> None:
    response = client.get(f"/api/tries/things/{ADA}", headers=headers_of(ADA))
    assert response.status_code == 404
    assert response.json()["detail"] == f"no thing {ADA}"


def test_unknown_paths_and_methods_are_problems_too(client: TestClient) -> None:
    for response, status in ((client.get("/api/none"), 404), (client.put("/api/health"), 405)):
        assert response.status_code == status
        assert response.headers["content-type"] == "application/problem+json"
        assert response.json()["request_id"] == response.headers["x-request-id"]


@pytest.mark.parametrize(
    ("body", "where"),
    [
        (b'{"text": 1}', "body.text"),
        (b'{"text": "a", "stars": "many"}', "body.stars"),
        (b"{", "body.1"),
        (b"", "body"),
        (b"\xff\xfe", "body.0"),
    ],
)
def test_an_invalid_body_is_told_part_by_part(client: TestClient, body: bytes, where: str) -> None:
    headers = {**headers_of(ADA), "Content-Type": "application/json"}
    response = client.post("/api/tries/notes", content=body, headers=headers)
    assert response.status_code == 422
    assert [one["where"] for one in response.json()["errors"]] == [where]
    assert response.headers["content-type"] == "application/problem+json"


def test_a_body_without_a_token_is_not_even_told(client: TestClient) -> None:
    assert client.post("/api/tries/notes", json={"text": 1}).status_code == 401
    assert client.post("/api/tries/notes", json={"text": "a"}).status_code == 401


def test_a_body_that_is_too_large(client: TestClient) -> None:
    headers = {**headers_of(ADA), "Content-Type": "application/json"}
    large = json.dumps({"text": "x" * 2000}).encode()

    def in_parts() -> Iterator[bytes]:
        yield from (large[start : start + 100] for start in range(0, len(large), 100))

    for content in (large, in_parts()):
        response = client.post("/api/tries/notes", content=content, headers=headers)
        assert (response.status_code, response.json()["type"]) == (413, "/problems/too-large")
    assert client.post("/api/tries/notes", content=b'{"text": "a"}', headers=headers).status_code == 201


@pytest.mark.parametrize("given", ["abc-1", "A.b_c-9", "x" * 128])
def test_a_request_id_that_is_given_is_kept(client: TestClient, log: Log, given: str) -> None:
    response = client.get("/api/tries/me", headers={"X-Request-ID": given})
    assert response.headers["x-request-id"] == given == response.json()["request_id"]
    assert {line["request_id"] for line in log.lines} == {given}


@pytest.mark.parametrize("given", ["", "a b", "x" * 129, "a\tb", "<script>", 'a"b', "\u00e4".encode()])
def test_another_one_is_replaced(client: TestClient, given: str | bytes) -> None:
    found = client.get("/api/health", headers={"X-Request-ID": given}).headers["x-request-id"]
    assert re.fullmatch("[0-9a-f]{32}", found)


def test_the_access_log_has_a_line_a_request(client: TestClient, log: Log) -> None:
    client.get("/api/tries/me?password=hunter2", headers=headers_of(ADA))
    (line,) = log.of("gatepost.access")
    assert {key: line[key] for key in ("method", "path", "status", "role", "user")} == {
        "method": "GET",
        "path": "/api/tries/me",
        "status": 200,
        "role": "authenticated",
        "user": ADA,
    }
    assert line["ms"] > 0
    assert "hunter2" not in log.text
    assert token_of(ADA).split(".")[1] not in log.text


def test_metrics_count_by_route(client: TestClient) -> None:
    for thing_id in (ADA, BO):
        client.get(f"/api/tries/things/{thing_id}", headers=headers_of(ADA))
    text = client.get("/metrics").text
    assert 'http_requests_total{method="GET",route="/api/tries/things/{thing_id}",status="404"} 2.0' in text
    assert ADA not in text
    assert "database_pool_pool_size" in text


def test_answers_are_not_kept_by_anybody(client: TestClient) -> None:
    headers = client.get("/api/tries/me", headers=headers_of(ADA)).headers
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"


def test_who_may_only_read_is_told_why(database: Database) -> None:
    read_only = "select set_config('transaction_read_only', 'on', true)"
    with Database(database.url, opening=read_only) as storage:
        told = client_of(storage, [router], maintenance=lambda _database: "Database migration in progress")
        response = told.get("/api/tries/fails/read_only", headers=headers_of(ADA))
        assert (response.status_code, response.json()["type"]) == (503, "/problems/maintenance")
        assert response.json()["detail"] == "Database migration in progress"
        assert response.headers["retry-after"] == "60"
        assert told.get("/api/tries/me", headers=headers_of(ADA)).status_code == 200
        standby = client_of(storage, [router], maintenance=lambda _database: None)
        response = standby.get("/api/tries/fails/read_only", headers=headers_of(ADA))
    assert (response.status_code, response.json()["type"]) == (503, "/problems/unavailable")


def test_without_a_database_everything_is_told(log: Log) -> None:
    with Database("postgresql://nobody:x@127.0.0.1:1/none", wait=0.2) as nowhere:
        client = client_of(nowhere, [router])
        response = client.get("/api/tries/me", headers=headers_of(ADA))
        assert (response.status_code, response.json()["type"]) == (503, "/problems/unavailable")
        assert response.headers["retry-after"] == "1"
        health = client.get("/api/health")
    assert health.status_code == 503
    assert health.json()["status"] == "unhealthy"
    assert health.json()["components"] == {"database": "unhealthy"}
    assert "127.0.0.1" not in response.text + health.text


def test_the_document_describes_problems_and_tokens(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    operation = document["paths"]["/api/tries/notes"]["post"]
    assert operation["security"] == [{"token": []}]
    assert set(operation["responses"]) == {"201", "default"}
    assert operation["responses"]["default"]["content"] == {
        "application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}
    }
    assert {"ProblemDocument", "InvalidPart", "Note"} <= set(document["components"]["schemas"])
    assert "HTTPValidationError" not in document["components"]["schemas"]


def test_a_problem_without_more_is_an_internal_error() -> None:
    assert Problem().status_code == 500
