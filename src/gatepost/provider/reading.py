"""What the database has of a resource now, for a refresh or an import."""

from __future__ import annotations

from collections.abc import Callable
from operator import itemgetter
from typing import Any

from pulumi.provider.experimental.provider import ReadRequest, ReadResponse

from gatepost.postgres.catalog import Definition
from gatepost.provider import importing
from gatepost.provider.kind import Inputs, Kind
from gatepost.provider.kinds import kind_of
from gatepost.provider.mending import Differing
from gatepost.provider.observed import observed
from gatepost.provider.properties import inputs_of, wire_map
from gatepost.provider.session import Session
from gatepost.provider.values import has_secret, plain_map, wire

Tell = Callable[[Differing, str], None]
"""Called with what differs and its URN."""


def read(opened: Callable[[], Session], request: ReadRequest, tell: Tell) -> ReadResponse:
    """Return what the database has now; an object that is gone has no id."""
    kind, state = kind_of(request.type), plain_map(request.properties)
    known = inputs_of(kind, request.properties)
    if not known:
        return _imported(opened(), kind, request)
    inputs: Inputs = kind.inputs.model_validate(known)
    key, secret = kind.key(inputs), has_secret(request.properties)
    if key is None:
        return _unchanged(request)
    now = opened().read_from_snapshot(key)
    if now is None:
        opened().note_gone(request.urn)
        gone = Differing(kind, inputs, None, state.get("definition") or {}, secret=secret)
        tell(gone, request.urn)
        return ReadResponse(None)
    then: Definition = state.get("definition") or now
    if _ordered(now) == _ordered(then) or now == opened().redefined(key):
        return _unchanged(request)
    found = observed(kind, key, known, then, now)
    tell(Differing(kind, inputs, found, then, now, secret), request.urn)
    properties = wire_map({**found, **kind.extra_outputs(inputs), "definition": now})
    if secret:  # what the database says otherwise than the declaration may repeat it
        same = {name for name, value in request.properties.items() if value == properties.get(name)}
        properties = {name: value.with_secret(name not in same) for name, value in properties.items()}
    return ReadResponse(request.resource_id, properties, dict(request.inputs))


def _ordered(definition: Definition) -> Definition:
    """Return a definition with a table's columns by name: one that is made again comes last."""
    columns = definition.get("columns")
    return {**definition, "columns": sorted(columns, key=itemgetter("name"))} if columns else definition


def _unchanged(request: ReadRequest) -> ReadResponse:
    return ReadResponse(request.resource_id, dict(request.properties), dict(request.inputs))


def _imported(session: Session, kind: Kind[Any], request: ReadRequest) -> ReadResponse:
    """Read an object of which nothing but its id is known."""
    found = importing.find(kind, request.resource_id, session.read_all())
    if found is None:
        return ReadResponse(None)
    given, definition = found
    declared = plain_map(request.inputs)
    given |= {name: declared[name] for name in kind.unsaid if declared.get(name) is not None}
    inputs = wire_map(given)
    extra = wire_map(kind.extra_outputs(kind.inputs.model_validate(given)))
    return ReadResponse(request.resource_id, {**inputs, **extra, "definition": wire(definition)}, inputs)
