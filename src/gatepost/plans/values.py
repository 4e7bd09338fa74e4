"""What stands in a column: SQL of a row's number `n` and its moment `at`, held against the checks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from gatepost.errors import GatepostError
from gatepost.plans.patterns import matching
from gatepost.plans.shape import Check, Column, Rows, Table
from gatepost.plans.statements import number
from gatepost.provider.sqltext import Part, ident, joined, literal, part, raw

_TEXT = re.compile(r"'((?:[^']|'')*)'(?:::(?:text|character varying|[a-z_\". ]+))?")
_NUMBER = re.compile(r"(?<![\w'.])-?\d+(?:\.\d+)?(?![\w'.])")
_PATTERN = re.compile(r"~\*? '((?:[^']|'')*)'")
_MOSTLY_NULL = re.compile(
    r"^(deleted|archived|removed|revoked|retracted|expired|locked|error|last_error|failed)"
)
_LONG = re.compile(r"(content|body|description|message|text)$")
_NUMBERS = ("smallint", "integer", "bigint", "numeric", "real", "double precision")
_TIMES = ("timestamp with time zone", "timestamp without time zone", "date")
_TRIED = 50
_VARIETY = 200
"""How many different words stand in a column that is looked up by but is not unique."""


def rank(most: Part) -> Part:
    """Return SQL for a number from 1 to `most`, the first ones far more often: Zipf's law."""
    return part("least(floor(exp(random() * ln({most} + 1)))::bigint, {most})", most=most)


def value_of(table: Table, column: Column, place: int, connection: Rows) -> Part:
    """Return what stands in a column that names no row of another table.

    :param place: the column's place among those of its table: later moments stand further right.
    :raises GatepostError: nothing that is tried fulfils the column's checks.
    """
    checks = [check for check in table.checks if check.columns == {column.name}]
    for candidate in _candidates(table, column, place, checks):
        if not checks or _holds(candidate, column, checks, connection):
            return _with_nulls(candidate, column)
    if column.nullable:
        return raw("null")
    refused = "; ".join(check.expression for check in checks) or column.base
    raise GatepostError(
        f"no value for {table.label}.{column.name} was found that fulfils {refused}:"
        " write schema/<feature>/volume.sql for the table"
    )


def _candidates(table: Table, column: Column, place: int, checks: Sequence[Check]) -> Iterator[Part]:
    if column.labels:
        yield _chosen([literal(label) for label in column.labels], column)
        return
    numbered = is_numbered(table, column)
    choices = [literal(text) for text in _texts(checks)] + [raw(number) for number in _numbers(checks)]
    if _is_chosen(checks):
        yield _chosen(choices, column)
    yield from _usual(table, column, place, numbered=numbered)
    for check in checks:
        for pattern in _PATTERN.findall(check.expression):
            found = matching(pattern.replace("''", "'"))
            if found is not None:
                yield found
    if column.category == "S":
        yield from _shapes()
    if column.default:
        yield raw(column.default)
    for choice in choices:
        yield part("{value}::{base}", value=choice, base=raw(column.base))


def _usual(table: Table, column: Column, place: int, *, numbered: bool) -> Iterator[Part]:
    """Yield what a column of its type mostly holds."""
    base = column.base
    if base in _TIMES:
        yield part("(at + {place} * interval '1 second')::{base}", place=raw(str(place)), base=raw(base))
    elif base == "uuid":
        yield part("md5({place} || n)::uuid", place=literal(f"{table.label}.{column.name}"))
    elif base == "boolean":
        usual = raw("true" if column.default == "true" else "false")
        yield part("case when random() < 0.95 then {usual} else not {usual} end", usual=usual)
    elif column.default and not numbered and (base in ("json", "jsonb") or column.category in "SAE"):
        yield raw(column.default)
    if column.category == "S":
        yield _words(table, column, numbered=numbered)
    elif base in _NUMBERS:
        whole = part("({n})::{base}", n=raw("n % 32767") if base == "smallint" else raw("n"), base=raw(base))
        yield whole if numbered else part("floor(1000 * random() ^ 3)::{base}", base=raw(base))
        yield part("(1 + floor(99 * random()))::{base}", base=raw(base))
        yield part("random()::{base}", base=raw(base))
    elif base == "interval":
        yield raw("interval '1 minute' * ceil(1 + 1000 * random())")
    elif base in ("json", "jsonb"):
        yield part("jsonb_build_object('number', n)::{base}", base=raw(base))
        yield part("'[]'::{base}", base=raw(base))
    elif base == "bytea":
        yield raw("sha256(n::text::bytea)")
    elif base in ("inet", "cidr"):
        yield part("('10.' || n / 65536 % 256 || '.' || n / 256 % 256 || '.' || n % 256)::{b}", b=raw(base))
    elif column.category == "A":
        yield part("'{{}}'::{base}", base=raw(base))


