"""A server of one's own for each crash: a copy of a stopped one, started in a moment."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from deployed_program import DATABASE

from gatepost.postgres import catalog
from gatepost.postgres.account import Account, server_account
from gatepost.postgres.binaries import Binaries
from gatepost.postgres.embedded import EmbeddedServer

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "shared_buffers": "16MB",
    "max_connections": "40",
    "fsync": "off",
    "autovacuum": "off",
    "logging_collector": "off",
    "max_wal_senders": "0",
    "wal_level": "minimal",
    "log_min_messages": "fatal",
}
"""A server that is killed loses nothing that it has written, as long as the machine stays up."""
AROUND = """
    select 'role', rolname, (to_jsonb(r) - 'oid' - 'rolpassword')::text from pg_roles as r
    where rolname !~ '^pg_' and rolname <> 'postgres'
    union all
    select 'member', concat_ws(' in ', pg_get_userbyid(member), pg_get_userbyid(roleid)), string_agg(
        (to_jsonb(m) - 'oid' - 'roleid' - 'member' - 'grantor')::text, ' ' order by m
    ) from pg_auth_members as m where pg_get_userbyid(member) !~ '^pg_' group by 1, 2
    union all
    select 'database', datname, concat_ws(' ', pg_get_userbyid(datdba), datconnlimit, datacl::text)
    from pg_database where datname !~ '^(postgres|template[01])$'
"""
INSIDE = """
    select 'schema', nspname::text, concat_ws(' ', pg_get_userbyid(nspowner), nspacl::text) from pg_namespace
    where nspname !~ '^pg_' and nspname not in ('information_schema', 'gatepost')
    union all
    select 'extension', extname::text, extnamespace::regnamespace::text from pg_extension
    union all
    select 'default', pg_get_userbyid(defaclrole), concat_ws(' ', defaclobjtype, defaclacl::text)
    from pg_default_acl
"""
FOLDER = Path("/dev/shm") if os.access("/dev/shm", os.W_OK) else Path(tempfile.gettempdir())
EXTENSIONS = Path(__file__).parent / "share"
"""Holds a small extension, for servers that look in more than one place."""
Snapshot = dict[str, str]


@dataclass
class World:
    """A data folder, the server on it, and the state of the stack that is deployed to it."""

    root: Path
    binaries: Binaries
    account: Account
    port: int = 0
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def extension(self) -> str:
        """One that an ordinary user may install; where there is none, one that every database has."""
        if "pgserver" not in str(self.binaries.tree):
            return "hstore"
        return "trusted" if int(self.binaries.major) >= 18 else "plpgsql"

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def state(self) -> Path:
        return self.root / "state"

    def start(self) -> None:
        """Start the server, on the port that it had."""
        self.port = self.port or _free_port()
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        given = {**SETTINGS, "port": str(self.port), "unix_socket_directories": str(self.data)}
        options = [part for name, value in given.items() for part in ("-c", f"{name}={value}")]
        if self.extension == "trusted":
            options += ["-c", f"extension_control_path={EXTENSIONS}:$system"]
        other = self.account.is_other
        self._process = subprocess.Popen(
            [self.binaries.program("postgres"), "-D", self.data, *options],
            user=self.account.uid if other else None,
            group=self.account.gid if other else None,
            extra_groups=[] if other else None,
            cwd="/",
            stderr=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._wait()

    def _wait(self) -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self._process and self._process.poll() is None:
            with suppress(psycopg.OperationalError):
                return psycopg.connect(self.url("postgres"), connect_timeout=5).close()
            time.sleep(0.01)
        raise TimeoutError(f"the server on {self.data} does not start")

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop the server; SIGQUIT is `-m immediate`."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.kill(self._process.pid, how)
            self._process.wait(60)
            self._process = None

    def revive(self) -> None:
        """Start the server again if it has ended by itself."""
        if self._process is not None and self._process.poll() is not None:
            self._process = None
            self.start()
        self._wait()

    def url(self, database: str, user: str = "postgres") -> str:
        return f"postgresql://{user}@127.0.0.1:{self.port}/{database}?sslmode=disable&options=-clock_timeout%3D5s"

    def sql(self, text: str, database: str = DATABASE) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            cursor = connection.execute(text.encode())
            return cursor.fetchall() if cursor.description else []

    def snapshot(self) -> Snapshot:
        """Return all that is there, by its name: objects, rows, roles, databases, privileges."""
        found = {
            f"{kind} {name} {rest if kind == 'member' else ''}": rest
            for kind, name, rest in self.sql(AROUND, "postgres")
        }
        if not self.sql(f"select 1 from pg_database where datname = '{DATABASE}'", "postgres"):
            return found
        found |= {f"{kind} {name}": rest for kind, name, rest in self.sql(INSIDE)}
        with psycopg.connect(self.url(DATABASE), autocommit=True) as connection:
            for key, definition in catalog.read_all(connection).items():
                if "columns" in definition:
                    definition["columns"].sort(key=lambda column: str(column))
                found[f"{key.kind} {key.schema}.{key.name} {key.object}"] = json.dumps(
                    definition, sort_keys=True
                )
        found |= self._rows()
        self._leave()
        return found

    def _leave(self) -> None:
        """Wait until the server has noticed that nobody looks any more: nobody drops a database in use."""
        inside = f"select 1 from pg_stat_activity where datname = '{DATABASE}' and usename = 'postgres'"
        while self.sql(inside, "postgres"):
            time.sleep(0.002)

    def _rows(self) -> Snapshot:
        kinds = "relnamespace = to_regnamespace('app') and relkind in ('r', 'p', 'm', 'S')"
        tables = self.sql(f"select relname from pg_class where {kinds}")
        return {f"rows {name}": self._count(name) for (name,) in tables}

    def _count(self, name: str) -> str:
        try:
            return str(self.sql(f'select count(*) from app."{name}"')[0][0])
        except psycopg.errors.ObjectNotInPrerequisiteState:
            return "not filled yet"

    def is_reached_at(self, port: int) -> None:
        """Have the state, which no deployment may have left half-written, name another port."""
        file = self.state / ".pulumi" / "stacks" / "crash" / "local.json"
        if file.exists():
            file.write_text(re.sub(r'"port":("?)\d+', rf'"port":\g<1>{port}', file.read_text()))

    def copy(self, root: Path | None = None) -> World:
        """Return a copy of a stopped world, in a folder of its own unless one is given."""
        root = root or new_folder()
        subprocess.run(["cp", "-a", f"{self.root}/.", root], check=True)
        return World(root, self.binaries, self.account)

    def __enter__(self) -> World:
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop(signal.SIGQUIT)
        shutil.rmtree(self.root, ignore_errors=True)


def new_folder() -> Path:
    """Make a folder that the server's user can enter."""
    folder = Path(tempfile.mkdtemp(prefix="gatepost-crash-", dir=FOLDER))
    folder.chmod(0o755)
    return folder


