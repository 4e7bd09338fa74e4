"""Integrations of organizations with outside services: managed by admins, looked up by dispatchers."""

from services.integrations.execution_log import ExecutionLog
from services.integrations.integration_service import IntegrationService

__all__ = ["ExecutionLog", "IntegrationService"]
