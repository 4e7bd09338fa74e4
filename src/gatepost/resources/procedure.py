"""Procedures."""

from __future__ import annotations

from gatepost.resources.function import Function


class Procedure(Function):
    """A procedure, from the file that holds its whole `create procedure` statement.

    :param privileges: who may call it. `public` has that right in PostgreSQL unless it is revoked:
        here it has it only when named.
    """
