"""Make a PostgreSQL cluster and launch it: initdb, the two roles, the settings, the log."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gatepost.errors import ServerUnreachable, UsageError
from gatepost.postgres.account import Account, remove_tree
from gatepost.postgres.binaries import Binaries

SUPERUSER = "postgres"
DEPLOYER = "deployer"

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_permissions": "0700",
    "password_encryption": "scram-sha-256",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "wal_level": "replica",
    "jit": "off",
    "client_connection_check_interval": "500ms",
    "track_io_timing": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
    "default_text_search_config": "pg_catalog.english",
    "logging_collector": "on",
    "log_destination": "stderr,jsonlog",
    "log_filename": "postgresql-%a.log",
    "log_rotation_age": "1d",
    "log_rotation_size": "0",
    "log_truncate_on_rotation": "on",
    "log_line_prefix": "%m [%p] %q%u@%d %a ",
    "log_min_duration_statement": "1s",
    "log_lock_waits": "on",
}
PRELOADED = "pg_stat_statements"
CTYPES = ("C.UTF-8", "C")
ORPHANS = "pre-existing shared memory block"
PORT_TAKEN = "could not bind"
COMPLAINT = re.compile(
    r"(?:WARNING|ERROR|FATAL|PANIC|HINT|LOG(?=.*(?:could not|unrecognized|invalid))):\s+(.*)"
)


class PortTaken(ServerUnreachable):
    """Somebody else listens on the port that the server was to use."""


@dataclass(frozen=True)
class Cluster:
    """A cluster's folder, the user that it belongs to and the binaries that run it."""

    home: Path
    account: Account
    binaries: Binaries

    @property
    def data(self) -> Path:
        """The data folder."""
        return self.home / "data"

    @property
    def exists(self) -> bool:
        """Whether there is a cluster.

        Raises UsageError when the data folder holds something else: it is never deleted.
        """
        if (self.data / "PG_VERSION").exists():
            return True
        if self.data.exists() and any(self.data.iterdir()):
            raise UsageError(f"{self.data} holds no whole cluster: move it away, then start again")
        return False

    def create(self, passwords: Mapping[str, str]) -> None:
        """Make the cluster with its two roles, aside, and put it in place as the last step."""
        making = self.account.make_folder(self.home / f"making-{secrets.token_hex(4)}")
        try:
            self._initdb(making, passwords[SUPERUSER])
            self.set_passwords(passwords, making / "data")
            (making / "data").rename(self.data)
        finally:
            remove_tree(making)

    def sweep(self) -> None:
        """Delete what starts left that were killed; their `initdb` may still be running."""
        for making in self.home.glob("making-*"):
            shutil.rmtree(making, ignore_errors=True)

    def set_passwords(self, passwords: Mapping[str, str], data: Path | None = None) -> None:
        """Make the deployer where it is missing and set both passwords; the server must be stopped."""
        program = self.binaries.program("postgres")
        options = ["-c", "exit_on_error=on", "-c", "log_min_messages=fatal", "-c", "logging_collector=off"]
        answer = self.account.run(
            [program, "--single", "-D", data or self.data, *options, "postgres"],
            folder=self.home,
            stdin=_roles(passwords),
        )
        if answer.returncode:
            raise ServerUnreachable(f"the roles could not be made: {answer.stderr.strip()}")

    def write_settings(self, port: int, socket: Path, extra: Mapping[str, str]) -> None:
        """Write `postgresql.conf` anew; `local.conf` beside the data folder adds the user's own settings."""
        log = self.account.make_folder(self.home / "log")
        settings = {
            **SETTINGS,
            "port": str(port),
            "unix_socket_directories": str(socket),
            "log_directory": str(log),
            **({} if self._log_is_writable() else {"logging_collector": "off"}),
            **({"shared_preload_libraries": PRELOADED} if self.binaries.has_library(PRELOADED) else {}),
            **extra,
        }
        lines = [f"{name} = {_quoted(value)}" for name, value in settings.items()]
        lines.append(f"include_if_exists = {_quoted(str(self.home / 'local.conf'))}")
        self.account.write(self.data / "postgresql.conf", "\n".join([*lines, ""]))

    def launch(self, seconds: float) -> None:
        """Start the server and wait until it accepts connections.

        Waits for the last processes of a killed server first. Raises PortTaken, or ServerUnreachable with the
        log's reason.
        """
        deadline = time.monotonic() + seconds
        while reason := self._start(seconds):
            if PORT_TAKEN in reason:
                raise PortTaken(f"PostgreSQL's port is taken: {reason}")
            if ORPHANS not in reason or time.monotonic() > deadline:
                raise ServerUnreachable(f"PostgreSQL did not start: {reason}")
            time.sleep(0.1)

    def _initdb(self, making: Path, password: str) -> None:
        data, file = making / "data", making / "password"
        self.account.write(file, password)
        program = self.binaries.program("initdb")
        common = ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--data-checksums"]
        for locale in _locales(int(self.binaries.major)):
            answer = self.account.run(
                [program, "-D", data, "-U", SUPERUSER, "--pwfile", file, *common, *locale], folder=self.home
            )
            if answer.returncode == 0:
                return
            if "locale" not in answer.stderr:
                break
        raise ServerUnreachable(f"initdb failed: {answer.stderr.strip()}")

    def _start(self, seconds: float) -> str:
        output = self._start_log if self._log_is_writable() else Path(os.devnull)
        before = self._log_sizes()
        program = self.binaries.program("pg_ctl")
        wait = ["-s", "-w", "-t", str(int(seconds))]
        answer = self.account.run([program, "start", *wait, "-D", self.data, "-l", output], folder=self.home)
        return "" if answer.returncode == 0 else self._reason(before) or answer.stderr.strip()

    @property
    def _start_log(self) -> Path:
        """What the server says before its log collector runs."""
        return self.home / "log" / "start.log"

    def _log_is_writable(self) -> bool:
        try:
            self.account.write(self._start_log, " " * 65536)
            self.account.write(self._start_log, "")
        except OSError:
            return False
        return True

    def _log_sizes(self) -> dict[Path, int]:
        return {path: path.stat().st_size for path in (self.home / "log").glob("*.log")}

    def _reason(self, before: Mapping[Path, int]) -> str:
        text = ""
        for path in self._log_sizes():
            with path.open(errors="replace") as file:
                file.seek(before.get(path, 0))
                text += file.read()
        return "; ".join(dict.fromkeys(COMPLAINT.findall(text))) or text.strip()


def _roles(passwords: Mapping[str, str]) -> str:
    from psycopg.sql import SQL, Identifier, Literal

    make = SQL("do $$ begin if to_regrole({}) is null then create role {}; end if; end $$;\n")
    rights = SQL("alter role {} login createdb createrole nosuperuser password {};\n")
    superuser = SQL("alter role {} password {};\n")
    # So that a deployment can let its monitor see every session, as managed servers allow it.
    statistics = SQL("grant pg_read_all_stats to {} with admin option;\n")
    return (
        make.format(Literal(DEPLOYER), Identifier(DEPLOYER)).as_string(None)
        + rights.format(Identifier(DEPLOYER), Literal(passwords[DEPLOYER])).as_string(None)
        + statistics.format(Identifier(DEPLOYER)).as_string(None)
        + superuser.format(Identifier(SUPERUSER), Literal(passwords[SUPERUSER])).as_string(None)
    )


def _locales(major: int) -> list[list[str]]:
    """Sort by code point everywhere; what is a letter comes from Unicode where the machine knows it."""
    if major >= 17:
        return [["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]]
    return [[f"--lc-ctype={ctype}"] for ctype in CTYPES]


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"
