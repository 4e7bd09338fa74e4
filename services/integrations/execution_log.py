"""What workflows executed through integrations: recorded by services, read by members."""

from __future__ import annotations

from uuid import UUID

from gatepost.session import Database, Identity
from services.integrations.failures import AlreadyFinished, ExecutionNotFound, explained
from services.integrations.integration_service import QUERIES
from services.integrations.models import Ending, Execution, NewExecution

_START = """
    insert into public.workflow_execution_logs (id, organization_id, integration_id, workflow)
    values (%(id)s, %(organization_id)s, %(integration_id)s, %(workflow)s)
    on conflict (id) do nothing
"""
_FIND = """
    select l.id, l.workflow, l.status, l.started_at, l.error
    from public.workflow_execution_logs as l
    where
        l.id = %(id)s and l.organization_id = %(organization_id)s and l.integration_id = %(integration_id)s
"""
_FINISH = """
    update public.workflow_execution_logs
    set status = %(status)s, error = %(error)s, finished_at = greatest(clock_timestamp(), started_at)
    where
        id = %(id)s and organization_id = %(organization_id)s and integration_id = %(integration_id)s
        and status = 'running'
"""


class ExecutionLog:
    """Executions through integrations. Every method can be called again with the same result."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def start(self, caller: Identity, organization: UUID, integration: UUID, new: NewExecution) -> Execution:
        """Record that an execution begins; one that is known already is not counted again.

        :raises IntegrationNotFound: the organization has no such integration.
        :raises ExecutionNotFound: the id belongs to another integration's execution.
        :raises gatepost.session.Refused: only services record executions.
        """
        where = {"id": new.id, "organization_id": organization, "integration_id": integration}
        with explained(), self._database.transaction(caller) as tx:
            tx.changed(_START, workflow=new.workflow, **where)
            row = tx.row(_FIND, **where)
        if row is None:
            raise ExecutionNotFound
        return Execution(**row)

    def finish(
        self, caller: Identity, organization: UUID, integration: UUID, execution: UUID, ending: Ending
    ) -> Execution:
        """Record how an execution ended; `error` is kept only where it failed.

        :raises ExecutionNotFound: there is none of this id.
        :raises AlreadyFinished: it ended before, with another result.
        :raises gatepost.session.Refused: only services record executions.
        """
        where = {"id": execution, "organization_id": organization, "integration_id": integration}
        error = ending.error if ending.status == "failed" else None
        with self._database.transaction(caller) as tx:
            tx.changed(_FINISH, status=ending.status, error=error, **where)
            row = tx.row(_FIND, **where)
        if row is None:
            raise ExecutionNotFound
        if (row["status"], row["error"]) != (ending.status, error):
            raise AlreadyFinished
        return Execution(**row)

    def recent(
        self, caller: Identity, organization: UUID, integration: UUID, *, page_size: int = 50
    ) -> list[Execution]:
        """Return the newest executions through an integration, newest first."""
        rows = self._database.rows(
            caller,
            QUERIES["executions_of_integration"],
            organization_id=organization,
            integration_id=integration,
            page_size=page_size,
        )
        return [Execution(**row) for row in rows]
