"""The order of resources in the state: each after everything that it refers to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Json = dict[str, Any]


def references(resource: Mapping[str, Any]) -> list[str]:
    """Return the URNs that a resource of the state refers to."""
    found = [resource.get("parent", ""), resource.get("deletedWith", "")]
    found.append(resource.get("provider", "").rpartition("::")[0])
    found.extend(resource.get("dependencies", ()))
    for urns in resource.get("propertyDependencies", {}).values():
        found.extend(urns)
    return [urn for urn in found if urn]


def ordered(resources: list[Json]) -> list[Json]:
    """Return the resources with each after what it refers to, otherwise in the given order."""
    if _is_ordered(resources):
        return resources
    places: dict[str, list[int]] = {}
    for place, resource in enumerate(resources):
        places.setdefault(resource["urn"], []).append(place)
    result: list[Json] = []
    done: set[int] = set()
    for place in range(len(resources)):
        _visit(place, resources, places, done, result)
    return result


def _is_ordered(resources: list[Json]) -> bool:
    seen: set[str] = set()
    for resource in resources:
        if not seen.issuperset(references(resource)):
            return False
        seen.add(resource["urn"])
    return True


def _visit(
    start: int, resources: list[Json], places: dict[str, list[int]], done: set[int], result: list[Json]
) -> None:
    stack = [(start, False)]
    entered: set[int] = set()
    while stack:
        place, ready = stack.pop()
        if place in done:
            continue
        if ready:
            done.add(place)
            result.append(resources[place])
        elif place not in entered:
            entered.add(place)
            stack.append((place, True))
            needed = [other for urn in references(resources[place]) for other in places.get(urn, ())]
            stack.extend((other, False) for other in reversed(needed) if other not in done)


def mended(resources: list[Json], renamed: Mapping[str, str]) -> list[Json]:
    """Return the resources with references to renamed resources followed and to vanished ones dropped."""
    known = {resource["urn"] for resource in resources}
    if not renamed and all(known.issuperset(references(resource)) for resource in resources):
        return resources
    return [_mend(resource, renamed, known) for resource in resources]


def _mend(resource: Json, renamed: Mapping[str, str], known: set[str]) -> Json:
    def follow(urns: list[str]) -> list[str]:
        return [new for urn in urns if (new := renamed.get(urn, urn)) in known]

    mended_ = dict(resource)
    for name in ("parent", "deletedWith"):
        if name in resource:
            mended_[name] = "".join(follow([resource[name]]))
    if "provider" in resource:
        urn, _, identity = resource["provider"].rpartition("::")
        mended_["provider"] = f"{renamed.get(urn, urn)}::{identity}"
    if "dependencies" in resource:
        mended_["dependencies"] = follow(resource["dependencies"])
    if "propertyDependencies" in resource:
        properties = resource["propertyDependencies"]
        mended_["propertyDependencies"] = {key: follow(urns) for key, urns in properties.items()}
    return {name: value for name, value in mended_.items() if value not in ("", [])}
