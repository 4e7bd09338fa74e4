"""All that is wrong with a declaration, told at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from gatepost.errors import InvalidDeclaration


class SeveralWrong(InvalidDeclaration):
    """Several things are wrong, and none of them because of another."""

    def __init__(self, reasons: list[str]) -> None:
        super().__init__("; ".join(reasons))
        self.reasons = reasons


def reasons_of(error: InvalidDeclaration) -> list[str]:
    """Return what an error says, one by one."""
    return error.reasons if isinstance(error, SeveralWrong) else [str(error)]


@dataclass
class Findings:
    """What was found so far."""

    reasons: list[str] = field(default_factory=list)

    @contextmanager
    def noted(self) -> Iterator[None]:
        """Note what the block finds wrong, and go on."""
        try:
            yield
        except InvalidDeclaration as error:
            self.note(error)

    def note(self, error: InvalidDeclaration) -> None:
        """Note what an error says, unless it was said before."""
        self.reasons += [one for one in reasons_of(error) if one not in self.reasons]

    def settle(self) -> None:
        """Raise what was found, if anything was.

        :raises InvalidDeclaration: one thing, or `SeveralWrong`.
        """
        if len(self.reasons) > 1:
            raise SeveralWrong(self.reasons)
        if self.reasons:
            raise InvalidDeclaration(self.reasons[0])
