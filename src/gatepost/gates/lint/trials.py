"""The lint gate's self-test: a sound project passes, each fault fails, an empty one is inconclusive."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from gatepost.gates.lint.gate import LintGate, lint
from gatepost.gates.lint.tools import Sent
from gatepost.gates.verdict import Trial, Verdict
from gatepost.verify.declared import Declared

_SETTINGS = "[sqlfluff]\ndialect = postgres\n"
_SOUND = "select\n    n.id,\n    n.body\nfrom public.notes as n\n"
_UNTIDY = "SELECT id, body from public.notes n\n"


def _one(kind: str, name: str, /, **inputs: Any) -> Declared:
    return Declared(kind, name, "notes", {"name": name, "schema": "public", **inputs})


_OWN = "user_id = (select app.current_user_id())"
_TABLE = _one("Table", "notes", comment="What people write down", columns=[])
_KEY = _one("Constraint", "notes_pkey", table="notes", kind="primary_key", columns=["id"])
_FOREIGN = _one("Constraint", "notes_user_fkey", table="notes", kind="foreign_key", columns=["user_id"])
_INDEX = _one("Index", "idx_notes_user", table="notes", columns=["user_id", "id"], serves="queries/mine.sql")
_POLICY = _one("Policy", "notes_select", table="notes", command="select", using=_OWN)
_PROGRAM = (_TABLE, _KEY, _FOREIGN, _INDEX, _POLICY)
_SENT = (Sent((), ("alter table public.notes add column body text",)),)


def _with(one: Declared, **inputs: Any) -> tuple[Declared, ...]:
    changed = replace(one, inputs={**one.inputs, **inputs})
    return tuple(changed if other is one else other for other in _PROGRAM)


_FAULTY = {
    "a foreign key and a policy without an index": tuple(one for one in _PROGRAM if one is not _INDEX),
    "an index that serves a part of the rows only": _with(_INDEX, where="body <> ''"),
    "a function that runs for every row": _with(_POLICY, using="user_id = app.current_user_id()"),
    "a function in an alternative": _with(_POLICY, using=f"{_OWN} or app.is_admin(user_id)"),
    "a function for every row of a subquery": _with(
        _POLICY, using="user_id = any (select t.user_id from public.teams as t where t.boss = app.me())"
    ),
    "an alternative without an index": _with(_POLICY, using=f"{_OWN} or body = (select app.current_topic())"),
    "a table without a comment": _with(_TABLE, comment=None),
    "a name that needs quoting": _with(_INDEX, name="idxNotesUser"),
    "a name that PostgreSQL cuts": _with(_INDEX, name="idx_" + "n" * 60),
    "a key of 32 bits": _with(_TABLE, columns=[{"name": "id", "type": "integer"}]),
    "an index that no query needs": _with(_INDEX, serves=None),
}
_DROPPED = "alter table public.notes drop column body"
_BLOCKING = {
    "an index build that blocks writes": "create index idx_notes_body on public.notes (body)",
    "a column that is dropped": _DROPPED,
    "a column that rewrites the table": "alter table public.notes alter column body type varchar(10)",
}


def trials(folder: Path) -> Iterator[Trial]:
    """Yield the cases; `folder` is empty."""
    yield _trial("no SQL and no declaration", Verdict.INCONCLUSIVE, folder, (), ())
    for case, objects in _FAULTY.items():
        yield _trial(case, Verdict.FAIL, folder, objects, _SENT)
    for case, statement in _BLOCKING.items():
        yield _trial(case, Verdict.FAIL, folder, _PROGRAM, (Sent((), (statement,)),))
    hazardous = Sent((), (_DROPPED,), hazards="DELETES_DATA")
    yield _trial("a drop that is a hazard", Verdict.PASS, folder, _PROGRAM, (hazardous,))
    (folder / ".sqlfluff").write_text(_SETTINGS)
    file = folder / "schema" / "notes" / "queries" / "mine.sql"
    file.parent.mkdir(parents=True)
    file.write_text(_SOUND)
    yield _trial("a sound project", Verdict.PASS, folder, _PROGRAM, _SENT)
    file.write_text(_UNTIDY)
    yield _trial("SQL that sqlfluff rejects", Verdict.FAIL, folder, _PROGRAM, _SENT)


def _trial(
    case: str, expected: Verdict, folder: Path, objects: tuple[Declared, ...], sent: tuple[Sent, ...]
) -> Trial:
    return Trial(LintGate.name, case, expected, lint(folder, objects, sent))
