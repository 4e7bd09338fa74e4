"""What would bring an object that differs back to its declaration: told, not done."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from gatepost.errors import GatepostError
from gatepost.postgres.catalog import Facts
from gatepost.postgres.plan import Plan
from gatepost.provider.kind import Inputs, Kind


def mending(kind: Kind[Any], declared: Inputs, observed: dict[str, Any] | None, facts: Facts) -> Plan:
    """Return the plan of the next deployment for this object; `observed` is None where it is gone.

    It is empty where there is none: what then has to be done, only the deployment can say.
    """
    try:
        if observed is None:
            return kind.create(declared, facts)
        return kind.update(kind.inputs.model_validate(observed), declared, facts)
    except (GatepostError, ValidationError):
        return Plan()
