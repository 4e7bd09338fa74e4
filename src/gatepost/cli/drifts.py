"""Drift: what differs, how, the statements that would mend it, and a declaration that would accept it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from gatepost.adopt.described import described
from gatepost.cli.display import Screen
from gatepost.observer import Observer, planned
from gatepost.words import kind_of, one_line, plural

if TYPE_CHECKING:
    from gatepost.adopt.drift import Addition, Variables
    from gatepost.engine.model import Drift
    from gatepost.engines import Engine
    from gatepost.postgres.plan import Plan


@dataclass(frozen=True)
class Found:
    """What is not as it was deployed."""

    drifts: list[Drift]
    added: list[Addition]
    variables: Variables

    def __len__(self) -> int:
        return len(self.drifts) + len(self.added)


def find(engine: Engine, observer: Observer) -> Found:
    """Ask the engine what differs, and the databases what somebody added."""
    from gatepost.additions import additions
    from gatepost.adopt.drift import Variables

    def note(urn: str, operation: str, plan: Plan) -> None:
        observer.plan(urn, planned(plan.as_json(), operation))

    drifts, resources = engine.drift(), engine.exported()
    return Found(drifts, additions(resources, note), Variables.of(resources))


def show(screen: Screen, observer: Observer, found: Found) -> None:
    """Print what differs from what was deployed, value by value, and both ways out."""
    from gatepost.adopt.drift import accepting, importing
    from gatepost.engine.model import urn_name, urn_type

    for drift in found.drifts:
        what = f"{kind_of(urn_type(drift.urn))} {urn_name(drift.urn)}"
        if drift.new is None:
            screen.line(f"- {what} is gone", "red")
        else:
            screen.line(f"~ {what}", "yellow")
            words = _own_words(list(differences(drift.old, drift.new)))
            if not words:
                screen.line("    what differs is a secret, or could repeat one")
            for path, old, new in words:
                screen.line(f"    {path}")
                screen.line(f"      deployed  {one_line(old, 400)}", "dim")
                screen.line(f"      found     {one_line(new, 400)}")
        _show_mending(screen, observer, drift.urn)
        if text := accepting(drift, found.variables):
            screen.line("    to accept it, declare:" if drift.new else "    to accept it:")
            _show_text(screen, text)
    for one in found.added:
        screen.line(f"+ {described(one.key)} was added by hand", "green")
        _show_mending(screen, observer, one.urn)
        screen.line("    to accept it, declare:")
        _show_text(screen, importing(one, found.variables))


def as_json(observer: Observer, found: Found) -> list[dict[str, Any]]:
    """Return what `--json` prints: of what was added, `old` is null."""
    from gatepost.adopt.drift import accepting, importing

    changed = [
        {**asdict(one), "mend": mending(observer, one.urn), "accept": accepting(one, found.variables)}
        for one in found.drifts
    ]
    added = [
        {
            "urn": one.urn,
            "old": None,
            "new": {"definition": one.definition},
            "mend": mending(observer, one.urn),
            "accept": importing(one, found.variables),
        }
        for one in found.added
    ]
    return changed + added


def mending(observer: Observer, urn: str) -> list[str]:
    """Return the statements that would bring an object back to its declaration, whoever runs them."""
    return [*_statements(observer, urn, "mend"), *_statements(observer, urn, "by hand")]


def _statements(observer: Observer, urn: str, operation: str) -> list[str]:
    plans = [plan for plan in observer.plans.get(urn, ()) if plan.operation == operation]
    return [str(one["sql"]).strip().rstrip(";") for plan in plans[-1:] for one in plan.statements]


def _show_mending(screen: Screen, observer: Observer, urn: str) -> None:
    for operation, who in (("mend", "the next `gatepost up` runs"), ("by hand", "run")):
        if statements := _statements(observer, urn, operation):
            screen.line(f"    to mend it, {who}:")
            _show_text(screen, ";\n".join(statements) + ";")


def summary(stack: str, found: Found) -> str:
    """Return in one line how much differs, and what to do about it."""
    told = []
    if found.drifts:
        told.append(
            f"{plural(len(found.drifts), 'object')} of {stack} not as deployed: `gatepost refresh` takes that"
            " over into the state, and `gatepost up` then mends it"
        )
    if found.added:
        told.append(
            f"{plural(len(found.added), 'object')} added to {stack} by hand: drop it, declare it, or name it"
            " in the provider's existing"
        )
    return "; ".join(told)


def _show_text(screen: Screen, text: str) -> None:
    for line in text.splitlines():
        screen.line(f"      {line}", "cyan")


def _own_words(found: list[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    """Return the differences of the declaration; PostgreSQL's own words only where alone."""
    declared = [one for one in found if not one[0].startswith("definition")]
    return declared or found


def differences(old: object, new: object, path: str = "") -> Iterator[tuple[str, str, str]]:
    """Yield path, old and new text of every leaf that differs."""
    old, new = _by_name(old), _by_name(new)
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted({*old, *new}):
            below = f"{path}.{key}" if path else str(key)
            yield from differences(old.get(key), new.get(key), below)
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for at, (one, other) in enumerate(zip(old, new, strict=True)):
            yield from differences(one, other, f"{path}[{at}]")
    elif old != new:
        yield path, _shown(old), _shown(new)


def _by_name(value: object) -> object:
    """Return a list of named things as a mapping, so that one that is gone moves no other."""
    if isinstance(value, list) and value and all(isinstance(one, dict) and "name" in one for one in value):
        return {one["name"]: one for one in value}
    return value


def _shown(value: object) -> str:
    return "nothing" if value is None else str(value)
