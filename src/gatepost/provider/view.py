"""Views."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from gatepost.errors import InvalidDeclaration, StillUsed
from gatepost.insight.reading import results_of
from gatepost.postgres.catalog import Definition, Facts, Key
from gatepost.postgres.plan import Hazard, Lock, Plan, Risk, Statement, risk
from gatepost.provider import comment, definer, privileges
from gatepost.provider.declarations import Declarations, Text
from gatepost.provider.dependants import Rebuilding, Root, rebuilding
from gatepost.provider.insight import Created, created, or_replace
from gatepost.provider.kind import Inputs, Kind
from gatepost.provider.privileges import Privileges
from gatepost.provider.renaming import Renaming
from gatepost.provider.sqltext import Part, ident, idents, joined, part, raw, text


class ViewInputs(Inputs):
    """A view as it is declared."""

    sql: str
    file: str | None = None
    privileges: dict[str, list[str]] = {}
    comment: str | None = None
    column_comments: dict[str, str] = {}

    def parsed(self) -> Created:
        """Return what the statement makes."""
        return created(self.sql, self.file or "view")


class ViewKind(Kind[ViewInputs]):
    """The life of a view."""

    token = "gatepost:index:View"  # noqa: S105
    inputs = ViewInputs
    outputs = ("schema", "name")

    def key(self, given: ViewInputs) -> Key:
        it = given.parsed()
        return Key("views", it.schema, it.name)

    def extra_outputs(self, given: ViewInputs) -> dict[str, Any]:
        it = given.parsed()
        return {"schema": it.schema, "name": it.name}

    def check(self, given: ViewInputs, declared: Declarations) -> None:
        where = given.file or "view"
        if given.parsed().kind != "view":
            raise InvalidDeclaration(f"{where}: expected a create view statement")
        privileges.check(given.privileges, privileges.TABLE, where)

    def texts(self, given: ViewInputs) -> Iterable[Text]:
        yield Text(given.sql, given.file or "view", "statement")

    def announce(self, given: ViewInputs, declared: Declarations) -> None:
        it = given.parsed()
        declared.columns[it.schema, it.name] = results_of(given.sql)

    def replaces(self, old: ViewInputs, new: ViewInputs) -> list[str]:
        """Another name is another view."""
        return ["sql"] if self.key(old) != self.key(new) else []

    def in_new_names(self, old: ViewInputs, new: ViewInputs, renaming: Renaming) -> ViewInputs:
        sql = renaming.respelled(old.sql, new.sql, "statement")
        return old.model_copy(update={"sql": sql})

    def create(self, given: ViewInputs, facts: Facts) -> Plan:
        return _made(given, facts) + Plan(risks=definer.of_new_view(given, self.identify(given), facts))

    def update(self, old: ViewInputs, new: ViewInputs, facts: Facts) -> Plan:
        it = new.parsed()
        columns = Columns.of(it, facts) if old.sql != new.sql else Columns()
        risks = definer.of_view(old, new, self.identify(new), columns.gained)
        if old.sql == new.sql:
            return Plan(tuple(_attributes(old, new, it)), risks)
        if columns.lost is None:
            return Plan((_statement(or_replace(new.sql), it), *_attributes(old, new, it)), risks)
        found = rebuilding_without(it, columns.lost, facts)
        risks += of_lost_columns(f"{it.schema}.{it.name}", new.privileges, columns)
        return found.before + Plan((_drop(it),), risks) + _made(new, facts) + found.after

    def delete(self, old: ViewInputs, facts: Facts) -> Plan:
        if facts.read(self.key(old)) is None:
            return Plan()
        return Plan((_drop(old.parsed()),), definer.of_removal(self.identify(old), old.privileges))


def head(target: Part, definition: Definition) -> str:
    """Return what the catalog leaves out before a view's query, its options included."""
    return text("create view {v}{o} as\n", v=target, o=options(definition))


def options(definition: Definition) -> Part:
    """Return the clause with a view's options, as the catalog stores them."""
    stored = [one.partition("=") for one in definition.get("options") or ()]
    pairs = [part("{n} = {v}", n=raw(name), v=raw(value)) for name, _, value in stored]
    return part(" with ({o})", o=joined(pairs)) if pairs else raw("")


def rebuilding_without(it: Created, lost: Iterable[str], facts: Facts) -> Rebuilding:
    """Return what hangs on a view that is made again without some columns.

    :raises StillUsed: something uses one of them.
    """
    found = rebuilding(facts, Root(it.schema, it.name))
    if using := found.using(*lost):
        raise StillUsed(
            f"{it.kind} {it.schema}.{it.name} loses column {', '.join(lost)}, used by {', '.join(using)}:"
            " deploy those without it first"
        )
    return found


@dataclass(frozen=True)
class Columns:
    """What becomes of a view's columns."""

    lost: tuple[str, ...] | None = None
    """Those that go; None where `create or replace` will do: the old ones stay first."""
    gained: frozenset[str] = frozenset()
    """Those that it did not have."""

    @classmethod
    def of(cls, new: Created, facts: Facts) -> Columns:
        """Compare a view that is there with what it shall be."""
        names = part("({c})", c=idents(new.aliases)) if new.aliases else raw("")
        before = facts.result_of(text("select * from {v}", v=_target(new)))
        after = facts.result_of(text("select * from ({q}) as v {names}", q=raw(new.query), names=names))
        if before is None or after is None:
            return cls()
        had, has = ([(name or b"").decode() for name, *_ in one] for one in (before, after))
        gained = frozenset(has) - frozenset(had)
        if after[: len(before)] == before:
            return cls(None, gained)
        return cls(tuple(name for name in had if name not in has), gained)


def of_lost_columns(on: str, held: Privileges, columns: Columns) -> tuple[Risk, ...]:
    """Return what it does to whoever may read a view that it cannot go on with the columns it had."""
    if not held or columns.lost is None:
        return ()
    lost = ", ".join(columns.lost)
    what = f"It loses {lost}." if lost else "Its columns get other types or another order."
    return risk(Hazard.BREAKS_CLIENTS, on, what)


def _made(given: ViewInputs, facts: Facts) -> Plan:
    it = given.parsed()
    statements = [_statement(given.sql, it)]
    inherited = facts.default_grantees(it.schema, "r")
    if inherited:
        statements.append(privileges.revoke_all("table", _target(it), it.name, inherited))
    return Plan((*statements, *_attributes(None, given, it)))


def _statement(sql: str, it: Created) -> Statement:
    name = f"{it.schema}.{it.name}"
    return Statement(sql.rstrip().rstrip(";"), Lock.ACCESS_EXCLUSIVE, name)


def _drop(it: Created) -> Statement:
    return Statement(text("drop view {v}", v=_target(it)), Lock.ACCESS_EXCLUSIVE, f"{it.schema}.{it.name}")


def _attributes(old: ViewInputs | None, new: ViewInputs, it: Created) -> list[Statement]:
    target, name = _target(it), f"{it.schema}.{it.name}"
    before = old.privileges if old else None
    granted = privileges.changes("table", target, name, before, new.privileges)
    described = comment.changes(part("view {v}", v=target), name, old.comment if old else None, new.comment)
    columns = comment.of_columns(target, name, old.column_comments if old else {}, new.column_comments)
    return [*granted, *described, *columns]


def _target(it: Created) -> Part:
    return ident(it.schema, it.name)
