"""What a rehearsal says of rows, and that each checkout runs with its own modules."""

from __future__ import annotations

from pathlib import Path

from gatepost.engine.program import program_file
from gatepost.gates.rehearsal.rows import Sampled, fate

NOTES = ("app", "notes")
TYPES = {"id": "bigint", "body": "text", "views": "integer"}


def sampled(*rows: dict[str, object], **types: str) -> Sampled:
    return Sampled({NOTES: {str(row["id"]): row for row in rows}}, {NOTES: {**TYPES, **types}})


def test_rows_that_are_gone_are_lost() -> None:
    found = fate(sampled({"id": 1, "body": "a", "views": 1}, {"id": 2, "body": "b", "views": 1}), sampled())
    assert (found.kept, found.lost) == (0, {NOTES: 2})


def test_values_that_changed_are_counted_where_the_type_is_the_same() -> None:
    before = sampled({"id": 1, "body": "a", "views": 1})
    after = sampled({"id": 1, "body": "b", "views": "1"}, views="text")
    found = fate(before, after)
    assert (found.kept, found.lost, found.changed) == (1, {}, {"app.notes.body": 1})


MAIN = """
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))
from infra import parts

Path(__file__).with_name("said").write_text(parts.NAME)
"""


def test_two_checkouts_of_a_program_run_with_modules_of_their_own(tmp_path: Path) -> None:
    folders = [tmp_path / name / "infra" for name in ("one", "other")]
    for folder in folders:
        folder.mkdir(parents=True)
        (folder / "__main__.py").write_text(MAIN)
        (folder / "parts.py").write_text(f'NAME = "{folder.parent.name}"')
        program_file(folder / "__main__.py")()
    assert [(folder / "said").read_text() for folder in folders] == ["one", "other"]
