"""A table under clients: changed safely and as anybody would, and how long somebody waited."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, LiteralString

import psycopg
from fix_provider import EVERYTHING, Deploy, Inputs, col
from servers import Database

CLIENTS = Path(__file__).parent / "benchmarks" / "clients.py"


@dataclass
class Met:
    """What the clients met while something was done."""

    statements: int = 0
    longest: float = 0.0
    """Seconds that the slowest statement took."""
    errors: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        took = f"{self.longest:.2f} s" if self.longest >= 1 else f"{self.longest * 1000:.0f} ms"
        return f"{took} and errors" if self.errors else took


@contextmanager
def clients(database: Database, rows: int) -> Iterator[Met]:
    """Have four clients write and four read, as a role under row security."""
    command = [sys.executable, str(CLIENTS), database.superuser_url, "gp_reader", str(rows)]
    met = Met()
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        yield met
        told, _ = process.communicate()
        for name, value in json.loads(told).items():
            setattr(met, name, value)


class Releases(Deploy):
    """Deployments without the tests' own look at the catalog before and after each."""

    def _after_its_preview(self, run: Callable[[bool], Any]) -> Any:
        return run(False)


COLUMNS = {
    "id": col("id", "bigint", nullable=False, identity="by default"),
    "title": col("title"),
    "status": col("status", nullable=False, default="'draft'"),
    "views": col("views", "integer", nullable=False, default="0"),
    "author": col("author", "integer"),
    "score": col("score", "numeric"),
    "mood": col("mood", "public.mood", default="'calm'"),
    "made_at": col("made_at", "timestamptz", nullable=False, default="now()"),
}
ALLOWED = ["select", "insert", "update"]
POPULAR = "create view public.popular with (security_invoker) as select id, views, title"
OLD_VIEW, NEW_VIEW = f"{POPULAR}, status from public.posts", f"{POPULAR} from public.posts"
Step = Callable[[Releases], object]


def table(**changed: Inputs | None) -> Step:
    """Deploy the table with these columns otherwise, or not at all."""

    def release(deploy: Releases) -> None:
        columns = [one for one in (COLUMNS | changed).values() if one]
        deploy.table(columns=columns, row_security="forced", privileges={"gp_reader": ALLOWED})

    return release


def constraint(name: str, **inputs: Any) -> Step:
    return lambda deploy: deploy.constraint(name, **inputs)


def policy(name: str, command: str, **inputs: str) -> Step:
    return lambda deploy: deploy.policy(name, command=command, roles=["gp_reader"], **inputs)


def view(sql: str) -> Step:
    return lambda deploy: deploy.view("popular", sql=sql, privileges={"gp_reader": ["select"]})


def moods(*values: str) -> Step:
    return lambda deploy: deploy.type("mood", schema="public", name="mood", kind="enum", values=list(values))


@dataclass(frozen=True)
class Sequence:
    """One kind of change: the releases that make it, and what somebody in a hurry would run."""

    releases: tuple[Step, ...]
    naive: tuple[LiteralString, ...]
    before: LiteralString = ""
    """What makes room for the naive way after the safe one."""
    after: LiteralString = ""
    """What brings back what the naive way left out."""


