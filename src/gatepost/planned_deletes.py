"""What previews of the Pulumi CLI leave out: it asks no provider about deletes, so that is done here."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable

from pulumi.provider.experimental.provider import DeleteRequest

from gatepost.exported import Resource, by_provider, configure, wired
from gatepost.provider.gate import OnPlan
from gatepost.provider.provider import GatepostProvider


def plan_deletes(
    resources: Iterable[Resource],
    deleted: set[str],
    on_plan: OnPlan,
    *,
    declares: bool,
    staying: Collection[str] = (),
) -> None:
    """Plan the deletes of `deleted` URNs, as the embedded engine's preview does; `on_plan` judges them.

    What `retain_on_delete` keeps needs no plan.

    :param resources: the stack's exported state, secrets in clear.
    :param declares: whether the program declares anything besides.
    :param staying: the URNs of which only what was replaced earlier goes.
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
        asyncio.run(_plan(provider, known[urn], doomed))


async def _plan(provider: GatepostProvider, settings: Resource, doomed: Iterable[Resource]) -> None:
    """Ask one provider, on one connection, about everything of its that is to go."""
    await configure(provider, settings["inputs"])
    try:
        for resource in doomed:
            request = DeleteRequest(resource["urn"], resource["id"], wired(resource["outputs"]), 0)
            await provider.preview_delete(request)
    finally:
        provider.close()
