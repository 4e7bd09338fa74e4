"""Addresses that say whether an application fares well, asked before and after a deployment."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from http.client import HTTPException
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import urlopen

from gatepost.errors import UsageError

_PATIENCE = 5.0
"""Seconds that an answer may take."""
_EVERY = 1.0
_TWICE = 2
"""So often in a row an address must be ill before it counts."""


def ailments(addresses: Iterable[str]) -> dict[str, str]:
    """Return what each address said that is not 200; nothing of one that is well.

    :raises UsageError: one is no http or https address.
    """
    return {address: ill for address in addresses if (ill := _ask(address))}


def watch(addresses: Iterable[str], seconds: float) -> Mapping[str, str]:
    """Ask again and again for so many seconds, and return what is ill twice in a row; else nothing."""
    wanted, until = tuple(addresses), time.monotonic() + seconds
    in_a_row = 0
    while wanted:
        found = ailments(wanted)
        in_a_row = in_a_row + 1 if found else 0
        if in_a_row == _TWICE:
            return found
        if time.monotonic() >= until and not found:
            break
        time.sleep(_EVERY)
    return {}


def _ask(address: str) -> str | None:
    if urlsplit(address).scheme not in ("http", "https"):
        raise UsageError(f"health: {address!r} is no address: give http://… or https://…")
    try:
        with urlopen(address, timeout=_PATIENCE) as answer:  # noqa: S310 - http and https only
            return None if answer.status == 200 else f"answers {answer.status}"
    except HTTPError as error:
        return f"answers {error.code}"
    except (OSError, HTTPException) as error:
        return f"does not answer: {getattr(error, 'reason', None) or error}"
