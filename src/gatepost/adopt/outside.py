"""What a program's SQL uses without declaring it, and what its own check would refuse."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from gatepost.errors import InvalidDeclaration
from gatepost.insight.uses import ColumnUse, Reading, Use
from gatepost.provider.declarations import Declarations
from gatepost.provider.kinds import KINDS


class Recorder:
    """Checks declarations one after the other, as the provider does."""

    def __init__(self) -> None:
        self._declared = _Open()

    def refusal(self, token: str, inputs: dict[str, Any]) -> str | None:
        """Return why the provider would refuse a declaration; None where it would not."""
        kind = KINDS[token]
        given = kind.inputs.model_validate(inputs)
        try:
            kind.check(given, self._declared)
            if key := kind.key(given):
                self._declared.announce(key)
            for text in kind.texts(given):
                self._declared.check(text)
        except InvalidDeclaration as error:
            return str(error)
        kind.announce(given, self._declared)
        return None

    def outside(self, functions: Iterable[str]) -> set[str]:
        """Return what the declarations so far, and the bodies of functions, use beside them."""
        for sql in functions:
            self._declared.untracked(sql, frozenset())
        return self._declared.used


class _Open(Declarations):
    """Takes every name that it does not know for one that exists, and notes it."""

    def __init__(self) -> None:
        super().__init__()
        self.used: set[str] = set()

    def _unknown(self, reading: Reading) -> Iterator[tuple[str, Use | ColumnUse]]:
        for sort, use in super()._unknown(reading):
            if isinstance(use, ColumnUse):
                yield sort, use
            else:
                self.used.add(f"{use.schema or 'public'}.{use.name}")
