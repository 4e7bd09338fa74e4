"""The integrations' paths."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Response

from gatepost.web import Caller, Storage
from gatepost.web.health import Health, examine, respond
from services.integrations import health
from services.integrations.execution_log import ExecutionLog
from services.integrations.integration_service import IntegrationService
from services.integrations.models import (
    ActiveIntegration,
    Configuration,
    DailyUsage,
    Ending,
    Execution,
    Integration,
    IntegrationHealth,
    IntegrationPage,
    NewExecution,
    NewIntegration,
)


def _service(storage: Storage) -> IntegrationService:
    return IntegrationService(storage)


def _log(storage: Storage) -> ExecutionLog:
    return ExecutionLog(storage)


Service = Annotated[IntegrationService, Depends(_service)]
Log = Annotated[ExecutionLog, Depends(_log)]
Organization = Annotated[UUID, Path(alias="organization_id")]
One = Annotated[UUID, Path(alias="integration_id")]
PageSize = Annotated[int, Query(ge=1, le=200)]

router = APIRouter(tags=["integrations"])
_OF = "/api/organizations/{organization_id}/integrations"
_ONE = _OF + "/{integration_id}"


@router.get("/api/health/integrations", tags=["health"])
def health_of_integrations(storage: Storage, response: Response) -> Health:
    """Say whether integrations work; 503 where they do not."""
    return respond(response, examine(storage, health.PROBES, health.metrics))


@router.get(_OF)
def list_integrations(
    caller: Caller,
    service: Service,
    organization: Organization,
    after: Annotated[str | None, Query(max_length=2000)] = None,
    page_size: PageSize = 50,
) -> IntegrationPage:
    """List an organization's integrations by name."""
    return service.list_integrations(caller, organization, after=after, page_size=page_size)


@router.post(_OF, status_code=201)
def add_integration(
    caller: Caller, service: Service, organization: Organization, new: NewIntegration
) -> Integration:
    """Add an integration, inactive."""
    return service.add(caller, organization, new)


@router.get(_OF + "/active")
def list_active_integrations(
    caller: Caller, service: Service, organization: Organization
) -> list[ActiveIntegration]:
    """Look up what may be sent through now."""
    return service.active_integrations(caller, organization)


@router.get(_OF + "/health")
def report_health(caller: Caller, service: Service, organization: Organization) -> list[IntegrationHealth]:
    """Say how an organization's integrations fare, and why."""
    return service.health(caller, organization)


@router.get(_OF + "/usage")
def report_usage(
    caller: Caller,
    service: Service,
    organization: Organization,
    days: Annotated[int, Query(ge=1, le=366)] = 30,
) -> list[DailyUsage]:
    """Report the executions of each day."""
    return service.usage(caller, organization, days=days)


@router.get(_ONE)
def find_integration(
    caller: Caller, service: Service, organization: Organization, integration: One
) -> Integration:
    """Return one integration."""
    return service.find(caller, organization, integration)


@router.patch(_ONE)
def configure_integration(
    caller: Caller, service: Service, organization: Organization, integration: One, change: Configuration
) -> Integration:
    """Change an integration's name, settings or the place of its credentials."""
    return service.configure(caller, organization, integration, change)


@router.delete(_ONE, status_code=204)
def delete_integration(
    caller: Caller, service: Service, organization: Organization, integration: One
) -> None:
    """Remove an integration with its executions and usage."""
    service.delete(caller, organization, integration)


@router.post(_ONE + "/activate")
def activate_integration(
    caller: Caller, service: Service, organization: Organization, integration: One
) -> Integration:
    """Let the dispatcher send through an integration."""
    return service.activate(caller, organization, integration)


@router.post(_ONE + "/deactivate")
def deactivate_integration(
    caller: Caller, service: Service, organization: Organization, integration: One
) -> Integration:
    """Stop sending through an integration."""
    return service.deactivate(caller, organization, integration)


@router.get(_ONE + "/executions")
def list_executions(
    caller: Caller, log: Log, organization: Organization, integration: One, page_size: PageSize = 50
) -> list[Execution]:
    """List the newest executions through an integration."""
    return log.recent(caller, organization, integration, page_size=page_size)


@router.post(_ONE + "/executions", status_code=201)
def start_execution(
    caller: Caller, log: Log, organization: Organization, integration: One, new: NewExecution
) -> Execution:
    """Record that an execution begins; for services."""
    return log.start(caller, organization, integration, new)


@router.post(_ONE + "/executions/{execution_id}/finish")
def finish_execution(
    caller: Caller,
    log: Log,
    organization: Organization,
    integration: One,
    execution_id: UUID,
    ending: Ending,
) -> Execution:
    """Record how an execution ended; for services."""
    return log.finish(caller, organization, integration, execution_id, ending)
