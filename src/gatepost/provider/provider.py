"""The Pulumi provider: the same object serves the Pulumi CLI and the embedded engine."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from typing import Any

from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.provider.experimental.provider import (
    CheckFailure,
    CheckRequest,
    CheckResponse,
    ConfigureRequest,
    ConfigureResponse,
    CreateRequest,
    CreateResponse,
    DeleteRequest,
    DiffRequest,
    DiffResponse,
    PropertyDiff,
    PropertyDiffKind,
    Provider,
    ReadRequest,
    ReadResponse,
    UpdateRequest,
    UpdateResponse,
)
from pydantic import ValidationError

from gatepost.errors import HazardNotApproved, InvalidDeclaration, UnsupportedFeature, UsageError
from gatepost.postgres.catalog import Definition
from gatepost.postgres.connect import Target
from gatepost.postgres.plan import Plan
from gatepost.provider.kind import Declarations, Inputs, Kind
from gatepost.provider.kinds import KINDS
from gatepost.provider.planning import Request
from gatepost.provider.refusal import field_names, refusals
from gatepost.provider.rights import require_rights
from gatepost.provider.session import Session
from gatepost.provider.values import UNKNOWN, has_secret, has_unknown, plain_map, wire

Properties = Mapping[str, PropertyValue]
_UNSHOWN = "the declaration is wrong; it holds a secret, so what is wrong with it cannot be shown"
OnPlan = Callable[[str, str, Plan], None]
"""Called with URN, operation (create, update, delete) and plan, in a preview and before a plan runs."""


def _silent(_urn: str, _operation: str, _plan: Plan) -> None:
    """Report plans to nobody."""


class GatepostProvider(Provider):
    """Tables, constraints, indexes, policies, functions, triggers, views and seeds of one database."""

    def __init__(self, on_plan: OnPlan = _silent) -> None:
        self._on_plan = on_plan
        self._declared = Declarations()
        self._session: Session | None = None
        self._approved: frozenset[str] = frozenset()

    async def check_config(self, request: CheckRequest) -> CheckResponse:
        """Reject settings of the connection that cannot be right."""
        given = plain_map(request.new_inputs)
        required = [name for name in ("host", "username", "database") if not given.get(name)]
        failures = [CheckFailure(name, f"{name} is missing: set it on the Provider") for name in required]
        if given.get("port") != UNKNOWN and not str(given.get("port", "5432")).isdigit():
            failures.append(CheckFailure("port", f"port must be a number, got {given['port']!r}"))
        return CheckResponse(inputs=request.new_inputs, failures=failures)

    async def diff_config(self, request: DiffRequest) -> DiffResponse:
        """Another database means other objects; another address or password does not."""
        old, new = plain_map(request.old_state), plain_map(request.new_inputs)
        changed = sorted(name for name in new if old.get(name) != new[name])
        return DiffResponse(diffs=changed, replaces=[name for name in changed if name == "database"])

    async def configure(self, request: ConfigureRequest) -> ConfigureResponse:
        """Remember where to connect; nothing connects before it must."""
        given = plain_map(request.args)
        self._declared.environment = given.get("environment") or "local"
        approved = ",".join((given.get("approve") or "", os.environ.get("GATEPOST_APPROVE", "")))
        self._approved = frozenset(name.strip() for name in approved.split(",") if name.strip())
        if not has_unknown(given):
            self._session = Session(_target(given))
        return ConfigureResponse(
            accept_secrets=True, supports_preview=True, accept_outputs=False, accept_resources=False
        )

    async def check(self, request: CheckRequest) -> CheckResponse:
        """Validate a declaration: its shape, its SQL, the columns it uses. Nothing connects."""
        kind, given = _kind(request.type), plain_map(request.new_inputs)
        secret = has_secret(request.new_inputs)
        failures: list[CheckFailure] = []
        try:
            self._check(kind, given)
        except ValidationError as error:
            failures = refusals(error, kind.inputs, secret=secret)
        except InvalidDeclaration as error:
            failures = [CheckFailure("", _UNSHOWN if secret else str(error))]
        return CheckResponse(inputs=request.new_inputs, failures=failures)

    def _check(self, kind: Kind[Any], given: dict[str, Any]) -> None:
        inputs = kind.inputs.model_validate(given)
        if not has_unknown(given):
            kind.check(inputs, self._declared)
            kind.announce(inputs, self._declared)

    async def diff(self, request: DiffRequest) -> DiffResponse:
        """Compare inputs with inputs; what PostgreSQL made of them plays no part."""
        kind = _kind(request.type)
        old, new = _inputs_of(kind, request.old_state), plain_map(request.new_inputs)
        compare = Kind.differences if has_unknown(new) else type(kind).differences
        changed = [name for name in compare(kind, old, new) if name not in request.ignore_changes]
        replaces = []
        if changed and not has_unknown(new):
            replaces = kind.replaces(kind.inputs.model_validate(old), kind.inputs.model_validate(new))
        return DiffResponse(
            changes=bool(changed),
            replaces=replaces,
            diffs=changed,
            detailed_diff={name: _property_diff(name, old, new, replaces) for name in changed},
        )

    async def create(self, request: CreateRequest) -> CreateResponse:
        """Make the object."""
        return await asyncio.to_thread(self._create, request)

    def _create(self, request: CreateRequest) -> CreateResponse:
        kind, given = _kind(request.type), plain_map(request.properties)
        if has_unknown(given):
            return CreateResponse(None, {**request.properties, "definition": wire(UNKNOWN)})
        inputs: Inputs = kind.inputs.model_validate(given)
        work = Request(kind, request.urn, _label(request.urn), has_secret(request.properties))
        session = self._open()
        with session.facts(preview=request.preview) as facts:
            plan = work.creation(inputs, facts, session.runner.ledger)
            if request.preview:
                require_rights(facts, kind.key(inputs), work.label)
        definition = self._apply(work, inputs, plan, "create", preview=request.preview)
        outputs = _outputs(kind, inputs, request.properties, definition)
        return CreateResponse(None if request.preview else kind.identify(inputs), outputs)

    async def update(self, request: UpdateRequest) -> UpdateResponse:
        """Change the object in place."""
        return await asyncio.to_thread(self._update, request)

    def _update(self, request: UpdateRequest) -> UpdateResponse:
        kind, given = _kind(request.type), plain_map(request.news)
        if has_unknown(given):
            return UpdateResponse({**request.news, "definition": wire(UNKNOWN)})
        old: Inputs = kind.inputs.model_validate(_inputs_of(kind, request.olds))
        new: Inputs = kind.inputs.model_validate(given)
        then = plain_map(request.olds).get("definition")
        secret = has_secret(request.olds) or has_secret(request.news)
        work = Request(kind, request.urn, _label(request.urn), secret)
        session = self._open()
        with session.facts(preview=request.preview) as facts:
            plan = work.change(old, new, then, facts, session.runner.ledger)
            if request.preview and plan:
                require_rights(facts, kind.key(old), work.label)
        definition = self._apply(work, new, plan, "update", preview=request.preview)
        return UpdateResponse(_outputs(kind, new, request.news, definition))

    async def delete(self, request: DeleteRequest) -> None:
        """Remove the object; gone already means done."""
        await asyncio.to_thread(self._delete, request, preview=False)

    async def preview_delete(self, request: DeleteRequest) -> None:
        """Plan the removal without doing it.

        :raises HazardNotApproved: the object holds data and nobody approved its loss.
        """
        await asyncio.to_thread(self._delete, request, preview=True)

    def _delete(self, request: DeleteRequest, *, preview: bool) -> None:
        kind = _kind(request.type)
        old: Inputs = kind.inputs.model_validate(_inputs_of(kind, request.properties))
        if kind.key(old) is None:
            return
        with self._open().facts(preview=preview) as facts:
            plan = kind.delete(old, facts)
            if preview and plan:
                require_rights(facts, kind.key(old), _label(request.urn))
        plan = plan.kept_secret() if has_secret(request.properties) else plan
        self._gate(plan, request.urn, "delete")
        if plan and not preview:
            self._open().run(plan, _label(request.urn), request.urn, "delete")

    async def read(self, request: ReadRequest) -> ReadResponse:
        """Return what the database has now; an object that is gone has no id."""
        return await asyncio.to_thread(self._read, request)

    def _read(self, request: ReadRequest) -> ReadResponse:
        kind, outputs = _kind(request.type), plain_map(request.properties)
        known = _inputs_of(kind, request.properties)
        if not known:
            raise UnsupportedFeature(f"{_label(request.urn)}: importing an existing object is not supported")
        inputs: Inputs = kind.inputs.model_validate(known)
        key = kind.key(inputs)
        if key is None:
            return ReadResponse(request.resource_id, dict(request.properties), dict(request.inputs))
        now = self._open().read_from_snapshot(key)
        if now is None:
            self._open().note_gone(request.urn)
            return ReadResponse(None)
        then: Definition = outputs.get("definition") or now
        if then == now:
            return ReadResponse(request.resource_id, dict(request.properties), dict(request.inputs))
        observed = kind.observe(known, then, now)
        properties = _wire_map({**observed, **kind.extra_outputs(inputs), "definition": now})
        if has_secret(request.properties):  # what the database says may repeat it
            properties = {name: value.with_secret(True) for name, value in properties.items()}
        return ReadResponse(request.resource_id, properties, dict(request.inputs))

    def _apply(
        self, work: Request, inputs: Inputs, plan: Plan, operation: str, *, preview: bool
    ) -> PropertyValue:
        self._gate(plan, work.urn, operation)
        if preview:
            return wire(UNKNOWN)
        session, key = self._open(), work.kind.key(inputs)
        if plan:
            session.run(plan, work.label, work.urn, operation)
        return wire(session.read_back(key, work.label) if key else {})

    def _gate(self, plan: Plan, urn: str, operation: str) -> None:
        """Report a plan, and refuse it while a hazard of it is not approved."""
        self._on_plan(urn, operation, plan.shown())
        refused = [risk for risk in plan.risks if not {risk.hazard, risk.name} & self._approved]
        if refused:
            names = ",".join(dict.fromkeys(risk.name for risk in refused))
            dangers = " ".join(str(risk) for risk in refused)
            raise HazardNotApproved(f"{_label(urn)}: {dangers} To go on: --approve {names}")

    def _open(self) -> Session:
        if self._session is None:
            raise UsageError("the provider's settings are not known yet: deploy what they come from first")
        return self._session

    async def cancel(self) -> None:
        """Let go of locks and connections."""
        self.close()

    def close(self) -> None:
        """Let go of the deployment lock and of every connection."""
        if self._session is not None:
            self._session.close()


def _kind(token: str) -> Kind[Any]:
    kind = KINDS.get(token.rsplit("$", 1)[-1])
    if kind is None:
        raise UsageError(f"no kind of object is called {token}: it is one of {', '.join(sorted(KINDS))}")
    return kind


def _label(urn: str) -> str:
    """Return how messages call a resource: `Index "idx_posts_author"`."""
    *_, kind, name = urn.split("::")
    return f'{kind.rsplit(":", 1)[-1]} "{name}"'


def _target(given: Mapping[str, Any]) -> Target:
    return Target(
        host=given["host"],
        port=int(given.get("port") or 5432),
        username=given["username"],
        password=given.get("password"),
        database=given["database"],
        sslmode=given.get("sslmode") or "prefer",
        role=given.get("role"),
    )


def _inputs_of(kind: Kind[Any], properties: Properties) -> dict[str, Any]:
    """Return the inputs among a resource's outputs."""
    names = field_names(kind.inputs)
    given = plain_map({name: value for name, value in properties.items() if name in names})
    return {name: value for name, value in given.items() if value is not None}


def _outputs(
    kind: Kind[Any], inputs: Inputs, given: Properties, definition: PropertyValue
) -> dict[str, PropertyValue]:
    """Return inputs, what follows from them, and the canonical definition, secret where an input is."""
    extra = _wire_map(kind.extra_outputs(inputs))
    return {**given, **extra, "definition": definition.with_secret(has_secret(given))}


def _wire_map(values: Mapping[str, Any]) -> dict[str, PropertyValue]:
    return {name: wire(value) for name, value in values.items()}


def _property_diff(
    name: str, old: Mapping[str, Any], new: Mapping[str, Any], replaces: list[str]
) -> PropertyDiff:
    change = "ADD" if name not in old else "DELETE" if name not in new else "UPDATE"
    return PropertyDiff(PropertyDiffKind[change + ("_REPLACE" if name in replaces else "")], True)
