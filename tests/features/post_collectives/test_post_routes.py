"""The paths: as the services answer, for whoever the token says, and malformed input in the audit log."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest
from fix_web import ANONYMOUS, SERVICE, bearer, headers_of, platform_app, token_of
from gazette import (
    ADA,
    BO,
    CLEO,
    DAN,
    EVE,
    EXPERIMENT,
    GAZETTE,
    LETTER,
    NOTES,
    NOWHERE,
    UNFINISHED,
    WELCOME,
    WORKSHOP,
    Log,
)
from starlette.testclient import TestClient

from gatepost.session import Database

COLLECTIVES = f"/api/posts/{UNFINISHED}/collectives"
FOR_SERVICES = ("metrics", "export", "local-logs", "analytics", "system-health", "error-statistics")


@pytest.fixture
def api(database: Database) -> TestClient:
    return TestClient(platform_app(database), raise_server_exceptions=False)


def test_a_post_from_draft_to_collectives_and_back(api: TestClient, audit_log: Log) -> None:
    bo, post, draft = headers_of(BO), str(uuid4()), str(uuid4())
    save = {"draft_id": draft, "save_id": str(uuid4()), "seen_version": 0, "title": "News", "body": "Rain."}
    assert api.put("/api/drafts", json=save, headers=bo).json()["version"] == 1
    assert api.put("/api/drafts", json=save, headers=bo).json()["repeated"] is True
    assert [one["title"] for one in api.get("/api/drafts", headers=bo).json()] == ["News"]

    new = {"id": post, "title": "News", "body": "Rain.", "status": "published"}
    for _ in range(2):
        made = api.post("/api/posts", json=new, headers=bo)
        assert (made.status_code, made.json()) == (201, {"id": post})

    offered = api.get("/api/collectives/postable", headers=bo).json()
    ids = [one["collective_id"] for one in offered]
    asked = api.post("/api/collectives/permissions", json={"collective_ids": ids}, headers=bo)
    assert asked.json()["is_valid"] is True

    path = f"/api/posts/{post}/collectives"
    shared = api.post(path, json={"collective_ids": ids, "sharing_settings": {"pinned": True}}, headers=bo)
    assert [one["is_new"] for one in shared.json()["associations"]] == [True, True]
    dan = headers_of(DAN)
    assert api.get(f"/api/collectives/{GAZETTE}/posts", headers=dan).json()[0]["id"] == post
    assert api.get("/api/posts/home", headers=dan).json()[0]["id"] == post
    found = api.get("/api/posts/search", params={"words": "rain"}, headers=dan).json()
    assert [one["id"] for one in found] == [post]
    assert api.get("/api/posts/search", params={"words": "rain"}, headers=headers_of(EVE)).json() == []

    change = {"collective_ids": ids, "sharing_settings": {"status": "hidden"}}
    assert api.patch(path, json=change, headers=bo).json()["changed"] == ids
    assert {one["status"] for one in api.get(path, headers=bo).json()} == {"hidden"}
    removed = api.delete(path, params={"collective_id": ids}, headers=bo)
    assert removed.json()["removed"] == ids

    log = api.get(f"/api/posts/{post}/audit-log", params={"limit": 4}, headers=bo).json()
    assert [one["action"] for one in log["entries"]] == ["remove", "remove", "update", "update"]
    rest = api.get(f"/api/posts/{post}/audit-log", params={"before": log["next_before"]}, headers=bo).json()
    assert [one["action"] for one in rest["entries"]] == ["create", "create"]
    assert len(audit_log()) == 6


MALFORMED: list[Any] = [
    [],
    "gazette",
    {},
    {"collective_ids": []},
    {"collective_ids": "gazette"},
    {"collective_ids": [GAZETTE], "sharing_settings": "pinned"},
    {"collective_ids": [GAZETTE], "sharing_settings": {"colour": "red"}},
    {"collective_ids": [GAZETTE], "user_id": "bo"},
    {"collective_ids": [str(UUID(int=one)) for one in range(10_000)]},
]


@pytest.mark.parametrize("body", MALFORMED, ids=lambda body: str(body)[:40])
@pytest.mark.parametrize("method", ["post", "patch"])
def test_malformed_bodies_get_a_problem_and_a_line_in_the_log(
    api: TestClient, audit_log: Log, method: str, body: Any
) -> None:
    answer = api.request(method, COLLECTIVES, json=body, headers=headers_of(BO))
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"]
    assert [(one["error_code"], str(one["user_id"])) for one in audit_log()] == [("invalid_input", BO)]


def test_malformed_ids_in_paths_are_in_the_log_too(api: TestClient, audit_log: Log) -> None:
    for method in ("post", "patch", "delete"):
        answer = api.request(
            method, "/api/posts/mine/collectives", headers=headers_of(BO), params={}, json={}
        )
        assert answer.status_code == 422
    assert len(audit_log()) == 3


@pytest.mark.parametrize(
    ("user", "collectives", "status", "problem"),
    [
        (DAN, [GAZETTE], 403, "/problems/posting-not-allowed"),
        (BO, [NOTES, NOWHERE], 403, "/problems/posting-not-allowed"),
        (CLEO, [WORKSHOP], 404, "/problems/post-unknown"),
    ],
)
def test_refusals_say_what_to_do(
    api: TestClient, audit_log: Log, user: str, collectives: list[str], status: int, problem: str
) -> None:
    answer = api.post(COLLECTIVES, json={"collective_ids": collectives}, headers=headers_of(user)).json()
    assert (answer["status"], answer["type"]) == (status, problem)
    assert len(audit_log()) == 1


def test_nobody_acts_in_anothers_name(api: TestClient, audit_log: Log) -> None:
    body = {"collective_ids": [GAZETTE], "user_id": BO}
    assert api.post(COLLECTIVES, json=body, headers=headers_of(ADA)).status_code == 403
    assert api.post(COLLECTIVES, json=body, headers=ANONYMOUS).status_code == 403
    assert api.post(COLLECTIVES, json=body, headers=SERVICE).status_code == 200
    assert [one["outcome"] for one in audit_log()] == ["refused", "refused", "succeeded"]


def test_a_token_is_needed(api: TestClient, database: Database) -> None:
    forged = bearer(token_of(BO) + "x")
    expired = bearer(token_of(BO, exp=1))
    for headers in ({}, forged, expired):
        for method, path in (
            ("get", "/api/collectives/postable"),
            ("post", COLLECTIVES),
            ("patch", COLLECTIVES),
            ("delete", COLLECTIVES),
            ("get", f"/api/posts/{WELCOME}/audit-log"),
            ("get", "/api/posts/search?words=x"),
            ("put", "/api/drafts"),
            *(("get", f"/api/post-collectives/{name}") for name in (*FOR_SERVICES, "errors")),
        ):
            assert api.request(method, path, headers=headers).status_code == 401


@pytest.mark.parametrize("name", FOR_SERVICES)
def test_what_concerns_everybody_is_for_services(api: TestClient, name: str) -> None:
    path = f"/api/post-collectives/{name}"
    assert api.get(path, headers=headers_of(ADA)).status_code == 403
    assert api.get(path, headers=SERVICE).status_code == 200


def test_errors_are_told_to_whom_they_happened(api: TestClient) -> None:
    api.post(COLLECTIVES, json={"collective_ids": [NOTES]}, headers=headers_of(BO))
    path = "/api/post-collectives/errors"
    assert [one["error_code"] for one in api.get(path, headers=headers_of(BO)).json()] == [
        "posting_not_allowed"
    ]
    assert api.get(path, headers=headers_of(ADA)).json() == []
    assert api.get(path, params={"user_id": BO}, headers=headers_of(ADA)).status_code == 403
    assert len(api.get(path, headers=SERVICE).json()) >= 1


def test_others_see_nothing(api: TestClient) -> None:
    eve = headers_of(EVE)
    for post in (LETTER, EXPERIMENT):
        assert api.get(f"/api/posts/{post}/collectives", headers=eve).json() == []
        assert api.get(f"/api/posts/{post}/audit-log", headers=eve).json()["entries"] == []
    assert api.get(f"/api/collectives/{WORKSHOP}/posts", headers=eve).json() == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"title": "x"}, 422),
        ({"id": WELCOME, "title": "Mine"}, 422),
        ({"id": str(uuid4()), "title": ""}, 422),
        ({"id": str(uuid4()), "title": "x", "status": "archived"}, 422),
    ],
)
def test_posts_that_cannot_be(api: TestClient, body: dict[str, Any], status: int) -> None:
    assert api.post("/api/posts", json=body, headers=headers_of(BO)).status_code == status


def test_conflicting_saves(api: TestClient) -> None:
    bo, draft = headers_of(BO), str(uuid4())

    def save(seen: int, title: str) -> Any:
        given = {"draft_id": draft, "save_id": str(uuid4()), "seen_version": seen, "title": title}
        return api.put("/api/drafts", json=given, headers=bo).json()

    save(0, "One")
    assert save(1, "Desk")["conflict"] is False
    late = save(1, "Phone")
    assert (late["version"], late["conflict"], late["overwritten_version"]) == (3, True, 2)
    given = {"draft_id": str(uuid4()), "save_id": str(uuid4()), "seen_version": 0, "post_id": WELCOME}
    assert api.put("/api/drafts", json=given, headers=bo).status_code == 404
    assert api.put("/api/drafts", json={**given, "seen_version": -1}, headers=bo).status_code == 422
    assert api.put("/api/drafts", json=given, headers=SERVICE).status_code == 403


def test_the_document_describes_bodies(api: TestClient) -> None:
    paths = api.get("/openapi.json").json()["paths"]
    body = paths["/api/posts/{post_id}/collectives"]["post"]["requestBody"]["content"]["application/json"]
    assert body["schema"]["properties"]["collective_ids"]["items"]["format"] == "uuid"
    assert "$ref" not in str(body)
