"""The lint gate."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gatepost.gates.gate import Site
from gatepost.gates.lint import program, tools
from gatepost.gates.lint.allowances import Allowances
from gatepost.gates.lint.tools import Sent
from gatepost.gates.verdict import Finding, Outcome, Trial, Verdict
from gatepost.verify.declared import Declared

if TYPE_CHECKING:
    from gatepost.observer import Observer
    from gatepost.stacks import Stack


class LintGate:
    """sqlfluff on `schema/`, rules on the program's declarations, squawk on the plan's statements."""

    name = "lint"
    about = "raw SQL, declarations and planned statements have no finding that nobody accepted"
    options: Mapping[str, str] = {"plan": "false leaves out the plan's statements, which need the target"}
    of_deployed = False

    def judge(self, site: Site) -> Outcome:
        """Lint the project of a stack."""
        from gatepost.verify.declared import collect

        site.tell("reading the program")
        sources, _ = collect(site.stack)
        objects = [one for source in sources if source.package == "gatepost" for one in source.objects]
        sent = list[Sent]()
        if site.option("plan", True):
            site.tell("planning")
            sent = planned(site.stack, objects)
        return lint(site.root, objects, sent)

    def self_test(self, folder: Path) -> Iterator[Trial]:
        """Lint a sound program, one with each fault, and none at all."""
        from gatepost.gates.lint.trials import trials

        return trials(folder)


def lint(root: Path, objects: Sequence[Declared], sent: Sequence[Sent]) -> Outcome:
    """Return the verdict on a project's SQL files, its declarations and its planned statements."""
    schema, allowances = root / "schema", Allowances(root)
    files = list(schema.rglob("*.sql")) if schema.exists() else []
    raw = tools.sqlfluff(root, schema) if files else []
    with tempfile.TemporaryDirectory(prefix="gatepost-lint-") as folder:
        planned = tools.squawk(root, sent, Path(folder))
    found = [allowances.settle(one) for one in (*raw, *program.findings(objects), *planned)]
    found += allowances.unused([*files, *_programs(root)])
    if not files and not objects:
        return Outcome(LintGate.name, Verdict.INCONCLUSIVE, "nothing to lint", "no finding")
    return _outcome(found, f"{len(files)} SQL files, {len(objects)} declarations, {_count(sent)} statements")


def _programs(root: Path) -> Iterator[Path]:
    return (root / "infra").rglob("*.py")


def _count(sent: Iterable[Sent]) -> int:
    return sum(len(one.together) + len(one.alone) for one in sent)


def _outcome(found: list[Finding], read: str) -> Outcome:
    accepted = sum(1 for one in found if one.accepted)
    open_ = len(found) - accepted
    words = f"{open_} findings" if open_ != 1 else "1 finding"
    return Outcome(
        LintGate.name,
        Verdict.FAIL if open_ else Verdict.PASS,
        f"{words}, {accepted} accepted" if accepted else words,
        "no finding",
        (f"{read} were read",),
        tuple(found),
    )


def planned(stack: Stack, objects: Sequence[Declared]) -> list[Sent]:
    """Return the statements that a deployment to the stack would send now, resource by resource."""
    from gatepost.engines import choose
    from gatepost.observer import Observer

    observer = Observer()
    choose(stack, None, observer, 8).preview()
    return list(_sent(observer, {(one.kind, one.name): one.places for one in objects}))


def _sent(observer: Observer, places: dict[tuple[str, str], tuple[str, ...]]) -> Iterator[Sent]:
    from gatepost.engine.model import urn_name, urn_type

    for urn, plans in observer.plans.items():
        kind, name = urn_type(urn).rpartition(":")[2], urn_name(urn)
        statements: list[dict[str, Any]] = [line for plan in plans for line in plan.statements]
        alone = tuple(str(line["sql"]) for line in statements if line["mode"] == "concurrent")
        together = tuple(str(line["sql"]) for line in statements if line["mode"] != "concurrent")
        hazards = {str(hazard["hazard"]) for plan in plans for hazard in plan.hazards}
        yield Sent(places.get((kind, name), ()), together, alone, ", ".join(sorted(hazards)))
