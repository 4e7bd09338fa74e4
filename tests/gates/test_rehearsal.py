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


def test_two_checkouts_of_a_program_run_with_modules_of_their_own(tmp_path: Path) -> None:
    main = "import sys; sys.path.insert(0, {root!r}); from infra import parts; parts.said.append({name!r})"
    for name in ("one", "other"):
        folder = tmp_path / name / "infra"
        folder.mkdir(parents=True)
        (folder / "__main__.py").write_text(main.format(root=str(tmp_path / name), name=name))
        file = tmp_path / f"{name}.txt"
        (folder / "parts.py").write_text(
            "class Said:\n    def append(self, text):\n"
            f"        open({str(file)!r}, 'a').write(text + ' in {name}')\nsaid = Said()\n"
        )
    for name in ("one", "other"):
        program_file(tmp_path / name / "infra" / "__main__.py")()
    assert [(tmp_path / f"{name}.txt").read_text() for name in ("one", "other")] == [
        "one in one",
        "other in other",
    ]
