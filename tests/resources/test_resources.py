"""The declared classes: they say what the provider understands, and find parents and dependencies."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import fields, replace
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import pytest
from fix_provider import target_of
from servers import Database

from gatepost import resources as declare
from gatepost.engine import Deployment, DeploymentFailed, Manner, Project
from gatepost.engine.model import ProgramFailed
from gatepost.errors import InvalidDeclaration
from gatepost.intent import Intent, Membership, everybody, having
from gatepost.intent_data import intent_from
from gatepost.provider.column import ColumnInputs
from gatepost.provider.kinds import KINDS
from gatepost.provider.provider import GatepostProvider
from gatepost.provider.refusal import field_names
from gatepost.resources import (
    Check,
    Column,
    Exclusion,
    Feature,
    ForeignKey,
    Function,
    Index,
    Monthly,
    Policy,
    PrimaryKey,
    Provider,
    Range,
    Table,
    Tenancy,
    TenantTable,
    Trigger,
    Unique,
    View,
)
from gatepost.resources._base import camel, wire_privileges

CONSTRUCTORS = {
    "Constraint": (PrimaryKey, Unique, Check, ForeignKey, Exclusion),
    **{
        name: (getattr(declare, name),)
        for name in ("Table", "Index", "Policy", "Trigger", "View", "Function")
    },
    "Type": (declare.Enum, declare.Domain, declare.Composite),
    **{name: (getattr(declare, name),) for name in ("MaterializedView", "Sequence", "Publication")},
    **{name: (getattr(declare, name),) for name in ("Seed", "ReferenceData", "Backfill", "Verbatim")},
}
FOLLOWS = {"schema", "table", "file", "kind", "partitions", "dropUndeclared", "untracked"}
"""Properties that follow from other arguments."""


def arguments_of(*classes: type) -> set[str]:
    found = {name for one in classes for name in inspect.signature(one.__init__).parameters}
    return {camel(name) for name in found - {"self", "resource_name", "opts", "columns_of"}} - FOLLOWS


def test_every_kind_has_its_class() -> None:
    assert {f"gatepost:index:{name}" for name in CONSTRUCTORS} == set(KINDS)


@pytest.mark.parametrize("name", CONSTRUCTORS)
def test_class_takes_what_the_provider_understands(name: str) -> None:
    understood = set(field_names(KINDS[f"gatepost:index:{name}"].inputs)) - FOLLOWS
    assert arguments_of(*CONSTRUCTORS[name]) == understood


def test_column_takes_what_the_provider_understands() -> None:
    assert {field.name for field in fields(Column)} == set(ColumnInputs.model_fields)
    defaults = {field.name: field.default for field in fields(Column)[2:]}
    assert defaults == {name: ColumnInputs.model_fields[name].default for name in defaults}


@pytest.mark.parametrize("name", [name for name in CONSTRUCTORS if name not in ("Seed", "ReferenceData")])
def test_defaults_agree(name: str) -> None:
    """What is not said means the same to the class and to the provider."""
    model = KINDS[f"gatepost:index:{name}"].inputs
    wire = field_names(model)
    for one in CONSTRUCTORS[name]:
        for argument, parameter in inspect.signature(one.__init__).parameters.items():
            known = model.model_fields.get(wire.get(camel(argument), ""))
            if known is not None and parameter.default not in (None, inspect.Parameter.empty):
                assert _as_list(parameter.default) == _as_list(known.default), argument


def _as_list(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def test_privileges_by_comma() -> None:
    given = {"a": "select, update (x, y),delete", "b": ["select"]}
    assert wire_privileges(given) == {"a": ["select", "update (x, y)", "delete"], "b": ["select"]}
    assert wire_privileges(None) is None


# programs

Program = Callable[[Provider], None]


class Programs:
    """Runs programs on one database with the embedded engine."""

    def __init__(self, database: Database, backend: Path, opened: ExitStack) -> None:
        self.target = target_of(database.deployer_url)
        self.backend, self.opened = backend, opened

    def run(self, program: Program, *targets: str) -> dict[str, Any]:
        """Deploy the program or its targets; return the stack's resources by name."""

        def declare_all() -> None:
            target = Provider(
                "target",
                host=self.target.host,
                port=str(self.target.port),
                username=self.target.username,
                password=self.target.password,
                database=self.target.database,
            )
            program(target)

        self.deployment().up(declare_all, Manner(targets))
        state = json.loads((self.backend / ".pulumi" / "stacks" / "test" / "local.json").read_text())
        resources = state["checkpoint"]["latest"]["resources"]
        return {resource["urn"].split("::")[-1]: resource for resource in resources if resource["custom"]}

    def deployment(self) -> Deployment:
        self.opened.pop_all().close()
        project = self.backend / "Pulumi.yaml"
        project.write_text("name: test\nruntime: python\n")
        return Deployment(
            Project.load(self.backend),
            "local",
            backend=self.backend,
            passphrase=lambda: "test",
            config={},
            providers={"gatepost": lambda: self.opened.enter_context(closing(GatepostProvider()))},
        )


