"""What a table's defaults come to: always the same, or who asks, or a claim of theirs."""

from __future__ import annotations

import json

from gatepost.intent import Claimed
from gatepost.isolation.declared import Declaration
from gatepost.isolation.oracle import CLAIM, USER
from gatepost.isolation.people import People
from gatepost.isolation.rows import Rows
from gatepost.isolation.structure import TableFacts


def defaults_of(
    rows: Rows, facts: TableFacts, declaration: Declaration, people: People
) -> dict[str, str | None]:
    """Return the columns of whose defaults something is known, by trying them for several tokens."""
    names = dict.fromkeys(rule.claim for _, rule in declaration.rules() if isinstance(rule, Claimed))
    pairs: dict[str, tuple[str, tuple[str, ...]]] = {USER: ("sub", (people.owner.user, people.stranger.user))}
    pairs |= {f"{CLAIM}{name}": (name, people.guests) for name in names}
    tried = [(None, None), *((name, value) for name, values in pairs.values() for value in values)]
    found: dict[str, str | None] = {}
    for column, got in rows.defaults(facts, [_token(*one) for one in tried]).items():
        for told, (name, values) in pairs.items():
            if any(values) and got == tuple(value if claim == name else None for claim, value in tried):
                found[column] = told
        if len(set(got)) == 1:
            found[column] = got[0]
    return found


def _token(claim: str | None, value: str | None) -> str:
    return json.dumps({claim: value}) if claim else ""
