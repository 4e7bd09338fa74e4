"""Integrations of an organization: list, add, activate, deactivate, configure, delete, look up."""

from __future__ import annotations

import base64
import binascii
import json
from pathlib import Path
from typing import Any, LiteralString
from uuid import UUID

from psycopg.types.json import Jsonb

from gatepost.queries import load
from gatepost.session import Database, Identity, Transaction
from gatepost.web.problems import Unacceptable
from services.integrations.failures import IntegrationNotFound, NotAnAdmin, explained
from services.integrations.models import (
    ActiveIntegration,
    Configuration,
    DailyUsage,
    Integration,
    IntegrationHealth,
    IntegrationPage,
    NewIntegration,
)

QUERIES = load(Path(__file__).parents[2] / "schema/integrations/queries")
_START = ("", UUID(int=0))
_ADD = """
    insert into public.integrations (organization_id, type, name, config, credentials_ref)
    values (%(organization_id)s, %(type)s, %(name)s, %(config)s, %(credentials_ref)s)
    returning id, type, name, status, config, credentials_ref, last_used_at
"""
_SET_STATUS = """
    update public.integrations set status = %(status)s
    where organization_id = %(organization_id)s and id = %(integration_id)s
    returning id, type, name, status, config, credentials_ref, last_used_at
"""
_CONFIGURE = """
    update public.integrations
    set
        name = coalesce(%(name)s, name),
        config = coalesce(%(config)s, config),
        credentials_ref = case when %(has_reference)s then %(credentials_ref)s else credentials_ref end
    where organization_id = %(organization_id)s and id = %(integration_id)s
    returning id, type, name, status, config, credentials_ref, last_used_at
"""
_DELETE = """
    delete from public.integrations
    where organization_id = %(organization_id)s and id = %(integration_id)s
    returning id
"""


class IntegrationService:
    """What an organization's people and services do with its integrations; row security decides who may.

    Every method raises `gatepost.session.SessionError` where the database fails.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def list_integrations(
        self, caller: Identity, organization: UUID, *, after: str | None = None, page_size: int = 50
    ) -> IntegrationPage:
        """Return a page of integrations by name; `after` is the `next` of the page before.

        :raises Unacceptable: `after` is none of ours.
        """
        name, integration = _opened(after)
        rows = self._database.rows(
            caller,
            QUERIES["integrations_of_organization"],
            organization_id=organization,
            after_name=name,
            after_id=integration,
            page_size=page_size + 1,
        )
        page = [Integration(**row) for row in rows[:page_size]]
        return IntegrationPage(integrations=page, next=_mark(page[-1]) if len(rows) > page_size else None)

    def find(self, caller: Identity, organization: UUID, integration: UUID) -> Integration:
        """Return one integration.

        :raises IntegrationNotFound: there is none that the caller may see.
        """
        query = QUERIES["integration"]
        row = self._database.row(caller, query, organization_id=organization, integration_id=integration)
        if row is None:
            raise IntegrationNotFound
        return Integration(**row)

    def active_integrations(self, caller: Identity, organization: UUID) -> list[ActiveIntegration]:
        """Return what the dispatcher may send through, by type."""
        rows = self._database.rows(caller, QUERIES["active_integrations"], organization_id=organization)
        return [ActiveIntegration(**row) for row in rows]

    def add(self, caller: Identity, organization: UUID, new: NewIntegration) -> Integration:
        """Add an integration, inactive.

        :raises IntegrationExists: the organization has one of this type.
        :raises UnknownType: there is no such type.
        :raises SecretInConfiguration: the configuration holds a secret.
        """
        with explained():
            row = self._database.row(
                caller,
                _ADD,
                organization_id=organization,
                type=new.type,
                name=new.name,
                config=Jsonb(new.config),
                credentials_ref=new.credentials_ref,
            )
        assert row is not None
        return Integration(**row)

    def activate(self, caller: Identity, organization: UUID, integration: UUID) -> Integration:
        """Let the dispatcher send through an integration; again is no error.

        :raises IntegrationNotFound: there is none that the caller may see.
        :raises NotAnAdmin: the caller may see but not change it.
        """
        return self._change(caller, _SET_STATUS, organization, integration, status="active")

    def deactivate(self, caller: Identity, organization: UUID, integration: UUID) -> Integration:
        """Stop sending through an integration; raises as `activate` does."""
        return self._change(caller, _SET_STATUS, organization, integration, status="inactive")

    def configure(
        self, caller: Identity, organization: UUID, integration: UUID, change: Configuration
    ) -> Integration:
        """Change what `change` gives and leave the rest; raises as `add` and `activate` do."""
        return self._change(
            caller,
            _CONFIGURE,
            organization,
            integration,
            name=change.name,
            config=None if change.config is None else Jsonb(change.config),
            credentials_ref=change.credentials_ref,
            has_reference="credentials_ref" in change.model_fields_set,
        )

    def delete(self, caller: Identity, organization: UUID, integration: UUID) -> None:
        """Remove an integration with its executions and usage; raises as `activate` does."""
        with self._database.transaction(caller) as tx:
            _changed(tx, _DELETE, organization_id=organization, integration_id=integration)

    def health(self, caller: Identity, organization: UUID) -> list[IntegrationHealth]:
        """Return how the organization's integrations fare, and why, by name."""
        rows = self._database.rows(caller, QUERIES["integration_health"], organization_id=organization)
        return [IntegrationHealth(**row) for row in rows]

    def usage(self, caller: Identity, organization: UUID, *, days: int = 30) -> list[DailyUsage]:
        """Return the executions of the last `days` days, newest first."""
        query = QUERIES["usage_of_organization"]
        rows = self._database.rows(caller, query, organization_id=organization, days=days)
        return [DailyUsage(**row) for row in rows]

    def _change(
        self, caller: Identity, statement: LiteralString, organization: UUID, integration: UUID, **values: Any
    ) -> Integration:
        with explained(), self._database.transaction(caller) as tx:
            return Integration(
                **_changed(tx, statement, organization_id=organization, integration_id=integration, **values)
            )


def _changed(tx: Transaction, statement: LiteralString, **values: Any) -> dict[str, Any]:
    """Change one integration and return it; where none was, say why."""
    row = tx.row(statement, **values)
    if row is not None:
        return row
    where = {name: values[name] for name in ("organization_id", "integration_id")}
    raise NotAnAdmin if tx.rows(QUERIES["integration"], **where) else IntegrationNotFound


def _mark(last: Integration) -> str:
    return base64.urlsafe_b64encode(json.dumps([last.name, str(last.id)]).encode()).decode()


def _opened(after: str | None) -> tuple[str, UUID]:
    if after is None:
        return _START
    try:
        name, integration = json.loads(base64.b64decode(after, altchars=b"-_", validate=True))
        return str(name), UUID(integration)
    except (binascii.Error, ValueError, TypeError, AttributeError, RecursionError):
        raise Unacceptable("`after` is none of ours: give the `next` of the page before") from None
