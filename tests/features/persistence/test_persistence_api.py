"""Sync over REST: the token decides whose rows, and what is wrong is told in words."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from fix_platform import Deployed
from fix_web import ANONYMOUS, SERVICE, bearer, platform_app, token_of
from peers import student
from starlette.testclient import TestClient

from gatepost.session import Database, Identity


@pytest.fixture(scope="module")
def api(database: Database) -> TestClient:
    return TestClient(platform_app(database), raise_server_exceptions=False)


def guest_token(name: str, **claims: Any) -> str:
    return token_of(None, client_id=name, is_anonymous=True, **claims)


def document(*changes: dict[str, Any]) -> dict[str, Any]:
    sent = [{**change, "id": str(change["id"])} for change in changes]
    return {"id": str(uuid4()), "device": "phone", "outbox": len(changes), "changes": sent}


@pytest.fixture
def mine(me: Identity) -> dict[str, str]:
    return bearer(token_of(me.claims["sub"]))


def test_a_device_pushes_and_another_pulls(api: TestClient, mine: dict[str, str]) -> None:
    change = student()
    pushed = api.post("/api/sync/push", json=document(change), headers=mine)
    assert pushed.status_code == 200
    (outcome,) = pushed.json()["outcomes"]
    assert (outcome["id"], outcome["outcome"]) == (str(change["id"]), "applied")
    pulled = api.get("/api/sync/pull", headers=mine).json()
    assert [row["id"] for row in pulled["rows"]] == [str(change["id"])]
    again = api.get("/api/sync/pull", params={"cursor": pulled["cursor"]}, headers=mine).json()
    assert (again["rows"], again["more"], again["reset"]) == ([], False, False)


def test_a_guest_signs_in_and_keeps_everything(api: TestClient, mine: dict[str, str]) -> None:
    token, change, late = guest_token(f"g-{uuid4()}"), student(), student(name="late")
    assert api.post("/api/sync/push", json=document(change), headers=bearer(token)).status_code == 200
    given = {"guest_token": token, "push": document(late)}
    done = api.post("/api/sync/migrate", json=given, headers=mine)
    assert done.status_code == 200
    assert (done.json()["moved"]["students"], done.json()["verified"]) == (1, True)
    rows = api.get("/api/sync/pull", headers=mine).json()["rows"]
    assert {row["id"] for row in rows} == {str(change["id"]), str(late["id"])}
    again = api.post("/api/sync/migrate", json=given, headers=mine).json()
    assert again["id"] == done.json()["id"]


def test_who_only_says_to_be_the_guest_gets_nothing(
    api: TestClient, mine: dict[str, str], other: Identity
) -> None:
    name = f"g-{uuid4()}"
    api.post("/api/sync/push", json=document(student()), headers=bearer(guest_token(name)))
    forged = guest_token(name)[:-4] + "AAAA"
    for token in (name, forged, token_of(other.claims["sub"]), guest_token(name, exp=1)):
        refused = api.post("/api/sync/migrate", json={"guest_token": token}, headers=mine)
        assert (refused.status_code, refused.json()["type"]) == (403, "/problems/no-guest")
    headers = {**mine, "X-Client-Id": name, "client_id": name}
    assert api.get("/api/sync/pull", headers=headers).json()["rows"] == []


@pytest.mark.parametrize(
    "claims", [{"client_id": ""}, {"client_id": None}, {"client_id": 7}, {"client_id": "x\0"}]
)
def test_a_guests_token_names_the_guest(api: TestClient, claims: dict[str, Any]) -> None:
    token = token_of(None, is_anonymous=True, **claims)
    assert api.get("/api/sync/pull", headers=bearer(token)).status_code == 401


def test_a_token_without_subject_is_no_guests_unless_it_says_so(api: TestClient) -> None:
    token = token_of(None, client_id="somebody")
    assert api.get("/api/sync/pull", headers=bearer(token)).status_code == 401


@pytest.mark.parametrize(
    "path", ["/api/sync/push", "/api/sync/pull", "/api/sync/migrate", "/api/sync/metrics"]
)
def test_nobody_gets_nothing(api: TestClient, path: str) -> None:
    method = "GET" if path.endswith(("pull", "metrics")) else "POST"
    body = None if method == "GET" else document() if path.endswith("push") else {"guest_token": "x"}
    assert api.request(method, path, json=body).status_code == 401
    assert api.request(method, path, json=body, headers=ANONYMOUS).status_code == 403


@pytest.mark.parametrize(
    "wrong",
    [
        {"changes": [{"table": "users"}]},
        {"changes": [{**student(uuid4(), name=""), "id": str(uuid4())}]},
        {"device": ""},
        {"device": "x\0"},
        {"outbox": -1},
        {"more": 1},
    ],
)
def test_what_is_wrong_is_told(api: TestClient, mine: dict[str, str], wrong: dict[str, Any]) -> None:
    refused = api.post("/api/sync/push", json={**document(), **wrong}, headers=mine)
    assert (refused.status_code, refused.headers["content-type"]) == (422, "application/problem+json")
    assert refused.json()["errors"]


def test_a_bad_cursor_has_its_own_problem(api: TestClient, mine: dict[str, str]) -> None:
    refused = api.get("/api/sync/pull", params={"cursor": "nonsense"}, headers=mine)
    assert (refused.status_code, refused.json()["type"]) == (422, "/problems/bad-cursor")


def test_metrics_are_the_services(api: TestClient, mine: dict[str, str], clone: Deployed) -> None:
    assert api.get("/api/sync/metrics", headers=mine).status_code == 403
    waiting = {**document(student(), student()), "outbox": 9, "device": f"slow-{uuid4()}"}
    before = api.get("/api/sync/metrics", headers=SERVICE).json()
    api.post("/api/sync/push", json=waiting, headers=mine)
    after = api.get("/api/sync/metrics", headers=SERVICE).json()
    assert after["pushes"] == before["pushes"] + 1
    assert after["changes"] == before["changes"] + 2
    assert after["devices"] == before["devices"] + 1
    assert after["outbox_total"] == before["outbox_total"] + 7
    assert after["push_success_rate"] == 1
    assert isinstance(after["orphans"], dict)
