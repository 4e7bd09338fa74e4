"""Cases aimed at mutants that survived: those that come out otherwise if an intent says a little else."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from random import Random

from gatepost.intent import Command
from gatepost.isolation.case import COMMAND_OF, Asker, Case
from gatepost.isolation.enumeration import changes_of
from gatepost.isolation.mutants import Mutant
from gatepost.isolation.random_cases import Drawing
from gatepost.isolation.repertoire import Repertoire
from gatepost.isolation.variants import variants
from gatepost.isolation.world import World

_DRAWN = 6_000
"""How many cases are drawn for a table."""
_EACH = 8
"""How many of them may tell the same two intents apart."""


def decided(case: Case) -> frozenset[str]:
    """Return the commands whose policies a statement asks, beside select."""
    if case.action in ("upsert", "merge"):
        return frozenset({"insert", "update"})
    return frozenset({"update" if case.action == "lock" else str(COMMAND_OF[case.action])})


def aimed(world: World, table: str, mutants: Collection[Mutant], random: Random) -> list[Case]:
    """Return cases of a table that can tell its policies from these mutants."""
    subject = world.declaration.subjects[table]
    drawn = _drawn(world, table, random)
    expected = [world.oracle.expect(case) for case in drawn]
    chosen: dict[int, None] = {}
    for role, command in _meant(mutants):
        for intent in variants(subject.intent, subject.owner, role, command):
            other = world.oracle_of(replace(subject, intent=intent))
            found = (at for at, case in enumerate(drawn) if other.expect(case) != expected[at])
            chosen |= dict.fromkeys(_first(found, _EACH))
    return [drawn[at] for at in chosen]


def _first(found: Iterator[int], most: int) -> Iterator[int]:
    yield from (at for at, _ in zip(found, range(most), strict=False))


def _meant(mutants: Collection[Mutant]) -> list[tuple[str, Command]]:
    """Return the roles and commands that the mutants' policies speak of."""
    found = {
        (role, command): None
        for mutant in mutants
        for role in mutant.policy.roles
        for command in sorted(mutant.policy.commands)
    }
    return list(found)  # type: ignore[arg-type]


def _drawn(world: World, table: str, random: Random) -> list[Case]:
    choices = Repertoire(world)
    drawing = Drawing(choices, [table], _everybody_as_everything(choices, table))
    drawn = (drawing.case(random) for _ in range(_DRAWN))
    changes = [case for asker in world.askers for case in changes_of(choices, asker, table)]
    return [*changes, *(case for case in drawn if case is not None and case.action != "truncate")]


def _everybody_as_everything(choices: Repertoire, table: str) -> Sequence[Asker]:
    """Return every role that may do anything with a table, as every user and as nobody."""
    world = choices.world
    found: dict[Asker, None] = {}
    for asker in world.askers:
        if choices.may_anything(asker, table):
            for person in (None, *world.people.everybody):
                user, called = (person.user, person.label) if person else (None, "nobody")
                found[Asker(asker.role, user, f"{asker.role}: {called}", asker.roles)] = None
    return list(found)
