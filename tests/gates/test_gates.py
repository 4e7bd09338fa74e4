"""Gates: each proves itself, the policy says which, and reports tell what was found.

What times things, the benchmark gate, proves itself where nothing else runs: `gatepost gate --self-test`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

import pytest

from gatepost.errors import ServerUnreachable, UsageError
from gatepost.gates import policy
from gatepost.gates.gate import Site, trials_of
from gatepost.gates.html import as_html
from gatepost.gates.policy import Required, named, required
from gatepost.gates.report import as_annotations, as_json, as_junit
from gatepost.gates.running import judge
from gatepost.gates.verdict import Finding, Interval, Outcome, Row, Trial, Verdict, worst
from gatepost.stacks import Stack

ROOT = Path(__file__).parent.parent.parent
LOCAL = Stack(ROOT, "local")
PASSED = Outcome("lint", Verdict.PASS, "0 findings", "no finding")
FINDING = Finding(
    "unindexed-policy", 'policy "p": no index & <none>', ("infra/notes.py:12", "infra/__main__.py:3")
)
ACCEPTED = Finding("naming", "…", ("infra/notes.py:2",), "an old name that clients use")
FAILED = Outcome("hazards", Verdict.FAIL, "1 unapproved", "none", ("seen",), (FINDING, ACCEPTED), seconds=1.5)
SLOW = Row("notes/mine p50", Verdict.FAIL, "1.31 of base", "1.05", Interval(1.2, 1.31, 1.4))


@pytest.mark.parametrize("name", [name for name in policy.known() if name != "benchmark"])
def test_a_gate_passes_its_own_test(name: str) -> None:
    trials = trials_of(policy.gate_named(name))
    assert {one.expected for one in trials} >= {Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE}
    assert [(one.case, one.outcome.verdict, one.outcome.figure) for one in trials if not one.ok] == []


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([], Verdict.INCONCLUSIVE),
        ([Verdict.PASS], Verdict.PASS),
        ([Verdict.PASS, Verdict.INCONCLUSIVE], Verdict.INCONCLUSIVE),
        ([Verdict.INCONCLUSIVE, Verdict.FAIL], Verdict.FAIL),
        ([Verdict.FAIL, Verdict.ERROR], Verdict.ERROR),
    ],
)
def test_only_pass_is_green(given: list[Verdict], expected: Verdict) -> None:
    assert worst(given) == expected


class Unreachable:
    """A gate whose server is gone."""

    name = "unreachable"
    about = "never"
    options: Mapping[str, str] = {}

    def judge(self, site: Site) -> Outcome:
        site.tell("connecting")
        raise ServerUnreachable("nobody answers at db:5432\nis it running?")

    def self_test(self, folder: Path) -> Iterator[Trial]:
        yield from ()


class Content:
    """A gate that passes."""

    name = "content"
    about = "always"
    options: Mapping[str, str] = {"depth": "how deep"}

    def judge(self, site: Site) -> Outcome:
        return Outcome(self.name, Verdict.PASS, str(site.option("depth", 1)), "any")

    def self_test(self, folder: Path) -> Iterator[Trial]:
        yield from ()


def test_a_gate_that_cannot_work_is_an_error_and_the_others_go_on() -> None:
    told: list[str] = []
    gates = [Required(Unreachable()), Required(Content(), {"depth": 7})]
    broken, content = judge(gates, LOCAL, told.append)
    assert (broken.verdict, broken.figure) == (Verdict.ERROR, "nobody answers at db:5432")
    assert broken.evidence == ("is it running?",)
    assert (content.verdict, content.figure) == (Verdict.PASS, "7")
    assert told == ["unreachable: connecting"]


def test_the_policy_of_this_project_names_gates_for_every_environment() -> None:
    for environment in ("local", "dev", "staging", "production"):
        assert "hazards" in {one.gate.name for one in required(ROOT, environment)}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("staging: [lnt]", 'no gate is called "lnt": there are preflight, lint, '),
        ("staging: [{benchmark: {bse: main}}]", "gate benchmark has no setting bse: it has base"),
        ("staging: [{lint: {}, hazards: {}}]", "expected a gate's name"),
        ("staging: [{lint: yes}]", "staging, lint: expected settings, got True"),
        (
            "staging: [{benchmark: {rows: many}}]",
            "benchmark, rows: input should be a valid integer, .*, got 'many'",
        ),
        (
            "staging: [{benchmark: {rows: true}}]",
            "benchmark, rows: value error, a number is expected, got True",
        ),
        ("staging: [{load: {users: 0}}]", "load, users: input should be greater than or equal to 1, got 0"),
        (
            "staging: [{history: {accepted: {abcdef1: }}}]",
            "history, accepted.abcdef1: input should be a valid s",
        ),
        (
            "staging: [{history: {accepted: {1234567: why}}}]",
            "history, accepted.1234567.*: input should be a va",
        ),
        ("staging: [{history: {accepted: {main: why}}}]", "history, accepted.main.*: string should match"),
        ("dev: [lint]", "says nothing of staging: there are dev"),
        ("staging: [", "no valid YAML"),
    ],
)
def test_a_wrong_policy_is_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "gates.yaml").write_text(text)
    with pytest.raises(UsageError, match=message):
        required(tmp_path, "staging")


def test_a_number_that_yaml_reads_as_text_is_one(tmp_path: Path) -> None:
    (tmp_path / "gates.yaml").write_text("staging: [{plans: {at: 1e9, rows: 1_000}}]")
    assert required(tmp_path, "staging")[0].options == {"at": "1e9", "rows": 1000}


def test_without_a_policy_gates_are_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="list the gates of each environment"):
        required(tmp_path, "local")
    assert [one.gate.name for one in named(["lint"], tmp_path, "local")] == ["lint"]


def test_a_named_gate_has_the_settings_of_its_environment(tmp_path: Path) -> None:
    (tmp_path / "gates.yaml").write_text("staging: [{benchmark: {base: release}}]")
    (one,) = named(["benchmark"], tmp_path, "staging")
    assert one.options == {"base": "release"}


def test_json_has_everything() -> None:
    document = as_json([PASSED, FAILED])
    assert (document["ok"], document["verdict"]) == (False, "fail")
    assert document["gates"][1]["findings"][0]["places"] == FINDING.places
    assert as_json([PASSED])["ok"] is True


def test_junit_tells_failures_from_errors() -> None:
    lost = Outcome("load", Verdict.INCONCLUSIVE, "generator saturated", "")
    suite = ElementTree.fromstring(as_junit([PASSED, FAILED, lost], "notes/local"))
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("3", "1", "1")
    failure = suite.find("testcase[@name='hazards']/failure")
    assert failure is not None
    assert failure.text == f"seen\ninfra/notes.py:12: unindexed-policy: {FINDING.message}"


def test_annotations_stand_at_their_lines() -> None:
    assert list(as_annotations([FAILED])) == [
        f"::error file=infra/notes.py,line=12,title=hazards unindexed-policy::{FINDING.message}"
    ]


def test_the_page_is_one_file_and_escapes() -> None:
    slow = Outcome("benchmark", Verdict.FAIL, "1.31 of base", "1.05", rows=(SLOW,))
    page = as_html([PASSED, FAILED, slow], "notes/local", datetime(2026, 1, 2, tzinfo=UTC))
    assert "no index &amp; &lt;none&gt;" in page
    assert "an old name that clients use" in page
    assert "<svg" in page
    assert "http" not in page
