"""Drift: what differs, how, the statements that would mend it, and a declaration that would accept it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from gatepost.cli.display import Screen
from gatepost.cli.observer import Observer
from gatepost.cli.words import kind_of, one_line

if TYPE_CHECKING:
    from gatepost.engine.model import Drift


def show(screen: Screen, observer: Observer, drifts: list[Drift]) -> None:
    """Print what differs from what was deployed, value by value, and both ways out."""
    from gatepost.adopt.drift import accepting
    from gatepost.engine.model import urn_name, urn_type

    for drift in drifts:
        what = f"{kind_of(urn_type(drift.urn))} {urn_name(drift.urn)}"
        if drift.new is None:
            screen.line(f"- {what} is gone", "red")
        else:
            screen.line(f"~ {what}", "yellow")
            for path, old, new in _own_words(list(differences(drift.old, drift.new))):
                screen.line(f"    {path}")
                screen.line(f"      deployed  {one_line(old, 400)}", "dim")
                screen.line(f"      found     {one_line(new, 400)}")
        if statements := mending(observer, drift):
            screen.line("    to mend it, the next `gatepost up` runs:")
            _show_text(screen, ";\n".join(statements) + ";")
        if text := accepting(drift):
            screen.line("    to accept it, declare:" if drift.new else "    to accept it:")
            _show_text(screen, text)


def as_json(observer: Observer, drift: Drift) -> dict[str, Any]:
    """Return one drift as `--json` prints it."""
    from gatepost.adopt.drift import accepting

    return {**asdict(drift), "mend": mending(observer, drift), "accept": accepting(drift)}


def mending(observer: Observer, drift: Drift) -> list[str]:
    """Return the statements that would bring the object back to its declaration."""
    plans = [plan for plan in observer.plans.get(drift.urn, ()) if plan.operation == "mend"]
    return [str(one["sql"]).strip().rstrip(";") for plan in plans[-1:] for one in plan.statements]


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
