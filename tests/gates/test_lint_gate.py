"""Findings of the lint gate: where they are, and what accepts them."""

from __future__ import annotations

from pathlib import Path

import pytest
from servers import Server

from gatepost.gates.lint.allowances import Allowances
from gatepost.gates.lint.expressions import calls_per_row, compared, parse
from gatepost.gates.lint.program import findings
from gatepost.gates.lint.tools import Sent, squawk
from gatepost.gates.verdict import Finding
from gatepost.stacks import Stack
from gatepost.verify.declared import collect

ROOT = Path(__file__).parent.parent.parent
ALLOW = "# gatepost: allow naming: clients use it\n"


@pytest.mark.parametrize(
    ("expression", "columns"),
    [
        ("user_id = (select app.me())", [{"user_id"}]),
        ("(select app.me()) = user_id", [{"user_id"}]),
        ("a = any(array(select 1))", [{"a"}]),
        ("a = any((select app.mine())::uuid[])", [{"a"}]),
        ("a in (select 1)", [{"a"}]),
        ("t.a = f()", [{"a"}]),
        ("a = f() and b = f() or c = f()", [{"a", "b"}, {"c"}]),
        ("a = f() and (b = f() or c = f())", [{"a", "b"}, {"a", "c"}]),
        ("a = 1 and b = f()", [{"b"}]),
        ("status = 'published'::text", [set()]),
        ("true", [set()]),
        ("a > 1", [set()]),
    ],
)
def test_columns_that_an_expression_compares(expression: str, columns: list[set[str]]) -> None:
    assert list(compared(parse(expression))) == columns


@pytest.mark.parametrize(
    ("expression", "names"),
    [
        ("a = app.me()", ["app.me"]),
        ("a = (select app.me())", []),
        ("app.may(a) or b = (select app.me())", ["app.may"]),
        ("lower(a) = 'x' and coalesce(a, b) = 'y'", []),
        ("pg_catalog.length(a) = 1", []),
    ],
)
def test_functions_that_run_a_row(expression: str, names: list[str]) -> None:
    assert list(calls_per_row(parse(expression))) == names


def found_in(folder: Path, text: str, line: int) -> Finding:
    (folder / "notes.py").write_text(text)
    return Allowances(folder).settle(Finding("naming", "bad name", (f"notes.py:{line}",)))


def test_a_comment_accepts_a_finding_on_its_line_and_the_next(tmp_path: Path) -> None:
    assert found_in(tmp_path, f"{ALLOW}x = 1\ny = 2\n", 2).accepted == "clients use it"
    assert found_in(tmp_path, f"x = 1  {ALLOW}", 1).accepted == "clients use it"
    assert not found_in(tmp_path, f"{ALLOW}x = 1\ny = 2\n", 3).accepted


def test_a_comment_without_a_reason_accepts_nothing(tmp_path: Path) -> None:
    found = found_in(tmp_path, "# gatepost: allow naming\nx = 1\n", 2)
    assert not found.accepted
    assert "gives no reason" in found.message


def test_a_comment_accepts_its_own_rule_only(tmp_path: Path) -> None:
    assert not found_in(tmp_path, "# gatepost: allow missing-comment: later\nx = 1\n", 2).accepted


def test_a_comment_that_accepts_nothing_is_a_finding(tmp_path: Path) -> None:
    (tmp_path / "notes.py").write_text(f"x = 1\n{ALLOW}")
    (unused,) = Allowances(tmp_path).unused([tmp_path / "notes.py"])
    assert (unused.rule, unused.places) == ("unused-allowance", ("notes.py:2",))


def test_squawk_tells_the_declaration_of_a_statement(tmp_path: Path) -> None:
    sent = [
        Sent(("infra/a.py:1",), ("create table public.a (id bigint primary key,\n    body text)",)),
        Sent(
            ("infra/b.py:2",),
            ("create index i on public.b (x)",),
            ("create index concurrently j on public.b (y)",),
        ),
        Sent(("infra/c.py:3",), ("alter table public.c alter column x type text",)),
    ]
    found = {(one.rule, one.places) for one in squawk(tmp_path, sent, tmp_path)}
    assert ("squawk-require-concurrent-index-creation", ("infra/b.py:2",)) in found
    assert ("squawk-changing-column-type", ("infra/c.py:3",)) in found
    assert not [one for one in found if "concurrently" in one[0] or "in-transaction" in one[0]]


@pytest.fixture
def platform_program(monkeypatch: pytest.MonkeyPatch, server: Server) -> Stack:
    """The program of this project, for a server that runs."""
    monkeypatch.setenv("GATEPOST_DATABASE_URL", server.deployer_url)
    return Stack(ROOT, "local")


def test_declarations_know_their_lines(platform_program: Stack) -> None:
    sources, _ = collect(platform_program)
    objects = {(one.kind, one.name): one for source in sources for one in source.objects}
    place = objects["Index", "idx_active_integrations"].places[0]
    file, _, line = place.rpartition(":")
    assert file == "infra/integrations.py"
    text = (ROOT / file).read_text().splitlines()
    assert text[int(line) - 1].strip() == "Index("
    assert "idx_active_integrations" in text[int(line)]


def test_the_program_of_this_project_has_no_finding(platform_program: Stack) -> None:
    sources, _ = collect(platform_program)
    allowances = Allowances(ROOT)
    objects = [one for source in sources if source.package == "gatepost" for one in source.objects]
    assert [one for one in map(allowances.settle, findings(objects)) if not one.accepted] == []
