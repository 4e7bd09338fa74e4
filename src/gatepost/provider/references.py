"""Foreign keys that PostgreSQL would refuse in the middle of a deployment, refused before it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from gatepost.errors import InvalidDeclaration
from gatepost.postgres.catalog import Facts, Key, query
from gatepost.provider.declarations import Declarations
from gatepost.provider.types import read_type

if TYPE_CHECKING:
    from gatepost.provider.constraint_clauses import ConstraintInputs, References

Place = tuple[str, str]
"""A schema and a name."""

_INTEGERS = ("int2", "int4", "int8")
_NUMBERS = (*_INTEGERS, "numeric", "float4", "float8")
_TEXTS = ("text", "varchar", "bpchar")
_DAYS = ("date", "timestamp", "timestamptz")
MAY_REFER: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(_INTEGERS, _INTEGERS),
    **dict.fromkeys(("float4", "float8"), _NUMBERS),
    **dict.fromkeys(_TEXTS, _TEXTS),
    **dict.fromkeys(_DAYS, _DAYS),
    **dict.fromkeys(("inet", "cidr"), ("inet", "cidr")),
    **dict.fromkeys(("bit", "varbit"), ("bit", "varbit")),
    **dict.fromkeys(("macaddr", "macaddr8"), ("macaddr", "macaddr8")),
    **{one: (one,) for one in ("bool", "bytea", "jsonb", "money", "time", "uuid")},
    "numeric": (*_INTEGERS, "numeric"),
    "timetz": ("time", "timetz"),
    "interval": ("time", "interval"),
}
"""The types that may refer to one: its operator family has an equality for them, or they become it."""
_SERIALS = {"smallserial": "int2", "serial": "int4", "bigserial": "int8"}
_SERIALS |= {"serial2": "int2", "serial4": "int4", "serial8": "int8"}
_DEEPEST = 10


def check_types(given: ConstraintInputs, there: References, where: str, declared: Declarations) -> None:
    """Compare the types of columns that are declared.

    :raises InvalidDeclaration: names two columns that do not go together.
    """

    def base_of(place: Place) -> str | None:
        return declared.domains.get(place)

    own, referred = (declared.types_of.get(place, {}) for place in (given.place, there.place))
    _require_types(given, there, where, (own, referred), base_of)


def require(given: ConstraintInputs, where: str, facts: Facts) -> None:
    """Refuse a foreign key without a key to refer to, and compare the types of columns that are there.

    :raises InvalidDeclaration: says which, and what to do.
    """
    there = given.references
    if there is None or given.period or any(one.kind == "verbatim" for one in tuple(facts.planned.made)):
        return
    _require_key(there, where, facts)
    own, referred = (_types(place, facts) for place in (given.place, there.place))

    def base_of(place: Place) -> str | None:
        return (facts.read(Key("types", *place)) or {}).get("type")

    _require_types(given, there, where, (own, referred), base_of)


def note_key(place: Place, columns: Sequence[str], facts: Facts) -> None:
    """Tell later plans of a key that this deployment makes."""
    facts.planned.keys.add((place, frozenset(columns)))


def _require_key(there: References, where: str, facts: Facts) -> None:
    if (there.place, frozenset(there.columns)) in facts.planned.keys:
        return
    found = _keys(there.place, facts)
    if found is None or set(there.columns) in found:
        return
    table, columns = ".".join(there.place), ", ".join(there.columns)
    keys = " and ".join(f"({', '.join(sorted(one))})" for one in found) or "none"
    raise InvalidDeclaration(
        f"{where}: refers to {table} ({columns}), where nothing is unique on exactly these columns: declare a"
        f" primary key, a unique constraint or a unique index there before it, or refer to one that there is"
        f" ({keys}); what is deferrable, partial or of expressions does not count"
    )


def _keys(place: Place, facts: Facts) -> list[set[str]] | None:
    """Return the columns of each key of a table that can be referred to; None of one that is not known."""
    made = [set(columns) for of, columns in tuple(facts.planned.keys) if of == place]
    key = Key("tables", *place)
    standing = facts.planned.present(key)
    if facts.connection is not None and standing is not None:
        asked = {"schema": standing.schema, "table": standing.name}
        if row := facts.connection.execute(query("referable"), asked).fetchone():
            names = facts.renamed.get(place, {})
            keys = cast("list[list[str]]", row[0])
            return made + [{names.get(name, name) for name in one} for one in keys]
    return made if key in facts.planned.made else None


def _types(place: Place, facts: Facts) -> dict[str, str]:
    """Return the types of a table's columns on the target; none of one that this deployment changes."""
    key = Key("tables", *place)
    if key in facts.planned.made or key in facts.planned.calling:
        return {}
    return {one["name"]: one["type"] for one in (facts.read(key) or {}).get("columns", ())}


def _require_types(
    given: ConstraintInputs,
    there: References,
    where: str,
    types: tuple[Mapping[str, str], Mapping[str, str]],
    base_of: Callable[[Place], Any],
) -> None:
    pairs = zip(given.columns, there.columns, strict=True)
    for own, referred in list(pairs)[: -1 if given.period else None]:
        named = types[0].get(own), types[1].get(referred)
        ours, theirs = (_base(one, base_of) if one else None for one in named)
        if ours in MAY_REFER and theirs in MAY_REFER and ours not in MAY_REFER[theirs]:
            raise InvalidDeclaration(
                f'{where}: column "{own}" is {named[0]}, and cannot refer to "{referred}" of'
                f" {'.'.join(there.place)}, which is {named[1]}: give both the same type, or refer to"
                " another column"
            )


def _base(type_: str, base_of: Callable[[Place], Any]) -> str | None:
    """Return the name of what a type is below all domains; None where that is not known."""
    for _ in range(_DEEPEST):
        read = read_type(type_)
        if read.dimensions:
            return None
        if read.name in MAY_REFER:  # PostgreSQL's own: nobody needs to be asked
            return read.name
        schema, _, name = read.name.rpartition(".")
        base = base_of((schema or "public", name))
        if base is None:
            return _SERIALS.get(read.name, read.name)
        type_ = base
    return None
