"""What a constraint says, as it is declared and as SQL."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from gatepost.provider.kind import Inputs, Name
from gatepost.provider.on_table import OnTable
from gatepost.provider.sqltext import Part, expression, ident, idents, joined, part, raw, text
from gatepost.provider.storage import Storage, clause

Action = Literal["no action", "restrict", "cascade", "set null", "set default"]


class References(Inputs):
    """What a foreign key refers to."""

    db_schema: Name = Field(default="public", alias="schema")
    table: Name
    columns: list[str]

    @property
    def place(self) -> tuple[str, str]:
        """Its schema and name."""
        return self.db_schema, self.table


class Excluded(Inputs):
    """One element of an exclusion constraint: no two rows may have it related by the operator."""

    element: str
    operator: str


class ConstraintInputs(OnTable):
    """A constraint as it is declared."""

    kind: Literal["primary_key", "unique", "check", "foreign_key", "exclusion"]
    columns: list[str] = []
    include: list[str] = []
    expression: str | None = None
    references: References | None = None
    match: Literal["simple", "full"] = "simple"
    on_delete: Action = "no action"
    on_update: Action = "no action"
    on_delete_columns: list[str] = []
    """The columns that `set null` or `set default` concerns; all of the key where none are named."""
    period: bool = False
    """Whether the last column is a period: rows do not overlap in it, or are covered by those referred to."""
    elements: list[Excluded] = []
    method: str = "gist"
    where: str | None = None
    deferrable: bool = False
    initially_deferred: bool = False
    nulls_not_distinct: bool = False
    no_inherit: bool = False
    not_valid: bool = False
    """Whether rows that were there before it are left unproved."""
    enforced: bool = True
    """Whether it is checked at all."""
    storage: Storage = {}
    """Of the index of a key or an exclusion."""

    @property
    def excludes(self) -> bool:
        """Whether its index cannot be built beside it: that of an exclusion, or of a key with a period."""
        return self.kind == "exclusion" or (self.kind != "foreign_key" and self.period)


def addition(given: ConstraintInputs, definition: Part) -> str:
    """Return the statement that adds it by a definition."""
    return text("alter table {t} add constraint {k} {d}", t=given.of, k=ident(given.name), d=definition)


def definition_of(given: ConstraintInputs) -> Part:
    """Return what follows the constraint's name."""
    if given.kind == "check":
        said = raw(f"{' no inherit' if given.no_inherit else ''}{_enforcement(given)}")
        return part("check ({e}){said}", e=expression(given.expression or "true"), said=said)
    if given.kind == "exclusion":
        return _exclusion(given)
    if given.kind == "foreign_key":
        return _foreign_key(given)
    return part(
        "{kind}{nulls} ({c}{period}){include}{storage}{timing}",
        kind=raw(given.kind.replace("_", " ")),
        nulls=raw(" nulls not distinct" if given.nulls_not_distinct else ""),
        c=idents(given.columns),
        period=raw(" without overlaps" if given.period else ""),
        include=_include(given),
        storage=clause(given.storage),
        timing=timing_of(given),
    )


def _enforcement(given: ConstraintInputs) -> str:
    return "" if given.enforced else " not enforced"


def _keyed(columns: list[str], *, period: bool) -> Part:
    """Return the columns of a foreign key, or those that it refers to."""
    if not period:
        return idents(columns)
    return joined([*(ident(one) for one in columns[:-1]), part("period {c}", c=ident(columns[-1]))])


def _foreign_key(given: ConstraintInputs) -> Part:
    there = given.references
    assert there is not None
    return part(
        "foreign key ({c}) references {t} ({r}){m} on update {u} on delete {d}{only}{timing}{enforced}",
        c=_keyed(given.columns, period=given.period),
        t=ident(there.db_schema, there.table),
        r=_keyed(there.columns, period=given.period),
        m=raw(" match full" if given.match == "full" else ""),
        u=raw(given.on_update),
        d=raw(given.on_delete),
        only=part(" ({c})", c=idents(given.on_delete_columns)) if given.on_delete_columns else raw(""),
        timing=timing_of(given),
        enforced=raw(_enforcement(given)),
    )


def _exclusion(given: ConstraintInputs) -> Part:
    elements = (part("{e} with {o}", e=raw(one.element), o=raw(one.operator)) for one in given.elements)
    return part(
        "exclude using {m} ({e}){include}{storage}{where}{timing}",
        m=ident(given.method),
        e=joined(elements),
        include=_include(given),
        storage=clause(given.storage),
        where=part(" where ({w})", w=expression(given.where)) if given.where else raw(""),
        timing=timing_of(given),
    )


def _include(given: ConstraintInputs) -> Part:
    return part(" include ({c})", c=idents(given.include)) if given.include else raw("")


def timing_of(given: ConstraintInputs) -> Part:
    """Return when it is checked, where that may be later than at once."""
    deferred = " initially deferred" if given.initially_deferred else ""
    return raw(f" deferrable{deferred}" if given.deferrable else "")


def create_index(given: ConstraintInputs, name: Part, on: Part, how: str) -> str:
    """Return the statement that builds a key's index."""
    head = text("create unique index {how}{k} on {t}", how=raw(how), k=name, t=on)
    return text(
        "{head} ({c}){include}{nulls}{storage}",
        head=raw(head),
        c=idents(given.columns),
        include=_include(given),
        nulls=raw(" nulls not distinct" if given.nulls_not_distinct else ""),
        storage=clause(given.storage),
    )


def using_index(given: ConstraintInputs, index: str) -> Part:
    """Return the definition of a key by the index that was built for it."""
    word = raw(given.kind.replace("_", " "))
    return part("{word} using index {k}{timing}", word=word, k=ident(index), timing=timing_of(given))