@pytest.fixture
def programs(database: Database, tmp_path: Path) -> Iterator[Programs]:
    with ExitStack() as opened:
        yield Programs(database, tmp_path, opened)


def urns(resource: dict[str, Any], what: str = "dependencies") -> set[str]:
    return {urn.split("::")[-1] for urn in resource.get(what, [])}


TOUCH = "create function public.touch() returns trigger language plpgsql as $$ begin return new; end $$"


def test_dependencies_are_found(programs: Programs) -> None:
    def program(target: Provider) -> None:
        with Feature("blog", provider=target):
            touch = Function("touch", sql=TOUCH)
            me = Function(
                "me", sql="create function public.me() returns uuid language sql as $$ select null::uuid $$"
            )
            authors = Table("authors", columns=[Column("id", "uuid", default="me()")])
            PrimaryKey("authors_pkey", authors, ["id"])
            posts = Table("posts", columns=[Column("id", "uuid"), Column("author", "uuid", nullable=True)])
            ForeignKey("posts_author", posts, ["author"], references=authors)
            Policy("posts_select", posts, command="select", roles=["public"], using="author = (select me())")
            Index("posts_mine", posts, ["author"], where="author is not null -- authors")
            Trigger("posts_touch", posts, function=touch, events=["insert"])
            View("mine", sql="create view public.mine as select posts.id from posts join authors on true")
            assert me.qualified_name == "public.me"

    made = programs.run(program)
    assert urns(made["authors"]) == {"me"}
    assert urns(made["posts_author"]) == {"posts", "authors", "authors_pkey"}
    assert urns(made["posts_select"]) == {"posts", "me"}
    assert urns(made["posts_mine"]) == {"posts"}
    assert urns(made["posts_touch"]) == {"posts", "touch"}
    assert {"posts", "authors", "authors_pkey", "posts_author", "posts_select", "posts_touch"} == urns(
        made["mine"]
    )


def test_types_sequences_and_materialized_views_come_in_their_order(programs: Programs) -> None:
    def program(target: Provider) -> None:
        with Feature("blog", provider=target):
            declare.Enum("mood", ["calm", "angry"])
            declare.Domain("cents", "integer", checks={"positive": "value >= 0"})
            declare.Composite(
                "price", [declare.Attribute("amount", "cents"), declare.Attribute("mood", "mood[]")]
            )
            declare.Sequence("numbers")
            columns = [
                Column("id", "bigint", default="nextval('public.numbers')"),
                Column("price", "public.price"),
            ]
            posts = Table("posts", columns=columns)
            declare.Sequence("other", owned_by="public.posts.id")
            listing = declare.MaterializedView(
                "listing", sql="create materialized view public.listing as select id from posts"
            )
            Index("listing_id", listing, ["id"], unique=True)
            declare.Publication("papers", [declare.Published(posts, columns=["id"])], publish=["insert"])

    made = programs.run(program)
    assert urns(made["price"]) == {"mood", "cents"}
    assert urns(made["posts"]) == {"numbers", "price"}
    assert urns(made["other"]) == urns(made["listing"]) == urns(made["papers"]) == {"posts"}
    assert urns(made["listing_id"]) == {"listing"}


