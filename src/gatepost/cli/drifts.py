"""Drift: what differs, how, the statements that would mend it, and a declaration that would accept it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any, cast

from gatepost.cli.display import Screen
from gatepost.observer import Observer, Planned, planned
from gatepost.words import kind_of, one_line, plural

if TYPE_CHECKING:
    from gatepost.adopt.drift import Addition, Variables
    from gatepost.engine.model import Drift
    from gatepost.engines import Engine
    from gatepost.postgres.plan import Plan, Risk

Listed = list[dict[str, Any]]


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
    variables = Variables.of(resources)
    return Found(drifts, additions(resources, variables, note), variables)


def show(screen: Screen, observer: Observer, found: Found) -> None:
    """Print what differs from what was deployed, value by value, and both ways out."""
    from gatepost.adopt.drift import accepting

    for drift in found.drifts:
        what = _called(drift)
        if drift.new is None:
            screen.line(f"- {what} is gone", "red")
        else:
            screen.line(f"~ {what}", "yellow")
            words = differing(drift)
            if not words:
                screen.line("    what differs is a secret, or could repeat one")
            for path, old, new in words:
                screen.line(f"    {path}")
                screen.line(f"      deployed  {one_line(old, 400)}", "dim")
                screen.line(f"      found     {one_line(new, 400)}")
        _show_mending(screen, observer, drift.urn)
        if text := accepting(drift, found.variables):
            how = "`gatepost refresh`, and declare:" if drift.new else "`gatepost refresh`:"
            screen.line(f"    to accept it, {how}")
            _show_text(screen, text)
    for one in found.added:
        screen.line(f"+ {one.what} was added by hand", "green")
        _show_mending(screen, observer, one.urn)
        screen.line("    to accept it, declare:")
        _show_text(screen, one.accept)


def as_json(observer: Observer, found: Found) -> list[dict[str, Any]]:
    """Return what `--json` prints: of what was added, `old` is null."""
    from gatepost.adopt.drift import accepting

    changed = [
        {
            "what": _called(one),
            **asdict(one),
            "differs": [{"property": path, "old": old, "new": new} for path, old, new in differing(one)],
            "mend": mending(observer, one.urn),
            "accept": accepting(one, found.variables),
        }
        for one in found.drifts
    ]
    added = [
        {
            "what": one.what,
            "urn": one.urn,
            "old": None,
            "new": {"definition": one.definition},
            "differs": [],
            "mend": mending(observer, one.urn),
            "accept": one.accept,
        }
        for one in found.added
    ]
    return changed + added


def _called(drift: Drift) -> str:
    from gatepost.engine.model import urn_name, urn_type

    return f"{kind_of(urn_type(drift.urn))} {urn_name(drift.urn)}"


def mending(observer: Observer, urn: str) -> list[str]:
    """Return the statements that would bring an object back to its declaration, whoever runs them."""
    return [*_statements(observer, urn, "mend"), *_statements(observer, urn, "by hand")]


def _statements(observer: Observer, urn: str, operation: str) -> list[str]:
    """Return a plan's statements, below what they delete; one transaction of a deployment is one here too."""
    plans = [plan for plan in observer.plans.get(urn, ()) if plan.operation == operation]
    found = [f"-- {one}" for one in _deleting(plans[-1])] if plans else []
    for together, group in groupby(plans[-1].statements if plans else (), key=_is_together):
        texts = [str(one["sql"]).strip().rstrip(";") for one in group]
        found += ["begin", *texts, "commit"] if together and len(texts) > 1 else texts
    return found


def _deleting(plan: Planned) -> list[Risk]:
    from gatepost.postgres.plan import Hazard, Risk

    return [one for one in (Risk(**given) for given in plan.hazards) if one.hazard == Hazard.DELETES_DATA]


def _is_together(statement: dict[str, Any]) -> bool:
    return bool(statement["mode"] == "together")


def _show_mending(screen: Screen, observer: Observer, urn: str) -> None:
    by_itself = "`gatepost refresh`, and the next `gatepost up` runs"
    for operation, who in (("mend", by_itself), ("by hand", "run")):
        if statements := _statements(observer, urn, operation):
            screen.line(f"    to mend it, {who}:")
            _show_text(screen, "\n".join(one if one.startswith("-- ") else f"{one};" for one in statements))


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


def differing(drift: Drift) -> list[tuple[str, str, str]]:
    """Return path, old and new text of what differs in a declaration; or in PostgreSQL's words."""
    from gatepost.adopt.drift import UNSAID, is_unsaid

    if drift.new is None:
        return []
    found = list(differences(drift.old, drift.new))
    declared = [one for one in found if not one[0].startswith("definition")]
    if is_unsaid(drift) or not declared:
        return [one for one in found if one not in declared]
    beside = {f"definition.{name}" for name in UNSAID} - {f"definition.{path}" for path, *_ in declared}
    return declared + [one for one in found if one[0] in beside]


def differences(old: object, new: object, path: str = "") -> Iterator[tuple[str, str, str]]:
    """Yield path, old and new text of every leaf that differs."""
    old, new = _by_name(old), _by_name(new)
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted(key for key in {*old, *new} if not str(key).startswith("__")):
            below = f"{path}.{key}" if path else str(key)
            yield from differences(old.get(key), new.get(key), below)
    elif _are_alike(old, new):
        for at, (one, other) in enumerate(zip(cast("Listed", old), cast("Listed", new), strict=True)):
            yield from differences(one, other, f"{path}[{at}]")
    elif old != new:
        yield path, _shown(old), _shown(new)


def _are_alike(old: object, new: object) -> bool:
    """Return whether both are as many things that have properties of their own."""
    if not isinstance(old, list) or not isinstance(new, list) or len(old) != len(new):
        return False
    return all(isinstance(one, dict) for one in (*old, *new))


def _by_name(value: object) -> object:
    """Return a list of named things as a mapping, so that one that is gone moves no other."""
    if isinstance(value, list) and value and all(isinstance(one, dict) and "name" in one for one in value):
        return {one["name"]: one for one in value}
    return value


def _shown(value: object) -> str:
    return "nothing" if value is None else str(value)
