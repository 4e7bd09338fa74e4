"""What previews of the Pulumi CLI leave out: it asks no provider about deletes, so that is done here."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pulumi.provider.experimental.provider import CheckRequest, DeleteRequest

from gatepost.engine.model import urn_type
from gatepost.exported import Resource, by_provider, configure, wired
from gatepost.provider.gate import Gate, OnPlan
from gatepost.provider.kinds import kind_of
from gatepost.provider.properties import declared_by
from gatepost.provider.provider import GatepostProvider

Properties = Mapping[str, Any]
"""Inputs as the engine's events and its state show them."""


def plan_deletes(
    resources: Iterable[Resource],
    deleted: set[str],
    on_plan: OnPlan,
    *,
    declares: bool,
    staying: Collection[str] = (),
    declared: Mapping[str, Mapping[str, Properties]] | None = None,
) -> None:
    """Plan the deletes of `deleted` URNs, as the embedded engine's preview does; `on_plan` judges them.

    What `retain_on_delete` keeps needs no plan.

    :param resources: the stack's exported state, secrets in clear.
    :param declares: whether the program declares anything besides.
    :param staying: the URNs of which only what was replaced earlier goes.
    :param declared: the inputs of what stays, is changed or made, by the URNs of its provider and its own.
    """
    listed = list(resources)
    known = {resource["urn"]: resource for resource in listed}
    going = [
        one
        for one in listed
        if one["urn"] in deleted
        and (one.get("delete") or one["urn"] not in staying)
        and not one.get("retainOnDelete")
    ]
    for urn, doomed in by_provider(sorted(going, key=lambda one: str(one["urn"]))).items():
        provider = GatepostProvider(on_plan, gathers=True)
        provider.gate.declares = declares
        asyncio.run(_plan(provider, known[urn], doomed, _Coming((declared or {}).get(urn, {}), known)))


@dataclass(frozen=True)
class _Coming:
    """What the deployment does before it deletes anything."""

    declared: Mapping[str, Properties]
    known: Mapping[str, Resource]
    """The state."""

    async def tell(self, provider: GatepostProvider) -> None:
        """Let a provider know it as if it had been asked for all of that, as far as its inputs are shown."""
        for urn, given in self.declared.items():
            inputs = wired(given)
            checked = await provider.check(CheckRequest(urn, {}, inputs, b""))
            if not checked.failures:
                self._note(provider.gate, urn, inputs)

    def _note(self, gate: Gate, urn: str, given: Properties) -> None:
        kind, before = kind_of(urn_type(urn)), self.known.get(urn)
        new = declared_by(kind, given)
        old = declared_by(kind, wired(before["outputs"])) if before else None
        if old is None or kind.replaces(old, new):
            if key := kind.key(new):
                gate.planned(preview=True).make(key)
        elif old != new:
            gate.note_change(kind, old, new, preview=True)


async def _plan(
    provider: GatepostProvider, settings: Resource, doomed: Iterable[Resource], coming: _Coming
) -> None:
    """Ask one provider, on one connection, about everything of its that is to go."""
    await configure(provider, settings["inputs"])
    try:
        await coming.tell(provider)
        for resource in doomed:
            request = DeleteRequest(resource["urn"], resource["id"], wired(resource["outputs"]), 0)
            await provider.preview_delete(request)
    finally:
        provider.close()
