"""The Pulumi provider: the same object serves the Pulumi CLI and the embedded engine."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.provider.experimental.provider import (
    CheckRequest,
    CheckResponse,
    ConfigureRequest,
    ConfigureResponse,
    CreateRequest,
    CreateResponse,
    DeleteRequest,
    DiffRequest,
    DiffResponse,
    GetSchemaRequest,
    GetSchemaResponse,
    Provider,
    ReadRequest,
    ReadResponse,
    UpdateRequest,
    UpdateResponse,
)

from gatepost.errors import UsageError
from gatepost.postgres.approvals import Approvals
from gatepost.postgres.budget import budget_of
from gatepost.postgres.catalog import Facts
from gatepost.postgres.ledger import Work
from gatepost.postgres.plan import Plan
from gatepost.postgres.progress import OnProgress, unseen
from gatepost.provider import advice, importing, reading, settings, surroundings
from gatepost.provider.checks import Checks
from gatepost.provider.creations import Creations
from gatepost.provider.ending import Ending
from gatepost.provider.gate import Gate, OnPlan, silent
from gatepost.provider.kind import Inputs
from gatepost.provider.kinds import KINDS, kind_of
from gatepost.provider.mending import BY_HAND, Differing, mending, owner_given_back
from gatepost.provider.planning import Request, label_of
from gatepost.provider.properties import Properties, declared_by, difference, inputs_of, outputs
from gatepost.provider.renaming import Renaming
from gatepost.provider.rights import require_rights
from gatepost.provider.session import Session
from gatepost.provider.values import UNKNOWN, has_secret, has_unknown, plain_map, wire


class GatepostProvider(Provider):
    """Tables, constraints, indexes, policies, functions, triggers, views and seeds of one database."""

    def __init__(
        self,
        on_plan: OnPlan = silent,
        *,
        gathers: bool = False,
        atomic: bool = False,
        foresees: bool = True,
        on_approvals: Callable[[Iterable[str]], object] = list,
        on_progress: OnProgress = unseen,
    ) -> None:
        """Serve one database.

        :param gathers: leave it to `on_plan` to refuse a preview's hazards, so that it tells all at once.
        :param atomic: run all statements of the deployment in one transaction, which `conclude` ends.
        :param foresees: whether the engine has asked about every delete before it asks for one.
        :param on_approvals: called with the approvals for single objects that the program gives.
        :param on_progress: called while a statement takes long.
        """
        self.gate = Gate(on_plan, gathers)
        self._on_approvals = on_approvals
        self._on_progress = on_progress
        self._atomic = atomic
        self._ending = None if foresees else Ending()
        self._checks = Checks()
        self._before: dict[str, Properties] = {}
        self._creations = Creations(self)
        self._session: Session | None = None
        self.changing: Collection[str] | None = None  # the URNs of all that the deployment changes

    async def get_schema(self, request: GetSchemaRequest) -> GetSchemaResponse:
        """Return the package's schema, from which SDKs of other languages are generated."""
        from gatepost.package.schema import package_schema

        return GetSchemaResponse(package_schema())

    async def check_config(self, request: CheckRequest) -> CheckResponse:
        """Reject settings of the connection that cannot be right."""
        found = settings.failures(plain_map(request.new_inputs))
        return CheckResponse(inputs=request.new_inputs, failures=found)

    async def diff_config(self, request: DiffRequest) -> DiffResponse:
        """Another database means other objects; another address or password does not."""
        old, new = plain_map(request.old_state), plain_map(request.new_inputs)
        changed = sorted(name for name in new if old.get(name) != new[name])
        return DiffResponse(diffs=changed, replaces=[name for name in changed if name == "database"])

    async def configure(self, request: ConfigureRequest) -> ConfigureResponse:
        """Remember where to connect; nothing connects before it must."""
        given = plain_map(request.args)
        declared = self._checks.declared
        declared.environment = given.get("environment") or "local"
        declared.existing = settings.listed(given.get("existing"), os.environ.get("GATEPOST_EXISTING"))
        self.gate.approvals = Approvals.parse(given.get("approve"), os.environ.get("GATEPOST_APPROVE"))
        self._on_approvals(name for name in Approvals.parse(given.get("approve")).given if ":" in name)
        if not has_unknown(given):
            budget = budget_of(given)
            self._session = Session(settings.target(given), budget, self._on_progress, atomic=self._atomic)
        return ConfigureResponse(
            accept_secrets=True, supports_preview=True, accept_outputs=False, accept_resources=False
        )

    async def check(self, request: CheckRequest) -> CheckResponse:
        """Validate a declaration: its shape, its SQL, the names it uses. Nothing connects."""
        self.gate.declares = True
        return self._checks.answer(kind_of(request.type), request)

    def still(self, urn: str, token: str, given: Mapping[str, Any], found: Mapping[str, Any]) -> bool:
        """Tell whether an unchanged declaration needs neither check nor diff.

        The embedded engine asks this of a resource whose dependencies are unchanged too.

        :param given: its inputs, as the state has them and as the program declares them again.
        :param found: its outputs in the state.
        """
        self.gate.declares = True
        return self._checks.still(urn, kind_of(token), given, found)

    def stands(self, token: str, properties: Mapping[str, PropertyValue]) -> None:
        """Note what stays as it is in this deployment, so that its names are known."""
        self.gate.declares = True
        self._checks.stands(kind_of(token), properties)

    async def diff(self, request: DiffRequest) -> DiffResponse:
        """Compare inputs with inputs; what PostgreSQL made of them plays no part."""
        self._before[request.urn] = request.old_state
        return difference(kind_of(request.type), request)

    def expect(self, urn: str) -> None:
        """Prepare for one more creation, which is about to be asked for."""
        self._creations.expect(urn)

    async def create(self, request: CreateRequest) -> CreateResponse:
        """Make the object, together with others that are to be made now."""
        return await self._creations.create(request)

    def create_alone(self, request: CreateRequest, given_facts: Facts | None = None) -> CreateResponse:
        """Make one object, or plan it in a preview, by facts that may be given."""
        declared = self.declaration(request)
        if declared is None:
            return CreateResponse(None, {**request.properties, "definition": wire(UNKNOWN)})
        (work, inputs), session = declared, self.opened()
        with self._facts(preview=request.preview, given=given_facts) as facts:
            plan = work.creation(inputs, facts, session.runner.ledger)
            if request.preview:
                surroundings.require(facts, work.kind.key(inputs), inputs, work.label, self.changing)
        definition = self._apply(work, inputs, plan, "create", preview=request.preview)
        made = outputs(work.kind, inputs, request.properties, definition)
        return CreateResponse(None if request.preview else work.kind.identify(inputs), made)

    def declaration(self, request: CreateRequest) -> tuple[Request, Inputs] | None:
        """Return what a request declares; None where something of it is not known yet."""
        kind, given = kind_of(request.type), plain_map(request.properties)
        if has_unknown(given):
            return None
        secret, known = has_secret(request.properties), request.urn in self._before
        replaced = declared_by(kind, self._before[request.urn]) if known else None
        work = Request(kind, request.urn, label_of(request.urn), secret, request.timeout, known, replaced)
        return work, kind.inputs.model_validate(given)

    async def update(self, request: UpdateRequest) -> UpdateResponse:
        """Change the object in place."""
        return await asyncio.to_thread(self._update, request)

    def _update(self, request: UpdateRequest) -> UpdateResponse:
        kind, given = kind_of(request.type), plain_map(request.news)
        if has_unknown(given):
            return UpdateResponse({**request.news, "definition": wire(UNKNOWN)})
        old: Inputs = kind.inputs.model_validate(inputs_of(kind, request.olds))
        new: Inputs = kind.inputs.model_validate(given)
        then = plain_map(request.olds).get("definition")
        secret = has_secret(request.olds) or has_secret(request.news)
        work = Request(kind, request.urn, label_of(request.urn), secret, request.timeout)
        session = self.opened()
        with self._facts(preview=request.preview) as facts:
            old = kind.in_new_names(old, new, Renaming(facts))
            plan = advice.of_changed(work.change(old, new, then, facts, session.runner.ledger), old, new)
            if request.preview and plan:
                require_rights(facts, kind.key(old), work.label)
            self.gate.note_change(kind, old, new, preview=request.preview)
        definition = self._apply(work, new, plan, "update", preview=request.preview)
        return UpdateResponse(outputs(kind, new, request.news, definition))

    async def delete(self, request: DeleteRequest) -> None:
        """Remove the object; gone already means done."""
        await asyncio.to_thread(self._delete, request, preview=False)

    async def preview_delete(self, request: DeleteRequest) -> None:
        """Plan the removal without doing it.

        :raises HazardNotApproved: the object holds data and nobody approved its loss.
        """
        await asyncio.to_thread(self._delete, request, preview=True)

    def _delete(self, request: DeleteRequest, *, preview: bool) -> None:
        kind = kind_of(request.type)
        old: Inputs = kind.inputs.model_validate(inputs_of(kind, request.properties))
        if kind.key(old) is None:
            return
        with self._facts(preview=preview) as facts:
            if self._ending and not self.gate.declares:
                self._ending.require_approval(facts, self.gate.approvals, label_of(request.urn))
            gone = kind.delete(old, facts)
            plan = advice.of_deleted(gone, old, request.urn.rpartition("::")[2], self._checks.declared)
            if preview and plan:
                require_rights(facts, kind.key(old), label_of(request.urn))
        self.gate.note_change(kind, old, None, preview=preview)
        plan = plan.kept_secret() if has_secret(request.properties) else plan
        self.opened().admit(plan, label_of(request.urn))
        self.gate.judge(plan, request.urn, label_of(request.urn), "delete", preview=preview)
        if plan and not preview:
            self.opened().run(plan, label_of(request.urn), Work(request.urn, "delete"), request.timeout)

    async def read(self, request: ReadRequest) -> ReadResponse:
        """Return what the database has now; an object that is gone has no id."""
        return await asyncio.to_thread(reading.read, self.opened, request, self._tell_mending)

    async def as_deployed(self, resources: Sequence[tuple[str, Mapping[str, Any]]]) -> list[bool]:
        """Tell which resources, given by type and outputs, the database has as they were deployed."""
        catalog = await asyncio.to_thread(self.opened().read_all)
        return [importing.is_as_deployed(kind_of(token), found, catalog) for token, found in resources]

    @property
    def existing(self) -> tuple[str, ...]:
        """Patterns of what is there besides what is declared."""
        return self._checks.declared.existing

    def _tell_mending(self, differs: Differing, urn: str) -> None:
        with self._facts(preview=True) as facts:
            self.gate.on_plan(urn, "mend", mending(differs, facts).shown())
        if by_hand := owner_given_back(differs):
            self.gate.on_plan(urn, BY_HAND, by_hand)

    def _apply(
        self, work: Request, inputs: Inputs, plan: Plan, operation: str, *, preview: bool
    ) -> PropertyValue:
        self.opened().admit(plan, work.label)
        self.gate.judge(plan, work.urn, work.label, operation, preview=preview)
        if preview:
            return wire(UNKNOWN)
        session, key = self.opened(), work.kind.key(inputs)
        if plan:
            session.run(plan, work.label, Work(work.urn, operation, work.declared(inputs), key), work.timeout)
        return wire(session.read_back(key, work.label) if key else {})

    @contextmanager
    def _facts(self, *, preview: bool, given: Facts | None = None) -> Iterator[Facts]:
        if given is not None:
            yield given
            return
        with self.opened().facts(preview=preview) as facts:
            planned, checks = self.gate.planned(preview=preview), self._checks
            yield replace(facts, planned=planned, renamed=checks.declared.renamed, declared=checks.statement)

    def opened(self) -> Session:
        """Return the work on the database, whose settings must be known."""
        if self._session is None:
            raise UsageError("the provider's settings are not known yet: deploy what they come from first")
        return self._session

    async def recover(self) -> None:
        """Remove what a killed deployment left and no resource of this one takes up."""
        if self._session is not None:
            await asyncio.to_thread(self._session.recover)

    def leaves_a_trace(self, token: str) -> bool:
        """Tell whether a creation that was cut short is to be looked for after `recover`."""
        kind = KINDS.get(token)
        return kind is None or kind.leaves_a_trace

    async def conclude(self, *, keep: bool) -> None:
        """End an atomic deployment: commit all of it, or take it back."""
        if self._session is not None:
            await asyncio.to_thread(self._session.conclude, keep=keep)

    async def cancel(self) -> None:
        """Let go of locks and connections."""
        self.close()

    def close(self) -> None:
        """Let go of the deployment lock and of every connection."""
        self._creations.ended = True
        if self._session is not None:
            self._session.close()
