"""What previews of the Pulumi CLI leave out: it asks no provider about deletes, so that is done here."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from pulumi.provider.experimental.provider import ConfigureRequest, DeleteRequest

from gatepost.provider.gate import OnPlan
from gatepost.provider.provider import GatepostProvider
from gatepost.provider.values import wire

_SECRET = "4dabf18193072939515e22adb298388d"  # noqa: S105 (the key that marks a secret in Pulumi's state)


def plan_deletes(
    resources: Iterable[Mapping[str, Any]], deleted: set[str], on_plan: OnPlan, *, declares: bool
) -> None:
    """Plan the deletes of `deleted` URNs, as the embedded engine's preview does; `on_plan` judges them.

    :param resources: the stack's exported state, secrets in clear.
    :param declares: whether the program declares anything besides.
    """
    known = {resource["urn"]: resource for resource in resources}
    ours = [known[urn] for urn in sorted(deleted & known.keys()) if _is_ours(known[urn])]
    by_provider: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for resource in ours:
        by_provider[resource["provider"].rpartition("::")[0]].append(resource)
    for urn, doomed in by_provider.items():
        provider = GatepostProvider(on_plan, gathers=True)
        provider.gate.declares = declares
        asyncio.run(_plan(provider, known[urn]["inputs"], doomed))


def _is_ours(resource: Mapping[str, Any]) -> bool:
    return bool(resource["type"].startswith("gatepost:index:") and resource.get("custom"))


async def _plan(
    provider: GatepostProvider, settings: Mapping[str, Any], doomed: Iterable[Mapping[str, Any]]
) -> None:
    """Ask one provider, on one connection, about everything of its that is to go."""
    await provider.configure(ConfigureRequest({}, _wired(settings), True, True))
    try:
        for resource in doomed:
            request = DeleteRequest(resource["urn"], resource["id"], _wired(resource["outputs"]), 0)
            await provider.preview_delete(request)
    finally:
        provider.close()


def _wired(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: wire(_revealed(value)) for name, value in values.items()}


def _revealed(value: Any) -> Any:
    """Return a value of the exported state without the marks of its secrets."""
    if isinstance(value, dict) and _SECRET in value:
        return json.loads(value["plaintext"])
    if isinstance(value, dict):
        return {name: _revealed(one) for name, one in value.items()}
    return [_revealed(one) for one in value] if isinstance(value, list) else value