def test_what_is_declared_inside_a_feature_belongs_to_it(programs: Programs) -> None:
    def program(target: Provider) -> None:
        with Feature("outer", provider=target):
            Table("one", columns=[Column("id", "int")])
            with Feature("inner", provider=target):
                Table("two", columns=[Column("id", "int")])
            Table("three", columns=[Column("id", "int")])

    made = programs.run(program)
    parents = {name: made[name]["parent"].split("::")[-1] for name in ("one", "two", "three")}
    assert parents == {"one": "outer", "two": "inner", "three": "outer"}
    assert len({made[name]["provider"] for name in parents}) == 1
    assert "target" in made["two"]["provider"]


def test_partitions_of_a_program(programs: Programs, database: Database) -> None:
    """Partitions come with their table; a second deployment in the same month finds nothing to do."""

    def program(target: Provider) -> None:
        with Feature("audit", provider=target):
            columns = [Column("id", "bigint", identity="always"), Column("at", "timestamptz")]
            monthly = Range("at", Monthly(ahead=2, since=date(2026, 1, 1)), default=True)
            events = Table("events", columns=columns, partition_by=monthly, storage={"fillfactor": 90})
            PrimaryKey("events_pkey", events, ["id", "at"])
            Index("events_at", events, ["at"], method="brin")
            Check("january", events.partition("events_2026_01"), "id > 0")
            View("first", sql="create view public.first as select id from public.events_2026_01")
            with pytest.raises(
                InvalidDeclaration, match=r'"public\.events" has no partition "events_2025_12"'
            ):
                events.partition("events_2025_12")

    made = programs.run(program)
    assert urns(made["january"]) == {"events"}
    assert urns(made["first"]) >= {"events"}
    assert programs.run(program) == made
    with psycopg.connect(database.superuser_url) as connection:
        (found,) = connection.execute(
            "select count(*) from pg_index where indrelid = 'events_2026_01'::regclass"
        ).fetchone() or (0,)
    assert found == 2


def test_tenant_table_brings_all_that_isolation_needs(
    programs: Programs, database: Database, roles: tuple[str, ...]
) -> None:
    def program(target: Provider) -> None:
        with Feature("crm", provider=target):
            audit = Function("audit", sql=TOUCH.replace("touch", "audit"))
            Function(
                "me", sql="create function public.me() returns uuid language sql as $$ select null::uuid $$"
            )
            firms = Table("firms", columns=[Column("id", "uuid")])
            PrimaryKey("firms_pkey", firms, ["id"])
            columns = [Column("firm_id", "uuid"), Column("user_id", "uuid"), Column("role", "text")]
            Table("members", columns=columns)
            tenancy = Tenancy(
                firms,
                "public.members",
                "firm_id",
                ("member", "admin"),
                "me()",
                audit,
                "gp_reader",
                "gp_other",
            )
            TenantTable(
                "deals",
                tenancy=tenancy,
                columns=[Column("name", "text")],
                checks={"named": "name <> ''"},
                unique=[("firm_id", "name")],
                access={"member": ["select"], "admin": ["select", "insert", "update", "delete"]},
                intent=Intent(gp_owner={"select": having(name="x")}),
            )

    made = programs.run(program)
    tenant_table = made["deals"]["parent"]
    assert tenant_table.endswith("gatepost:index:TenantTable::deals")
    children = {name for name, resource in made.items() if resource.get("parent") == tenant_table}
    assert children >= {"deals_pkey", "deals_named", "deals_firm_id_name_key", "deals_audit", "deals_insert"}
    assert {made[name]["provider"] for name in children} == {made["firms"]["provider"]}
    with psycopg.connect(database.superuser_url) as connection:
        found = connection.execute(
            "select relforcerowsecurity, (select array_agg(polname::text order by polname) from pg_policy)"
            " from pg_class where relname = 'deals'"
        ).fetchone()
    assert found == (
        True,
        ["deals_delete", "deals_insert", "deals_select", "deals_service", "deals_update"],
    )
    members = Membership("public.members", tenant="firm_id", user="user_id", role="role")
    administered = members.member("firm_id", "admin")
    assert intent_from(made["deals"]["inputs"]["intent"]) == Intent(
        gp_reader={
            "select": members.member("firm_id", ("member", "admin")),
            "insert": administered,
            "update": administered,
            "delete": administered,
        },
        gp_other=everybody(),
        gp_owner={"select": having(name="x")},
    )


