"""The provider that the embedded engine drives in place of the Go plugin `pulumi-resource-postgresql`."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress

from pulumi.provider.experimental import provider as api

from gatepost.engine.postgresql import settings
from gatepost.engine.postgresql.connection import Server, Session, explain, retried
from gatepost.engine.postgresql.database import Database
from gatepost.engine.postgresql.default_privileges import DefaultPrivileges
from gatepost.engine.postgresql.extension import Extension
from gatepost.engine.postgresql.grant import Grant
from gatepost.engine.postgresql.grant_role import GrantRole
from gatepost.engine.postgresql.kind import Kind
from gatepost.engine.postgresql.role import Role
from gatepost.engine.postgresql.schema import Schema
from gatepost.engine.postgresql.values import UNKNOWN, Plain, Properties, is_unknown, plain, plain_map, wire
from gatepost.errors import GatepostError, StatementFailed, UnsupportedFeature
from gatepost.postgres.connect import DatabaseMissing

KINDS: dict[str, Kind] = {
    kind.token: kind
    for kind in (Role(), GrantRole(), Database(), Schema(), Extension(), DefaultPrivileges(), Grant())
}

# Grants and memberships are rows that sessions trip over: one writer at a time, other processes are retried.
_WRITING = threading.Lock()


class PostgresqlProvider(api.Provider):
    """The seven kinds; each operation is one connection and, but for databases, one transaction.

    `on_statement(urn, statement)` is told every statement that was run, without secrets; `on_mending(urn,
    statements)` what would bring an object that was read and differs back to its declaration.
    """

    def __init__(
        self,
        on_statement: Callable[[str, str], None] | None = None,
        on_mending: Callable[[str, list[str]], None] | None = None,
    ) -> None:
        self._on_statement = on_statement
        self._on_mending = on_mending
        self._settings: Properties = {}
        self._replaced: set[str] = set()
        self._interrupted: set[str] = set()

    def interrupted(self, urn: str) -> None:
        """Hear that an earlier deployment was cut short while it made or changed a resource.

        What is found under its name is this resource, as far as it came.
        """
        self._interrupted.add(urn)

    async def check_config(self, request: api.CheckRequest) -> api.CheckResponse:
        """Validate the provider's settings and return them as the state stores them."""
        failures = [api.CheckFailure(key, reason) for key, reason in settings.problems(request.new_inputs)]
        return api.CheckResponse(settings.stored(request.new_inputs), failures)

    async def diff_config(self, request: api.DiffRequest) -> api.DiffResponse:
        """Compare settings; none of them replaces the provider."""
        old, new = plain_map(request.old_state), plain_map(request.new_inputs)
        changed = sorted(key for key in {*old, *new} if old.get(key) != new.get(key))
        return api.DiffResponse(changes=bool(changed), diffs=changed)

    async def configure(self, request: api.ConfigureRequest) -> api.ConfigureResponse:
        """Keep the settings; nothing connects before the first create, read, update or delete."""
        variables = {key.rpartition(":")[2]: wire(value) for key, value in request.variables.items()}
        self._settings = request.args or variables
        return await super().configure(request)

    async def check(self, request: api.CheckRequest) -> api.CheckResponse:
        """Validate inputs and fill in defaults, `__defaults` naming them."""
        kind = _kind(request.type)
        inputs, failures = kind.check(
            request.name, request.old_inputs, request.new_inputs, request.random_seed
        )
        return api.CheckResponse(inputs, failures)

    async def diff(self, request: api.DiffRequest) -> api.DiffResponse:
        """Compare the state with the inputs; a replacement of the same object deletes first."""
        kind, old, new = _kind(request.type), plain_map(request.old_state), plain_map(request.new_inputs)
        changes = kind.diff(old, new, request.ignore_changes)
        replaces = [key for key in changes if kind.properties[key].replaces]
        self._replaced |= {request.urn} if replaces else set()
        return api.DiffResponse(
            changes=bool(changes),
            replaces=replaces,
            delete_before_replace=bool(replaces) and kind.deletes_first(old, kind.complete(new)),
            diffs=list(changes),
            detailed_diff=changes,
        )

    async def create(self, request: api.CreateRequest) -> api.CreateResponse:
        """Make the object and read it back; a preview says what is known, and what would fail."""
        kind, inputs = _kind(request.type), plain_map(request.properties)
        new = kind.complete(inputs)
        if request.preview:
            await self._preflight(kind, request.urn, new)
            return api.CreateResponse(
                "", kind.outputs(UNKNOWN, kind.planned(None, inputs), request.properties)
            )

        cut_short = kind.importable and request.urn in self._interrupted

        def work(session: Session) -> Plain:
            found = kind.read(session, new) if cut_short else None
            if found is None:
                kind.create(session, new)
            else:
                kind.update(session, new | found, new)
            return new | (kind.read(session, new) or {})

        values = await self._write(kind, request.urn, new, work)
        identity = kind.identify(values, self._server().target.database)
        return api.CreateResponse(identity, kind.outputs(identity, values, request.properties))

    async def _preflight(self, kind: Kind, urn: str, new: Plain) -> None:
        """Find what would fail; not asked while inputs are unknown, or the object may rightly be there."""
        if urn in self._replaced | self._interrupted or any(is_unknown(value) for value in new.values()):
            return

        def attempt() -> Plain:
            with self._session(kind, new) as session:
                kind.preflight(session, new)
            return {}

        await asyncio.to_thread(_explained, attempt, _what(urn), None)

    async def read(self, request: api.ReadRequest) -> api.ReadResponse:
        """Read the object; a response without id means that it is gone."""
        kind, inputs = _kind(request.type), plain_map(request.inputs)
        known = kind.complete(plain_map(request.properties) or _imported(kind, request))
        declared: Plain = {
            key: []
            for key, prop in kind.properties.items()
            if key in inputs and known[key] is None and prop.type in ("set", "list")
        }
        values = await self._read(kind, request.urn, known | declared)
        if self._on_mending and request.properties:
            await asyncio.to_thread(self._tell_mending, kind, request.urn, values, known, inputs)
        if values is None:
            return api.ReadResponse("")
        identity = kind.identify(values, self._server().target.database)
        outputs = kind.outputs(identity, values, request.properties or request.inputs)
        outputs = kind.with_known_empty_lists(outputs, request.properties)
        return api.ReadResponse(request.resource_id, outputs, _refreshed(kind, request.inputs, outputs))

    async def update(self, request: api.UpdateRequest) -> api.UpdateResponse:
        """Change the object in place and read it back; a preview does not connect."""
        kind, old, inputs = _kind(request.type), plain_map(request.olds), plain_map(request.news)
        new = kind.complete(inputs)
        if request.preview:
            planned = kind.planned(old, inputs)
            return api.UpdateResponse(kind.outputs(request.resource_id, planned, request.news))

        cut_short = kind.importable and request.urn in self._interrupted

        def work(session: Session) -> Plain:
            renamed = cut_short and kind.read(session, kind.complete(old)) is None
            kind.update(session, {**old, "name": new["name"]} if renamed else old, new)
            known = new | {
                key: old.get(key) for key, prop in kind.properties.items() if prop.computed and not new[key]
            }
            return known | (kind.read(session, known) or {})

        values = await self._write(kind, request.urn, new | {"database": old.get("database")}, work)
        identity = kind.identify(values, self._server().target.database)
        return api.UpdateResponse(kind.outputs(identity, values, request.news))

    async def delete(self, request: api.DeleteRequest) -> None:
        """Remove the object; one that is gone, with its database or alone, is done."""
        kind = _kind(request.type)
        old = kind.complete(plain_map(request.properties))

        def work(session: Session) -> Plain:
            kind.delete(session, old)
            return {}

        await self._write(kind, request.urn, old, work, gone_is_done=True)

    async def _write(
        self,
        kind: Kind,
        urn: str,
        values: Plain,
        work: Callable[[Session], Plain],
        *,
        gone_is_done: bool = False,
    ) -> Plain:
        statements: list[str] = []

        def attempt() -> Plain:
            statements.clear()
            with _WRITING, self._session(kind, values, statements.append) as session:
                return work(session)

        takeover = kind.identify(values, self._server().target.database) if kind.importable else None
        done = await asyncio.to_thread(_explained, attempt, _what(urn), takeover)
        if done is None and not gone_is_done:
            raise StatementFailed(f"{_what(urn)}: its database does not exist: declare it, and depend on it")
        if self._on_statement:
            for statement in statements:
                self._on_statement(urn, statement)
        return done or {}

    async def _read(self, kind: Kind, urn: str, known: Plain) -> Plain | None:
        def attempt() -> Plain | None:
            with self._session(kind, known) as session:
                found = kind.read(session, known)
                return None if found is None else known | found

        return await asyncio.to_thread(_explained, attempt, _what(urn), None)

    def _tell_mending(self, kind: Kind, urn: str, found: Plain | None, known: Plain, inputs: Plain) -> None:
        """Tell what would be run, where something differs from what is known; nothing is."""
        properties = kind.properties.items()
        other = [key for key, prop in properties if found and not prop.same(found.get(key), known.get(key))]
        if self._on_mending is None or (found and not other):
            return
        new = kind.complete({**{key: known[key] for key, prop in properties if prop.computed}, **inputs})
        statements: list[str] = []
        with suppress(GatepostError), self._session(kind, new, statements.append, runs=False) as session:
            if found and not any(kind.properties[key].replaces for key in other):
                kind.update(session, found, new)
            else:
                kind.delete(session, found or new)
                kind.create(session, new)
        self._on_mending(urn, statements)

    def _session(
        self,
        kind: Kind,
        values: Plain,
        report: Callable[[str], None] | None = None,
        *,
        runs: bool = True,
    ) -> AbstractContextManager[Session]:
        server = self._server()
        database = kind.connects_to(values, server.target.database)
        return server.session(database, transaction=kind.transactional, report=report, runs=runs)

    def _server(self) -> Server:
        return settings.server(self._settings)


