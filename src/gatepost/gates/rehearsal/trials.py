"""The rehearsal gate's self-test: a small program with rows, and changes to it, sound and faulty."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from gatepost.gates.gate import Site
from gatepost.gates.rehearsal.example import PROGRAM, Project, with_rule
from gatepost.gates.rehearsal.gate import RehearsalGate
from gatepost.gates.verdict import Outcome, Trial, Verdict
from gatepost.postgres.cluster import DEPLOYER

_COMMENT = '"What people write down"'
_COMMENT_OF_THE_MOMENT = (
    "; do $$ begin execute format('comment on rule kept on app.notes is %L', clock_timestamp()); end $$"
)
_COLUMN = 'Column("body", "text")'
_MORE = f'{_COLUMN}, Column("views", "bigint", default="0")'
_SOUND = {
    "nothing changed": PROGRAM,
    "a new column, a check and an index": PROGRAM.replace(_COLUMN, _MORE)
    + '    Check("notes_views_check", notes, "views >= 0")\n    Index("idx_notes_views", notes, ["views"])\n',
}
_FAULTY = {
    ("a column that is dropped without approval", "deployment-fails"): PROGRAM.replace(f", {_COLUMN}", ""),
    ("a statement that keeps clients out", "long-wait"): with_rule(after="; select pg_sleep(1)"),
    ("rows that are deleted by the way", "rows-lost"): with_rule("delete from app.notes where id <= 9; "),
    ("a check that rows violate", "deployment-fails"): (
        f'{PROGRAM}    Check("notes_body_check", notes, "length(body) > 100")\n'
    ),
    ("a program that declares something else each time", "not-settled"): (
        PROGRAM.replace("import os", "import os\nimport time").replace(_COMMENT, "str(time.time())")
    ),
    ("SQL that makes more than it says", "not-taken-back"): with_rule("create table app.beside (n int); "),
    ("SQL that holds on to what it is used with", "not-taken-back"): (
        with_rule("create view app.beside as select views from app.notes; ").replace(_COLUMN, _MORE)
    ),
    ("SQL that goes by the clock", "not-repeatable"): with_rule(after=_COMMENT_OF_THE_MOMENT),
}


def trials(folder: Path) -> Iterator[Trial]:
    """Yield the cases; `folder` is empty."""
    project = Project(folder)
    project.commit()
    with project.served() as server:
        yield _trial("nothing deployed", Verdict.INCONCLUSIVE, _judged(project))
        project.deploy(server)
        yield from _changes(project)


def _changes(project: Project) -> Iterator[Trial]:
    for case, program in _SOUND.items():
        project.write(program)
        yield _trial(case, Verdict.PASS, _judged(project))
    for (case, rule), program in _FAULTY.items():
        project.write(program)
        yield _trial(case, Verdict.FAIL, _for_its_reason(_judged(project), rule))


def _judged(project: Project) -> Outcome:
    return RehearsalGate().judge(Site(project.stack, {"base": "HEAD", "reader": DEPLOYER}))


def _for_its_reason(outcome: Outcome, rule: str) -> Outcome:
    """Return the outcome; it is an error where it failed, but not by the rule that the fault is for."""
    if outcome.verdict is not Verdict.FAIL or rule in {one.rule for one in outcome.findings}:
        return outcome
    return replace(outcome, verdict=Verdict.ERROR, figure=f"no {rule}: {outcome.figure}")


def _trial(case: str, expected: Verdict, outcome: Outcome) -> Trial:
    return Trial(RehearsalGate.name, case, expected, outcome)
