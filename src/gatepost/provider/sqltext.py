"""Building SQL: quoting is a type here, never an f-string."""

from __future__ import annotations

from collections.abc import Iterable
from typing import LiteralString

from psycopg import sql

Part = sql.Composable


def ident(*names: str) -> Part:
    """Return a quoted identifier, dotted where several names are given."""
    return sql.Identifier(*names)


def raw(text: str) -> Part:
    """Return declared SQL as it is; `check` has parsed it before."""
    return sql.SQL(text)


def expression(text: str) -> Part:
    """Return a declared expression as it is; a comment at its end hides nothing of what follows."""
    return sql.SQL(f"{text}\n" if "--" in text else text)


def literal(value: str | None) -> Part:
    """Return a string literal, or null."""
    return sql.Literal(value) if value is not None else sql.SQL("null")


def joined(parts: Iterable[Part], separator: LiteralString = ", ") -> Part:
    """Return the parts with a separator between them."""
    return sql.SQL(separator).join(parts)


def idents(names: Iterable[str]) -> Part:
    """Return a comma-separated list of quoted identifiers."""
    return joined(ident(name) for name in names)


def role(name: str) -> Part:
    """Return a role's name where PostgreSQL expects one; `public` is everybody."""
    return sql.SQL("public") if name == "public" else ident(name)


def roles(names: Iterable[str]) -> Part:
    """Return a comma-separated list of roles."""
    return joined(role(name) for name in names)


def text(template: LiteralString, **parts: Part) -> str:
    """Return the statement that the template and its parts make."""
    return template.format(**{name: one.as_string(None) for name, one in parts.items()})


def part(template: LiteralString, **parts: Part) -> Part:
    """Return a piece of a statement."""
    return sql.SQL(text(template, **parts))
