"""Foreign keys that PostgreSQL would refuse are refused before anything is done, and no others."""

from __future__ import annotations

import asyncio

import psycopg
import pytest
from fix_provider import Deploy, Inputs, Refused, col, urn_of, wired
from psycopg.sql import SQL
from pulumi.provider.experimental.provider import CreateRequest, UpdateRequest

from gatepost.errors import InvalidDeclaration
from gatepost.provider.references import MAY_REFER


def foreign(column: str = "b", *, to: str = "there", columns: tuple[str, ...] = ("id",)) -> Inputs:
    own = [column, "c"][: len(columns)]
    references = {"schema": "public", "table": to, "columns": list(columns)}
    return {"table": "own", "name": "k", "kind": "foreign_key", "columns": own, "references": references}


def tables(deploy: Deploy, own: str = "bigint", there: str = "bigint", **more: object) -> None:
    deploy.table("own", columns=[col("b", own), col("c", "integer")])
    deploy.table("there", columns=[col("id", there, nullable=False), col("c", "integer")], **more)


def preview(deploy: Deploy, kind: str, inputs: Inputs) -> None:
    """Check and preview an object that is to be made, or that gets other columns."""
    urn = urn_of(kind, inputs["name"])
    deploy.check(kind, inputs["name"], inputs)
    if urn in deploy.state:
        given = UpdateRequest(urn, *deploy.state[urn], wired(inputs), 0, [], True)
        asyncio.run(deploy.provider.update(given))
    else:
        asyncio.run(deploy.provider.create(CreateRequest(urn, wired(inputs), 0, True)))


def test_the_types_that_may_refer_to_each_other_are_those_that_postgresql_takes(deploy: Deploy) -> None:
    for key, may in MAY_REFER.items():
        deploy.superuser.execute(SQL("create table key (c {} unique)").format(SQL(key)))
        for own in MAY_REFER:
            make = SQL("create table own (c {} references key (c))").format(SQL(own))
            try:
                with deploy.superuser.transaction(force_rollback=True):
                    deploy.superuser.execute(make)
                taken = True
            except psycopg.errors.DatatypeMismatch:
                taken = False
            assert taken == (own in may), f"{own} to {key}"
        deploy.sql("drop table key")


WRONG = {
    "uuid to bigint": ("uuid", "bigint"),
    "bigint to numeric(10,2) the other way": ("numeric(10,2)", "bigserial"),
    "text to integer": ("varchar(20)", "integer"),
    "domain to uuid": ("label", "uuid"),
    "text to domain": ("text", "public.counter"),
}


@pytest.mark.parametrize(("own", "there"), WRONG.values(), ids=list(WRONG))
def test_types_that_do_not_go_together_are_told_before_anything_connects(
    deploy: Deploy, own: str, there: str
) -> None:
    deploy.provider.opened = None  # type: ignore[assignment,method-assign]
    deploy.check("Type", "label", {"name": "label", "kind": "domain", "type": "varchar(20)"})
    deploy.check("Type", "counter", {"name": "counter", "kind": "domain", "type": "bigint"})
    for name, type_ in (("own", own), ("there", there)):
        columns = [col("id", type_), col("b", type_), col("c", "integer")]
        deploy.check("Table", name, {"name": name, "columns": columns})
    with pytest.raises(Refused) as raised:
        deploy.check("Constraint", "k", foreign())
    told = str(raised.value)
    assert f'constraint "k" on "public.own": column "b" is {own}, and cannot refer to "id"' in told
    assert f"of public.there, which is {there}: give both the same type" in told


RIGHT = {
    "serial": ("integer", "bigserial"),
    "wider": ("integer", "bigint"),
    "narrower": ("bigint", "smallint"),
    "text": ("varchar(10)", "text"),
    "domain": ("label", "text"),
    "array": ("integer[]", "integer[]"),
}


@pytest.mark.parametrize(("own", "there"), RIGHT.values(), ids=list(RIGHT))
def test_types_that_go_together_are_taken(deploy: Deploy, own: str, there: str) -> None:
    deploy.type("label", name="label", kind="domain", type="varchar(20)")
    tables(deploy, own, there)
    deploy.constraint("there_key", table="there", kind="unique", columns=["id"])
    assert deploy.deploy("Constraint", "k", foreign()) == "create"


