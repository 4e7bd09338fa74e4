"""`gatepost serve` and `gatepost token`, as somebody types them."""

from __future__ import annotations

import json
import signal
import socket
import time
from contextlib import ExitStack
from pathlib import Path
from urllib.request import Request, urlopen

import jwt
import pytest
from fix_platform import PROJECT, Deployed
from fix_web import bearer
from fix_workspace import Workspace, serving
from people import ADA

ROUTES = """
import asyncio

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from gatepost.web import Caller, Storage

router = APIRouter()


@router.get("/me")
def me(caller: Caller, storage: Storage) -> str:
    return storage.value(caller, "select app.current_user_id()::text")


@router.get("/endless")
def endless() -> StreamingResponse:
    async def frames():
        while True:
            yield "data: {}\\n\\n"
            await asyncio.sleep(0.05)

    return StreamingResponse(frames(), media_type="text/event-stream")


def maintenance(database):
    return None


not_a_router = 7
"""
FRAME = b"data: {}\n\n"
SETTINGS = (
    '[tool.gatepost.serve]\nrouters = ["small_routes:router"]\nmaintenance = "small_routes:maintenance"\n'
)


@pytest.fixture
def served(workspace: Workspace, platform: Deployed) -> Workspace:
    """A project with an API whose database is the platform's."""
    (workspace.root / "small_routes.py").write_text(ROUTES)
    (workspace.root / "pyproject.toml").write_text(SETTINGS)
    workspace.environment["GATEPOST_SERVE_DATABASE_URL"] = platform.url("authenticator")
    return workspace


JOBS = """
import time
from pathlib import Path


def works(around):
    assert around.database.url
    with Path("worked").open("a") as file:
        file.write(around.server_log + "\\n")


def fails(around):
    raise RuntimeError("no luck")


def lasts(around):
    Path("lasting").touch()
    time.sleep(60)
"""


def scheduled(workspace: Workspace, *jobs: str, every: float = 0.1) -> Workspace:
    """The same project, with jobs."""
    (workspace.root / "small_jobs.py").write_text(JOBS)
    named = json.dumps([f"small_jobs:{job}" for job in jobs])
    (workspace.root / "pyproject.toml").write_text(f"{SETTINGS}jobs = {named}\njobs_every = {every}\n")
    return workspace


def wait_for(path: Path, lines: int = 0) -> list[str]:
    deadline = time.monotonic() + 20
    while not path.exists() or len(path.read_text().splitlines()) < lines:
        assert time.monotonic() < deadline, f"{path.name} did not come"
        time.sleep(0.02)
    return path.read_text().splitlines()


def test_jobs_are_done_again_and_again_and_one_that_fails_stops_nothing(served: Workspace) -> None:
    scheduled(served, "fails", "works").environment["GATEPOST_SERVER_LOG"] = "/somewhere/*.json"
    with serving(served) as (process, _url):
        assert set(wait_for(served.root / "worked", lines=3)) == {"/somewhere/*.json"}
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out) == (0, "stopped\n")
    messages = [json.loads(line)["message"] for line in err.splitlines()]
    assert messages.count("job small_jobs:fails failed: RuntimeError: no luck") >= 3
    assert "Traceback" not in err


def test_a_job_that_lasts_keeps_nobody(served: Workspace) -> None:
    with serving(scheduled(served, "lasts")) as (process, _url):
        wait_for(served.root / "lasting")
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (0, "stopped\n", "")
    assert time.monotonic() - began < 10


def get(url: str, token: str) -> str:
    with urlopen(Request(url, headers=bearer(token)), timeout=10) as response:
        body: str = response.read().decode()
    return body


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_serves_until_it_is_told_to_end(served: Workspace, ending: signal.Signals) -> None:
    token = served.run("token", "--user", ADA).stdout.strip()
    with serving(served) as (process, url):
        assert json.loads(get(f"{url}/me", token)) == ADA
        process.send_signal(ending)
        out, err = process.communicate(timeout=20)
    assert process.returncode == 0
    assert out == "stopped\n"
    lines = [json.loads(line) for line in err.splitlines()]
    assert [line["path"] for line in lines if line["logger"] == "gatepost.access"] == ["/me"]
    assert token not in err
    assert "Traceback" not in err


