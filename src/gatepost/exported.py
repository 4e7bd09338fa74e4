"""A stack's exported state, secrets in clear: its providers, and what was deployed through each."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from pulumi.provider.experimental.provider import ConfigureRequest

from gatepost.provider.kinds import kind_of
from gatepost.provider.provider import GatepostProvider
from gatepost.provider.refusal import field_names
from gatepost.provider.values import wire

Resource = Mapping[str, Any]
_SECRET = "4dabf18193072939515e22adb298388d"  # noqa: S105 (the key that marks a secret in Pulumi's state)


def is_ours(resource: Resource) -> bool:
    """Tell whether a resource is one of Gatepost's objects."""
    return bool(resource["type"].startswith("gatepost:index:") and resource.get("custom"))


def known_inputs(resource: Resource) -> dict[str, Any]:
    """Return the inputs of an object as they are in force: among its outputs."""
    return _inputs_among(resource, "outputs")


def declared_inputs(resource: Resource) -> dict[str, Any]:
    """Return the inputs of an object as the program declared them, whatever a refresh found."""
    return _inputs_among(resource, "inputs")


def _inputs_among(resource: Resource, properties: str) -> dict[str, Any]:
    names = field_names(kind_of(resource["type"]).inputs)
    given = revealed(resource[properties])
    return {name: value for name, value in given.items() if name in names and value is not None}


def by_provider(resources: Iterable[Resource]) -> dict[str, list[Resource]]:
    """Return Gatepost's objects by the URN of their provider."""
    found: dict[str, list[Resource]] = defaultdict(list)
    for resource in resources:
        if is_ours(resource):
            found[resource["provider"].rpartition("::")[0]].append(resource)
    return found


async def configure(provider: GatepostProvider, settings: Mapping[str, Any]) -> None:
    """Give a provider the settings that the state has of it."""
    await provider.configure(ConfigureRequest({}, wired(settings), True, True))


def wired(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return properties of the state as a provider takes them."""
    return {name: wire(value) for name, value in revealed(values).items()}


def revealed(value: Any) -> Any:
    """Return a value of the state without the marks of its secrets."""
    if isinstance(value, Mapping) and _SECRET in value:
        return json.loads(value["plaintext"])
    if isinstance(value, Mapping):
        return {name: revealed(one) for name, one in value.items()}
    return [revealed(one) for one in value] if isinstance(value, list) else value
