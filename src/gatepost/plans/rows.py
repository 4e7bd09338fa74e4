"""Rows for one table, in one statement: parents by skew, values by type, checks and uniques fulfilled."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from gatepost.errors import GatepostError
from gatepost.plans.shape import Column, ForeignKey, Rows, Table, Unique
from gatepost.plans.statements import number, run
from gatepost.plans.values import is_numbered, rank, value_of
from gatepost.provider.sqltext import Part, ident, idents, joined, literal, part, raw

KEYS = "gatepost_keys"
"""The schema in which the keys of filled tables are numbered, so that rows can choose among them."""
_NUMBER = "gatepost_number"
_BOUND = re.compile(r"'(\d{4}-[^']*)'")
_PAST_REFERENCE = 1000
"""Beside rows that are there already numbers begin after this one."""
_TRIED = 1000
_LEAST = 0.002
"""With fewer acceptable rows among those tried, the checks are not fulfilled by chance."""


@dataclass(frozen=True)
class Choice:
    """How rows choose the parent of one foreign key."""

    key: ForeignKey
    alias: str
    numbered: str
    """The table of the parent's numbered keys."""
    bound: tuple[tuple[Part, str], ...]
    """Values that an earlier choice gave, and the parent's columns that must equal them."""
    share: float
    """How many of the rows have a parent at all."""
    skewed: bool = False


@dataclass
class Filling:
    """What is needed to fill one table."""

    table: Table
    tables: Mapping[int, Table]
    counts: Mapping[int, int]
    """How many rows the tables have that are filled already."""
    connection: Rows
    given: dict[str, Part] = field(default_factory=dict)
    """The value of each column that a parent gives."""

    def fill(self, wanted: int) -> int:
        """Insert about `wanted` rows and return how many it became.

        :raises GatepostError: no acceptable row can be made from the catalog.
        """
        choices = self._choices()
        columns = [column for column in self.table.columns if not column.made_by_server]
        values = {column.name: self._value(column, place) for place, column in enumerate(columns)}
        share = self._accepted(choices, values)
        # All that fulfil the checks are kept: the last ones are the newest.
        tried = math.ceil(wanted / share)
        return run(
            self.connection,
            "insert into {table} ({columns}) select {columns} from ({rows}) as r{order}",
            table=ident(self.table.schema, self.table.name),
            columns=idents(values),
            order=part(" order by {n}", n=ident(_NUMBER)) if self._is_limited_by_keys() else part(""),
            rows=self._rows(choices, values, tried),
        ).rowcount

    def _choices(self) -> list[Choice]:
        keys = [key for key in self.table.foreign_keys if self.counts.get(key.parent)]
        choices: list[Choice] = []
        for place, key in enumerate(key for key in keys if key.parent != self.table.oid):
            both = list(zip(key.columns, key.parent_columns, strict=True))
            pairs = [pair for pair in both if pair[0] not in self.given]
            if pairs:
                bound = [(self.given[own], parent) for own, parent in both if own in self.given]
                choices.append(self._choice(key, f"p{place}", pairs, bound))
                self.given |= {own: ident(f"p{place}", parent) for own, parent in pairs}
        tenant = min(choices, key=lambda one: self.counts[one.key.parent], default=None)
        return [replace(one, skewed=one is tenant) for one in choices]

    def _choice(
        self, key: ForeignKey, alias: str, pairs: list[tuple[str, str]], bound: list[tuple[Part, str]]
    ) -> Choice:
        numbered = self._number_keys(key, [parent for _, parent in bound])
        optional = any(self.table.column(own).nullable for own, _ in pairs)
        return Choice(key, alias, numbered, tuple(bound), share=0.9 if optional else 1.0)

    def _value(self, column: Column, place: int) -> Part:
        if column.name in self.given:
            return self.given[column.name]
        own = [key for key in self.table.foreign_keys if column.name in key.columns]
        if own:  # a parent that has no rows yet, or the table itself
            if not column.nullable:
                raise GatepostError(
                    f"{self.table.label}.{column.name} refers to rows that do not exist yet:"
                    " write schema/<feature>/volume.sql for the table"
                )
            return raw("null")
        return value_of(self.table, column, place, self.connection)

    def _accepted(self, choices: Sequence[Choice], values: Mapping[str, Part]) -> float:
        """Return which share of tried rows fulfils the checks."""
        tried = self._rows(choices, values, _TRIED)
        accepted = number(self.connection, "select count(*) as number from ({rows}) as r", rows=tried)
        share = accepted / _TRIED
        if share < _LEAST and not self._is_limited_by_keys():
            raise GatepostError(
                f"the rows made for {self.table.label} fulfil its checks too rarely:"
                " write schema/<feature>/volume.sql for the table"
            )
        return max(share, 0.05)

    def _is_limited_by_keys(self) -> bool:
        return any(self._needs_comparison(unique) for unique in self.table.uniques)

    def _rows(self, choices: Sequence[Choice], values: Mapping[str, Part], tried: int) -> Part:
        made = part(
            "select n as {number}, {values} from {source}",
            number=ident(_NUMBER),
            values=joined(part("{v} as {n}", v=value, n=ident(name)) for name, value in values.items()),
            source=self._source(choices, tried),
        )
        conditions = [part("(({c}) is not false)", c=raw(check.expression)) for check in self.table.checks]
        conditions += [part("{n} is not null", n=ident(one.name)) for one in self._required(values)]
        computed = [
            one for one in self.table.columns if one.made_by_server and not one.nullable and one.default
        ]
        conditions += [part("({e}) is not null", e=raw(one.default or "")) for one in computed]
        kept = part("select * from ({made} offset 0) as r", made=made)
        if conditions:
            kept = part("{kept} where {all}", kept=kept, all=joined(conditions, " and "))
        for unique in self.table.uniques:
            if self._needs_comparison(unique):
                kept = _first_of_each(kept, unique, [_NUMBER, *values])
        return kept

    def _required(self, values: Mapping[str, Part]) -> list[Column]:
        return [column for column in self.table.columns if column.name in values and not column.nullable]

    def _source(self, choices: Sequence[Choice], tried: int) -> Part:
        draws = [
            part("random() as {u}, random() as {v}", u=ident(f"{one.alias}_u"), v=ident(f"{one.alias}_v"))
            for one in choices
        ]
        picks = [
            part("{pick} as {i}", pick=self._pick(one), i=ident(f"{one.alias}_i"))
            for one in choices
            if not one.bound
        ]
        low, high = self._period()
        numbers = part(
            "(select {first} + i as n, {low} + ({high} - {low}) * ((i - random()) / {tried}) as at{more}"
            " from generate_series(1, {tried}) as i) as g",
            first=raw(str(_PAST_REFERENCE if self.counts.get(self.table.oid) else 0)),
            low=low,
            high=high,
            tried=raw(str(tried)),
            more=joined((part(", {d}", d=draw) for draw in [*draws, *picks]), ""),
        )
        return joined([numbers, *(_join(one) for one in choices)], " ")

    def _pick(self, choice: Choice) -> Part:
        most = raw(str(self.counts[choice.key.parent]))
        uniform = part("least(1 + floor(random() * {most})::bigint, {most})", most=most)
        return rank(most) if choice.skewed else uniform

    def _period(self) -> tuple[Part, Part]:
        """Return from when to when rows are: the last quarter, as far as there are partitions."""
        low, high = raw("(now() - interval '92 days')"), raw("now()")
        moments = [_BOUND.findall(bound) for bound in self.table.bounds]
        if self.table.partition_key and any(moments) and "DEFAULT" not in self.table.bounds:
            first = min(found[0] for found in moments if found)
            last = max(found[-1] for found in moments if found)
            low = part("greatest({low}, {first}::timestamptz)", low=low, first=literal(first))
            high = part(
                "least({high}, {last}::timestamptz - interval '2 minutes')", high=high, last=literal(last)
            )
        return low, high

    def _number_keys(self, key: ForeignKey, groups: Sequence[str]) -> str:
        """Number the parent's keys, altogether or in each group, and return the table that has them."""
        parent = self.tables[key.parent]
        name = "_".join([str(key.parent), *key.parent_columns, "by" if groups else "", *groups])[:60]
        window = part("partition by {groups}", groups=idents(groups)) if groups else part("")
        size = part("count(*) over ({window})", window=window)
        run(
            self.connection,
            "create table if not exists {keys} as select row_number() over ({window}) as i,"
            " {size} as size, {columns} from {parent} where {columns_there}",
            keys=ident(KEYS, name),
            window=window,
            size=size,
            columns=idents(key.parent_columns),
            parent=ident(parent.schema, parent.name),
            columns_there=joined((part("{c} is not null", c=ident(c)) for c in key.parent_columns), " and "),
        )
        run(self.connection, "analyze {keys}", keys=ident(KEYS, name))
        return name

    def _needs_comparison(self, unique: Unique) -> bool:
        """Whether rows may be alike in a unique key: none of its columns tells them apart by itself."""
        own = [self.table.column(name) for name in unique.columns if name not in self.given]
        expressions = len(unique.columns) < len(unique.keys)
        return not expressions and not any(
            one.made_by_server or one.base == "uuid" or is_numbered(self.table, one) for one in own
        )


