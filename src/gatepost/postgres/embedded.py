"""A PostgreSQL server of the project's own, under `.gatepost/`, that outlives the command that started it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from urllib.parse import quote

from gatepost.errors import DeploymentBusy, PermissionMissing, ServerUnreachable, UsageError
from gatepost.postgres.account import remove_tree, server_account
from gatepost.postgres.binaries import Binaries, Source, find_binaries
from gatepost.postgres.cluster import DEPLOYER, SUPERUSER, Cluster, PortTaken
from gatepost.postgres.places import HOST, Places
from gatepost.postgres.postmaster import find_postmaster, forget_stale, halt, wait_until_ready

START_SECONDS = 60.0
LOCK_SECONDS = 120.0
PORT_ATTEMPTS = 5


@dataclass(frozen=True)
class Connection:
    """How to reach the server as one user."""

    user: str
    password: str = field(repr=False)
    database: str
    port: int
    socket: Path
    """The folder of the unix socket, which libpq takes as its `host`."""
    host: str = HOST

    @property
    def url(self) -> str:
        """The URL, with the password."""
        return (
            f"postgresql://{self.user}:{quote(self.password)}@{self.host}:{self.port}/{quote(self.database)}"
        )


@dataclass(frozen=True)
class Status:
    """What is known of the server without connecting to it."""

    running: bool
    version: str
    port: int | None
    """The port that it has, or had last."""
    pid: int | None
    data: Path
    size: int
    """Bytes of the data folder."""
    url: str | None
    """The deployer's URL without the password; None while the server is stopped."""


