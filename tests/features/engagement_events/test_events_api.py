"""The paths of engagement events and operations, as users, services and strangers call them."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import httpx2 as httpx
import pytest
import uvicorn
from fix_platform import Deployed, copy_of
from fix_web import ANONYMOUS, SERVICE, bearer, headers_of, platform_app, token_of
from people import ADA, BO, EVE
from starlette.testclient import TestClient

from gatepost.session import Database, Identity
from services.engagement_events.drafts import NewEvent
from services.engagement_events.events import EngagementEvents
from services.engagement_events.listener import listener_of
from services.engagement_events.system_status import OPENING

ME, OTHER = headers_of(ADA), headers_of(BO)
NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def client(database: Database, without_demo_events: None) -> TestClient:
    return TestClient(platform_app(database), raise_server_exceptions=False)


def record(client: TestClient, headers: dict[str, str] = ME, **given: Any) -> UUID:
    body = {"events": [{"event_type": "test.api", **given}]}
    response = client.post("/api/events", json=body, headers=headers)
    assert response.status_code == 201, response.text
    return UUID(response.json()["ids"][0])


def test_the_life_of_an_event(client: TestClient) -> None:
    one = record(client, value={"n": 1}, timestamp=NOW.isoformat(), id=str(uuid4()))
    path = f"/api/events/{one}"
    assert client.get(path, headers=ME).json()["value"] == {"n": 1}
    assert client.get("/api/events?limit=1", headers=ME).json()[0]["id"] == str(one)
    assert client.patch(path, json={"value": {"n": 2}}, headers=ME).json()["value"] == {"n": 2}
    assert client.delete(path, headers=ME).status_code == 204
    assert client.delete(path, headers=ME).status_code == 404
    assert client.get(path, headers=ME).json()["deleted_at"] is not None
    assert str(one) not in [event["id"] for event in client.get("/api/events?limit=9", headers=ME).json()]
    assert client.post(f"{path}/restore", headers=ME).status_code == 204
    assert client.post(f"{path}/restore", headers=ME).status_code == 404
    assert client.get(path, headers=ME).json()["deleted_at"] is None


def test_sent_again_it_is_known(client: TestClient) -> None:
    event = {"event_type": "test.again", "id": str(uuid4()), "timestamp": NOW.isoformat()}
    answers = [client.post("/api/events", json={"events": [event]}, headers=ME).json() for _ in range(2)]
    assert [answer["new"] for answer in answers] == [[event["id"]], []]
    assert [answer["ids"] for answer in answers] == [[event["id"]]] * 2


def test_pages(client: TestClient) -> None:
    first = client.get("/api/events?limit=3", headers=ME).json()
    last = first[-1]
    place = {"before": last["timestamp"], "before_id": last["id"], "limit": 3}
    second = client.get("/api/events", params=place, headers=ME).json()
    both = client.get("/api/events?limit=6", headers=ME).json()
    assert first + second == both


def test_others_get_nothing(client: TestClient) -> None:
    one = record(client)
    path = f"/api/events/{one}"
    assert client.get(path, headers=OTHER).status_code == 404
    assert client.get(f"{path}?user_id={ADA}", headers=OTHER).status_code == 404
    assert client.get(f"/api/events?user_id={ADA}", headers=OTHER).json() == []
    assert client.get(f"/api/events/counts?user_id={ADA}", headers=OTHER).json() == []
    assert client.patch(path, json={"value": {}}, headers=OTHER).status_code == 404
    assert client.delete(path, headers=OTHER).status_code == 404
    assert client.post(f"{path}/restore", headers=OTHER).status_code == 404
    planted = client.post(
        f"/api/events?user_id={ADA}", json={"events": [{"event_type": "a.b"}]}, headers=OTHER
    )
    assert (planted.status_code, planted.json()["type"]) == (403, "/problems/forbidden")
    assert client.get(path, headers=ME).status_code == 200


NOBODYS = UUID(int=7)
"""No event has this id; the same in every process, as it is in the names of tests."""
PATHS = [
    ("GET", "/api/events"),
    ("POST", "/api/events"),
    ("GET", "/api/events/counts"),
    ("GET", "/api/events/daily?event_type=a.b"),
    ("POST", "/api/events/search"),
    ("GET", "/api/events/stream"),
    ("GET", f"/api/events/{NOBODYS}"),
    ("PATCH", f"/api/events/{NOBODYS}"),
    ("DELETE", f"/api/events/{NOBODYS}"),
    ("POST", f"/api/events/{NOBODYS}/restore"),
    ("POST", "/api/system-status"),
    ("POST", "/api/erasures"),
    ("GET", "/api/erasures"),
    ("POST", "/api/deployments"),
    ("GET", "/api/deployments"),
]
BODIES = {
    "/api/events": {"events": [{"event_type": "a.b"}]},
    "/api/events/search": {"value": {"a": 1}},
    "/api/system-status": {"maintenance_mode": True},
    "/api/erasures": {"user_id": EVE},
    "/api/deployments": {"action": "start"},
}
FOR_SERVICES = [path for path in PATHS if path[1].split("/")[2].split("?")[0] not in ("events",)] + [
    ("GET", "/api/events/daily?event_type=a.b"),
    ("POST", "/api/events/search"),
]


def call(client: TestClient, method: str, path: str, headers: dict[str, str]) -> httpx.Response:
    body = BODIES.get(path, {"value": {}} if method == "PATCH" else None)
    return client.request(method, path, json=body, headers=headers)


@pytest.mark.parametrize(("method", "path"), PATHS)
def test_strangers_get_nothing(client: TestClient, method: str, path: str) -> None:
    forged = token_of(ADA)[:-4] + "AAAA"
    expired = token_of(ADA, exp=int(time.time()) - 60)
    for headers in ({}, bearer(forged), bearer(expired), bearer("nonsense")):
        assert call(client, method, path, headers).status_code == 401
    assert call(client, method, path, ANONYMOUS).status_code == 403


@pytest.mark.parametrize(("method", "path"), FOR_SERVICES)
def test_what_is_for_services_users_may_not(client: TestClient, method: str, path: str) -> None:
    response = call(client, method, path, ME)
    assert (response.status_code, response.json()["type"]) == (403, "/problems/forbidden")


@pytest.mark.parametrize(
    ("event", "where"),
    [
        ({"event_type": "Not A Type"}, "body.events.0"),
        ({"event_type": "a.b", "timestamp": "2020-01-01T00:00:00Z"}, "body.events.0"),
        ({"event_type": "a.b", "timestamp": "2026-11-01T00:00:00"}, "body.events.0"),
        ({"event_type": "a.b", "id": str(uuid4())}, "body.events.0"),
        ({"event_type": "a.b", "value": {"x": "y" * 20_000}}, "body.events.0"),
        ({"event_type": "a.b", "value": []}, "body.events.0.value"),
        ({"event_type": "a.b", "user_id": ADA}, "body.events.0.user_id"),
        ({}, "body.events.0.event_type"),
    ],
)
def test_what_is_wrong_is_told_where(client: TestClient, event: dict[str, Any], where: str) -> None:
    response = client.post("/api/events", json={"events": [event]}, headers=ME)
    assert response.status_code == 422
    assert [one["where"] for one in response.json()["errors"]] == [where]


def test_services_count_and_search_everybody(client: TestClient) -> None:
    record(client, value={"needle": 7})
    record(client, OTHER, value={"needle": 7})
    found = client.post("/api/events/search", json={"value": {"needle": 7}}, headers=SERVICE).json()
    assert {row["user_id"] for row in found} == {ADA, BO}
    days = client.get("/api/events/daily?event_type=test.api", headers=SERVICE).json()
    assert days[-1]["people"] == 2


def test_maintenance(client: TestClient) -> None:
    one = record(client)
    body = {"maintenance_mode": True, "message": "Database migration in progress"}
    try:
        assert client.post("/api/system-status", json=body, headers=SERVICE).status_code == 201
        assert client.get("/api/system-status").json()["message"] == "Database migration in progress"
        for response in (
            client.post("/api/events", json={"events": [{"event_type": "a.b"}]}, headers=ME),
            client.patch(f"/api/events/{one}", json={"value": {}}, headers=ME),
            client.delete(f"/api/events/{one}", headers=ME),
        ):
            assert (response.status_code, response.json()["type"]) == (503, "/problems/maintenance")
            assert response.json()["detail"] == "Database migration in progress"
            assert response.headers["retry-after"] == "60"
        assert client.get(f"/api/events/{one}", headers=ME).status_code == 200
        written = client.post(
            f"/api/events?user_id={ADA}", json={"events": [{"event_type": "a.b"}]}, headers=SERVICE
        )
        assert written.status_code == 201
    finally:
        client.post("/api/system-status", json={"maintenance_mode": False}, headers=SERVICE)
    assert client.delete(f"/api/events/{one}", headers=ME).status_code == 204


def test_deployments_are_written_down(client: TestClient) -> None:
    deployment = str(uuid4())
    for action in ("start", "rollback"):
        body = {"action": action, "deployment_id": deployment, "data": {"stack": "test"}}
        assert client.post("/api/deployments", json=body, headers=SERVICE).status_code == 204
    rows = client.get("/api/deployments?limit=2", headers=SERVICE).json()
    assert [(row["action"], row["deployment_id"]) for row in rows] == [
        ("rollback", deployment),
        ("start", deployment),
    ]


def test_the_deployer_writes_to_the_log_and_does_not_change_it(copied: Deployed) -> None:
    """As the guide's rollback script does: `insert into deployment_log (action, details, timestamp) …`."""
    with copied.superuser() as connection:
        connection.execute("set role deployer")
        connection.execute("set role app_owner")
        connection.execute(
            "insert into deployment_log (action, details, timestamp)"
            " values ('rollback', 'engagement_events migration rolled back', now())"
        )
        with pytest.raises(Exception, match="append-only"):
            connection.execute("update deployment_log set details = ''")


