"""Columns that get other names: in which order, and what is generated from them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gatepost.errors import InvalidDeclaration
from gatepost.provider.column import ColumnInputs
from gatepost.provider.renaming import follows


def renames(before: dict[str, ColumnInputs], after: dict[str, ColumnInputs]) -> Iterator[tuple[str, str]]:
    """Yield new and former name of each renamed column, in an order in which every new name is free.

    :raises InvalidDeclaration: columns exchange their names.
    """
    asked = {name: one.renamed_from for name, one in after.items() if one.renamed_from in before}
    leaving = {
        name: str(former)
        for name, former in asked.items()
        if (name not in before or name in asked.values()) and (former not in after or former in asked)
    }
    taken = set(before)
    while leaving:
        free = [name for name in leaving if name not in taken]
        if not free:
            raise InvalidDeclaration(
                f"column {', '.join(sorted(leaving))}: renamed_from goes round in a circle:"
                " rename one release by one"
            )
        for name in free:
            former = leaving.pop(name)
            taken = taken - {former} | {name}
            yield name, former


def in_new_names(
    old: ColumnInputs, name: str, new: ColumnInputs | None, names: Mapping[str, str]
) -> ColumnInputs:
    """Return a column as it reads where it and others that it is generated from got other names."""
    generated = old.generated
    if generated and new and new.generated and names:
        before, after = (f"select ({one})" for one in (generated, new.generated))
        generated = new.generated if follows(before, after, names) else generated
    return old.model_copy(update={"name": name, "generated": generated})