def test_a_table_with_a_policy_in_twenty_lines(
    programs: Programs, database: Database, roles: tuple[str, ...]
) -> None:
    def program(target: Provider) -> None:
        with Feature("notes", provider=target):
            notes = Table(
                "notes",
                columns=[
                    Column("id", "bigint", identity="always"),
                    Column("owner", "text", default="current_user"),
                    Column("body", "text"),
                ],
                row_security="forced",
                privileges={"gp_reader": "select, insert (body)", "gp_other": "select, insert (body)"},
            )
            PrimaryKey("notes_pkey", notes, ["id"])
            mine = "owner = (select current_user)"
            Policy("notes_select", notes, command="select", roles=["public"], using=mine)
            Policy("notes_insert", notes, command="insert", roles=["public"], check=mine)

    programs.run(program)
    with psycopg.connect(database.superuser_url, autocommit=True) as connection:
        connection.execute("set role gp_reader; insert into notes (body) values ('mine')")
        assert connection.execute("select owner, body from notes").fetchall() == [("gp_reader", "mine")]
        connection.execute("set role gp_other")
        assert connection.execute("select owner, body from notes").fetchall() == []


def test_wrong_declaration_names_its_resource_and_changes_nothing(
    programs: Programs, database: Database
) -> None:
    def program(target: Provider) -> None:
        with Feature("notes", provider=target):
            notes = Table("notes", columns=[Column("id", "int")])
            Index("notes_idx", notes, ["nope"])

    with pytest.raises(
        DeploymentFailed, match=r'index "notes_idx" on "public.notes": table .* has no column nope'
    ):
        programs.run(program)


def test_missing_sql_file_fails_before_anything_is_planned(programs: Programs, database: Database) -> None:
    def program(target: Provider) -> None:
        with Feature("notes", provider=target):
            Table("notes", columns=[Column("id", "int")])
            Function("f", sql=Path("schema/nowhere.sql"))

    with pytest.raises(ProgramFailed, match=r"schema/nowhere.sql"):
        programs.run(program)


LATE = """create function public.note() returns int language plpgsql as $$
begin
    insert into public.later (id) values (1);
    insert into {} values (1);
    return 1;
end $$"""


@pytest.mark.parametrize(
    ("table", "said"), [("nowhere.log", r"Its body uses nowhere\.log: declare it"), ("later", "")]
)
def test_body_may_use_what_is_declared_later_and_nothing_else(
    programs: Programs, table: str, said: str
) -> None:
    def program(target: Provider) -> None:
        with Feature("notes", provider=target):
            Function("note", sql=LATE.format(table))
            Table("later", columns=[Column("id", "int")])

    if not said:
        assert programs.run(program)["note"]["outputs"].get("untracked", []) == []
        return
    with pytest.raises(DeploymentFailed, match=f"UNTRACKED_DEPENDENCY on public.note.*{said}"):
        programs.run(program)


def test_unknown_names_are_told_before_anything_connects(programs: Programs) -> None:
    programs.target = replace(programs.target, host="nowhere.invalid")

    def program(target: Provider) -> None:
        with Feature("notes", provider=target):
            View("mine", sql="create view mine as\nselect * from authors")

    with pytest.raises(DeploymentFailed, match=r"view:2:15: unknown table authors: declare it before"):
        programs.run(program)


def test_what_is_no_target_is_known_all_the_same(programs: Programs) -> None:
    def program(target: Provider, *views: str) -> None:
        with Feature("notes", provider=target):
            Table("notes", columns=[Column("id", "int")])
            for sql in views:
                View("mine", sql=sql)

    programs.run(program)
    with pytest.raises(DeploymentFailed, match="unknown column nope"):
        programs.run(lambda on: program(on, "create view mine as select nope from notes"), "mine")
    assert "mine" in programs.run(lambda on: program(on, "create view mine as select id from notes"), "mine")
