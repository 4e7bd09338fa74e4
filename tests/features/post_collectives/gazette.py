"""The collectives and posts of the development seed, which tests of this feature play with."""

from collections.abc import Callable
from typing import Any

from people import ADA, BO, CLEO, DAN, EVE

GAZETTE = "00000000-0000-4000-8000-0000000002c1"
"""Public: Ada owns it, Cleo runs it, Bo writes, Dan reads."""
WORKSHOP = "00000000-0000-4000-8000-0000000002c2"
"""Private: Cleo owns it, Bo edits, Ada writes, Dan is a member who may post all the same."""
NOTES = "00000000-0000-4000-8000-0000000002c3"
"""Private: Eve's alone."""
NOWHERE = "00000000-0000-4000-8000-0000000002cf"
"""No collective at all."""

WELCOME = "00000000-0000-4000-8000-0000000003a1"
"""By Ada, public, in Gazette and Workshop."""
LETTER = "00000000-0000-4000-8000-0000000003a2"
"""By Bo, for members, in Gazette; hidden in Workshop."""
UNFINISHED = "00000000-0000-4000-8000-0000000003a3"
"""By Bo, a draft, shared nowhere."""
EXPERIMENT = "00000000-0000-4000-8000-0000000003b1"
"""By Cleo, for members, in Workshop."""
DIARY = "00000000-0000-4000-8000-0000000003b2"
"""By Dan, private, shared nowhere."""
MINUTES = "00000000-0000-4000-8000-0000000003c1"
"""By Eve, for members, in Notes."""

EVERYBODY = (ADA, BO, CLEO, DAN, EVE)
Log = Callable[..., list[dict[str, Any]]]
"""Reads the audit log since the test began: of one operation, or of all."""
