"""The columns of a table as they are declared."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from gatepost.errors import InvalidDeclaration
from gatepost.insight.uses import Columns
from gatepost.provider.declarations import Text
from gatepost.provider.insight import check_collation
from gatepost.provider.kind import Inputs, Name
from gatepost.provider.sqltext import Part, expression, ident, joined, part, raw


class IdentityOptions(Inputs):
    """How an identity column counts, where that is not from 1 by 1."""

    start: int | None = None
    increment: int | None = None
    minvalue: int | None = None
    maxvalue: int | None = None
    cache: int | None = None
    cycle: bool | None = None

    def clauses(self) -> Iterator[Part]:
        """Yield each option as SQL."""
        for name in ("start", "increment", "minvalue", "maxvalue", "cache"):
            if (value := getattr(self, name)) is not None:
                yield part("{name} {value}", name=raw(name), value=raw(str(value)))
        if self.cycle is not None:
            yield raw("cycle" if self.cycle else "no cycle")


class ColumnChangeInputs(Inputs):
    """How a column becomes one of another type while clients go on."""

    using: str | None = None
    back: str | None = None
    phase: Literal["expand", "swap"] = "swap"
    batch: int = Field(default=1000, ge=1, le=100_000)
    pause: float = Field(default=0.01, ge=0, le=60)


class ColumnInputs(Inputs):
    """One column as it is declared."""

    name: Name
    type: str
    default: str | None = None
    nullable: bool = False
    generated: str | None = None
    virtual: bool = False
    identity: Literal["always", "by default"] | None = None
    identity_options: IdentityOptions | None = None
    collation: str | None = None
    comment: str | None = None
    retired: bool = False
    renamed_from: Name | None = None
    change: ColumnChangeInputs | None = None

    @property
    def required(self) -> bool:
        """Whether it is NOT NULL: one that is on its way out no longer is."""
        return not self.nullable and not self.retired

    def check(self, where: str) -> None:
        """Parse the column's SQL.

        :raises InvalidDeclaration: names the column and what is wrong.
        """
        here = f'{where}: column "{self.name}"'
        if self.collation is not None:
            check_collation(self.collation, here)
        given = [name for name in ("default", "generated", "identity") if getattr(self, name)]
        if len(given) > 1:
            raise InvalidDeclaration(f"{here}: {' and '.join(given)} exclude each other")
        self._check_combination(here)

    def texts(self, where: str, table: str, known: Columns | None) -> Iterator[Text]:
        """Yield the column's SQL; `known` are the table's columns, as far as that can be told."""
        here = f'{where}: column "{self.name}"'
        yield Text(self.type, f"{here}: type", "type")
        change = self.change or ColumnChangeInputs()
        given = {"default": self.default, "generated": self.generated}
        given |= {"change: using": change.using, "change: back": change.back}
        for name, sql in given.items():
            if sql is not None:
                yield Text(sql, f"{here}: {name}", own=((table, known),))

    def _check_combination(self, here: str) -> None:
        if self.identity and (self.nullable or self.retired):
            raise InvalidDeclaration(
                f"{here}: an identity column is never null: leave out nullable and retired"
            )
        if self.virtual and self.generated is None:
            raise InvalidDeclaration(f"{here}: only a generated column is virtual")
        if self.identity_options and not self.identity:
            raise InvalidDeclaration(f"{here}: identity_options without identity")
        beside = [name for name in ("generated", "renamed_from", "retired") if getattr(self, name)]
        if self.change and beside:
            raise InvalidDeclaration(
                f"{here}: a change and {beside[0]} exclude each other: do one with each release"
            )
        if self.renamed_from == self.name:
            raise InvalidDeclaration(
                f"{here}: renamed_from is the name that it had before, not the one it has"
            )

    def definition(self) -> Part:
        """Return the column as it stands in `create table` and `add column`."""
        parts = [ident(self.name), self.typed(), self.generation()]
        if self.default is not None:
            parts.append(part("default ({e})", e=expression(self.default)))
        if self.required:
            parts.append(raw("not null"))
        return joined([one for one in parts if one != raw("")], " ")

    def generation(self) -> Part:
        """Return how its values come about by themselves, if they do."""
        if self.generated is not None:
            kept = raw("virtual" if self.virtual else "stored")
            return part("generated always as ({e}) {kept}", e=expression(self.generated), kept=kept)
        if not self.identity:
            return raw("")
        options = list(self.identity_options.clauses()) if self.identity_options else []
        listed = part(" ({o})", o=joined(options, " ")) if options else raw("")
        return part("generated {how} as identity{o}", how=raw(self.identity), o=listed)

    def typed(self) -> Part:
        """Return its type, with its collation where it has one of its own."""
        return part("{type} {c}", type=raw(self.type), c=self.collate()) if self.collation else raw(self.type)

    def collate(self) -> Part:
        """Return the clause that names the column's collation, if it has one of its own."""
        return part("collate {name}", name=raw(self.collation)) if self.collation else raw("")
