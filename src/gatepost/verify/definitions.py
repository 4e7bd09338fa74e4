"""Every object word for word: what PostgreSQL made of it when it was deployed, and what it says now."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from gatepost.postgres import catalog, redefined
from gatepost.provider.kinds import KINDS
from gatepost.verify.check import Check, facts
from gatepost.verify.declared import Source

if TYPE_CHECKING:
    from gatepost.postgres.connect import Connection
    from gatepost.stacks import Stack

AS_DEPLOYED = "as deployed"


def check_definitions(stack: Stack, source: Source, connection: Connection) -> Iterator[Check]:
    """Yield a check an object that the stack's state knows; other checks tell what is not there at all."""
    deployed = _deployed(stack)
    found, reworded = catalog.read_all(connection), redefined.known(connection)
    for declared in source.objects:
        resource = deployed.get((f"gatepost:index:{declared.kind}", declared.name))
        then = resource and resource["outputs"].get("definition")
        if not resource or not isinstance(then, dict) or "ciphertext" in then:
            continue
        kind = KINDS[resource["type"]]
        key = kind.key(kind.inputs.model_validate(resource["inputs"]))
        now = found.get(key) if key else None
        if now is not None and key is not None:
            then = now if reworded.get(key) == now else then
            changed = sorted(name for name in then.keys() | now.keys() if then.get(name) != now.get(name))
            said = AS_DEPLOYED if not changed else f"another {', '.join(changed)}"
            yield Check(
                declared.feature,
                "definition",
                f"of {declared.kind.lower()} {declared.name}",
                facts(definition=AS_DEPLOYED),
                facts(definition=said),
            )


def _deployed(stack: Stack) -> dict[tuple[str, str], dict[str, Any]]:
    """Return the resources of the stack's state by type and name; none where another backend keeps it."""
    if not stack.state_file.exists():
        return {}
    latest = json.loads(stack.state_file.read_text(encoding="utf-8"))["checkpoint"].get("latest") or {}
    return {(one["type"], one["urn"].rpartition("::")[2]): one for one in latest.get("resources", ())}