def test_open_streams_end_with_the_server(served: Workspace) -> None:
    with serving(served) as (process, url), ExitStack() as open_streams:
        streams = [open_streams.enter_context(urlopen(f"{url}/endless", timeout=10)) for _ in range(3)]
        assert [stream.read(10) for stream in streams] == [FRAME] * 3
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        assert {stream.read().replace(FRAME, b"") for stream in streams} == {b""}, "no frame breaks off"
        out, err = process.communicate(timeout=20)
        seconds = time.monotonic() - began
    assert (process.returncode, out) == (0, "stopped\n")
    assert "Traceback" not in err
    assert seconds < 5, f"it took {seconds:.1f} s"


def test_url_comes_from_the_stacks_outputs(served: Workspace) -> None:
    url = served.environment.pop("GATEPOST_SERVE_DATABASE_URL")
    served.write('pulumi.export("api_url", pulumi.Output.secret(os.environ["API_URL"]))')
    served.run("up", "--yes", API_URL=url)
    token = served.run("token", "--user", ADA).stdout.strip()
    with serving(served) as (_process, address):
        assert json.loads(get(f"{address}/me", token)) == ADA


def test_the_platforms_url_is_a_secret(platform: Deployed) -> None:
    (stack,) = (one for one in platform.resources if one["type"] == "pulumi:pulumi:Stack")
    assert "ciphertext" in stack["outputs"]["api_url"]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ('routers = ["small_routes:nothing"]', "leads to nothing"),
        ('routers = ["nowhere:router"]', "leads to nothing"),
        ('routers = ["small_routes"]', "leads to nothing"),
        ('routers = ["small_routes:not_a_router"]', "is no fastapi.APIRouter but int"),
        ('router = "small_routes:router"', "router"),
        ("routers = [", "pyproject.toml"),
        ('jobs = ["small_routes:nothing"]', "leads to nothing"),
        ('jobs = ["small_routes:not_a_router"]', "is no function but int"),
        ("jobs_every = 0", "jobs_every"),
    ],
)
def test_settings_that_are_not_right(served: Workspace, settings: str, words: str) -> None:
    (served.root / "pyproject.toml").write_text(f"[tool.gatepost.serve]\n{settings}\n")
    done = served.run("serve", "--port", "0", code=2)
    assert words in done.stderr


def test_an_address_that_is_taken(served: Workspace) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert "choose another --port" in served.run("serve", "--port", str(port), code=2).stderr
    assert "nobody can listen" in served.run("serve", "--host", "192.0.2.1", code=2).stderr


def test_nothing_is_deployed(served: Workspace) -> None:
    del served.environment["GATEPOST_SERVE_DATABASE_URL"]
    assert "no output `api_url`" in served.run("serve", "--port", "0", code=2).stderr


def test_secret_of_the_local_stack_is_its_own(served: Workspace) -> None:
    token = served.run("token", "--user", ADA, "--minutes", "5").stdout.strip()
    file = served.root / ".gatepost" / "jwt_secret"
    claims = jwt.decode(token, file.read_text(), ["HS256"])
    assert (claims["sub"], claims["role"]) == (ADA, "authenticated")
    assert claims["exp"] - claims["iat"] == 300
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "whose token"),
        (("--user", "ada"), "expected a UUID"),
        (("--role", "postgres"), "choose authenticated"),
        (("--role", "service_role", "--user", ADA), "nobody's"),
        (("--user", ADA, "--stack", "production"), "its identity provider"),
        (("--user", ADA, "--stack", "staging"), "its identity provider"),
        (("--user", ADA, "--stack", "dev"), "nothing verifies tokens"),
    ],
)
def test_tokens_that_nobody_gets(served: Workspace, arguments: tuple[str, ...], words: str) -> None:
    for name in ("dev", "staging", "production"):
        (served.root / f"Pulumi.{name}.yaml").write_text("{}")
    assert words in served.run("token", *arguments, code=2).stderr


def test_a_short_secret_is_refused(served: Workspace) -> None:
    done = served.run("serve", "--port", "0", code=2, GATEPOST_JWT_SECRET="hunter2")
    assert "32 random ones" in done.stderr
    assert "hunter2" not in done.stderr


def test_routers_of_the_platform_are_there() -> None:
    from gatepost.web import serve

    assert serve.load(PROJECT).title == "Platform"
