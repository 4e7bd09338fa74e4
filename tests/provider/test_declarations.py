"""Names in SQL are looked up among the declared ones: nothing valid is refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, LiteralString

import psycopg
import pytest
from fix_provider import col, urn_of, wired
from pglast.parser import split
from pulumi.provider.experimental.provider import CheckRequest
from servers import Server

from gatepost.errors import InvalidDeclaration
from gatepost.insight import known
from gatepost.postgres.catalog import Key
from gatepost.provider import storage
from gatepost.provider.checks import Checks
from gatepost.provider.declarations import Declarations, Text
from gatepost.provider.kinds import KINDS

TABLES = {
    ("public", "posts"): frozenset({"id", "title", "author"}),
    ("public", "members"): frozenset({"user_id", "post_id"}),
}

VALID = {
    "own column": "title = 'x' and posts.author = 1 and public.posts.id = 2",
    "subselect": "id in (select post_id from members)",
    "outer column in a subselect": (
        "exists (select 1 from members m where m.post_id = posts.id and user_id = author)"
    ),
    "alias hides the name": "exists (select 1 from posts p where p.id = posts.author)",
    "columns renamed by an alias": "exists (select 1 from members as m (a, b) where m.a = 1 and b = 2)",
    "join": "exists (select 1 from members m join posts p on p.id = m.post_id where p.title = m.user_id)",
    "join with an alias": (
        "exists (select 1 from (members join posts on id = post_id) as j where j.title = 'x')"
    ),
    "join using": "exists (select 1 from members m join members n using (post_id) where post_id = 1)",
    "common table expression": "exists (with w as (select 1 as n) select from w where w.n = 1 and n = 1)",
    "hides a table": "exists (with posts as (select 1 as n) select from posts where posts.n = 1)",
    "hides a table under an alias": (
        "exists (with members as (select 1 as n) select from members q where q.n = 1)"
    ),
    "hides a table further in": (
        "exists (with members as (select 1 as n) select (select q.n from members q))"
    ),
    "recursive": (
        "id in (with recursive r as (select 1 as n union select n + 1 from r where r.n < 9) select n from r)"
    ),
    "lateral": "exists (select 1 from members m, lateral (select m.user_id as u) l where l.u = 1)",
    "function in from": "exists (select 1 from unnest(array[1]) as u (x) where u.x = 1 and x = 1)",
    "function without an alias": "exists (select 1 from generate_series(1, 2) where generate_series > 1)",
    "function's own name": (
        "exists (select 1 from generate_series(1, 2) where generate_series.generate_series = 1)"
    ),
    "set-returning json": (
        "exists (select 1 from jsonb_to_recordset('[]') as j (k int) where j.k = 1 or k = 2)"
    ),
    "table sample": "exists (select 1 from members m tablesample system (1) where m.user_id = 1)",
    "order by a result": "id = (select count(*) as n from members order by n limit 1)",
    "order by a result of a union": "id in (select id as n from posts union select 1 order by n)",
    "group by a result": "id in (select user_id as u from members group by u)",
    "unknown table": "exists (select 1 from elsewhere where foo = bar)",
    "other schema": "exists (select 1 from app.posts p where p.whatever)",
    "catalog": "exists (select from pg_roles where rolname = current_user)",
    "system columns": "posts.ctid is not null and xmin is not null and tableoid = 'posts'::regclass",
    "whole row": "posts is not null and to_jsonb(posts) ? 'id' and posts.* is not null",
    "window": "id in (select rank() over w from members window w as (order by user_id))",
    "filter": "id = (select count(*) filter (where user_id = 1) from members)",
    "values": "id in (select v from (values (1)) as t (v) where t.v = 1)",
    "array": "author = any (array (select user_id from members where post_id = id))",
    "type cast and collation": "title::text collate \"C\" = 'x'",
    "named argument": "make_interval(days => 1) > interval '1 day'",
    "case and composite": "(case when id = 1 then (row(1, 2)).f1 else author end) = 1",
    "at time zone": "now() at time zone 'utc' > '2020-01-01' and extract(year from now()) > 1",
}
INVALID = {
    "titel = 'x'": ["titel"],
    "posts.titel = 'x'": ["posts.titel"],
    "nobody.title = 'x'": ["nobody.title"],
    "exists (select 1 from members where member_id = 1)": ["member_id"],
    "exists (select 1 from members m where m.id = 1)": ["m.id"],
    "exists (select 1 from members m where members.user_id = 1)": ["members.user_id"],
    "id in (select id from posts where nope) or exists (select 1 from posts p join members m on p.x = m.y)": [
        "m.y",
        "nope",
        "p.x",
    ],
}


def declarations(**given: Any) -> Declarations:
    made = Declarations(columns=dict(TABLES), **given)
    made.announce(Key("functions", "app", "visible"))
    made.announce(Key("types", "app", "mood"))
    return made


def refusal(
    sql: str, form: Any = "expression", own: Any = (("posts", ("public", "posts")),), **given: Any
) -> str:
    """What the check says of a text; nothing where it accepts it."""
    try:
        declarations(**given).check(Text(sql, "here", form, own if form == "expression" else ()))
    except InvalidDeclaration as error:
        return str(error)
    return ""


@pytest.mark.parametrize("expression", VALID.values(), ids=list(VALID))
def test_nothing_valid_is_refused(expression: str) -> None:
    assert refusal(expression, existing=("public.elsewhere", "app.posts")) == ""


@pytest.mark.parametrize(("expression", "names"), INVALID.items())
def test_unknown_columns_are_told(expression: str, names: list[str]) -> None:
    assert any(f"here: unknown column {name} (line 1, column" in refusal(expression) for name in names)


REFUSED = {
    "did you mean": ("titel = 1", "here: unknown column titel (line 1, column 1): did you mean title?"),
    "place": (
        "id = 1\n  and posts.autor = 'é'",
        "here: unknown column posts.autor (line 2, column 7): did you mean posts.author?",
    ),
    "table": (
        "id in (select id from public.post)",
        "here: unknown table public.post (line 1, column 23): did you mean public.posts?",
    ),
    "function": (
        "app.visibel(id)",
        "unknown function app.visibel (line 1, column 1): did you mean app.visible?",
    ),
    "built-in function": ("lowr('A') = 'a'", "unknown function lowr (line 1, column 1): did you mean lower?"),
    "elsewhere": (
        "auth.uid() = 1",
        "unknown function auth.uid (line 1, column 1): declare it before what uses it, or name it in the"
        ' provider\'s existing ("auth.*")',
    ),
    "type": ("'x'::app.mod = 'x'", "unknown type app.mod (line 1, column 6): did you mean app.mood?"),
    "syntax": ("id = \n  from", 'here: syntax error at or near "from" (line 2, column 3)'),
    "several": ("1, 2", "here: expected one SQL expression"),
}


@pytest.mark.parametrize(("sql", "message"), REFUSED.values(), ids=list(REFUSED))
def test_expression_is_refused(sql: str, message: str) -> None:
    assert message in refusal(sql)


BODY = "create function f(wanted int) returns int language {} as $$\n{}\n$$"
STATEMENTS = {
    "view": (
        "create view v as\nselect titel from posts",
        "here:2:8: unknown column titel: did you mean title?",
    ),
    "view of a view": ("create view v as select * from app.nothing", "unknown table app.nothing"),
    "sql body": (
        BODY.format("sql", "select id from post"),
        "here:2:16: unknown table post: did you mean posts?",
    ),
    "locking": (BODY.format("sql", "select id from posts p for no key update of p skip locked"), ""),
    "parameter": (BODY.format("sql", "select wanted + f.wanted"), ""),
    "standard body": (
        "create function f(wanted int) returns int begin atomic select wanted, p.x from posts p; end",
        "unknown column p.x",
    ),
    "argument's type": (
        "create function f(a app.mod) returns int language sql as 'select 1'",
        "unknown type app.mod",
    ),
    "row type": ("create function f(a posts) returns setof members language sql as 'select $1.id, 1'", ""),
    "syntax in an sql body": (
        BODY.format("sql", "select 'é';\nselct 1"),
        'here:3:1: syntax error at or near "selct"',
    ),
    "syntax in a plpgsql body": (
        BODY.format("plpgsql", "begin\n  selct 1;\nend"),
        'here:3:3: syntax error at or near "selct"',
    ),
    "search path": (BODY.format("sql set search_path = x, y", "select a from b where c(d)"), ""),
    "late": (BODY.format("plpgsql", "begin return (select x from nothing); end"), ""),
    "insert": ("insert into posts (id, titel) values (1, 2)", "here:1:24: unknown column titel"),
    "upsert": (
        "insert into posts as p (id) values (1) on conflict (id) do update set title = excluded.titel",
        "unknown column excluded.titel",
    ),
    "good upsert": (
        "insert into posts as p (id) values (1) on conflict (id) do update set title = excluded.title"
        " where p.author <> excluded.author returning id, p.title",
        "",
    ),
    "update": (
        "update posts p set title = m.nope from members m where m.post_id = p.id",
        "unknown column m.nope",
    ),
    "delete": ("delete from posts using members m where m.post_id = posts.id and user_id = 1", ""),
    "merge": (
        "merge into posts p using members m on p.id = m.post_id when matched then update set id = m.user_id"
        " when not matched then insert (id) values (m.nope)",
        "unknown column m.nope",
    ),
    "own temporary table": ("create temp table t as select 1 as x; insert into t select x from t", ""),
    "catalog": (
        "create view v as select relname, pg_size_pretty(1) from pg_class c join pg_roles r on true",
        "",
    ),
    "extension": ("create view v as select extensions.digest('a', 'md5'), similarity('a', 'b')", ""),
    "column of a row as a function": ("create view v as select title(p), text(p.id) from posts p", ""),
    "function of a row as a column": ("create view v as select p.visible from posts p", ""),
}


@pytest.mark.parametrize(("sql", "message"), STATEMENTS.values(), ids=list(STATEMENTS))
def test_statements(sql: str, message: str) -> None:
    said = refusal(sql, "routine" if "function" in sql[:20] else "statement")
    assert message in said if message else said == ""


def test_existing_names_are_not_asked_for() -> None:
    assert refusal("auth.uid() = legacy(1)", existing=("auth.*", "legacy")) == ""
    assert "legacy" in refusal("auth.uid() = legacy(1)", existing=("auth.*",))


def test_while_a_name_is_not_known_yet_only_columns_are_judged() -> None:
    assert refusal("auth.uid() = id", complete=False) == ""
    assert "titel" in refusal("auth.uid() = titel", complete=False)


def test_what_a_body_looks_up_when_it_runs_is_untracked() -> None:
    sql = BODY.format(
        "plpgsql",
        "declare p posts; begin\n"
        "select title, wanted into p from posts where titel = found::text and later.f(wanted);\n"
        "perform app.visible(x) from nowhere as n (x), next; return p.anything; end",
    )
    assert declarations().untracked(sql, frozenset({"nowhere", "later.f"})) == ["later.f", "nowhere", "titel"]
    assert declarations(existing=("later.*",)).untracked(sql, frozenset({"later.f"})) == ["titel"]


def checked(checks: Checks, token: str, name: str, /, **inputs: Any) -> list[str]:
    """What the check of a declaration says."""
    kind = KINDS[f"gatepost:index:{token}"]
    request = CheckRequest(urn_of(token, name), {}, wired({"schema": "public", "name": name, **inputs}), b"")
    return [failure.reason for failure in checks.answer(kind, request).failures]


def test_all_that_is_wrong_with_one_declaration_is_told_at_once() -> None:
    checks = Checks()
    columns = [
        col("id", "nope"),
        col("at", "date", default="soon()"),
        col("on", "date", default="1", generated="2"),
        col("by", "text text"),
    ]
    given: dict[str, Any] = {"columns": columns, "privileges": {"x": ["read"]}, "storage": {"nope": "1"}}
    said = checked(checks, "Table", "posts", **given)
    starts = (
        'table "public.posts": column "on": default and generated exclude each other',
        'privileges of "x": "read" is none of delete, insert',
        'table "public.posts": storage: unknown parameter nope',
        'table "public.posts": column "id": type: unknown type nope',
        'table "public.posts": column "at": default: unknown function soon',
        'table "public.posts": column "by": type: syntax error at or near',
    )
    assert len(said) == len(starts)
    for one, start in zip(said, starts, strict=True):
        assert start in one


def test_each_name_that_nothing_has_is_told_once() -> None:
    checks = Checks()
    assert checked(checks, "Table", "posts", columns=[col("id", "integer")]) == []
    sql = "select titel, public.gone(titel, 1), autor from posts"
    view = {"sql": f"create view public.v as {sql}", "schema": None, "name": None}
    said = checked(checks, "View", "v", **view)
    assert [one.partition("unknown ")[2].partition(":")[0] for one in said] == [
        "column titel",
        "column autor",
        "function public.gone",
    ]


def test_a_text_that_cannot_be_read_is_told_once() -> None:
    checks = Checks()
    assert checked(checks, "Table", "posts", columns=[col("id", "integer")]) == []
    for kind, given in {
        "Index": {"table": "posts", "columns": ["id id id"]},
        "Function": {"sql": "create function f() returns int language sql as 'select select'"},
        "View": {"sql": "create view v as select select"},
        "Constraint": {"table": "posts", "kind": "check", "expression": "id id"},
    }.items():
        given = given if "sql" not in given else {**given, "schema": None, "name": None}
        assert len(checked(checks, kind, "x", **given)) == 1, kind


def test_one_wrong_declaration_hides_no_other() -> None:
    checks = Checks()
    assert checked(checks, "Table", "posts", columns=[col("id", "nope"), col("at", "date")]) != []
    for name in ("i1", "i2"):
        [said] = checked(checks, "Index", name, table="posts", columns=[f"{name}(id)"])
        assert f"unknown function {name}" in said
    [said] = checked(checks, "Index", "i3", table="posts", columns=["nope"])
    assert "it has at, id" in said


MISSPELT: dict[str, tuple[str, dict[str, Any], str]] = {
    "domain's check": (
        "Type",
        {"kind": "domain", "type": "int", "checks": {"c": "valu > 1"}},
        'type "public.x": check "c": unknown column valu (line 1, column 1): did you mean value?',
    ),
    "domain's default": (
        "Type",
        {"kind": "domain", "type": "int", "default": "nope(1)"},
        'type "public.x": default: unknown function nope (line 1, column 1)',
    ),
    "trigger's function": (
        "Trigger",
        {"table": "posts", "function": "app.nope", "events": ["insert"]},
        "function: unknown function app.nope",
    ),
    "table's storage": (
        "Table",
        {"columns": [col("id", "int")], "storage": {"fillfactr": 50}},
        'table "public.x": storage: unknown parameter fillfactr: did you mean fillfactor?',
    ),
    "index's storage": (
        "Index",
        {"table": "posts", "columns": ["id"], "storage": {"buffering": "on"}},
        "storage: unknown parameter buffering: there are fillfactor, deduplicate_items",
    ),
    "NUL": ("Table", {"columns": [col("a\0b", "int")]}, "columns: has a NUL character"),
}
RIGHT: dict[str, tuple[str, dict[str, Any]]] = {
    "domain": ("Type", {"kind": "domain", "type": "int", "default": "1", "checks": {"c": "VALUE > 1"}}),
    "trigger": (
        "Trigger",
        {"table": "posts", "function": "tsvector_update_trigger", "events": ["insert"]},
    ),
    "index of an extension": (
        "Index",
        {"table": "posts", "columns": ["id"], "method": "bloom", "storage": {"length": 80}},
    ),
}


@pytest.fixture
def posts() -> Checks:
    checks = Checks()
    assert checked(checks, "Table", "posts", columns=[col("id", "int")]) == []
    return checks


@pytest.mark.parametrize(("token", "given", "message"), MISSPELT.values(), ids=list(MISSPELT))
def test_misspelt_declaration_is_refused(
    posts: Checks, token: str, given: dict[str, Any], message: str
) -> None:
    assert message in " ".join(checked(posts, token, "x", **given))


@pytest.mark.parametrize(("token", "given"), RIGHT.values(), ids=list(RIGHT))
def test_right_declaration_is_not(posts: Checks, token: str, given: dict[str, Any]) -> None:
    assert checked(posts, token, "x", **given) == []


@pytest.mark.parametrize(
    ("published", "message"),
    [
        ({"columns": ["idd"]}, 'table "public.posts" has no column idd: it has id'),
        ({"where": "idd > 1"}, "posts: where: unknown column idd (line 1, column 1): did you mean id?"),
        ({"columns": ["id"], "where": "id > 1 and posts.id < 9"}, None),
    ],
)
def test_columns_of_a_publication_are_looked_up(
    posts: Checks, published: dict[str, Any], message: str | None
) -> None:
    given = wired({"name": "p", "tables": [{"schema": "public", "table": "posts", **published}]})
    request = CheckRequest(urn_of("Publication", "p"), {}, given, b"")
    said = " ".join(one.reason for one in posts.answer(KINDS["gatepost:index:Publication"], request).failures)
    assert message in said if message else said == ""


NEW_IN_18 = {"autovacuum_vacuum_max_threshold", "vacuum_max_eager_freeze_failure_rate"}


@pytest.mark.parametrize("method", storage.KNOWN)
def test_the_server_knows_every_storage_parameter(server: Server, method: str) -> None:
    on = "table pg_temp.t (v int)" if method == "heap" else f"index on pg_temp.v using {method} (v)"
    unknown = set()
    with server.database() as made, psycopg.connect(made.superuser_url, autocommit=True) as connection:
        connection.execute("create temp table v (v int4range)" if "gist" in method else INTEGERS)
        for name in storage.KNOWN[method]:
            with pytest.raises(psycopg.Error) as told:
                connection.execute(f"create {on} with ({name} = 'no such value')".encode())
            unknown |= {name.removeprefix("toast.")} if "unrecognized" in str(told.value) else set()
        is_new = connection.info.server_version >= 180000
    assert unknown == (set() if is_new or method != "heap" else NEW_IN_18)


INTEGERS = "create temp table v (v int)"


def test_declaration_whose_name_cannot_be_told_may_be_what_others_use() -> None:
    checks = Checks()
    request = CheckRequest(urn_of("View", "v"), {}, wired({"sql": "create view v as selekt 1"}), b"")
    assert checks.answer(KINDS["gatepost:index:View"], request).failures
    sql = {"sql": "create view w as select * from v"}
    request = CheckRequest(urn_of("View", "w"), {}, wired(sql), b"")
    assert not checks.answer(KINDS["gatepost:index:View"], request).failures


NAMES: dict[known.Sort, LiteralString] = {
    "function": "select proname from pg_proc where pronamespace = 'pg_catalog'::regnamespace",
    "relation": "select relname from pg_class where relnamespace = 'pg_catalog'::regnamespace"
    " and relkind in ('r', 'v')",
    "type": "select typname from pg_type where typnamespace = 'pg_catalog'::regnamespace"
    " and (typcategory <> 'A' or typname like '%vector') and typrelid = 0 and typname !~ '^_'",
}


@pytest.mark.parametrize("sort", NAMES)
def test_every_name_of_the_server_is_known(server: Server, sort: known.Sort) -> None:
    with psycopg.connect(server.superuser_url) as connection:
        there = {str(name) for (name,) in connection.execute(NAMES[sort])}
    assert there - known.of_server(sort) == set()


SCHEMAS = Path(__file__).parents[3] / "shared" / "schemas"
OBJECTS: dict[str, LiteralString] = {
    "relations": "select n.nspname, c.relname, array(select attname::text from pg_attribute"
    " where attrelid = c.oid and attnum > 0 and not attisdropped)"
    " from pg_class c join pg_namespace n on n.oid = relnamespace"
    " where relkind in ('r', 'p', 'v', 'm', 'S', 'f') and n.nspname !~ '^(pg_|information_schema)'",
    "functions": "select n.nspname, p.proname from pg_proc p join pg_namespace n on n.oid = pronamespace",
    "types": "select n.nspname, t.typname from pg_type t join pg_namespace n on n.oid = typnamespace",
}
TEXTS: dict[str, LiteralString] = {
    "routine": "select p.oid::regprocedure::text, pg_get_functiondef(p.oid), '', '' from pg_proc p"
    " join pg_namespace n on n.oid = pronamespace where n.nspname !~ '^(pg_|information_schema)'"
    " and prokind in ('f', 'p') and not exists (select from pg_depend where objid = p.oid and deptype = 'e')",
    "statement": "select c.oid::regclass::text, 'create view x as ' || pg_get_viewdef(c.oid), '', ''"
    " from pg_class c where relkind in ('v', 'm')"
    " and relnamespace not in ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)",
    "expression": "select 'policy', e, n.nspname, c.relname from pg_policy"
    " join pg_class c on c.oid = polrelid join pg_namespace n on n.oid = relnamespace,"
    " lateral (values (pg_get_expr(polqual, polrelid)),"
    " (pg_get_expr(polwithcheck, polrelid))) v (e) where e is not null"
    " union all select conname, pg_get_expr(conbin, conrelid), n.nspname, c.relname from pg_constraint"
    " join pg_class c on c.oid = conrelid join pg_namespace n on n.oid = relnamespace where contype = 'c'"
    " and n.nspname <> 'information_schema'"
    " union all select 'default', pg_get_expr(adbin, adrelid), n.nspname, c.relname from pg_attrdef"
    " join pg_class c on c.oid = adrelid join pg_namespace n on n.oid = relnamespace",
    "index": "select indexrelid::regclass::text, pg_get_indexdef(indexrelid), n.nspname, c.relname"
    " from pg_index join pg_class c on c.oid = indrelid join pg_namespace n on n.oid = relnamespace"
    " where n.nspname !~ '^(pg_|information_schema)'",
}


def load(connection: psycopg.Connection[Any], dump: Path) -> None:
    """Run a dump; what needs an extension or role that is missing is left out."""
    lines = [line for line in dump.read_text().splitlines() if not line.startswith("\\")]
    for statement in split("\n".join(lines)):
        if not re.match(r"\s*(--.*\s*)*(alter .* owner|grant|revoke|comment|copy)", statement, re.IGNORECASE):
            with suppress(psycopg.Error):
                connection.execute(statement.encode())


def texts_of(connection: psycopg.Connection[Any]) -> Iterator[Text]:
    connection.execute("set search_path = public")
    for form, query in TEXTS.items():
        for where, sql, schema, table in connection.execute(query).fetchall():
            own = ((table, (schema, table)),) if table else ()
            yield Text(sql, where, "statement" if form == "index" else form, own)  # type: ignore[arg-type]


@pytest.mark.skipif(not SCHEMAS.is_dir(), reason="the dumps of real schemas are not there")
@pytest.mark.parametrize("name", ["danbooru", "zync", "pagila", "graphile_starter"])
def test_nothing_of_a_real_schema_is_refused(server: Server, name: str) -> None:
    with server.database() as made, psycopg.connect(made.superuser_url, autocommit=True) as connection:
        load(connection, SCHEMAS / f"{name}.sql")
        found = {kind: connection.execute(query).fetchall() for kind, query in OBJECTS.items()}
        declared = Declarations(
            columns={(schema, table): frozenset(columns) for schema, table, columns in found["relations"]},
            functions={(schema, function) for schema, function in found["functions"]},
            types={(schema, type_) for schema, type_ in found["types"]},
            existing=("graphile_worker.*", "app_public.organization_invitations"),
        )
        checked = 0
        for text in texts_of(connection):
            declared.check(text)
            checked += 1
    assert checked > 20
