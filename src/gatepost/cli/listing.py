"""Changes as lists: by feature, with the statements of each where they are asked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import TYPE_CHECKING

from gatepost.cli.display import Screen
from gatepost.engine.model import urn_name, urn_type
from gatepost.observer import Observer, Planned, is_shown
from gatepost.words import SYMBOLS, changed, counted, done_by, kind_of, plural, took

if TYPE_CHECKING:
    from rich.text import Text

    from gatepost.engine.model import Result, StepEvent

_PARTS = ("same", "create-replacement")
_MANY = 60
"""With more creations than this, they are counted by kind rather than listed one by one."""
_SOME = 10
"""So many resources are named of which the state alone changes."""


def changes_of(result: Result) -> list[StepEvent]:
    """Return one event a resource that changes, the Pulumi program's own groups left out.

    What an earlier deployment replaced and did not come to delete is a change of its own.
    """
    found: dict[str, StepEvent] = {}
    left: dict[str, StepEvent] = {}
    for event in result.steps:
        if not is_shown(event) or event.status not in ("planned", "done"):
            continue
        if event.op == "delete-replaced":
            left[event.urn] = event
        elif event.op not in _PARTS and _matters(event):
            found[event.urn] = event
    return list((left | found).values())


def _matters(event: StepEvent) -> bool:
    return event.op not in ("refresh", "read") or event.message in ("changed", "gone")


def count(events: Iterable[StepEvent], result: Result) -> dict[str, int]:
    """Return how many objects change and how; unchanged ones are counted too."""
    same = {event.urn for event in result.steps if is_shown(event) and _is_same(event)}
    return {**Counter(done_by(event) for event in events), "same": len(same)}


def _is_same(event: StepEvent) -> bool:
    return event.op == "same" or (event.op == "refresh" and not _matters(event))


def show_changes(screen: Screen, observer: Observer, events: list[StepEvent], *, sql: bool) -> None:
    """Print what will change, feature by feature."""
    few = sql or sum(event.op == "create" for event in events) <= _MANY
    ordered = events if sql else sorted(events, key=lambda event: _place(observer, event, events))
    for feature, group in groupby(ordered, key=observer.feature_of):
        screen.line()
        screen.line(feature, "bold")
        members = list(group)
        if not few:
            screen.line(_creations(members))
        for event in members:
            if few or event.op != "create":
                _show_change(screen, observer, event, sql=sql)


def _place(observer: Observer, event: StepEvent, events: list[StepEvent]) -> int:
    """Return where a feature comes first, so that features stay in the program's order."""
    feature = observer.feature_of(event)
    return next(at for at, one in enumerate(events) if observer.feature_of(one) == feature)


def _creations(events: list[StepEvent]) -> Text:
    from rich.text import Text

    kinds = Counter(kind_of(event.type) for event in events if event.op == "create")
    return Text.assemble(("  + ", "green"), ", ".join(plural(number, kind) for kind, number in kinds.items()))


def _show_change(screen: Screen, observer: Observer, event: StepEvent, *, sql: bool) -> None:
    from rich.text import Text

    symbol, style = SYMBOLS["delete" if event.message == "gone" else done_by(event)]
    line = Text.assemble(f"  {symbol} ", f"{kind_of(event.type)} ", (event.name, "bold"))
    line.stylize(style, 2, 3)
    if event.diff:
        line.append(f": {changed(event)}", "dim")
    elif event.message == "gone":
        line.append(" is gone")
    elif event.op == "delete-replaced":
        line.append(": the one that was replaced", "dim")
    elif done_by(event) == "keep":
        line.append(": kept, and no longer this stack's", "dim")
    screen.line(line)
    for plan in _last(observer.plans.get(event.urn, ())):
        if sql:
            _show_statements(screen, plan)
        _show_hazards(screen, plan)


def _last(plans: Iterable[Planned]) -> Iterator[Planned]:
    """Yield the last plan of each operation: a preview and a run both tell theirs."""
    yield from {plan.operation: plan for plan in plans if plan.operation != "mend"}.values()


def _show_statements(screen: Screen, plan: Planned) -> None:
    for statement in plan.statements:
        for line in (str(statement["sql"]).strip().rstrip(";") + ";").splitlines():
            screen.line(f"      {line}", "cyan")
        screen.line(f"      -- {_lock(statement)}", "dim")


def _show_hazards(screen: Screen, plan: Planned) -> None:
    for hazard in plan.hazards:
        accepted = f" (approved: {hazard['approval']})" if hazard.get("approval") else ""
        line = f"      ! {hazard['hazard']} on {hazard['on']}: {hazard['detail']}{accepted}"
        screen.line(line, "yellow" if accepted else "bold red")


def _lock(statement: dict[str, object]) -> str:
    modes = {"separate": "in a transaction of its own", "concurrent": "outside any transaction"}
    lock, on = statement["lock"], statement["on"]
    held = "no table lock" if lock == "none" else f"lock {lock} on {on}" if on else f"lock {lock}"
    mode = modes.get(str(statement["mode"]))
    return f"{held}, {mode}" if mode else held


def show_summary(screen: Screen, result: Result, events: list[StepEvent], *, future: bool) -> None:
    """Print how many objects change or changed, and in what time."""
    from rich.text import Text

    words = counted(count(events, result), future=future)
    mark = Text("" if future else "✓ ", "green")
    screen.line(mark.append(words, "bold").append(f"  {took(result.seconds)}", "dim"))
    if result.restated:
        screen.line(f"in the state alone: {_restated(result)}")
    for warning in dict.fromkeys(result.warnings):
        screen.line(f"warning: {warning}", "yellow")


def _restated(result: Result) -> str:
    """Return which fields change in the state alone: `table posts (protect)`."""
    names = [
        f"{kind_of(urn_type(urn))} {urn_name(urn)} ({', '.join(fields)})"
        for urn, fields in result.restated.items()
    ]
    more = f" and {len(names) - _SOME} more" if len(names) > _SOME else ""
    return ", ".join(names[:_SOME]) + more
