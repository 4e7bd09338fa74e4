"""How a column becomes one of another type while clients go on."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Literal


@dataclass(frozen=True)
class ColumnChange:
    """How a column becomes what it is declared to be without anybody waiting: `Column(…, change=…)`.

    Beside the column a new one is made, which a trigger keeps in step and a backfill completes; its indexes
    and constraints are built while clients go on; then, in one short transaction, the two change places, and
    views, policies and triggers that use the column are made again. From then on the trigger keeps the *old*
    column in step, so that deploying the former program takes all back in a moment. A later release leaves
    `change` out, and the old column goes.

    | release | declaration | afterwards |
    |---|---|---|
    | before | `Column("views", "integer")` | |
    | 1 | `Column("views", "bigint", change=ColumnChange())` | `views bigint`, `views__old` in step |
    | 2 | `Column("views", "bigint")` | the old column is gone |

    With `phase="expand"` the first release stops before the two change places, and the release after it, with
    `phase="swap"`, is only that short transaction.

    :param using: the new value as an SQL expression; by default the column cast to its new type.
    :param back: the old value again, for what is written afterwards; by default a cast to the old type. What
        the other type cannot hold is left null there.
    :param batch: rows a transaction of the backfill, at most.
    :param pause: seconds between two of its batches.
    """

    using: str | None = None
    back: str | None = None
    phase: Literal["expand", "swap"] = "swap"
    batch: int = 1000
    pause: float = 0.01

    def wire(self) -> dict[str, Any]:
        """Return the change's inputs, what was not given left out."""
        given = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in given.items() if value is not None}
