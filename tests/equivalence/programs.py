"""Random small programs as data, and how they are declared."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pulumi
from fix_provider import EVERYTHING
from hypothesis import strategies as st

from gatepost.postgres.connect import Target
from gatepost.resources import (
    Check,
    Column,
    ForeignKey,
    Function,
    Index,
    Policy,
    PrimaryKey,
    Provider,
    Table,
    Trigger,
    Unique,
    View,
)

TABLES = ("authors", "posts", "tags")
FAMILIES = {
    "amount": ("integer", "bigint", "numeric(12,2)", "text", "varchar(40)"),
    "label": ("text", "varchar(40)", "varchar(60)"),
    "made_at": ("timestamptz", "timestamp", "date"),
    "done": ("boolean",),
}
DEFAULTS = {"amount": "1", "label": "'none'", "made_at": "'2026-01-01'", "done": "false"}
VALUES = {"amount": "n", "label": "'row ' || n", "made_at": "'2026-02-02'", "done": "true"}
READER, OTHER = "gp_reader", "gp_other"


@dataclass(frozen=True)
class OneColumn:
    """A column beside the two that every table has."""

    type: str
    nullable: bool
    default: bool
    comment: str | None


@dataclass(frozen=True)
class OneTable:
    """A table and what belongs to it."""

    columns: dict[str, OneColumn]
    row_security: str
    privileges: dict[str, tuple[str, ...]]
    indexed: tuple[tuple[str, bool], ...]
    unique: bool
    checked: tuple[str, ...]
    references: str | None
    policies: tuple[tuple[str, str], ...]
    viewed: tuple[str, ...] | None
    view_of_view: bool
    touched: bool


Program = dict[str, OneTable]


@st.composite
def columns(draw: st.DrawFn) -> dict[str, OneColumn]:
    chosen = {}
    for name, types in FAMILIES.items():
        if draw(st.booleans()):
            nullable = draw(st.booleans())
            comment = draw(st.sampled_from([None, None, f"the {name}", "it's said"]))
            default = not nullable or draw(st.booleans())
            chosen[name] = OneColumn(draw(st.sampled_from(types)), nullable, default, comment)
    return chosen


@st.composite
def tables(draw: st.DrawFn) -> OneTable:
    own = draw(columns())
    names = sorted(own)
    some = st.lists(st.sampled_from(names), unique=True).map(tuple) if names else st.just(())
    commands = st.sampled_from(["select", "insert", "update", "delete", "all"])
    policy = st.tuples(commands, st.sampled_from(["id", *names]))
    rights = st.lists(st.sampled_from(["select", "insert", "update", "delete"]), min_size=1, unique=True)
    return OneTable(
        columns=own,
        row_security=draw(st.sampled_from(["off", "enabled", "forced"])),
        privileges=draw(st.dictionaries(st.sampled_from([READER, OTHER]), rights.map(tuple))),
        indexed=tuple((name, draw(st.booleans())) for name in draw(some)),
        unique=draw(st.booleans()),
        checked=draw(some),
        references=draw(st.sampled_from([None, *TABLES])),
        policies=tuple(draw(st.lists(policy, max_size=2, unique_by=lambda one: one[0]))),
        viewed=draw(st.none() | some),
        view_of_view=draw(st.booleans()),
        touched=draw(st.booleans()),
    )


programs: st.SearchStrategy[Program] = st.dictionaries(
    st.sampled_from(TABLES), st.deferred(tables), min_size=1
).map(lambda program: {name: _within(one, program) for name, one in sorted(program.items())})


def _within(one: OneTable, program: Program) -> OneTable:
    return one if one.references in program else replace(one, references=None)


def between(before: Program, after: Program) -> list[Program]:
    """The releases between the two, in which nothing uses any more what the next one takes away."""
    alone = {name: _alone(one, after.get(name)) for name, one in before.items()}
    unused = {
        name: replace(one, columns={**_retired(before.get(name), one), **one.columns})
        for name, one in after.items()
    }
    return [one for one, other in ((alone, before), (unused, after)) if one != other]


def _alone(before: OneTable, after: OneTable | None) -> OneTable:
    """Take the view over another one away where that one is about to lose columns."""
    kept = after is None or after.viewed is None or set(before.viewed or ()) <= set(after.viewed)
    return before if kept else replace(before, view_of_view=False)


def _retired(before: OneTable | None, after: OneTable) -> dict[str, OneColumn]:
    gone = {name: one for name, one in before.columns.items() if name not in after.columns} if before else {}
    return {name: replace(one, nullable=True) for name, one in gone.items()}


def declare(program: Program, target: Target) -> None:
    """Declare the program's objects; views, functions and policies of a table come after it."""
    provider = Provider(
        "target",
        host=target.host,
        port=str(target.port),
        username=target.username,
        database=target.database,
        approve=EVERYTHING.split(","),
    )
    opts = pulumi.ResourceOptions(provider=provider)
    made = {name: _table(name, one, opts) for name, one in program.items()}
    for name, one in program.items():
        if one.references:
            ForeignKey(f"{name}_ref_fkey", made[name], ["ref"], references=made[one.references], opts=opts)
        _views(name, one, opts)
        if one.touched:
            _touched(name, made[name], opts)


def _table(name: str, one: OneTable, opts: pulumi.ResourceOptions) -> Table:
    own = [
        Column(
            column,
            it.type,
            nullable=it.nullable,
            default=DEFAULTS[column] if it.default else None,
            comment=it.comment,
        )
        for column, it in one.columns.items()
    ]
    table = Table(
        name,
        columns=[Column("id", "bigint"), Column("ref", "bigint", nullable=True), *own],
        row_security=one.row_security,  # type: ignore[arg-type]
        privileges=one.privileges,
        opts=opts,
    )
    PrimaryKey(f"{name}_pkey", table, ["id"], opts=opts)
    if one.unique:
        Unique(f"{name}_ref_key", table, ["ref"], opts=opts)
    for column in one.checked:
        Check(f"{name}_{column}_check", table, f"length({column}::text) < 100", opts=opts)
    for column, partial in one.indexed:
        where = f"{column} is not null" if partial else None
        Index(f"idx_{name}_{column}", table, [column], where=where, opts=opts)
    for command, column in one.policies:
        seen = f"{column}::text <> 'secret'"
        using = None if command == "insert" else seen
        check = seen if command == "insert" else None
        Policy(
            f"{name}_{command}", table, command=command, roles=[READER], using=using, check=check, opts=opts
        )  # type: ignore[arg-type]
    return table


def _views(name: str, one: OneTable, opts: pulumi.ResourceOptions) -> None:
    if one.viewed is None:
        return
    listed = ", ".join(("id", *one.viewed))
    View(f"{name}_list", sql=f"create view {name}_list as select {listed} from {name}", opts=opts)
    if one.view_of_view:
        View(f"{name}_ids", sql=f"create view {name}_ids as select {listed} from {name}_list", opts=opts)


def _touched(name: str, table: Table, opts: pulumi.ResourceOptions) -> None:
    touch = Function(
        f"touch_{name}",
        sql=f"create function touch_{name}() returns trigger language plpgsql as $$ begin return new; end $$",
        opts=opts,
    )
    Trigger(f"{name}_touch", table, function=touch, events=["insert", "update"], opts=opts)
