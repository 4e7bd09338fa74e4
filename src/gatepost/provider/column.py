"""The columns of a table as they are declared."""

from __future__ import annotations

from typing import Literal

from gatepost.errors import InvalidDeclaration
from gatepost.provider.insight import parse_expression, parse_type, unknown_columns
from gatepost.provider.kind import Inputs, Name, reject_unknown
from gatepost.provider.sqltext import Part, expression, ident, joined, part, raw


class ColumnInputs(Inputs):
    """One column as it is declared."""

    name: Name
    type: str
    default: str | None = None
    nullable: bool = False
    generated: str | None = None
    identity: Literal["always", "by default"] | None = None
    collation: str | None = None
    comment: str | None = None

    def check(self, where: str, table: str, known: frozenset[str]) -> None:
        """Parse the column's SQL.

        :raises InvalidDeclaration: names the column and what is wrong.
        """
        here = f'{where}: column "{self.name}"'
        parse_type(self.type, here)
        if self.collation is not None:
            parse_expression(f"'' collate {self.collation}", f"{here}: collation")
        for text in (self.default, self.generated):
            if text is not None:
                tree = parse_expression(text, here)
                reject_unknown(unknown_columns(tree, {table: known}, lambda *_: None), here)
        given = [name for name in ("default", "generated", "identity") if getattr(self, name)]
        if len(given) > 1:
            raise InvalidDeclaration(f"{here}: {' and '.join(given)} exclude each other")
        if self.identity and self.nullable:
            raise InvalidDeclaration(f"{here}: an identity column is never null: leave out nullable")

    def definition(self) -> Part:
        """Return the column as it stands in `create table` and `add column`."""
        parts = [ident(self.name), raw(self.type), self.collate()]
        if self.generated is not None:
            parts.append(part("generated always as ({e}) stored", e=expression(self.generated)))
        if self.identity:
            parts.append(part("generated {how} as identity", how=raw(self.identity)))
        if self.default is not None:
            parts.append(part("default {e}", e=expression(self.default)))
        if not self.nullable:
            parts.append(raw("not null"))
        return joined([one for one in parts if one != raw("")], " ")

    def collate(self) -> Part:
        """Return the clause that names the column's collation, if it has one of its own."""
        return part("collate {name}", name=raw(self.collation)) if self.collation else raw("")