WIDE = col("views", "bigint", nullable=False, default="0")
SEQUENCES = {
    "index": Sequence(
        (lambda deploy: deploy.index("posts_author", columns=["author", "made_at"]),),
        ("create index posts_author on posts (author, made_at)",),
        before="drop index posts_author",
    ),
    "unique constraint": Sequence(
        (constraint("posts_title", kind="unique", columns=["title"]),),
        ("alter table posts add constraint posts_title unique (title)",),
        before="alter table posts drop constraint posts_title",
    ),
    "foreign key": Sequence(
        (
            constraint(
                "to_author",
                kind="foreign_key",
                columns=["author"],
                references={"table": "authors", "columns": ["id"]},
            ),
        ),
        ("alter table posts add constraint to_author foreign key (author) references authors (id)",),
        before="alter table posts drop constraint to_author",
    ),
    "check": Sequence(
        (constraint("positive", kind="check", expression="views >= 0"),),
        ("alter table posts add constraint positive check (views >= 0)",),
        before="alter table posts drop constraint positive",
    ),
    "NOT NULL": Sequence(
        (table(title=col("title", nullable=False)),),
        ("alter table posts alter column title set not null",),
        before="alter table posts alter column title drop not null",
        after="alter table posts alter column title drop not null",
    ),
    "type change": Sequence(
        (table(views={**WIDE, "change": {}}), table(views=WIDE)),
        (
            "begin; drop view popular; alter table posts alter column views type bigint;"
            "create view popular with (security_invoker) as select id, views, title, status from posts;"
            "grant select on popular to gp_reader; alter view popular owner to deployer; commit",
        ),
        before="drop view popular; alter table posts alter column views type integer;"
        "create view popular with (security_invoker) as select id, views, title, status from posts;"
        "grant select on popular to gp_reader; alter view popular owner to deployer",
    ),
    "enum change": Sequence(
        (moods("calm", "glad", "wild"),),
        (
            "create type moods as enum ('calm', 'glad', 'wild')",
            "alter table posts alter column mood drop default,"
            " alter column mood type moods using mood::text::moods, alter column mood set default 'calm'",
        ),
        after="alter table posts alter column mood drop default,"
        " alter column mood type mood using mood::text::mood, alter column mood set default 'calm';"
        "drop type moods",
    ),
    "column drop": Sequence(
        (table(score=col("score", "numeric", retired=True), views=WIDE), table(score=None, views=WIDE)),
        ("alter table posts drop column score",),
        before="alter table posts add column score numeric",
    ),
    "view replacement": Sequence(
        (view(NEW_VIEW),),
        (
            "drop view popular",
            "create view popular with (security_invoker) as select id, views, title from posts",
            "grant select on popular to gp_reader",
        ),
    ),
    "policy replacement": Sequence(
        (policy("reads", "select", using="author > 0"), policy("reads", "all", using="author > 0")),
        ("drop policy reads on posts", "create policy reads on posts to gp_reader using (author > 0)"),
    ),
}


@contextmanager
def populated(database: Database, rows: int) -> Iterator[Releases]:
    """Give the table with its rows and all that the clients need."""
    deploy = Releases(database, {"approve": EVERYTHING})
    deploy.sql("grant all on schema public to deployer; grant usage on schema public to gp_reader")
    deploy.sql(
        "create table authors (id integer primary key); insert into authors select generate_series(1, 100);"
        "alter table authors owner to deployer"
    )
    moods("calm", "wild")(deploy)
    table()(deploy)
    constraint("posts_pkey", kind="primary_key", columns=["id"])(deploy)
    policy("reads", "select", using="author is not null")(deploy)
    policy("adds", "insert", check="author > 0")(deploy)
    policy("changes", "update", using="author > 0")(deploy)
    view(OLD_VIEW)(deploy)
    deploy.sql(
        "insert into posts (title, author, score) select 'title ' || g, g %% 100 + 1, g"
        " from generate_series(1, %s) as g",
        rows,
    )
    deploy.sql("vacuum analyze posts")
    yield deploy
    deploy.close()


def safely(deploy: Releases, name: str, rows: int) -> Met:
    """Change it release by release under clients."""
    with clients(deploy.database, rows) as met:
        for release in SEQUENCES[name].releases:
            release(deploy)
    return met


def naively(deploy: Releases, name: str, rows: int) -> Met:
    """Change it as anybody would, under clients."""
    sequence = SEQUENCES[name]
    if sequence.before:
        deploy.sql(sequence.before)
    with (
        psycopg.connect(deploy.database.superuser_url, autocommit=True) as somebody,
        clients(deploy.database, rows) as met,
    ):
        for statement in sequence.naive:
            somebody.execute(statement)
    if sequence.after:
        deploy.sql(sequence.after)
    return met
