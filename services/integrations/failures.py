"""What can go wrong with integrations, in words for people."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from gatepost.session import SessionError
from gatepost.web.problems import AlreadyThere, Forbidden, NotFound, Problem, Unacceptable


class IntegrationNotFound(NotFound):
    """The organization has no such integration, or the caller may not see it."""

    type = "/problems/integrations/not-found"
    title = "There is no such integration, or you may not see it"


class NotAnAdmin(Forbidden):
    """Members see integrations, only admins change them."""

    type = "/problems/integrations/not-an-admin"
    title = "Only an admin of the organization may change its integrations"


class IntegrationExists(AlreadyThere):
    """An organization has one integration of a type."""

    type = "/problems/integrations/exists"
    title = "The organization has an integration of this type already"


class UnknownType(Unacceptable):
    """No such kind of outside service."""

    type = "/problems/integrations/unknown-type"
    title = "There is no such type of integration"


class SecretInConfiguration(Unacceptable):
    """A secret was given where everybody of the organization reads it."""

    type = "/problems/integrations/secret-in-configuration"
    title = "The configuration holds a secret: keep it in a vault and give its address as credentials_ref"


class ExecutionNotFound(NotFound):
    """The integration has no such execution."""

    type = "/problems/integrations/execution-not-found"
    title = "There is no such execution, or you may not see it"


class AlreadyFinished(AlreadyThere):
    """The execution ended before, with another result."""

    type = "/problems/integrations/already-finished"
    title = "The execution has ended already, with another result"


_BY_CONSTRAINT: dict[str, type[Problem]] = {
    "integrations_organization_id_type_key": IntegrationExists,
    "integrations_type_fkey": UnknownType,
    "integrations_config_secret_check": SecretInConfiguration,
    "workflow_execution_logs_integration_id_fkey": IntegrationNotFound,
}


@contextmanager
def explained() -> Iterator[None]:
    """Turn a violated constraint into the problem that it means; others go on as they are."""
    try:
        yield
    except SessionError as error:
        problem = _BY_CONSTRAINT.get(error.constraint or "")
        if problem is None:
            raise
        raise problem() from error