def test_types_of_a_table_that_is_only_there_are_told_in_the_preview(deploy: Deploy) -> None:
    tables(deploy)
    deploy.sql("create domain code as text; create table other (id code primary key)")
    deploy.sql("grant references on other to deployer")
    with pytest.raises(InvalidDeclaration, match='"b" is bigint, and cannot refer to "id"'):
        deploy.deploy("Constraint", "k", foreign(to="other"))
    deploy.sql("alter table other alter id type bigint using 1")
    assert deploy.deploy("Constraint", "k", foreign(to="other")) == "create"


NOT_KEYS = {
    "none": "select 1",
    "of more columns": "create unique index i on there (id, c)",
    "of fewer columns": "create unique index i on there (c)",
    "not unique": "create index i on there (id)",
    "partial": "create unique index i on there (id) where c > 0",
    "of an expression": "create unique index i on there ((id + 1))",
    "deferrable": "alter table there add constraint i unique (id) deferrable",
    "included": "create unique index i on there (c) include (id)",
}


@pytest.mark.parametrize("made", NOT_KEYS.values(), ids=list(NOT_KEYS))
def test_what_is_no_key_is_told_in_the_preview(deploy: Deploy, made: str) -> None:
    tables(deploy)
    deploy.superuser.execute(made.encode())
    with pytest.raises(InvalidDeclaration, match=r"there \(id\), where nothing is unique on exactly these"):
        deploy.deploy("Constraint", "k", foreign())


KEYS = {
    "primary key": "alter table there add primary key (c, id)",
    "unique constraint": "alter table there add unique (id, c)",
    "unique index": "create unique index i on there (id desc, c)",
    "index with more": "create unique index i on there (id, c) include (more)",
    "index of nulls": "create unique index i on there (id, c) nulls not distinct",
}


@pytest.mark.parametrize("made", KEYS.values(), ids=list(KEYS))
@pytest.mark.parametrize("partitioned", [False, True], ids=["whole", "partitioned"])
def test_every_key_that_is_there_can_be_referred_to(deploy: Deploy, made: str, partitioned: bool) -> None:
    tables(deploy, **({"partition_by": "list (id)"} if partitioned else {}))
    deploy.sql("alter table there add more integer")
    deploy.superuser.execute(made.encode())
    assert deploy.deploy("Constraint", "k", foreign(columns=("id", "c"))) == "create"


MADE: dict[str, tuple[str, Inputs, bool]] = {
    "constraint": ("Constraint", {"kind": "unique", "columns": ["id"]}, True),
    "index": ("Index", {"unique": True, "columns": ["id desc"]}, True),
    "partial index": ("Index", {"unique": True, "columns": ["id"], "where": "c > 0"}, False),
    "deferrable": ("Constraint", {"kind": "unique", "columns": ["id"], "deferrable": True}, False),
    "expression": ("Index", {"unique": True, "columns": ["abs(id)"]}, False),
}


@pytest.mark.parametrize(("kind", "key", "taken"), MADE.values(), ids=list(MADE))
@pytest.mark.parametrize("fresh", [False, True], ids=["table there", "table made too"])
def test_keys_of_the_same_deployment_count_in_its_preview(
    deploy: Deploy, kind: str, key: Inputs, taken: bool, fresh: bool
) -> None:
    if not fresh:
        tables(deploy)
    with deploy.together():
        if fresh:
            preview(deploy, "Table", {"name": "own", "columns": [col("b", "bigint")]})
            columns = [col("id", "bigint", nullable=False), col("c", "integer")]
            preview(deploy, "Table", {"name": "there", "columns": columns})
        preview(deploy, kind, {"table": "there", "name": "there_key", **key})
        if taken:
            preview(deploy, "Constraint", foreign())
        else:
            with pytest.raises(InvalidDeclaration, match=r"\(none\)"):
                preview(deploy, "Constraint", foreign())


def test_key_whose_column_gets_another_name_in_the_same_deployment(deploy: Deploy) -> None:
    tables(deploy)
    deploy.constraint("there_key", table="there", kind="unique", columns=["id"])
    renamed = [col("number", "bigint", nullable=False, renamed_from="id"), col("c", "integer")]
    with deploy.together():
        preview(deploy, "Table", {"name": "there", "columns": renamed})
        preview(deploy, "Constraint", foreign(columns=("number",)))
