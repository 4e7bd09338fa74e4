"""Functions and procedures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from gatepost.verify.catalog import Catalog, Row
from gatepost.verify.check import Check, facts
from gatepost.verify.declared import Declared, Source
from gatepost.verify.privileges import check_privileges

_OUTPUT_ONLY = frozenset({"FUNC_PARAM_OUT", "FUNC_PARAM_TABLE"})
_KINDS = {"f": "function", "p": "procedure"}
_VOLATILITIES = {"i": "immutable", "s": "stable", "v": "volatile"}


@dataclass
class Head:
    """What a `create function` statement says before its body."""

    schema: str
    name: str
    arguments: list[str]
    kind: str
    language: str = "sql"
    volatility: str = "volatile"
    security_definer: bool = False
    settings: dict[str, str] = field(default_factory=dict)


def check_function(declared: Declared, source: Source, catalog: Catalog) -> Iterator[Check]:
    """Check one function, and who may execute it."""
    given = declared.inputs
    head = read_head(given["sql"])
    meant = [catalog.type(name) for name in head.arguments]
    arguments = [one[0] if one else 0 for one in meant]
    name = f"{head.schema}.{head.name}({', '.join(head.arguments)})"
    row = catalog.find("functions", schema=head.schema, name=head.name, arguments=arguments)
    expected = facts(
        kind=head.kind,
        language=head.language,
        volatility=head.volatility,
        security="security definer" if head.security_definer else None,
        settings=_settings(head.settings),
        owner=f"owner {given.get('owner') or source.owner}",
        comment=given.get("comment"),
    )
    yield Check(declared.feature, "function", name, expected, row and _found(row))
    yield from check_privileges(declared, catalog, name, head.schema, head.name, arguments)


def _found(row: Row) -> dict[str, str]:
    settings = dict(one.split("=", 1) for one in row["settings"])
    return facts(
        kind=_KINDS.get(row["kind"], row["kind"]),
        language=row["language"],
        volatility=_VOLATILITIES[row["volatility"]],
        security="security definer" if row["security_definer"] else None,
        settings=_settings(settings),
        owner=f"owner {row['owner']}",
        comment=row["comment"],
    )


def _settings(settings: dict[str, str]) -> str | None:
    """Return settings in words; an empty search path is stored as two double quotes."""
    words = [f"{name} {value.replace(chr(34), '') or 'empty'}" for name, value in sorted(settings.items())]
    return ", ".join(words) or None


def read_head(sql: str) -> Head:
    """Parse the head of a `create function` or `create procedure` statement."""
    from pglast import parse_sql
    from pglast.stream import RawStream

    statement: Any = parse_sql(sql)[0].stmt
    names = [part.sval for part in statement.funcname]
    inputs = [one for one in statement.parameters or () if one.mode.name not in _OUTPUT_ONLY]
    head = Head(
        schema=names[-2] if len(names) > 1 else "public",
        name=names[-1],
        arguments=[RawStream()(one.argType) for one in inputs],
        kind="procedure" if statement.is_procedure else "function",
    )
    for option in statement.options or ():
        _read_option(head, option)
    return head


def _read_option(head: Head, option: Any) -> None:
    if option.defname == "language":
        head.language = option.arg.sval
    elif option.defname == "volatility":
        head.volatility = option.arg.sval
    elif option.defname == "security":
        head.security_definer = bool(option.arg.boolval)
    elif option.defname == "set":
        values = [_constant(value.val) for value in option.arg.args or ()]
        head.settings[option.arg.name] = ", ".join(value for value in values if value)


def _constant(value: Any) -> str:
    for field_ in ("sval", "ival", "fval", "boolval"):
        if hasattr(value, field_):
            return str(getattr(value, field_))
    return str(value)
