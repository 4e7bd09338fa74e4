"""Identity columns and sequences: whoever takes over goes on counting where the other stopped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gatepost.postgres.catalog import Key, query
from gatepost.postgres.plan import Hazard, Lock, Plan, Statement
from gatepost.provider.carried import Carried, beside
from gatepost.provider.column import ColumnInputs, IdentityOptions
from gatepost.provider.counting import Counting
from gatepost.provider.insight import parse_type
from gatepost.provider.site import Site
from gatepost.provider.sqltext import ident, joined, literal, raw, text

_COUNTED = frozenset({"int2", "int4", "int8"})


def counting_of(column: ColumnInputs) -> Counting:
    """Return the steps and limits of an identity column."""
    said = column.identity_options or IdentityOptions()
    return Counting(column.type, said.increment or 1, said.minvalue, said.maxvalue, bool(said.cycle))


def begin(site: Site, column: ColumnInputs, former: str) -> Plan:
    """Return what makes a column count on behind the values that there are.

    :param former: what the column is called before this change.
    """
    added = site.alter("alter column {c} add {g}", c=ident(column.name), g=column.generation())
    detail = f'The highest number of column "{column.name}" is looked for: an index on it saves that.'
    sought = () if _is_indexed(site, former) else site.risk(Hazard.BLOCKS_READS, column.name, detail)
    return Plan((added,), sought) + (Plan() if site.size.empty else _go_on_counting(site, column.name))


def _is_indexed(site: Site, column: str) -> bool:
    """Return whether the highest value of a column is found without reading the table."""
    there = site.facts.planned.present(Key("tables", *site.place))
    if site.facts.connection is None or there is None:
        return False
    given = {"schema": there.schema, "table": there.name, "column": column}
    return site.facts.connection.execute(query("leads_index"), given).fetchone() == (True,)


def _go_on_counting(site: Site, column: str) -> Plan:
    """Start behind the values that there are; forced row security would hide them."""
    counted = text(
        "select setval(pg_get_serial_sequence({table}, {column}), max({c})) from {t} having max({c}) > 0",
        table=site.regclass(),
        column=literal(column),
        c=ident(column),
        t=site.table,
    )
    count = Statement(counted, Lock.ACCESS_SHARE, site.label)
    if not site.forced:
        return Plan((count,))
    lift, force = site.alter("no force row level security"), site.alter("force row level security")
    return Plan((lift, count, force))


def hand_over(site: Site, found: Iterable[Carried], outgoing: str, incoming: str, new: ColumnInputs) -> Plan:
    """Return what gives the incoming column the outgoing one's identity; both have their former names."""
    statements: list[Statement] = []
    for one in found:
        if one.kind == "identity":
            if new.identity:
                statements += _copied(site, one, incoming, new)
            statements.append(site.alter("alter column {c} drop identity", c=ident(outgoing)))
            if new.identity:
                twin, named = ident(one.schema, beside(one.name)), ident(one.name)
                statements.append(Statement(text("alter sequence {s} rename to {n}", s=twin, n=named)))
    return Plan(tuple(statements))


def _copied(site: Site, one: Carried, incoming: str, new: ColumnInputs) -> Iterator[Statement]:
    twin = ident(one.schema, beside(one.name))
    options = new.identity_options.clauses() if new.identity_options else ()
    yield site.alter(
        "alter column {c} add generated {how} as identity (sequence name {options})",
        c=ident(incoming),
        how=raw(new.identity or ""),
        options=joined((twin, *options), " "),
    )
    counted = text(
        "select setval({twin}, s.last_value, s.is_called) from {s} as s",
        twin=literal(twin.as_string(None)),
        s=ident(one.schema, one.name),
    )
    yield Statement(counted)


def settle(site: Site, found: Iterable[Carried], new: ColumnInputs) -> Plan:
    """Return what is left for the column that took over under its final name."""
    plan = Plan()
    for one in found:
        if one.kind == "sequence":
            plan += Plan(tuple(_owned(site, one, new)))
    if new.identity and not any(one.kind == "identity" for one in found):
        plan += begin(site, new, new.name)
    return plan


def _owned(site: Site, one: Carried, new: ColumnInputs) -> Iterator[Statement]:
    sequence = ident(one.schema, one.name)
    if parse_type(new.type, "type").names[-1].sval in _COUNTED:
        yield Statement(text("alter sequence {s} as {type}", s=sequence, type=raw(new.type)))
    owner = ident(site.schema, site.name, new.name)
    yield Statement(text("alter sequence {s} owned by {c}", s=sequence, c=owner))
