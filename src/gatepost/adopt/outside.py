"""What a program's SQL uses without declaring it, and what its own check would refuse."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from gatepost.adopt.described import described
from gatepost.errors import InvalidDeclaration
from gatepost.insight.uses import ColumnUse, Reading, Use
from gatepost.postgres.catalog import Key
from gatepost.provider.declarations import Declarations
from gatepost.provider.kinds import KINDS


def lacking(key: Key) -> str:
    """Return the reason of what needs an object that the program does not declare."""
    return f"it needs {described(key)}, which is not in the program"


class Recorder:
    """Checks declarations one after the other, as the provider does."""

    def __init__(self, objects: Iterable[Key]) -> None:
        """Take all that the database has."""
        self._declared = _Open()
        self._left_out: dict[str, Key] = {}
        self._objects = {
            f"{key.schema}.{key.name}": key for key in objects if not key.object or key.kind == "functions"
        }

    def leave_out(self, key: Key) -> None:
        """Note an object that the program does not declare."""
        if not key.object or key.kind == "functions":
            self._left_out[f"{key.schema}.{key.name}"] = key

    def refusal(self, token: str, inputs: dict[str, Any]) -> str | None:
        """Return why the provider would refuse a declaration; None where it would not."""
        kind = KINDS[token]
        given = kind.inputs.model_validate(inputs)
        self._declared.begin()
        key, known, refused = None, True, None
        try:
            if key := kind.key(given):
                known = self._declared.knows(key)
            kind.check(given, self._declared)
            if key:
                self._declared.announce(key)
            for text in kind.texts(given):
                self._declared.check(text)
            refused = self._missing(key)
        except InvalidDeclaration as error:
            refused = str(error)
        if refused is None:
            self._declared.used |= self._declared.fresh
            kind.announce(given, self._declared)
        elif key and not known:
            self._declared.forget(key)
        return refused

    def _missing(self, key: Key | None) -> str | None:
        """Return what is not there when the object is made; a function's body may name what comes later."""
        absent = self._objects if key and key.kind == "functions" else self._left_out
        missing = sorted(self._declared.fresh & absent.keys())
        return lacking(absent[missing[0]]) if missing else None

    @property
    def used(self) -> set[str]:
        """What the declarations so far use beside them."""
        return self._declared.used

    def looked_up(self, sql: str) -> set[str] | None:
        """Return what a body looks up beside the declarations; None where it names a column that none has."""
        self._declared.begin()
        missing = self._declared.untracked(sql, frozenset())
        return None if missing else set(self._declared.fresh)


class _Open(Declarations):
    """Takes every name that it does not know for one that exists, and notes it."""

    def __init__(self) -> None:
        super().__init__()
        self.used: set[str] = set()
        self.fresh: set[str] = set()
        """What the declaration at hand uses."""

    def begin(self) -> None:
        """Turn to another declaration."""
        self.fresh.clear()

    def knows(self, key: Key) -> bool:
        """Return whether an object of that name was announced."""
        place = (key.schema, key.name)
        return place in self.functions or place in self.types or place in self.columns

    def announce(self, key: Key) -> None:
        """Note an object; what statements of one's own make is known here too."""
        super().announce(key)
        self.complete = True

    def forget(self, key: Key) -> None:
        """Take back that an object was announced."""
        for kept in (self.functions, self.types):
            kept.discard((key.schema, key.name))
        self.columns.pop((key.schema, key.name), None)

    def _unknown(self, reading: Reading) -> Iterator[tuple[str, Use | ColumnUse]]:
        for sort, use in super()._unknown(reading):
            if isinstance(use, ColumnUse):
                yield sort, use
            else:
                self.fresh.add(f"{use.schema or 'public'}.{use.name}")
