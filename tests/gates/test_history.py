"""The history of benchmarks: a change is found at its commit, and no line is lost or believed blindly."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import numpy
import pytest
from fix_workspace import Workspace

from gatepost.errors import UsageError
from gatepost.gates.history.changes import Limits, changes
from gatepost.gates.history.courses import FEWEST_RUNS, MOST_RUNS, charts
from gatepost.gates.history.judgement import judge
from gatepost.gates.history.machine import Machine, this_machine
from gatepost.gates.history.records import FILE, History, Run, append, read, require_writable
from gatepost.gates.history.trials import commit_of, drawn
from gatepost.gates.html import as_html
from gatepost.gates.verdict import Outcome, Verdict

HERE = Machine(system="Linux", architecture="x86_64", processor="here", cores=2, memory_gib=8)
THERE = HERE.model_copy(update={"processor": "there"})
STEP = [1.0] * 20 + [1.2] * 10
AUTHOR = ["-c", "user.name=a", "-c", "user.email=a@localhost"]
WRITE = """
import sys
from pathlib import Path
from gatepost.gates.history.records import append
from gatepost.gates.history.trials import drawn

[long] = drawn([1.0])
long = long.model_copy(update={"server": sys.argv[2] * 100_000})
for number in range(20):
    append(Path(sys.argv[1]), long.model_copy(update={"rows": number}))