def test_erasure(platform: Deployed) -> None:
    with copy_of(platform, platform) as made, Database(made.url("authenticator"), opening=OPENING) as storage:
        client = TestClient(platform_app(storage), raise_server_exceptions=False)
        record(client, headers_of(EVE))
        steps = client.post("/api/erasures", json={"user_id": EVE}, headers=SERVICE)
        assert steps.status_code == 201
        assert {row["table_name"] for row in steps.json() if row["rows_erased"]} >= {"public.users"}
        assert [row["user_id"] for row in client.get("/api/erasures", headers=SERVICE).json()] == [EVE]
        response = client.post(
            "/api/events", json={"events": [{"event_type": "a.b"}]}, headers=headers_of(EVE)
        )
        assert response.status_code == 403
        assert "no account" in response.json()["detail"]


@contextmanager
def served(database: Database) -> Iterator[str]:
    """The API on a port of this machine."""
    config = uvicorn.Config(platform_app(database), port=0, log_config=None, lifespan="off")
    config.timeout_graceful_shutdown = 1
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


@dataclass
class Stream:
    """What a client of the stream gets, as it comes."""

    url: str
    headers: dict[str, str]
    frames: list[dict[str, str]] = field(default_factory=list)

    def until(self, ids: set[str], seconds: float = 10) -> None:
        deadline = time.monotonic() + seconds
        while not ids <= set(self.ids):
            assert time.monotonic() < deadline, f"not in time: {ids - set(self.ids)}"
            time.sleep(0.01)

    @property
    def ids(self) -> list[str]:
        return [json.loads(one["data"])["id"] for one in self.frames if one["event"] == "engagement_event"]

    @contextmanager
    def opened(self) -> Iterator[Stream]:
        with httpx.Client(timeout=30) as client, client.stream("GET", self.url, headers=self.headers) as got:
            assert got.status_code == 200
            assert got.headers["content-type"].startswith("text/event-stream")
            thread = threading.Thread(target=self._read, args=[got], daemon=True)
            thread.start()
            while not self.frames:
                time.sleep(0.01)
            yield self

    def _read(self, got: httpx.Response) -> None:
        frame: dict[str, str] = {}
        try:
            for line in got.iter_lines():
                if line:
                    name, _, value = line.partition(": ")
                    frame[name] = value
                elif "event" in frame:
                    self.frames.append(frame)
                    frame = {}
        except (httpx.HTTPError, httpx.StreamError):
            return


