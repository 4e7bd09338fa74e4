"""Policies made wrong, one after the other, and whether any case notices."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from gatepost.isolation.aim import decided
from gatepost.isolation.case import Case, Outcome, agree
from gatepost.isolation.mutants import Mutant, mutants_in
from gatepost.isolation.result import Finding, Proof

if TYPE_CHECKING:
    from gatepost.isolation.declared import Declaration
    from gatepost.isolation.statements import Statements
    from gatepost.postgres.connect import Connection

Known = Mapping[str, tuple[Sequence[Case], Sequence[Outcome]]]
"""By table, the cases and what must happen."""
_CHUNK = 60


def mutate(
    connection: Connection,
    declaration: Declaration,
    statements: Statements,
    known: Known,
    proof: Proof,
    tell: Callable[[str, int, int], None],
) -> list[Mutant]:
    """Make every policy wrong in every way, in the open transaction; return what no case notices."""
    intents = {name: declaration.subjects[name].intent for name in known}
    mutants = mutants_in(connection, intents, declaration.roles)
    proof.mutants = len(mutants)
    proof.equal |= {f"{one.policy.table}: {one.name}": one.equal for one in mutants if one.equal}
    tell("policies made wrong", 0, 1)
    return surviving(connection, [one for one in mutants if not one.equal], statements, known, proof, tell)


def surviving(
    connection: Connection,
    mutants: Sequence[Mutant],
    statements: Statements,
    known: Known,
    proof: Proof,
    tell: Callable[[str, int, int], None] = lambda *_: None,
) -> list[Mutant]:
    """Return the mutants that none of the cases notices; the others are counted as killed."""
    telling = {table: _telling(*known[table]) for table in known}
    left = []
    for at, mutant in enumerate(mutants):
        tell("policies made wrong", at, len(mutants))
        if not _is_killed(connection, mutant, statements, _concerned(mutant, telling[mutant.policy.table])):
            left.append(mutant)
    proof.killed += len(mutants) - len(left)
    return left


def report(declaration: Declaration, survivors: Sequence[Mutant], proof: Proof) -> None:
    """Note the mutants that survived as findings, accepted where the table's intent says so."""
    for mutant in survivors:
        detail = "no case fails: the policy does nothing here, or the intent says too little"
        accepted = acceptance(declaration, mutant)
        proof.findings.append(Finding("mutant", mutant.name, mutant.policy.table, detail, accepted))


def acceptance(declaration: Declaration, mutant: Mutant) -> str:
    """Return why a mutant may survive; empty where no intent says so."""
    return declaration.subjects[mutant.policy.table].intent.accepted.get(mutant.name, "")


def unneeded(declaration: Declaration, tables: Sequence[str], proof: Proof) -> Iterator[Finding]:
    """Yield what intents accept and the proof did not find; of mutants where any were made."""
    found = {one.name for one in proof.findings}
    for table in tables:
        for name in declaration.subjects[table].intent.accepted:
            if name not in found and (proof.mutants or not name.startswith("policy ")):
                detail = f"accepted, and not there any more: take it out of the intent of {table}"
                yield Finding("proof", name, table, detail)


def by_table(mutants: Sequence[Mutant]) -> dict[str, list[Mutant]]:
    """Return the mutants of each table's policies."""
    found: dict[str, list[Mutant]] = {}
    for mutant in mutants:
        found.setdefault(mutant.policy.table, []).append(mutant)
    return found


def _telling(cases: Sequence[Case], expected: Sequence[Outcome]) -> list[tuple[Case, Outcome]]:
    """Return the cases that a policy can decide: what a privilege denies, none does."""
    return [one for one in zip(cases, expected, strict=True) if one[1].kind != "denied"]


def _concerned(mutant: Mutant, cases: Sequence[tuple[Case, Outcome]]) -> list[tuple[Case, Outcome]]:
    """Return the cases that the change can decide, by whom the policy speaks of and on which command."""
    policy, becomes = mutant.policy, mutant.becomes
    widened = becomes is not None and becomes.roles != policy.roles
    commands = policy.commands if becomes is None else policy.commands | becomes.commands
    return [
        (case, outcome)
        for case, outcome in cases
        if widened != bool(case.asker.roles & set(policy.roles))
        and ("select" in commands or commands & decided(case))
    ]


def _is_killed(
    connection: Connection, mutant: Mutant, statements: Statements, cases: Sequence[tuple[Case, Outcome]]
) -> bool:
    from psycopg import Rollback

    killed = False
    with connection.transaction() as savepoint:
        mutant.apply(connection)
        for start in range(0, len(cases), _CHUNK):
            chunk = cases[start : start + _CHUNK]
            got = statements.run([case for case, _ in chunk])
            if not all(agree(one[1], found) for one, found in zip(chunk, got, strict=True)):
                killed = True
                break
        raise Rollback(savepoint)
    return killed