class EmbeddedServer:
    """The server of one project and one major version.

    `root` is the project's `.gatepost` folder, made where it is missing; `version` the major version;
    `source` says whose binaries run it; `settings` are added to `postgresql.conf`.
    """

    def __init__(
        self,
        root: Path,
        version: str = "18",
        *,
        source: Source = "wheel",
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self._folder = root.resolve() / "postgres" / version
        self._version = version
        self._source = source
        self._settings = settings or {}

    @property
    def data(self) -> Path:
        """The data folder, which may lie outside the project (see `Places.home`)."""
        return self._places.home / "data"

    @property
    def binaries(self) -> Binaries:
        """The binaries that run this server, `psql` among them."""
        return find_binaries(self._version, self._source)

    def start(self, user: str = DEPLOYER, database: str = "postgres") -> Connection:
        """Start the server unless it runs, making the cluster the first time, and say how to connect.

        Raises UsageError, PermissionMissing, ServerUnreachable with the log's reason, or DeploymentBusy when
        another command has been at it for two minutes.
        """
        if not self._is_ready():
            with self._locked():
                if not self._is_ready():
                    self._bring_up()
        return self.connection(user, database)

    def stop(self) -> bool:
        """Stop the server, disconnecting its clients; say whether it ran."""
        if not self._folder.exists():
            return False
        with self._locked():
            ran = find_postmaster(self.data) is not None
            halt(self.data)
        return ran

    def reset(self) -> Connection:
        """Delete every database and start afresh, with the same passwords."""
        with self._locked():
            halt(self.data)
            if self.data.exists():
                remove_tree(self._discarded)
                self.data.rename(self._discarded)
            self._bring_up()
        return self.connection()

    def remove(self) -> None:
        """Stop the server and delete all that it has: databases, passwords, log, socket."""
        if not self._folder.exists():
            return
        with self._locked():
            halt(self.data)
            for path in (self._places.socket, self._places.home, self._folder):
                remove_tree(path)

    def status(self) -> Status:
        """Describe the server without connecting to it."""
        postmaster = find_postmaster(self.data)
        return Status(
            running=postmaster is not None and postmaster.ready,
            version=self.binaries.version,
            port=postmaster.port if postmaster else self._places.remembered_port(),
            pid=postmaster.pid if postmaster else None,
            data=self.data,
            size=_size(self.data),
            url=f"postgresql://{DEPLOYER}@{HOST}:{postmaster.port}/postgres" if postmaster else None,
        )

    def url(self, user: str = DEPLOYER, database: str = "postgres") -> str:
        """Give the URL, with the password, of a user (`deployer` or `postgres`) and a database.

        Raises ServerUnreachable when the server does not run.
        """
        return self.connection(user, database).url

    def connection(self, user: str = DEPLOYER, database: str = "postgres") -> Connection:
        """Say how to connect to the running server.

        Raises ServerUnreachable when it does not run, UsageError for a user whose password is not kept.
        """
        if user not in (DEPLOYER, SUPERUSER):
            raise UsageError(f"no password is kept for user {user!r}: choose {DEPLOYER} or {SUPERUSER}")
        if not (postmaster := find_postmaster(self.data)):
            raise ServerUnreachable("the embedded server does not run: start it with `gatepost db start`")
        password = self._places.secret(user).read_text()
        return Connection(user, password, database, postmaster.port, self._places.socket)

    @cached_property
    def _places(self) -> Places:
        return Places(self._folder, server_account())

    @property
    def _discarded(self) -> Path:
        return self._places.home / "data.discarded"

    def _is_ready(self) -> bool:
        postmaster = find_postmaster(self.data)
        return postmaster is not None and postmaster.ready and self._has_passwords()

    def _has_passwords(self) -> bool:
        return all(self._places.secret(user).exists() for user in (SUPERUSER, DEPLOYER))

    def _bring_up(self) -> None:
        self._places.make()
        remove_tree(self._discarded)
        if find_postmaster(self.data):
            wait_until_ready(self.data, START_SECONDS)
            if self._has_passwords():
                return
            halt(self.data)
        cluster = self._cluster()
        self._make_cluster(cluster)
        self._launch(cluster)

    def _cluster(self) -> Cluster:
        places = self._places
        binaries = self.binaries.usable_by(places.account, places.home)
        return Cluster(places.home, places.account, binaries)

    def _make_cluster(self, cluster: Cluster) -> None:
        cluster.sweep()
        exists = cluster.exists
        if exists:
            forget_stale(self.data)
        if exists and self._has_passwords():
            return
        passwords = {user: self._password(user) for user in (SUPERUSER, DEPLOYER)}
        if exists:
            cluster.set_passwords(passwords)
        else:
            cluster.create(passwords)
        for user, password in passwords.items():
            _write_secret(self._places.secret(user), password)

    def _password(self, user: str) -> str:
        with contextlib.suppress(FileNotFoundError):
            return self._places.secret(user).read_text()
        return secrets.token_urlsafe(24)

    def _launch(self, cluster: Cluster) -> None:
        socket = self._places.socket
        for leftover in socket.iterdir():
            leftover.unlink()
        for _ in range(PORT_ATTEMPTS):
            cluster.write_settings(self._places.choose_port(), socket, self._settings)
            try:
                return cluster.launch(START_SECONDS)
            except PortTaken:
                continue
            except ServerUnreachable:
                # The server of a start that was killed may have been quicker.
                if not find_postmaster(self.data):
                    raise
                return wait_until_ready(self.data, START_SECONDS)
        raise ServerUnreachable(f"every port chosen on {HOST} was taken meanwhile: try again")

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """Let one command at a time start or stop this server."""
        try:
            self._folder.parent.mkdir(parents=True, exist_ok=True)
            file = self._folder.with_name(f"{self._folder.name}.lock").open("w")
        except PermissionError as error:
            raise PermissionMissing(f"{self._folder} belongs to another user: run as that user") from error
        with file:
            _lock(file.fileno(), self._folder)
            yield


def _lock(descriptor: int, folder: Path) -> None:
    deadline = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() > deadline:
                raise DeploymentBusy(
                    f"another command starts or stops the server in {folder}: wait for it"
                ) from error
        time.sleep(0.02)


def _write_secret(path: Path, text: str) -> None:
    making = path.with_suffix(".making")
    making.unlink(missing_ok=True)
    making.touch(0o600)
    making.write_text(text)
    making.replace(path)


def _size(folder: Path) -> int:
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                total += os.stat(os.path.join(parent, name)).st_size
    return total
