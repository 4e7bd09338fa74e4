"""A deployment as one transaction: everything that works on the database gets the same connection."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from threading import RLock
from typing import TYPE_CHECKING
from uuid import UUID

from gatepost.errors import StatementFailed, UnsupportedFeature
from gatepost.postgres.connect import Connections, Target, connect, is_lost, translate
from gatepost.postgres.ledger import Ledger
from gatepost.postgres.plan import Plan

if TYPE_CHECKING:
    from gatepost.postgres.connect import Connection


class OneTransaction(Connections):
    """One connection in one transaction, lent to one thread at a time; what runs on it are savepoints."""

    def __init__(self, target: Target) -> None:
        super().__init__(target)
        self._alone = RLock()
        self._connection: Connection | None = None
        self._transaction: AbstractContextManager[object] | None = None

    @contextmanager
    def take(self) -> Iterator[Connection]:
        """Lend the connection."""
        with self._alone:
            if self._connection is None:
                self._connection = connect(self.target)
                self._transaction = self._connection.transaction()
                self._transaction.__enter__()
            yield self._connection

    def conclude(self, deployment: UUID, *, keep: bool) -> None:
        """Commit everything, or take everything back.

        :raises StatementFailed: the server refused the commit, so that nothing has happened.
        """
        import psycopg

        with self._alone:
            transaction, self._transaction = self._transaction, None
            if self._connection is None or transaction is None:
                return
            if not keep:
                self._connection.close()
                return
            try:
                transaction.__exit__(None, None, None)
            except psycopg.Error as error:
                if not (is_lost(error) and self._was_committed(deployment)):
                    raise StatementFailed(
                        f"nothing was applied: {translate(error, 'committing the deployment')}"
                    ) from None

    def close(self) -> None:
        """Close the connection; what was not committed is taken back."""
        if self._connection is not None:
            self._connection.close()
        super().close()

    def _was_committed(self, deployment: UUID) -> bool:
        with connect(self.target) as connection:
            return Ledger(deployment).was_used(connection)


def require_transactional(plan: Plan, label: str) -> None:
    """Refuse a plan with a statement that runs outside of transactions.

    :raises UnsupportedFeature: names the statement.
    """
    for statement in plan.shown().statements:
        if statement.mode == "concurrent":
            raise UnsupportedFeature(
                f"{label}: this cannot be part of one transaction: {' '.join(statement.sql.split())}:"
                " deploy it without --atomic"
            )
