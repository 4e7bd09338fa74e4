"""What would bring an object that differs back to its declaration: told, not done."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from gatepost.errors import GatepostError
from gatepost.postgres.catalog import Definition, Facts, Key
from gatepost.postgres.plan import Lock, Plan, Statement
from gatepost.provider.kind import Inputs, Kind
from gatepost.provider.sqltext import ident, raw, text

BY_HAND = "by hand"
"""The operation of a plan that no deployment runs."""
_OWNED = {
    "tables": "table",
    "views": "view",
    "materialized_views": "materialized view",
    "sequences": "sequence",
    "types": "type",
    "publications": "publication",
}


@dataclass(frozen=True)
class Differing:
    """An object that is not as it was deployed."""

    kind: Kind[Any]
    declared: Inputs
    observed: dict[str, Any] | None
    """The inputs that it seems to have been made of; None where it is gone."""
    then: Definition
    now: Definition = field(default_factory=dict)
    secret: bool = False
    """Whether the declaration holds a secret, which a statement would repeat."""


def mending(differs: Differing, facts: Facts) -> Plan:
    """Return the plan of the next deployment for this object; why there is none stands in it as a remark."""
    kind = differs.kind
    try:
        if differs.observed is None:
            plan = kind.create(differs.declared, facts)
        else:
            plan = kind.update(kind.inputs.model_validate(differs.observed), _owned(differs), facts)
        return plan.kept_secret() if differs.secret else plan
    except GatepostError as error:
        return Plan((Statement(f"-- {error}", secret=differs.secret),))
    except ValidationError:
        return Plan()


def _owned(differs: Differing) -> Inputs:
    """Return the declaration with the former owner, where it names none and the object has another one."""
    if not differs.observed or "owner" not in differs.observed or getattr(differs.declared, "owner", None):
        return differs.declared
    return differs.declared.model_copy(update={"owner": differs.then.get("owner")})


def owner_given_back(differs: Differing) -> Plan:
    """Return what gives an object to its former owner where no declaration names one."""
    key, owner = differs.kind.key(differs.declared), differs.then.get("owner")
    changed = differs.observed is not None and owner not in (None, differs.now.get("owner"))
    if not changed or key is None or key.kind not in _OWNED or "owner" in differs.kind.inputs.model_fields:
        return Plan()
    place = _place(key)
    sql = text(
        "alter {word} {o} owner to {r}", word=raw(_OWNED[key.kind]), o=ident(*place), r=ident(str(owner))
    )
    return Plan((Statement(sql, Lock.ACCESS_EXCLUSIVE, ".".join(place)),))


def _place(key: Key) -> tuple[str, ...]:
    return (key.schema, key.name) if key.schema else (key.name,)