def _join(choice: Choice) -> Part:
    """Join the numbered parent that a row chose."""
    keys, alias = ident(KEYS, choice.numbered), ident(choice.alias)
    has = part("{v} <= {share}", v=ident("g", f"{choice.alias}_v"), share=raw(str(choice.share)))
    if not choice.bound:
        chosen = ident("g", f"{choice.alias}_i")
        return part("left join {keys} as {a} on {a}.i = {c} and {has}", keys=keys, a=alias, c=chosen, has=has)
    group = ident(f"{choice.alias}_s")
    return part(
        "left join {keys} as {group} on {group_matches} and {group}.i = 1"
        " left join {keys} as {alias} on {matches} and {has}"
        " and {alias}.i = least({group}.size, 1 + floor({draw} * {group}.size)::bigint)",
        keys=keys,
        group=group,
        group_matches=_matches(choice, f"{choice.alias}_s"),
        alias=alias,
        matches=_matches(choice, choice.alias),
        has=has,
        draw=ident("g", f"{choice.alias}_u"),
    )


def _matches(choice: Choice, alias: str) -> Part:
    return joined(
        (part("{k} = {v}", k=ident(alias, column), v=value) for value, column in choice.bound), " and "
    )


def _first_of_each(rows: Part, unique: Unique, columns: Sequence[str]) -> Part:
    keys = joined((ident(name) for name in unique.columns), ", ")
    if unique.predicate:
        keys = part("{k}, case when {p} then 0 else random() end", k=keys, p=raw(unique.predicate))
    return part(
        "select {columns} from"
        " (select *, row_number() over (partition by {keys}) as k from ({rows}) as d) as u where k = 1",
        columns=idents(columns),
        keys=keys,
        rows=rows,
    )
