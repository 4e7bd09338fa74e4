"""What looks like a rename and is planned as a loss: the danger says how to declare the rename instead."""

from __future__ import annotations

from dataclasses import replace

from gatepost.postgres.plan import Hazard, Plan, Risk
from gatepost.provider.declarations import Declarations
from gatepost.provider.kind import Inputs
from gatepost.provider.table_inputs import TableInputs

_TELLING = 2
"""A table with fewer columns looks like any other."""


def of_changed(plan: Plan, old: Inputs, new: Inputs) -> Plan:
    """Return the plan, a dropped column's danger naming the new one that may be the same."""
    if not (isinstance(old, TableInputs) and isinstance(new, TableInputs)):
        return plan
    types = {one.name: one.type for one in old.columns}
    added = [one for one in new.columns if one.name not in types and not one.renamed_from]

    def advised(risk: Risk) -> Risk:
        gone = risk.on.removeprefix(f"{new.where}.")
        alike = [one.name for one in added if one.type == types.get(gone)]
        if risk.hazard != Hazard.DELETES_DATA or len(alike) != 1:
            return risk
        advice = f'If "{alike[0]}" is what "{gone}" was called, declare it with renamed_from="{gone}".'
        return replace(risk, detail=f"{risk.detail} {advice}")

    return replace(plan, risks=tuple(advised(risk) for risk in plan.risks))


def of_deleted(plan: Plan, old: Inputs, resource: str, declared: Declarations) -> Plan:
    """Return the plan, a dropped table's danger naming a declared one that has the same columns.

    :param resource: the resource's name in the program.
    """
    if not isinstance(old, TableInputs):
        return plan
    own, names = (old.db_schema, old.name), frozenset(one.name for one in old.columns)
    alike = [place for place, columns in declared.columns.items() if columns == names and place != own]
    if len(names) < _TELLING or len(alike) != 1:
        return plan
    now = ".".join(alike[0])
    advice = f'If "{now}" is what it is called now, declare that one with aliases=[Alias(name="{resource}")].'

    def advised(risk: Risk) -> Risk:
        lost = risk.hazard == Hazard.DELETES_DATA and risk.on == old.where
        return replace(risk, detail=f"{risk.detail} {advice}") if lost else risk

    return replace(plan, risks=tuple(advised(risk) for risk in plan.risks))
