"""What nobody does to production by mistake."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gatepost.errors import UsageError

if TYPE_CHECKING:
    from gatepost.stacks import Stack

_PROTECTED = "production"


def require_meant(stack: Stack, said: str | None, option: str) -> None:
    """Let a production stack through only when its name was repeated.

    :param option: how to repeat it on the command line.
    :raises UsageError: it was not.
    """
    if stack.environment == _PROTECTED and said != stack.name:
        raise UsageError(
            f'stack "{stack.name}" is production, whose users this concerns: if you mean it, say'
            f" {option} {stack.name}"
        )
