"""Cases as SQL, and PostgreSQL's answers to them."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cache
from string import Formatter
from typing import TYPE_CHECKING, Any

from gatepost.isolation.case import COMMAND_OF, Case, Outcome, outcome_of
from gatepost.isolation.copying import copied
from gatepost.isolation.rows import identifier
from gatepost.isolation.structure import TableFacts, query

if TYPE_CHECKING:
    from psycopg.sql import Composable, Composed

    from gatepost.postgres.connect import Connection

SCHEMA = "gatepost_isolation"
_PLAN = "gatepost_case"
_BATCH = 200


def prepare_clone(connection: Connection, facts: Mapping[str, TableFacts], tables: Sequence[str]) -> None:
    """Make what cases run through: a view and a function for each table, and the function that runs them."""
    from psycopg import sql

    schema = sql.SQL("create schema {0}; grant usage on schema {0} to public")
    connection.execute(schema.format(sql.Identifier(SCHEMA)))
    connection.execute(query("run_cases"))
    for number, table in enumerate(tables):
        view, function = (sql.Identifier(SCHEMA, f"{kind}_{number}") for kind in ("view", "function"))
        connection.execute(
            sql.SQL(_THROUGH).format(
                view=view, function=function, table=identifier(table), key=_key(facts[table])
            )
        )


_THROUGH = """
create view {view} with (security_invoker = true) as select * from {table};
grant all on {view} to public;
create function {function}() returns setof text language plpgsql stable as $f$
begin return query select {key} from {table}; end $f$;
"""


class Statements:
    """Writes cases as SQL and runs them, many in one round trip."""

    def __init__(
        self,
        connection: Connection,
        facts: Mapping[str, TableFacts],
        tables: Sequence[str],
        marking: Collection[str] = (),
    ) -> None:
        """:param marking: tables where a trigger changes rows that are deleted instead: they count too."""
        self._marking = marking
        self._connection = connection
        self._facts = facts
        self._number = {table: number for number, table in enumerate(tables)}
        self._key_text = cache(lambda table: _key(self._facts[table]).as_string(None))

    def run(self, cases: Sequence[Case]) -> list[Outcome]:
        """Run cases, each as if it were the only one, and return what came of each."""
        outcomes: dict[int, Outcome] = {}
        told = [(at, case) for at, case in enumerate(cases) if case.path != "copy"]
        for start in range(0, len(told), _BATCH):
            batch = told[start : start + _BATCH]
            found: list[Any] = self._connection.execute(
                "select state, message, raised, affected, keys from gatepost_isolation.run_cases(%s::jsonb)",
                [json.dumps([self._told(case) for _, case in batch])],
            ).fetchall()
            outcomes |= {at: _outcome(case, row) for (at, case), row in zip(batch, found, strict=True)}
        for at, case in enumerate(cases):
            if case.path == "copy":
                outcomes[at] = copied(self._connection, case, self._composed(case), claims_of(case))
        return [outcomes[at] for at in range(len(cases))]

    def _told(self, case: Case) -> dict[str, Any]:
        statement = self.sql(case)
        told: dict[str, Any] = {
            "role": case.asker.role,
            "claims": claims_of(case),
            "sql": statement,
            "reads": _returns_keys(case),
        }
        if case.action == "delete" and case.table in self._marking:
            told["touches"] = identifier(case.table).as_string(None)
        if case.path == "prepared":
            told |= self._prepared(case, statement)
        return told

    def _prepared(self, case: Case, statement: str) -> dict[str, Any]:
        """Plan the statement as somebody else first: the plan that is kept must not serve the asker."""
        plan = f"set local plan_cache_mode = force_generic_plan; prepare {_PLAN} as {statement}"
        if COMMAND_OF[case.action] == "select":
            plan += f"; execute {_PLAN}"
        return {"before": plan, "sql": f"execute {_PLAN}", "after": f"deallocate {_PLAN}"}

    # SQL

    def sql(self, case: Case) -> str:
        """Return the statement of a case."""
        return self._composed(case).as_string(None)

    def _composed(self, case: Case) -> Composed:
        from psycopg import sql

        if case.path == "function":
            function = sql.Identifier(SCHEMA, f"function_{self._number[case.table]}")
            return sql.SQL("select * from {}()").format(function)
        form = _COPIES[case.action] if case.path == "copy" else _FORMS[case.action]
        parts: dict[str, Callable[[], Composable]] = {
            "on": lambda: self._on(case),
            "key": lambda: sql.SQL(self._key_text(case.table)),
            "where": lambda: self._where(case, self._facts[case.table]),
            "columns": lambda: sql.SQL(", ").join([sql.Identifier(column) for column, _ in case.values]),
            "values": lambda: sql.SQL(", ").join([sql.Literal(value) for _, value in case.values]),
            "sets": lambda: _assigned(case.values),
            "arbiter": lambda: sql.SQL(", ").join(map(sql.Identifier, case.arbiter)),
            "upsets": lambda: _assigned([case.sets] if case.sets else []),
            "met": lambda: _met(case),
        }
        return sql.SQL(form).format(**{name: parts[name]() for name in _named_in(form)})

    def _on(self, case: Case) -> Composable:
        from psycopg import sql

        if case.path == "view":
            return sql.Identifier(SCHEMA, f"view_{self._number[case.table]}")
        return identifier(case.partition or case.table)

    def _where(self, case: Case, facts: TableFacts) -> Composable:
        from psycopg import sql

        if case.where is None:
            return sql.SQL("")
        if len(facts.key) == 1:
            left: Composable = sql.SQL("{}::text").format(sql.Identifier(facts.key[0]))
        else:
            left = sql.SQL("(") + sql.SQL(self._key_text(case.table)) + sql.SQL(")")
        listed = sql.SQL(", ").join(map(sql.Literal, case.where))
        return sql.SQL(" where {} in ({})").format(left, listed)


_FORMS = {
    "select": "select {key} from {on}{where}",
    "count": "select count(*) from {on}{where}",
    "lock": "select {key} from {on}{where} for update",
    "insert": "insert into {on} ({columns}) values ({values})",
    "insert returning": "insert into {on} ({columns}) values ({values}) returning {key}",
    "insert or nothing": "insert into {on} ({columns}) values ({values}) on conflict ({arbiter}) do nothing",
    "upsert": "insert into {on} ({columns}) values ({values}) on conflict ({arbiter}) do update set {upsets}",
    "merge": "merge into {on} as there using (select 1) as given on {met} "
    "when matched then update set {upsets} when not matched then insert ({columns}) values ({values})",
    "update": "update {on} set {sets}{where}",
    "update returning": "update {on} set {sets}{where} returning {key}",
    "delete": "delete from {on}{where}",
    "delete returning": "delete from {on}{where} returning {key}",
    "truncate": "truncate {on}",
}
_COPIES = {"select": "copy (select {key} from {on}) to stdout", "insert": "copy {on} ({columns}) from stdin"}


@cache
def _named_in(form: str) -> tuple[str, ...]:
    return tuple(name for _, name, _, _ in Formatter().parse(form) if name)


def _assigned(values: Sequence[tuple[str, str | None]]) -> Composable:
    from psycopg import sql

    return sql.SQL(", ").join(
        sql.SQL("{} = {}").format(sql.Identifier(column), sql.Literal(value)) for column, value in values
    )


def _met(case: Case) -> Composable:
    from psycopg import sql

    given = dict(case.values)
    return sql.SQL(" and ").join(
        sql.SQL("there.{} = {}").format(sql.Identifier(column), sql.Literal(given[column]))
        for column in case.arbiter
    )


def _key(facts: TableFacts) -> Composable:
    from psycopg import sql

    form = "{}::text" if all(facts.columns[name].required for name in facts.key) else "coalesce({}::text, '')"
    return sql.SQL(" || '|' || ").join(sql.SQL(form).format(sql.Identifier(name)) for name in facts.key)


def _outcome(case: Case, row: tuple[Any, ...]) -> Outcome:
    state, message, raised, affected, found = row
    if case.action == "count" and state is None:
        affected, found = int(found[0]), None
    return outcome_of(state, message, raised, affected, found)


def _returns_keys(case: Case) -> bool:
    return case.action in ("select", "lock", "count") or "returning" in case.action


def claims_of(case: Case) -> str:
    """Return the token's claims as the session gets them."""
    asker = case.asker
    guest = {"is_anonymous": True} if asker.claims and asker.user is None else {}
    who = {} if asker.user is None else {"sub": asker.user}
    return json.dumps({"role": asker.role} | who | guest | dict(asker.claims))