@contextmanager
def empty_world(version: str, source: Any) -> Iterator[World]:
    """Give a server that is stopped and has nothing but the deployer."""
    root = new_folder()
    server = EmbeddedServer(root / "made", version, source=source, settings={"fsync": "off"})
    world = World(root, server.binaries, server_account())
    with world:
        server.start()
        server.stop()
        shutil.move(server.data, world.data)
        shutil.rmtree(root / "made")
        trust = "local all all trust\nhost all all 127.0.0.1/32 trust\n"
        (world.data / "pg_hba.conf").write_text(trust)
        (world.data / "postgresql.conf").write_text("")
        yield world


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


class Deployer:
    """A process that has everything imported and forks one that deploys."""

    def __init__(self) -> None:
        script = Path(__file__).with_name("deployer.py")
        self._process = subprocess.Popen(
            [sys.executable, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._line() == "ready"

    def _line(self) -> str:
        assert self._process.stdout
        return self._process.stdout.readline().strip()

    def begin(self, world: World, verb: str, version: str, port: int, approve: str, *, ordered: bool) -> int:
        """Start a deployment and return its process."""
        assert self._process.stdin
        task = {
            "verb": verb,
            "version": version,
            "port": port,
            "extension": world.extension,
            "backend": str(world.state),
            "out": str(world.root / "out.json"),
            "approve": approve,
            "ordered": ordered,
        }
        (world.root / "out.json").unlink(missing_ok=True)
        self._process.stdin.write(json.dumps(task) + "\n")
        self._process.stdin.flush()
        return int(self._line())

    def end(self, world: World) -> dict[str, Any]:
        """Wait for the deployment and return what it wrote, with its exit status."""
        status = int(self._line())
        out = world.root / "out.json"
        written: dict[str, Any] = json.loads(out.read_text()) if out.exists() else {}
        return {"status": status, **written}

    def run(
        self, world: World, verb: str, version: str, port: int, approve: str, *, ordered: bool
    ) -> dict[str, Any]:
        """Deploy and wait."""
        self.begin(world, verb, version, port, approve, ordered=ordered)
        return self.end(world)

    def __enter__(self) -> Deployer:
        return self

    def __exit__(self, *_error: object) -> None:
        self._process.communicate(timeout=60)


def names(snapshot: Snapshot, other: Snapshot) -> Sequence[str]:
    """Return what differs between two snapshots."""
    keys = sorted(snapshot.keys() | other.keys())
    return [
        f"{key}: {snapshot.get(key, 'nothing')} ≠ {other.get(key, 'nothing')}"
        for key in keys
        if snapshot.get(key) != other.get(key)
    ]
