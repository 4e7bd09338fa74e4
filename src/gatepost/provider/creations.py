"""New objects are made together: what arrives while one transaction runs goes into the next.

Each object costs a transaction, a row in the ledger and a reading of the catalog, and one after the other
those are most of a deployment's time. Only what takes locks on nothing but tables of this very deployment
goes together, so that nobody waits longer for it; whatever fails together is tried again one by one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from pulumi.provider.experimental.provider import CreateRequest, CreateResponse

from gatepost.errors import GatepostError
from gatepost.postgres.bulk import Entry
from gatepost.postgres.catalog import Definition, Facts, Key
from gatepost.postgres.ledger import Work
from gatepost.postgres.plan import Lock, Plan
from gatepost.provider.kind import Inputs
from gatepost.provider.planning import Request
from gatepost.provider.properties import outputs
from gatepost.provider.values import wire

if TYPE_CHECKING:
    from gatepost.provider.provider import GatepostProvider

_FEW = 10
"""So many are made one by one: together they would not be faster."""


@dataclass
class Creation:
    """A resource to be made, and who waits for it."""

    request: CreateRequest
    answer: asyncio.Future[CreateResponse]


@dataclass(frozen=True)
class Prepared:
    """A creation whose plan is made."""

    request: CreateRequest
    work: Request
    inputs: Inputs
    plan: Plan
    key: Key

    def entry(self) -> Entry:
        """Return what is to be run."""
        declared = self.work.declared(self.inputs)
        return Entry(self.plan.statements, Work(self.work.urn, "create", declared), self.key)

    def answer(self, definition: Definition) -> CreateResponse:
        """Return what the engine is told."""
        kind = self.work.kind
        made = outputs(kind, self.inputs, self.request.properties, wire(definition))
        return CreateResponse(kind.identify(self.inputs), made)


@dataclass
class Creations:
    """The creations of one provider: those that wait, and what was made so far."""

    provider: GatepostProvider
    _waiting: list[Creation] = field(default_factory=list)
    _round: asyncio.Task[None] | None = None

    async def create(self, request: CreateRequest) -> CreateResponse:
        """Make an object, together with whatever else waits to be made."""
        creation = Creation(request, asyncio.get_running_loop().create_future())
        self._waiting.append(creation)
        if self._round is None:
            self._round = asyncio.create_task(self._rounds())
        return await creation.answer

    async def _rounds(self) -> None:
        while self._waiting:
            await self._arrivals()
            creations, self._waiting = self._waiting, []
            if len(creations) <= _FEW:
                await asyncio.gather(*(self._alone(one) for one in creations))
            else:
                await self._together(creations)
        self._round = None

    async def _arrivals(self) -> None:
        """Wait until nobody else arrives."""
        seen = 0
        while seen < len(self._waiting):
            seen = len(self._waiting)
            for _ in range(3):
                await asyncio.sleep(0)

    async def _together(self, creations: Sequence[Creation]) -> None:
        try:
            left = await asyncio.to_thread(self._make, creations)
        except Exception:  # noqa: BLE001 one by one it becomes clear whose error it is
            left = [(one, None) for one in creations]
        for one, answer in left:
            if answer is not None and not one.answer.done():
                one.answer.set_result(answer)
        await asyncio.gather(*(self._alone(one) for one, answer in left if answer is None))

    def _make(self, creations: Sequence[Creation]) -> list[tuple[Creation, CreateResponse | None]]:
        """Make what goes together in one transaction; return the answers, None for what is left."""
        session, preview = self.provider.opened(), creations[0].request.preview
        with session.remembering(self.provider.gate.planned(preview=preview), preview=preview) as facts:
            if preview:
                return [(one, self._previewed(one, facts)) for one in creations]
            prepared = [self._prepared(one, facts) for one in creations]
        together = [one for one in prepared if one is not None]
        found = session.run_together([one.entry() for one in together]) if together else {}
        return [
            (creation, None if one is None else one.answer(found[one.key]))
            for creation, one in zip(creations, prepared, strict=True)
        ]

    def _previewed(self, creation: Creation, facts: Facts) -> CreateResponse | None:
        try:
            return self.provider.create_alone(creation.request, facts)
        except GatepostError:
            return None  # alone it fails again, and says so

    def _prepared(self, creation: Creation, facts: Facts) -> Prepared | None:
        """Plan a creation; None if it does not go together with others."""
        request = creation.request
        declared = self.provider.declaration(request)
        if declared is None:
            return None
        work, inputs = declared
        key = work.kind.key(inputs)
        if key is None or facts.read(key) is not None:
            return None
        try:
            plan = work.creation(inputs, facts, self.provider.opened().runner.ledger)
        except GatepostError:
            return None  # alone it fails again, and says so
        if not plan or not _goes_together(plan, key, inputs, facts):
            return None
        self.provider.gate.judge(plan, work.urn, work.label, "create", preview=False)
        return Prepared(request, work, inputs, plan, key)

    async def _alone(self, creation: Creation) -> None:
        try:
            answer = await asyncio.to_thread(self.provider.create_alone, creation.request)
        except asyncio.CancelledError:
            creation.answer.cancel()
            raise
        except BaseException as error:  # noqa: BLE001 whoever waits gets it
            if not creation.answer.done():
                creation.answer.set_exception(error)
        else:
            if not creation.answer.done():
                creation.answer.set_result(answer)


def _goes_together(plan: Plan, key: Key, inputs: Inputs, facts: Facts) -> bool:
    """Tell whether every lock of a plan is on what this deployment itself made."""
    places = [key, replace(key, kind="tables", object="")]
    referenced = getattr(inputs, "references", None)
    if referenced is not None:
        places.append(Key("tables", referenced.db_schema, referenced.table))
        if places[-1] not in facts.planned.made:
            return False
    fresh = {f"{place.schema}.{place.name}" for place in places if place in facts.planned.made}
    return all(
        one.mode == "together" and (one.lock == Lock.NONE or one.on in fresh) for one in plan.statements
    )