"""


def noisy(seed: int, factors: list[float], spread: float = 0.05) -> list[float]:
    luck = numpy.random.default_rng(seed)
    return [float(one) for one in numpy.array(factors) * numpy.exp(luck.normal(0, spread, len(factors)))]


def judged(factors: list[float], machine: Machine = HERE, **accepted: str) -> Outcome:
    runs = tuple(drawn(factors, machine))
    return judge(History(Path("history.jsonl"), runs), HERE, accepted)


def test_a_step_is_found_where_it_is() -> None:
    found = [changes(noisy(seed, STEP)) for seed in range(100)]
    places = [one.at for (one,) in found]
    assert (len(places), places.count(20), {*places} <= {19, 20, 21}) == (100, 94, True)
    assert all(1.1 < one.ratio < 1.3 for (one,) in found)


def test_a_flat_series_has_no_change() -> None:
    assert [seed for seed in range(100) if changes(noisy(seed, [1.0] * 100))] == []


def test_many_small_changes_are_found_together() -> None:
    creeping = [1.01**number for number in range(40)]
    assert all(changes(noisy(seed, creeping, 0.03)) for seed in range(20))


def test_several_changes_are_found() -> None:
    found = changes(noisy(1, [1.0] * 15 + [1.3] * 15 + [1.0] * 15 + [0.7] * 15, 0.03))
    assert [one.at for one in found] == [15, 30, 45]


@pytest.mark.parametrize(
    "values",
    [
        [1.0] * 20 + [5.0] + [1.0] * 20,
        [1.0] * 10 + [1.04] * 10,
        [1.0, 1.0, 1.0, 9.0, 9.0],
        [1.0],
        [],
    ],
    ids=["one-slow-run", "less-than-told", "too-short", "one", "none"],
)
def test_no_change(values: list[float]) -> None:
    assert changes(values) == []


def test_values_without_any_noise() -> None:
    [found] = changes([2.0] * 5 + [3.0] * 5)
    assert (found.at, round(found.ratio, 3)) == (5, 1.5)


def test_a_looser_limit_finds_less() -> None:
    assert changes(noisy(1, STEP), Limits(least=0.5)) == []


def test_a_finding_names_the_commit_and_both_levels() -> None:
    found = judged(STEP)
    assert found.verdict is Verdict.FAIL
    assert found.figure == f"2 slow-downs in 30 runs up to {commit_of(29)[:10]}"
    message = found.findings[0].message
    assert message.startswith("notes/mine p50: 1.2")
    assert f"since {commit_of(20)[:10]}, measured 2026-01-01 after {commit_of(19)[:10]}" in message


def test_an_accepted_commit_passes() -> None:
    found = judged(STEP, **{commit_of(20)[:12]: "it audits now"})
    assert found.verdict is Verdict.PASS
    assert {one.accepted for one in found.findings} == {"it audits now"}
    other = judged(STEP, **{commit_of(19)[:12]: "another"})
    assert (other.verdict, other.evidence[-1]) == (
        Verdict.FAIL,
        f"{commit_of(19)[:12]} is accepted, and made nothing slower here: take it out of `accepted`",
    )


def test_a_change_within_one_commit_is_not_the_program_s() -> None:
    runs = [one.model_copy(update={"commit": commit_of(7)}) for one in drawn(STEP)]
    found = judge(History(Path("history.jsonl"), tuple(runs)), HERE, {})
    assert (found.verdict, found.findings) == (Verdict.PASS, ())
    assert "both are the same commit" in found.evidence[1]


def test_another_machine_and_another_size_are_series_of_their_own() -> None:
    large = [one.model_copy(update={"rows": 1_000_000}) for one in drawn([0.1] * 30, HERE)]
    mixed = (*large, *drawn([0.5] * 30, THERE), *drawn([1.0] * 30, HERE))
    found = judge(History(Path("history.jsonl"), mixed), HERE, {})
    assert (found.verdict, len({one.group for one in found.charts})) == (Verdict.PASS, 3)
    alike = (one.model_copy(update={"rows": 20_000, "machine": HERE}) for one in mixed)
    assert judge(History(Path("history.jsonl"), tuple(alike)), HERE, {}).verdict is Verdict.FAIL


def test_a_base_that_runs_share_takes_out_what_the_machine_did() -> None:
    runs = tuple(drawn(STEP, busy=0.3))
    found = judge(History(Path("history.jsonl"), runs), HERE, {})
    assert found.verdict is Verdict.FAIL
    assert found.findings[0].message.endswith(": 1.01 of base, then 1.2 of base")
    assert {(one.unit, one.group) for one in found.charts} == {
        ("of base", f"{HERE}, 20,000 rows, against 0000000000")
    }
    moving = tuple(one.model_copy(update={"base": str(number)}) for number, one in enumerate(runs))
    found = judge(History(Path("history.jsonl"), moving), HERE, {})
    assert (found.verdict, {one.unit for one in found.charts}) == (Verdict.PASS, {"ms"})


def test_runs_of_another_base_are_a_series_of_their_own() -> None:
    first = list(drawn([1.0] * 12, busy=0.3))
    second = [one.model_copy(update={"base": "b" * 40}) for one in drawn([1.4] * 12, busy=0.3)]
    found = judge(History(Path("history.jsonl"), (*first, *second)), HERE, {})
    assert (found.verdict, len({one.group for one in found.charts})) == (Verdict.PASS, 2)
    alike = [one.model_copy(update={"base": first[0].base}) for one in second]
    assert judge(History(Path("history.jsonl"), (*first, *alike)), HERE, {}).verdict is Verdict.FAIL


def test_a_history_without_any_run_is_no_baseline() -> None:
    found = judged([])
    assert found.verdict is Verdict.INCONCLUSIVE
    assert found.figure == "no baseline: history.jsonl has no run: the benchmark gate adds one each time"


def test_a_history_of_another_machine_is_no_baseline() -> None:
    found = judged([1.0] * 30, THERE)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert found.figure == "no baseline of this machine: history.jsonl has 30 runs, all of other machines"
    assert found.evidence == (f"this machine: {HERE}", f"30 runs of {THERE}, 20,000 rows")


def test_few_runs_tell_nothing() -> None:
    found = judged([1.0] * 4 + [3.0] * (FEWEST_RUNS - 5))
    assert found.verdict is Verdict.INCONCLUSIVE
    assert found.figure == "no baseline yet: 9 comparable runs of this machine, 10 are needed"
    assert found.evidence == (f"9 runs in history.jsonl: {HERE}, 20,000 rows",)


def test_a_query_that_is_often_missing_is_inconclusive_and_a_new_one_is_not() -> None:
    def also(run: Run, name: str) -> Run:
        return run.model_copy(update={"benchmarks": {**run.benchmarks, name: run.benchmarks["notes/mine"]}})

    runs = list(drawn([1.0] * 30))
    found = judge(History(Path("h"), (*runs[:-9], *(also(one, "notes/new") for one in runs[-9:]))), HERE, {})
    assert (found.verdict, found.evidence[1]) == (
        Verdict.PASS,
        "not judged, with fewer than 10 runs: notes/new",
    )
    missed = tuple(one if number % 4 else also(one, "notes/rare") for number, one in enumerate(runs))
    found = judge(History(Path("h"), missed), HERE, {})
    assert found.verdict is Verdict.INCONCLUSIVE
    assert found.figure == "notes/rare p50 is in 8 of 30 runs: give the benchmark gate more minutes"


def test_a_query_that_is_gone_fails_no_more() -> None:
    others = list(drawn([1.0] * FEWEST_RUNS))
    later = [
        one.model_copy(update={"benchmarks": {"notes/new": one.benchmarks["notes/mine"]}}) for one in others
    ]
    runs = (*drawn(STEP), *later)
    assert judge(History(Path("h"), runs[:-1]), HERE, {}).verdict is Verdict.FAIL
    assert judge(History(Path("h"), runs), HERE, {}).verdict is Verdict.PASS


def test_only_the_latest_runs_are_looked_at() -> None:
    assert judged([1.0] * 30 + [1.5] * MOST_RUNS).verdict is Verdict.PASS


def test_what_was_appended_is_read(tmp_path: Path) -> None:
    file = tmp_path / "new" / "history.jsonl"
    runs = list(drawn([1.0, 1.1]))
    for one in runs:
        append(file, one)
    assert read(file) == History(file, tuple(runs))


def test_corrupt_lines_are_skipped_and_told(tmp_path: Path) -> None:
    file = tmp_path / "history.jsonl"
    first, second, third = drawn([1.0, 1.0, 1.0])
    nan = second.model_dump_json().replace('"head":', '"head":NaN,"was":')
    later = json.dumps({**json.loads(second.model_dump_json()), "version": 2})
    lines = [first.model_dump_json(), "{", nan, "\udcff\x00", later, "[]", "", third.model_dump_json()]
    file.write_bytes("\n".join(lines).encode(errors="surrogateescape") + b"\n")
    found = read(file)
    assert found.runs == (first, third)
    assert [one.partition(" is skipped: ")[0] for one in found.skipped] == [
        f"{file}:{n}" for n in (2, 3, 4, 5, 6)
    ]
    assert found.skipped[3].endswith(":5 is skipped: version: input should be 1")
    assert judge(found, first.machine, {}).evidence[-5:] == found.skipped


def test_a_run_that_stands_there_twice_counts_once(tmp_path: Path) -> None:
    file = tmp_path / "history.jsonl"
    runs = tuple(drawn([1.0] * 6))
    for one in (*runs, *runs[:1]):
        append(file, one)
    assert (read(file).runs, read(file).skipped) == (runs, (f"{file}:7 is skipped: it repeats line 1",))


def test_after_a_line_that_was_cut_short_the_next_run_is_whole(tmp_path: Path) -> None:
    file = tmp_path / "history.jsonl"
    first, second = drawn([1.0, 1.0])
    file.write_text(first.model_dump_json()[:100])
    append(file, second)
    assert read(file).runs == (second,)
    assert len(read(file).skipped) == 1


def test_runs_that_append_at_once_lose_nothing(tmp_path: Path) -> None:
    file = tmp_path / "history.jsonl"
    writers = [subprocess.Popen([sys.executable, "-c", WRITE, str(file), name]) for name in "abc"]
    assert [one.wait() for one in writers] == [0, 0, 0]
    found = read(file)
    assert found.skipped == ()
    assert sorted(run.server[0] for run in found.runs) == sorted("abc" * 20)
    assert {len(run.server) for run in found.runs} == {100_000}


@pytest.mark.parametrize(
    ("path", "reason"),
    [("folder", "Is a directory"), ("file/history.jsonl", "File exists: '.*/file'")],
    ids=["a-folder", "below-a-file"],
)
def test_a_file_that_cannot_be_written(tmp_path: Path, path: str, reason: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match=f"cannot be written: .*{reason}.*: give another with --history"):
        require_writable(tmp_path / path)


def test_a_full_disk_is_told() -> None:
    [run] = drawn([1.0])
    with pytest.raises(UsageError, match=r"/dev/full cannot be written: .*No space left on device"):
        append(Path("/dev/full"), run)


def test_this_machine_is_the_same_each_time() -> None:
    assert Machine.model_validate_json(this_machine().model_dump_json()) == this_machine()
    assert this_machine().cores >= 1
    assert this_machine().memory_gib >= 1


def test_the_page_draws_every_run_and_marks_changes() -> None:
    runs: list[Run] = list(drawn(STEP))
    found = judge(History(Path("history.jsonl"), tuple(runs)), HERE, {})
    page = as_html([found], "notes/local", datetime(2026, 1, 2, tzinfo=UTC))
    assert page.count("<circle") == 60
    assert page.count("stroke-dasharray") == 2
    assert f"of before since {commit_of(20)[:10]}" in page
    assert "http" not in page
    assert len(list(charts(runs[:1]))) == 2


QUERY = """-- The first numbers
-- as: postgres
select n from generate_series(1, 100) as n
"""


@pytest.fixture
def project(workspace: Workspace) -> Workspace:
    """A committed project with one query and nothing to deploy."""
    workspace.write("")
    queries = workspace.root / "schema" / "numbers" / "queries"
    queries.mkdir(parents=True)
    (queries / "first.sql").write_text(QUERY)
    (workspace.root / ".gitignore").write_text(".gatepost/\nhome/\n")
    for command in (["init", "-b", "main"], ["add", "."], [*AUTHOR, "commit", "-m", "first"]):
        subprocess.run(["git", *command], cwd=workspace.root, check=True, capture_output=True)
    return workspace


def test_a_run_of_the_benchmark_gate_is_kept(project: Workspace) -> None:
    project.run("gate", "benchmark", "--every-query", "--rows", "0", "--minutes", "0.3", code=None)
    [kept] = read(project.root / FILE).runs
    assert set(kept.benchmarks["numbers/first"]) >= {"p50", "p95"}
    assert (kept.machine, kept.rows, kept.committed) == (this_machine(), 0, True)
    assert kept.commit == kept.base
    assert kept.server.startswith("18.")
    document = project.json("gate", "history", code=1)
    assert (
        document["gates"][0]["figure"] == "no baseline yet: 1 comparable run of this machine, 10 are needed"
    )


def test_a_base_that_is_missing_is_inconclusive(project: Workspace) -> None:
    document = project.json("gate", "benchmark", "--base", "v9", code=1)
    [found] = document["gates"]
    assert found["verdict"] == "inconclusive"
    assert found["figure"] == f'no baseline: there is no commit "v9" in {project.root}'
    assert not (project.root / FILE).exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["benchmark", "--rows", "-1"], "gate benchmark, rows: input should be greater than or equal to 0"),
        (["benchmark", "--minutes", "0"], "gate benchmark, minutes: input should be greater than 0, got 0.0"),
        (["benchmark", "--minutes", "nan"], "gate benchmark, minutes: input should be a finite number"),
        (["lint", "benchmark", "--rows", "many"], "Invalid value for '--rows'"),
        (["lint", "--minutes", "1"], "--minutes is for none of these gates"),
        (["plans", "benchmark", "--rows", "9"], "--rows means another thing to plans and benchmark"),
    ],
    ids=["negative", "zero", "nan", "no-number", "nobody-s", "two-gates"],
)
def test_wrong_settings_are_refused_before_anything_starts(
    workspace: Workspace, arguments: list[str], message: str
) -> None:
    done = workspace.run("gate", *arguments, code=2)
    assert message in done.stderr
    assert done.stdout == ""
    assert not (workspace.root / ".gatepost").exists()


def test_a_history_in_a_file_that_cannot_be_written_is_an_error_before_the_measuring(
    project: Workspace,
) -> None:
    [found] = project.json("gate", "benchmark", "--history", str(project.root), code=1)["gates"]
    assert (found["verdict"], found["seconds"] < 5) == ("error", True)
    assert f"the history {project.root} cannot be written" in found["figure"]
