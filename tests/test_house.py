"""The house rules: which way imports point, how long files and functions are, how files are named."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LIBRARY = sorted((ROOT / "src" / "gatepost").rglob("*.py"))
CODE = [*LIBRARY, *sorted((ROOT / "infra").rglob("*.py")), *sorted((ROOT / "services").rglob("*.py"))]
APPLICATION = {"infra", "services", "loadtests"}
FILE_LINES = 300
FUNCTION_LINES = 40
VAGUE = {"util", "utils", "helper", "helpers", "misc", "stuff", "legacy", "manager"}


def each(paths: list[Path]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("path", paths, ids=lambda path: str(path.relative_to(ROOT)))


def imported(tree: ast.AST) -> Iterator[str]:
    """The first part of every name that is imported absolutely."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


def long_functions(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > FUNCTION_LINES:
                yield f"{node.name} has {lines} lines"


@each(LIBRARY)
def test_library_does_not_import_the_application(path: Path) -> None:
    assert not APPLICATION & set(imported(ast.parse(path.read_text())))


@each([path for path in LIBRARY if path.parent.name != "cli" and path.name != "__main__.py"])
def test_library_does_not_import_the_command(path: Path) -> None:
    assert "gatepost.cli" not in path.read_text()


@each(CODE)
def test_file_is_short(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= FILE_LINES


@each(CODE)
def test_functions_are_short(path: Path) -> None:
    assert not list(long_functions(ast.parse(path.read_text())))


@each(CODE)
def test_file_is_named_after_what_it_holds(path: Path) -> None:
    assert re.fullmatch(r"__(init|main)__|_?[a-z][a-z0-9_]*", path.stem)
    assert path.stem not in VAGUE


@each(sorted((ROOT / "schema").glob("*/**/*.sql")))
def test_schema_file_lies_in_the_folder_of_its_kind(path: Path) -> None:
    feature, *kind, name = path.relative_to(ROOT / "schema").parts
    assert re.fullmatch(r"[a-z][a-z0-9_]*", feature)
    if not kind:
        assert name in {"subjects.sql", "volume.sql"}
        return
    assert kind[0] in {"functions", "triggers", "views", "backfills", "queries", "seeds"}
    assert re.fullmatch(r"[a-z][a-z0-9_]*\.sql", "".join([*kind[1:], name]))


@each(sorted((ROOT / "schema").rglob("functions/*.sql")) + sorted((ROOT / "schema").rglob("views/*.sql")))
def test_schema_file_creates_what_its_name_says(path: Path) -> None:
    created = re.findall(
        r"^create (?:function|procedure|view) (?:\w+\.)?(\w+)", path.read_text(), re.MULTILINE
    )
    assert created == [path.stem]


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import infra.settings", {"infra"}),
        ("from services import posts", {"services"}),
        ("def f():\n    import loadtests", {"loadtests"}),
        ("from gatepost.infra import x", set()),
    ],
)
def test_imports_of_the_application_are_noticed(source: str, found: set[str]) -> None:
    assert APPLICATION & set(imported(ast.parse(source))) == found


def test_long_functions_are_noticed() -> None:
    source = "def long():\n" + "    pass\n" * FUNCTION_LINES
    assert list(long_functions(ast.parse(source))) == [f"long has {FUNCTION_LINES + 1} lines"]
