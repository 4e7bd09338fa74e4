"""What rules mean for rows that are known: plain Python, no SQL."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from functools import cache

from gatepost.intent import All, Any_, Claimed, Everybody, Having, Member, Own, Rule, Through, Value
from gatepost.isolation.case import Asker, Row

_Index = Mapping[str | None, Sequence[Row]]


class Meaning:
    """Says whether rules hold, with each table's rows by key."""

    def __init__(self, rows: Mapping[str, Mapping[str, Row]]) -> None:
        self._rows = rows
        self._index = cache(self._indexed)

    def holds(self, rule: Rule, row: Row, asker: Asker) -> bool:
        """Return whether a rule holds for a row and who asks; null is equal to nothing."""
        match rule:
            case Everybody():
                return True
            case Own(column):
                return asker.user is not None and row[column] == asker.user
            case Having(column, values):
                return any(equal(row[column], value) for value in values)
            case All(parts):
                return all(self.holds(part, row, asker) for part in parts)
            case Any_(parts):
                return any(self.holds(part, row, asker) for part in parts)
            case Claimed(column, claim, signed_in):
                value = dict(asker.claims).get(claim)
                return (asker.user is not None) == signed_in and value is not None and row[column] == value
            case Member():
                return self._is_member(rule, row[rule.column], asker)
            case Through(column, table, there, key):
                found = self._index(table, key).get(row[column], ()) if row[column] is not None else ()
                return any(self.holds(there, one, asker) for one in found)
        raise NotImplementedError(f"no meaning is known of {rule!r}")

    def _is_member(self, rule: Member, tenant: str | None, asker: Asker) -> bool:
        if tenant is None or asker.user is None:
            return False
        of = rule.of
        return any(
            one[of.tenant] == tenant
            and (rule.roles is None or (of.role is not None and one[of.role] in rule.roles))
            and (of.where is None or self.holds(of.where, one, asker))
            for one in self._index(of.table, of.user).get(asker.user, ())
        )

    def _indexed(self, table: str, column: str) -> _Index:
        found: dict[str | None, list[Row]] = defaultdict(list)
        for row in self._rows[table].values():
            found[row[column]].append(row)
        return found


def equal(stored: str | None, wanted: Value) -> bool:
    """Return whether a stored value is one that a rule names."""
    if stored is None or wanted is None:
        return stored is None and wanted is None
    if isinstance(wanted, bool):
        return stored in (("true", "t") if wanted else ("false", "f"))
    if isinstance(wanted, int):
        try:
            return Decimal(stored) == wanted
        except InvalidOperation:
            return False
    return stored == wanted
