"""Integrations of an organization, and what was executed through them."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID, uuid4

from benchmarks.cases.turns import SERVICE, Case, Turn

from gatepost import targets
from gatepost.session import Database
from services.integrations.execution_log import ExecutionLog
from services.integrations.integration_service import IntegrationService
from services.integrations.models import Configuration, Ending, NewExecution, NewIntegration

FOLDER = "integrations"
_ORGANIZATION = """
    with made as (
        insert into public.organizations (name, slug) values ('Benchmark', %(slug)s) returning id
    )
    insert into public.memberships (organization_id, user_id, role)
    select made.id, %(member)s, 'admin' from made returning organization_id
"""


def operations(database: Database) -> dict[str, Case]:
    service = IntegrationService(database)

    def organization(turn: Turn) -> UUID:
        found: UUID = database.value(SERVICE, _ORGANIZATION, slug=f"b-{uuid4()}", member=turn["member"])
        return found

    def add(turn: Turn, own: UUID) -> UUID:
        return service.add(turn.caller, own, NewIntegration(type="email", name="Mail")).id

    def added(turn: Turn) -> tuple[UUID, UUID]:
        own = organization(turn)
        return own, add(turn, own)

    reads: dict[str, Callable[[Turn], object]] = {
        "list_integrations": lambda turn: service.list_integrations(turn.caller, turn["organization"]),
        "find": lambda turn: service.find(turn.caller, turn["organization"], turn["integration"]),
        "active_integrations": lambda turn: service.active_integrations(turn.caller, turn["organization"]),
        "health": lambda turn: service.health(turn.caller, turn["organization"]),
        "usage": lambda turn: service.usage(turn.caller, turn["organization"]),
    }
    changes: dict[str, Callable[[Turn, tuple[UUID, UUID]], object]] = {
        "activate": lambda turn, one: service.activate(turn.caller, *one),
        "deactivate": lambda turn, one: service.deactivate(turn.caller, *one),
        "configure": lambda turn, one: service.configure(turn.caller, *one, Configuration(name="Other")),
        "delete": lambda turn, one: service.delete(turn.caller, *one),
    }
    named = "integration_service.IntegrationService."
    return {
        **{named + name: Case(work) for name, work in reads.items()},
        **{named + name: Case(work, targets.CHANGE, added) for name, work in changes.items()},
        named + "add": Case(add, targets.CHANGE, organization),
        **_executions(database),
    }


def _executions(database: Database) -> dict[str, Case]:
    log = ExecutionLog(database)

    def start(turn: Turn) -> UUID:
        new = NewExecution(id=uuid4(), workflow="reminders")
        return log.start(SERVICE, turn["organization"], turn["integration"], new).id

    def finish(turn: Turn, begun: UUID) -> object:
        where = turn["organization"], turn["integration"]
        return log.finish(SERVICE, *where, begun, Ending(status="succeeded"))

    def recent(turn: Turn) -> object:
        return log.recent(turn.caller, turn["organization"], turn["integration"])

    return {
        "execution_log.ExecutionLog.start": Case(start, targets.CHANGE),
        "execution_log.ExecutionLog.finish": Case(finish, targets.CHANGE, start),
        "execution_log.ExecutionLog.recent": Case(recent),
    }