def _explained(attempt: Callable[[], Plain | None], what: str, takeover: str | None) -> Plain | None:
    """Return the attempt's result, or nothing without a database; failures name the resource."""
    import psycopg

    try:
        return retried(attempt)
    except DatabaseMissing:
        return None
    except GatepostError as error:
        raise type(error)(f"{what}: {error}") from error
    except psycopg.Error as error:
        raise explain(error, what, takeover) from error


def _what(urn: str) -> str:
    _, _, kind, name = urn.split("::", 3)
    return f'{kind.rpartition("$")[2]} "{name}"'


def _kind(token: str) -> Kind:
    token = token.rpartition("$")[2]
    if token not in KINDS:
        raise UnsupportedFeature(
            f"{token} is not among the postgresql types of the embedded engine: deploy it with the Pulumi CLI"
        )
    return KINDS[token]


def _imported(kind: Kind, request: api.ReadRequest) -> Plain:
    if not kind.importable:
        raise UnsupportedFeature(
            f"{_what(request.urn)} cannot be imported: declare it, creating it is repeatable"
        )
    return kind.parse_id(request.resource_id)


def _refreshed(kind: Kind, inputs: Properties, outputs: Properties) -> Properties:
    """Return the inputs with the values that the server has now; of an import, all that is no default."""
    if not inputs:
        declared = {key: value for key, value in outputs.items() if key in kind.properties}
        return {key: value for key, value in declared.items() if not kind.is_default(key, plain(value))}
    return {
        key: value
        if key not in kind.properties or kind.properties[key].same(plain(outputs[key]), plain(value))
        else outputs[key].with_secret(value.is_secret)
        for key, value in inputs.items()
    }
