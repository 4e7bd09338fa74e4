"""What an embedded server survives."""

from __future__ import annotations

import contextlib
import os
import pwd
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from gatepost.errors import ServerUnreachable, UsageError
from gatepost.postgres.account import server_account
from gatepost.postgres.embedded import EmbeddedServer
from gatepost.postgres.postmaster import find_postmaster, runs_in

START = """
import sys
from pathlib import Path
from gatepost.postgres.embedded import EmbeddedServer
print(EmbeddedServer(Path(sys.argv[1])).start().port, flush=True)
"""
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root to act as two users")


def start_in_a_process(root: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", START, str(root)], stdout=subprocess.PIPE, text=True, start_new_session=True
    )


def kill_postmaster(embedded: EmbeddedServer) -> None:
    postmaster = find_postmaster(embedded.data)
    assert postmaster
    os.kill(postmaster.pid, signal.SIGKILL)
    while runs_in(postmaster.pid, embedded.data):
        time.sleep(0.001)


@pytest.fixture
def unrelated() -> Iterator[int]:
    """A living process of the server's user that is no PostgreSQL."""
    account = server_account()
    change = {"user": account.uid, "group": account.gid} if account.is_other else {}
    with subprocess.Popen(["sleep", "60"], cwd="/", **change) as process:  # type: ignore[call-overload]
        yield process.pid
        process.kill()


def test_server_outlives_ctrl_c_of_who_started_it(embedded: EmbeddedServer, project: Path) -> None:
    with start_in_a_process(project / ".gatepost") as process:
        assert process.stdout
        process.stdout.readline()
        os.killpg(process.pid, signal.SIGINT)
    psycopg.connect(embedded.url()).close()


def test_killed_postmaster(embedded: EmbeddedServer) -> None:
    url = embedded.start().url
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("create database kept")
    busy = threading.Thread(target=count_for_a_second, args=[url])
    busy.start()
    time.sleep(0.1)
    kill_postmaster(embedded)
    with psycopg.connect(embedded.start().url) as connection:
        assert connection.execute("select from pg_database where datname = 'kept'").fetchone() is not None
    busy.join()


def count_for_a_second(url: str) -> None:
    """Keep a process of the server busy, which outlives its postmaster."""
    with contextlib.suppress(psycopg.OperationalError), psycopg.connect(url) as connection:
        connection.execute("select count(*) from generate_series(1, 20000000)")


def test_pid_file_whose_number_is_now_an_unrelated_process(embedded: EmbeddedServer, unrelated: int) -> None:
    embedded.start()
    left = (embedded.data / "postmaster.pid").read_text().split("\n", 1)[1]
    kill_postmaster(embedded)
    (embedded.data / "postmaster.pid").write_text(f"{unrelated}\n{left}")
    assert not embedded.status().running
    psycopg.connect(embedded.start().url).close()
    os.kill(unrelated, 0)


@pytest.mark.parametrize("content", ["", "nonsense\n", "12\n"], ids=["empty", "garbage", "short"])
def test_damaged_pid_file(embedded: EmbeddedServer, content: str) -> None:
    embedded.start()
    embedded.stop()
    server_account().write(embedded.data / "postmaster.pid", content)
    psycopg.connect(embedded.start().url).close()


def test_stale_socket_lock(embedded: EmbeddedServer, unrelated: int) -> None:
    connection = embedded.start()
    embedded.stop()
    lock = connection.socket / f".s.PGSQL.{connection.port}.lock"
    server_account().write(lock, f"{unrelated}\n")
    assert embedded.start().port == connection.port


@pytest.mark.parametrize("after", [0.05, 0.15, 0.25, 0.35, 0.45])
def test_first_start_that_is_killed_is_redone(embedded: EmbeddedServer, project: Path, after: float) -> None:
    with start_in_a_process(project / ".gatepost") as process:
        deadline = time.monotonic() + 5
        while not (project / ".gatepost/postgres/18").exists() and time.monotonic() < deadline:
            time.sleep(0.005)
        time.sleep(after)
        os.killpg(process.pid, signal.SIGKILL)
    psycopg.connect(embedded.start().url).close()
    psycopg.connect(embedded.url("postgres")).close()


def test_half_made_cluster_is_made_anew(embedded: EmbeddedServer, project: Path) -> None:
    making = project / ".gatepost/postgres/18/making-1234"
    making.mkdir(parents=True)
    server_account().own(making, 0o700)
    (making / "PG_VERSION").write_text("18\n")
    psycopg.connect(embedded.start().url).close()
    assert not making.exists()


def test_folder_with_something_in_it_is_never_deleted(embedded: EmbeddedServer, project: Path) -> None:
    data = project / ".gatepost/postgres/18/data"
    data.mkdir(parents=True)
    (data / "thesis.txt").write_text("years of work")
    with pytest.raises(UsageError, match="move it away"):
        embedded.start()
    assert (data / "thesis.txt").read_text() == "years of work"


