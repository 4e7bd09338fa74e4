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
from gatepost.postgres.failures import OutcomeUnknown
from gatepost.postgres.ledger import Work
from gatepost.postgres.plan import Lock, Plan
from gatepost.postgres.planned import Planned
from gatepost.provider.kind import Inputs
from gatepost.provider.planning import Request
from gatepost.provider.properties import outputs
from gatepost.provider.values import wire

if TYPE_CHECKING:
    from gatepost.provider.provider import GatepostProvider

_FEW = 10
"""So many are made one by one: together they would not be faster."""
_WORTH = 50
"""Fewer wait for others as long as the server has something to do."""
_FIRST = 30
"""So many of more are made first: while the server makes the next ones, the engine goes on with these."""
_MANY = 100
"""So many are made together at most: the server makes them while the next ones are planned."""


@dataclass
class Creation:
    """A resource to be made, and who waits for it."""

    request: CreateRequest
    answer: asyncio.Future[CreateResponse]

    def settle(self, answer: CreateResponse) -> None:
        """Answer, unless nobody waits any more."""
        if not self.answer.done():
            self.answer.set_result(answer)

    def fail(self, error: BaseException) -> None:
        """Answer with an error, unless nobody waits any more."""
        if not self.answer.done():
            self.answer.set_exception(error)


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
        made = outputs(kind, self.inputs, self.request.properties, wire(definition), self.work.secret)
        return CreateResponse(kind.identify(self.inputs), made)


@dataclass
class Creations:
    """The creations of one provider: those that wait, and what was made so far."""

    provider: GatepostProvider
    _waiting: list[Creation] = field(default_factory=list)
    _round: asyncio.Task[None] | None = None
    _making: list[asyncio.Task[None]] = field(default_factory=list)
    ended: bool = False
    """Whether the provider has let go of its session."""
    _announced: set[str] = field(default_factory=set)
    """The URNs of what is not asked for yet."""
    _reads_ahead: bool = True
    _reading: asyncio.Task[None] | None = None

    def expect(self, urn: str) -> None:
        """Read the catalog as soon as many are to be made at once, while the engine checks the others."""
        self._announced.add(urn)
        if len(self._announced) > _FEW and self._reads_ahead:
            self._reads_ahead = False
            self._reading = asyncio.create_task(asyncio.to_thread(self._read))

    def _read(self) -> None:
        session = self.provider.opened()
        try:
            with session.remembering(Planned(), preview=False):
                pass
        finally:
            if self.ended:  # nobody waited for this: what it opened since is open for nobody
                session.close()

    async def create(self, request: CreateRequest) -> CreateResponse:
        """Make an object, together with whatever else waits to be made."""
        self._announced.discard(request.urn)
        creation = Creation(request, asyncio.get_running_loop().create_future())
        self._waiting.append(creation)
        if self._round is None:
            self._round = asyncio.create_task(self._rounds())
        return await creation.answer

    async def _rounds(self) -> None:
        """Plan one group after the other, while the server makes those before.

        The next one is handed over before the server is done: it need not wait until the engine, which has
        much to do with each that was made, comes to it.
        """
        while self._waiting:
            await self._arrivals()
            most = _FIRST if len(self._waiting) >= _MANY and not self._underway() else _MANY
            group, self._waiting = self._waiting[:most], self._waiting[most:]
            if len(group) <= _FEW:
                await self._made()
                await self._all_alone(group)
                continue
            prepared = await self._planned(group)
            await self._made(but=1)
            self._making.append(asyncio.create_task(self._make(prepared)))
        self._round = None

    async def _arrivals(self) -> None:
        """Wait until there are many, or nobody else arrives and the server has nothing to do."""
        seen = 0
        while seen < len(self._waiting) < _MANY:
            seen = len(self._waiting)
            for _ in range(3):
                await asyncio.sleep(0)
            if seen == len(self._waiting) < _WORTH and self._underway():
                await asyncio.wait(self._underway()[:1])
                seen = 0

    def _underway(self) -> list[asyncio.Task[None]]:
        """Return the groups that are being made, or wait for it, in their order."""
        self._making = [one for one in self._making if not one.done()]
        return self._making

    async def _made(self, *, but: int = 0) -> None:
        """Wait until all groups are made, or all but so many."""
        while len(making := self._underway()) > but:
            await asyncio.wait(making[:1])

    async def _planned(self, group: Sequence[Creation]) -> list[tuple[Creation, Prepared | None]]:
        """Return the plans of a group, None for what is made alone; in a preview that is all."""
        try:
            reading, self._reading = self._reading, None
            if reading is not None:
                await reading
            found = await asyncio.to_thread(self._plan, group)
        except Exception:  # noqa: BLE001 one by one it becomes clear whose error it is
            return [(one, None) for one in group]
        for one, plan in found:
            if isinstance(plan, CreateResponse):
                one.settle(plan)
        return [(one, plan) for one, plan in found if not isinstance(plan, CreateResponse)]

    def _plan(self, group: Sequence[Creation]) -> list[tuple[Creation, Prepared | CreateResponse | None]]:
        session, preview = self.provider.opened(), group[0].request.preview
        work = self._previewed if preview else self._prepared
        with session.remembering(self.provider.gate.planned(preview=preview), preview=preview) as facts:
            return [(one, work(one, facts)) for one in group]

    async def _make(self, prepared: Sequence[tuple[Creation, Prepared | None]]) -> None:
        """Make what goes together in one transaction, and what is left one by one."""
        left = [one for one, plan in prepared if plan is None]
        together = [(one, plan) for one, plan in prepared if plan is not None]
        try:
            found = await asyncio.to_thread(self._run, [plan for _, plan in together]) if together else {}
        except OutcomeUnknown as error:
            for one, _ in together:
                one.fail(error)
        except Exception:  # noqa: BLE001 one by one it becomes clear whose error it is
            left = [one for one, _ in prepared]
        else:
            for one, plan in together:
                one.settle(plan.answer(found[plan.key]))
        await self._all_alone(left)

    def _run(self, plans: Sequence[Prepared]) -> dict[Key, Definition]:
        return self.provider.opened().run_together([plan.entry() for plan in plans])

    async def _all_alone(self, group: Sequence[Creation]) -> None:
        await asyncio.gather(*(self._alone(one) for one in group))

    def _previewed(self, creation: Creation, facts: Facts) -> CreateResponse | None:
        try:
            return self.provider.create_alone(creation.request, facts)
        except GatepostError:
            return None  # alone it fails again, and says so

    def _prepared(self, creation: Creation, facts: Facts) -> Prepared | None:
        """Plan a creation; None if it does not go together with others."""
        request = creation.request
        declared = self.provider.declaration(request)
        if declared is None or request.timeout:
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
            creation.fail(error)
        else:
            creation.settle(answer)


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
