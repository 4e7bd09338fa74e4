"""The integrations over HTTP: an admin's day, and what the others get."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from fix_web import SERVICE, headers_of
from people import ACME, ACME_EMAIL, ADA, BO, CLEO, GLOBEX
from starlette.testclient import TestClient

OF = f"/api/organizations/{ACME}/integrations"
ADMIN, MEMBER, STRANGER = headers_of(ADA), headers_of(BO), headers_of(CLEO)


def test_an_admins_day(api: TestClient) -> None:
    assert [one["name"] for one in api.get(OF, headers=ADMIN).json()["integrations"]] == [
        "Newsletter",
        "Old bot",
        "Support line",
    ]
    telegram = api.get(OF, headers=ADMIN).json()["integrations"][1]["id"]
    assert api.delete(f"{OF}/{telegram}", headers=ADMIN).status_code == 204
    added = api.post(OF, json={"type": "telegram", "name": "New bot"}, headers=ADMIN)
    assert (added.status_code, added.json()["status"]) == (201, "inactive")
    one = f"{OF}/{added.json()['id']}"
    assert api.post(f"{one}/activate", headers=ADMIN).json()["status"] == "active"
    assert "telegram" in [found["type"] for found in api.get(f"{OF}/active", headers=MEMBER).json()]
    renamed = api.patch(one, json={"name": "Bot", "credentials_ref": "vault://acme/bot"}, headers=ADMIN)
    assert (renamed.json()["name"], renamed.json()["status"]) == ("Bot", "active")
    assert api.post(f"{one}/deactivate", headers=ADMIN).json() == {**renamed.json(), "status": "inactive"}
    assert api.get(one, headers=MEMBER).json()["credentials_ref"] == "vault://acme/bot"


def test_a_services_execution(api: TestClient) -> None:
    executions, new = f"{OF}/{ACME_EMAIL}/executions", {"id": str(uuid4()), "workflow": "send_reminder"}
    assert api.post(executions, json=new, headers=ADMIN).status_code == 403
    for _ in range(2):
        assert api.post(executions, json=new, headers=SERVICE).status_code == 201
    ending = {"status": "failed", "error": "no answer"}
    finish = f"{executions}/{new['id']}/finish"
    assert api.post(finish, json=ending, headers=SERVICE).json()["error"] == "no answer"
    assert api.post(finish, json={"status": "succeeded"}, headers=SERVICE).status_code == 409
    found = api.get(executions, headers=MEMBER, params={"page_size": 1}).json()
    assert [one["id"] for one in found] == [new["id"]]
    assert api.get(executions, headers=STRANGER).json() == []


def test_pages(api: TestClient) -> None:
    first = api.get(OF, params={"page_size": 2}, headers=MEMBER).json()
    second = api.get(OF, params={"page_size": 2, "after": first["next"]}, headers=MEMBER).json()
    assert [len(page["integrations"]) for page in (first, second)] == [2, 1]
    assert second["next"] is None


EMAIL = {"type": "email", "name": "a"}
MAIL = f"{OF}/{ACME_EMAIL}"


@pytest.mark.parametrize(
    ("method", "path", "body", "headers", "status", "type_"),
    [
        ("POST", OF, EMAIL, ADMIN, 409, "integrations/exists"),
        ("POST", OF, {**EMAIL, "type": "fax"}, ADMIN, 422, "integrations/unknown-type"),
        ("POST", OF, {**EMAIL, "config": {"token": "t"}}, ADMIN, 422, "integrations/secret-in-configuration"),
        ("POST", OF, {**EMAIL, "name": ""}, ADMIN, 422, "invalid"),
        ("POST", OF, {**EMAIL, "organization_id": GLOBEX}, ADMIN, 422, "invalid"),
        ("POST", OF, EMAIL, MEMBER, 403, "forbidden"),
        ("DELETE", MAIL, None, MEMBER, 403, "integrations/not-an-admin"),
        ("DELETE", MAIL, None, STRANGER, 404, "integrations/not-found"),
        ("GET", MAIL, None, STRANGER, 404, "integrations/not-found"),
        ("GET", f"{OF}/none", None, ADMIN, 422, "invalid"),
        ("GET", f"{OF}?after=x", None, ADMIN, 422, "invalid"),
        ("GET", f"{OF}?page_size=0", None, ADMIN, 422, "invalid"),
        ("GET", f"{OF}?page_size=1000000", None, ADMIN, 422, "invalid"),
    ],
)
def test_problems(
    api: TestClient, method: str, path: str, body: Any, headers: dict[str, str], status: int, type_: str
) -> None:
    response = api.request(method, path, json=body, headers=headers)
    assert (response.status_code, response.json()["type"]) == (status, f"/problems/{type_}")