def test_lost_log_folder(embedded: EmbeddedServer) -> None:
    embedded.start()
    embedded.stop()
    server_account().run(["rm", "-r", embedded.data.parent / "log"], folder=Path("/"))
    subprocess.run(["rm", "-rf", embedded.data.parent / "log"], check=True)
    psycopg.connect(embedded.start().url).close()


@needs_root
def test_full_log_folder(project: Path, make_server) -> None:
    embedded = make_server(settings={})
    embedded.start()
    embedded.stop()
    log = embedded.data.parent / "log"
    owner = server_account()
    options = f"size=4k,nr_inodes=2,uid={owner.uid},gid={owner.gid},mode=0700"
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", log], check=True)
    try:
        (log / "full").write_bytes(bytes(4096))
        psycopg.connect(embedded.start().url).close()
        embedded.stop()
    finally:
        subprocess.run(["umount", log], check=True)


def test_parallel_starts_make_one_server(embedded: EmbeddedServer, project: Path) -> None:
    processes = [start_in_a_process(project / ".gatepost") for _ in range(3)]
    outputs = [process.communicate(timeout=60)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0]
    assert set(outputs) == {f"{embedded.connection().port}\n"}


def test_lost_passwords_are_set_anew(embedded: EmbeddedServer, project: Path) -> None:
    embedded.start()
    for file in project.glob(".gatepost/postgres/18/*.password"):
        file.unlink()
    psycopg.connect(embedded.start().url).close()
    psycopg.connect(embedded.url("postgres")).close()


def test_moved_project_finds_its_running_server(project: Path, make_server) -> None:
    first = make_server(project / "before").start()
    (project / "before").rename(project / "after")
    moved = make_server(project / "after")
    assert moved.start().port == first.port
    moved.stop()
    psycopg.connect(moved.start().url).close()
    (project / "before" / ".gatepost").mkdir(parents=True)


def test_copied_project_has_a_server_of_its_own(project: Path, make_server) -> None:
    first = make_server(project / "original").start()
    subprocess.run(["cp", "-a", project / "original", project / "copy"], check=True)
    copy = make_server(project / "copy")
    assert not copy.status().running
    assert copy.start().port != first.port
    psycopg.connect(first.url).close()


def test_wrong_setting_is_explained(make_server) -> None:
    with pytest.raises(ServerUnreachable, match="no_such_setting"):
        make_server(settings={"no_such_setting": "1"}).start()


@needs_root
def test_project_below_a_closed_folder(project: Path, make_server) -> None:
    project.chmod(0o700)
    embedded = make_server(project / "checkout")
    psycopg.connect(embedded.start().url).close()
    assert not embedded.data.is_relative_to(project)
    assert embedded.data.parent.stat().st_mode & 0o777 == 0o700
    assert project.stat().st_mode & 0o777 == 0o700
    embedded.remove()
    assert not embedded.data.parent.exists()


@needs_root
def test_binaries_that_the_servers_user_cannot_read(project: Path, make_server, monkeypatch) -> None:
    from gatepost.postgres import binaries

    tree = binaries.find_binaries("18").tree
    for part in (tree.parent, tree.parent.with_name(f"{binaries.WHEEL}.libs")):
        subprocess.run(["cp", "-a", part, project / part.name], check=True)
        (project / part.name).chmod(0o700)
    monkeypatch.setattr(binaries, "_wheel_trees", lambda: [project / binaries.WHEEL / tree.name])
    embedded = make_server()
    psycopg.connect(embedded.start().url).close()
    assert len(list(embedded.data.parent.glob("install-18.*"))) == 1


@needs_root
@pytest.mark.parametrize("mode", [0o700, 0o755])
def test_ordinary_user(project: Path, mode: int) -> None:
    nobody = pwd.getpwnam("nobody")
    os.chown(project, nobody.pw_uid, nobody.pw_gid)
    project.chmod(mode)
    as_nobody = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": [], "cwd": "/"}
    python = _python_for(as_nobody)
    code = START + "EmbeddedServer(Path(sys.argv[1])).remove()"
    done = subprocess.run(
        [*python, "-c", code, project / ".gatepost"], capture_output=True, text=True, **as_nobody
    )
    assert done.returncode == 0, done.stderr


def _python_for(change: dict[str, object]) -> list[str]:
    path = f"PYTHONPATH={os.pathsep.join(entry for entry in sys.path if entry)}"
    for python in (sys.executable, "/usr/bin/python3"):
        command = ["/usr/bin/env", path, python, "-B"]
        probe = "import sys, psycopg; assert sys.version_info >= (3, 11)"
        if subprocess.run([*command, "-c", probe], capture_output=True, **change).returncode == 0:  # type: ignore[call-overload]
            return command
    pytest.skip("no Python that an ordinary user can run has psycopg")