def _words(table: Table, column: Column, *, numbered: bool) -> Part:
    if numbered:
        text = part("{name} || ' ' || n", name=literal(column.name))
    elif column.name in table.looked_up_by:
        text = part("{name} || '_' || {rank}", name=literal(column.name), rank=rank(raw(str(_VARIETY))))
    elif _LONG.search(column.name):
        text = raw("repeat(md5(n::text) || ' ', 6)")
    else:
        text = part("{name} || ' ' || n", name=literal(column.name))
    return part("left({t}, {m})", t=text, m=raw(str(column.modifier - 4))) if column.modifier > 4 else text


def _shapes() -> Iterator[Part]:
    """Yield texts of shapes that checks often ask for."""
    for text in (
        "'x' || n",
        "'name-' || n || '@example.org'",
        "'https://example.org/' || n",
        "md5(n::text)",
        "encode(sha256(n::text::bytea), 'hex')",
        "gen_random_uuid()::text",
        "'+49' || lpad(n::text, 10, '0')",
        "chr(65 + (n % 26)::int)",
    ):
        yield raw(text)


def _chosen(choices: Sequence[Part], column: Column) -> Part:
    """Return one of the choices, the first ones most often."""
    if not choices:
        return raw("null")
    listed = part("(array[{choices}]::{base}[])", choices=joined(choices), base=raw(column.base))
    return part("{listed}[{rank}]", listed=listed, rank=rank(raw(str(len(choices)))))


def is_numbered(table: Table, column: Column) -> bool:
    """Return whether rows are told apart by the column."""
    name = re.compile(rf"\b{re.escape(column.name)}\b")
    named = any(name.search(key) for unique in table.uniques for key in unique.keys)
    own = [check for check in table.checks if check.columns == {column.name}]
    numbers = column.category == "S" or column.base in (*_NUMBERS, "bytea", "inet")
    return named and numbers and not _is_chosen(own)


def _is_chosen(checks: Sequence[Check]) -> bool:
    """Return whether checks name the values that there are."""
    return any("= ANY" in check.expression or "= '" in check.expression for check in checks)


def _with_nulls(value: Part, column: Column) -> Part:
    if not column.nullable:
        return value
    share = 0.95 if _MOSTLY_NULL.match(column.name) else 0.1
    return part("case when random() > {share} then {value} end", share=raw(str(share)), value=value)


def _texts(checks: Sequence[Check]) -> list[str]:
    return list(dict.fromkeys(text for check in checks for text in _texts_in(check.expression)))


def _texts_in(expression: str) -> list[str]:
    return [found.replace("''", "'") for found in _TEXT.findall(expression)]


def _numbers(checks: Sequence[Check]) -> list[str]:
    return [found for check in checks for found in _NUMBER.findall(_TEXT.sub("", check.expression))]


def _holds(candidate: Part, column: Column, checks: Sequence[Check], connection: Rows) -> bool:
    """Return whether PostgreSQL agrees that the first rows' values fulfil the checks."""
    import psycopg

    try:
        held = number(
            connection,
            "select count(*) filter (where ({conditions}) is not false) as number"
            " from (select ({value})::{base} as {name} from generate_series(1, {tried}) as n,"
            " lateral (select now() - n * interval '1 hour' as at) as t) as r",
            conditions=joined((part("({c})", c=raw(check.expression)) for check in checks), " and "),
            value=candidate,
            base=raw(column.base),
            name=ident(column.name),
            tried=raw(str(_TRIED)),
        )
    except psycopg.DataError:
        return False
    return held == _TRIED