def test_the_stream(copied: Deployed, database: Database) -> None:
    events = EngagementEvents(database)

    def sent(user: str, count: int = 1) -> set[str]:
        recorded = events.record(Identity.user(user), [NewEvent("test.stream", {"of": user})] * count)
        return {str(one) for one in recorded.ids}

    with served(database) as url:
        path = f"{url}/api/events/stream"
        with Stream(path, ME).opened() as mine, Stream(path, OTHER).opened() as theirs:
            first, foreign = sent(ADA, 3), sent(BO, 2)
            mine.until(first)
            theirs.until(foreign)
            assert sorted(mine.ids) == sorted(first)
            assert sorted(theirs.ids) == sorted(foreign)
        missed = sent(ADA, 4)
        place = mine.frames[-1]["id"]
        middle = mine.frames[-2]["id"]
        with Stream(path, {**ME, "Last-Event-ID": place}).opened() as back:
            live = sent(ADA)
            back.until(missed | live)
            assert sorted(back.ids) == sorted(missed | live)
        with Stream(path, {**ME, "Last-Event-ID": middle}).opened() as earlier:
            earlier.until(missed | live)
            assert sorted(earlier.ids) == sorted({mine.ids[-1]} | missed | live)
        wrong = httpx.get(path, headers={**ME, "Last-Event-ID": "42"})
        assert (wrong.status_code, wrong.json()["type"]) == (422, "/problems/invalid")
    assert listener_of(database).delays.percentiles()["p50"] < 1000


def test_the_stream_ends_with_its_token(database: Database) -> None:
    with served(database) as url:
        token = token_of(ADA, exp=int(time.time()) + 2)
        began = time.monotonic()
        with (
            httpx.Client(timeout=20) as client,
            client.stream("GET", f"{url}/api/events/stream", headers=bearer(token)) as got,
        ):
            text = "".join(got.iter_text())
    assert "event: ready" in text
    assert time.monotonic() - began < 6
