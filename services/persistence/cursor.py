"""Where a device's pulls stand: a position in each table's order of changes, opaque to devices."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from gatepost.web.problems import Unacceptable

Position = tuple[str, str]
"""The transaction of the last row that was seen, and its id."""
START: Position = ("0", "00000000-0000-0000-0000-000000000000")
_TRANSACTION = re.compile(r"[0-9]{1,19}")


class BadCursor(Unacceptable):
    """The cursor is none that a pull returned."""

    type = "/problems/bad-cursor"
    title = "The cursor is not valid: pull without one"


@dataclass(frozen=True)
class Cursor:
    """A position a table, counted by the transactions of one server."""

    epoch: str
    """The server and its time line: after a restore transactions are numbered otherwise."""
    positions: Mapping[str, Position] = field(default_factory=dict)

    def text(self) -> str:
        """Return what a device keeps."""
        document = json.dumps([self.epoch, dict(self.positions)], separators=(",", ":"))
        return base64.urlsafe_b64encode(document.encode()).decode()

    @classmethod
    def read(cls, text: str) -> Cursor:
        """Return the cursor that a device sent back.

        :raises BadCursor: it is none.
        """
        try:
            epoch, positions = json.loads(base64.b64decode(text.encode(), b"-_", validate=True))
            checked = {str(table): _position(*given) for table, given in positions.items()}
        except (ValueError, TypeError, AttributeError, binascii.Error, RecursionError):
            raise BadCursor from None
        return cls(str(epoch), checked)


def _position(transaction: str, row: str) -> Position:
    if not _TRANSACTION.fullmatch(transaction):
        raise ValueError(f"transaction {transaction!r}: expected digits")
    return transaction, str(UUID(row))
