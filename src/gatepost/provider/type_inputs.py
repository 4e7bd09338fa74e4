"""Types as they are declared, and the SQL that makes them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from gatepost.postgres.plan import Lock, Statement
from gatepost.provider.dependants import Root
from gatepost.provider.kind import Inputs, Label, Name
from gatepost.provider.sqltext import Part, expression, ident, joined, literal, part, raw, text


class AttributeInputs(Inputs):
    """One attribute of a composite type."""

    name: Name
    type: str
    collation: str | None = None
    comment: str | None = None

    def definition(self) -> Part:
        """Return the attribute as it stands in `create type` and `add attribute`."""
        return part("{n} {type}{collate}", n=ident(self.name), type=raw(self.type), collate=collate(self))


class TypeInputs(Inputs):
    """A type as it is declared."""

    db_schema: Name = Field(default="public", alias="schema")
    name: Name
    kind: Literal["enum", "domain", "composite"]
    values: list[Label] = []
    renamed: dict[str, str] = {}
    type: str | None = None
    default: str | None = None
    nullable: bool = True
    collation: str | None = None
    checks: dict[Name, str] = {}
    attributes: tuple[AttributeInputs, ...] = ()
    privileges: dict[str, list[str]] = {}
    comment: str | None = None

    @property
    def where(self) -> str:
        """The type as messages call it."""
        return f"{self.db_schema}.{self.name}"

    @property
    def target(self) -> Part:
        """The type, quoted."""
        return ident(self.db_schema, self.name)

    @property
    def root(self) -> Root:
        """The type as what others hang on."""
        return Root(self.db_schema, self.name, type=True)

    @property
    def word(self) -> Part:
        """What SQL calls it."""
        return raw("domain" if self.kind == "domain" else "type")

    def alter(self, change: Part, lock: Lock = Lock.NONE) -> Statement:
        """Return a statement that alters it."""
        sql = text("alter {word} {t} {change}", word=self.word, t=self.target, change=change)
        return Statement(sql, lock, self.where)

    def definition(self) -> Part:
        """Return what follows the name when it is made."""
        if self.kind == "enum":
            return part("as enum ({values})", values=joined(literal(value) for value in self.values))
        if self.kind == "composite":
            return part("as ({all})", all=joined(one.definition() for one in self.attributes))
        default = part(" default ({e})", e=expression(self.default)) if self.default is not None else raw("")
        return part(
            "as {type}{collate}{default}{strict}{checks}",
            type=raw(self.type or ""),
            collate=collate(self),
            default=default,
            strict=raw("") if self.nullable else raw(" not null"),
            checks=joined((part(" {k}", k=check(*one)) for one in self.checks.items()), ""),
        )


def make(given: TypeInputs) -> Statement:
    """Return the statement that makes it."""
    sql = text("create {w} {t} {all}", w=given.word, t=given.target, all=given.definition())
    return Statement(sql, Lock.NONE, given.where)


def check(name: str, sql: str) -> Part:
    """Return a domain's check as it stands in its definition."""
    return part("constraint {k} check ({e})", k=ident(name), e=expression(sql))


def collate(given: AttributeInputs | TypeInputs) -> Part:
    """Return the clause that names a collation, if there is one."""
    return part(" collate {name}", name=raw(given.collation)) if given.collation else raw("")
