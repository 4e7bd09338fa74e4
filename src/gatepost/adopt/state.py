"""The state of an adopted program: it is deployed once with providers that make nothing and take over all."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from pulumi.provider.experimental import provider as api

from gatepost.engine.postgresql.kind import Kind as PostgresqlKind
from gatepost.engine.postgresql.provider import KINDS as SURROUNDINGS
from gatepost.engine.postgresql.provider import PostgresqlProvider
from gatepost.engine.postgresql.values import Plain, plain_map
from gatepost.errors import StatementFailed
from gatepost.postgres.catalog import Definition, Key
from gatepost.provider import values
from gatepost.provider.kind import Inputs
from gatepost.provider.kinds import KINDS
from gatepost.provider.properties import outputs
from gatepost.provider.provider import GatepostProvider


class TakingOver(GatepostProvider):
    """Objects that are there already: creating one is reading it."""

    @cached_property
    def _there(self) -> Mapping[Key, Definition]:
        """All that the database has, read once: nothing changes it."""
        return self.opened().read_all()

    def expect(self, urn: str) -> None:
        """Prepare nothing: what is not made needs neither the deployment's lock nor a reading ahead."""

    async def create(self, request: api.CreateRequest) -> api.CreateResponse:
        """Read the object."""
        kind = KINDS[request.type.rsplit("$", 1)[-1]]
        inputs: Inputs = kind.inputs.model_validate(values.plain_map(request.properties))
        key = kind.key(inputs)
        found = self._there.get(key) if key else None
        if found is None:
            raise StatementFailed(f"{kind.identify(inputs)} is declared, and the database does not have it")
        made = outputs(kind, inputs, request.properties, values.wire(found))
        return api.CreateResponse(kind.identify(inputs), made)


class TakingOverSurroundings(PostgresqlProvider):
    """Schemas, extensions and privileges that are there already: creating one is reading it."""

    async def create(self, request: api.CreateRequest) -> api.CreateResponse:
        """Read the object, which must be as it is declared."""
        kind = SURROUNDINGS[request.type.rpartition("$")[2]]
        declared = kind.complete(plain_map(request.properties))
        found = await self._read(kind, request.urn, declared)
        if found is None:
            raise StatementFailed(f"{request.urn}: it is declared, and the database does not have it")
        if differing := _differing(kind, declared, found):
            raise StatementFailed(f"{request.urn}: the database has another {', '.join(differing)}")
        identity = kind.identify(found, self._server().target.database)
        return api.CreateResponse(identity, kind.outputs(identity, found, request.properties))


def _differing(kind: PostgresqlKind, declared: Plain, found: Plain) -> list[str]:
    return [
        name
        for name, prop in kind.properties.items()
        if declared.get(name) is not None and not prop.same(declared[name], found.get(name))
    ]
