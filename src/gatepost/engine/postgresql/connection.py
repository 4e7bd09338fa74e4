"""Sessions in which the kinds work: statements, queries, retries, and what the server's refusals mean."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from gatepost import errors
from gatepost.postgres.connect import Target, connect, is_lost, translate
from gatepost.postgres.failures import OutcomeUnknown

if TYPE_CHECKING:
    import psycopg
    from psycopg import sql

    from gatepost.postgres.connect import Connection

Result = TypeVar("Result")

ATTEMPTS = 8
LOCK_TIMEOUT = "10s"


@dataclass(frozen=True)
class Server:
    """Where and as whom to connect."""

    target: Target
    superuser: bool = True
    """Whether the settings say that password hashes may be read."""

    @contextmanager
    def session(
        self,
        database: str,
        *,
        transaction: bool = True,
        report: Callable[[str], None] | None = None,
        runs: bool = True,
    ) -> Iterator[Session]:
        """Connect to the database; the block is one transaction unless `transaction` is false.

        :param runs: whether statements are run, or only reported.
        """
        connection = connect(replace(self.target, database=database))
        try:
            with connection.transaction() if transaction else nullcontext():
                yield Session(connection, self, report, runs=runs)
        finally:
            connection.close()


class Session:
    """One connection at work: statements are reported, queries are not."""

    def __init__(
        self,
        connection: Connection,
        server: Server,
        report: Callable[[str], None] | None,
        *,
        runs: bool = True,
    ) -> None:
        self.connection = connection
        self.server = server
        self._report = report
        self._runs = runs
        connection.execute("select set_config('lock_timeout', %s, false)", [LOCK_TIMEOUT])

    @property
    def in_transaction(self) -> bool:
        """Tell whether a failure undoes what was done so far."""
        from psycopg.pq import TransactionStatus

        return self.connection.info.transaction_status != TransactionStatus.IDLE

    @cached_property
    def version(self) -> int:
        """The server's major version."""
        return self.connection.info.server_version // 10_000

    @cached_property
    def user(self) -> tuple[str, bool]:
        """The session's role and whether it is a superuser."""
        found = self.row("select rolname, rolsuper from pg_roles where rolname = current_user")
        return (found[0], found[1]) if found else ("", False)

    def execute(self, statement: sql.Composable, shown: sql.Composable | None = None) -> None:
        """Run a statement; `shown` is what is reported instead where it carries a secret."""
        from psycopg import sql

        if self._runs:
            self.connection.execute(sql.Composed([statement]))
        if self._report:
            self._report((shown or statement).as_string(None))

    def rows(self, query: str | sql.Composable, *parameters: Any) -> list[tuple[Any, ...]]:
        """Return a query's rows."""
        from psycopg import sql

        statement = query if isinstance(query, str) else sql.Composed([query])
        return self.connection.execute(statement, parameters or None).fetchall()

    def row(self, query: str | sql.Composable, *parameters: Any) -> tuple[Any, ...] | None:
        """Return a query's first row, if it has one."""
        found = self.rows(query, *parameters)
        return found[0] if found else None

    def verifier(self, password: str, role: str) -> str:
        """Return the password as a SCRAM verifier: its text never reaches the server or the server's log."""
        if password.startswith(("SCRAM-SHA-256$", "md5")):
            return password
        encrypt = self.connection.pgconn.encrypt_password
        return encrypt(password.encode(), role.encode(), b"scram-sha-256").decode()


def names(values: Sequence[str]) -> sql.Composable:
    """Return the names as identifiers with commas between."""
    from psycopg import sql

    return sql.SQL(", ").join([sql.Identifier(value) for value in values])


def retried(work: Callable[[], Result]) -> Result:
    """Run the work again, with jittered back-off, while another session changes the same catalog row."""
    import psycopg

    for attempt in range(ATTEMPTS):
        try:
            return work()
        except psycopg.Error as error:
            if attempt == ATTEMPTS - 1 or not _is_race(error):
                raise
        time.sleep(random.uniform(0.01, 0.05) * 2**attempt)  # noqa: S311
    raise AssertionError


def _is_race(error: psycopg.Error) -> bool:
    if error.sqlstate == "XX000":
        return "tuple concurrently" in str(error)
    if error.sqlstate == "23505":
        return error.diag.schema_name == "pg_catalog"
    return error.sqlstate in ("40001", "40P01", "55006")


_ADVICE = {
    "2BP01": "drop or reassign these first",
    "55006": "end the sessions that use it, then deploy again",
    "58P01": "install it on the server or leave it out",
    "0A000": "install it on the server or leave it out",
}


def explain(error: psycopg.Error, what: str, takeover: str | None) -> errors.GatepostError:
    """Return our error for PostgreSQL's; `what` names the resource, `takeover` the id to import it by."""
    if is_lost(error):  # perhaps just after the commit: the next deployment looks
        return OutcomeUnknown(str(translate(error, what)))
    state = error.sqlstate or ""
    message, detail = error.diag.message_primary or str(error), error.diag.message_detail
    if state in ("42710", "42P04", "42P06"):
        how = f'take it over with ResourceOptions(import_="{takeover}") or drop it' if takeover else "drop it"
        return errors.ObjectExists(f"{what}: {message}, and no resource of this stack owns it: {how}")
    if state in _ADVICE:
        reason = f"{message} ({detail})" if detail else message
        return errors.StatementFailed(f"{what}: {reason}: {_ADVICE[state]}")
    return translate(error, what)
