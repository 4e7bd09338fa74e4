"""The seven `pulumi-postgresql` types in Python, for the embedded engine.

Inputs, ids and outputs are those of the Go plugin 3.18.2, so that either can go on from the other's state.
"""

from gatepost.engine.postgresql.provider import PostgresqlProvider

__all__ = ["PostgresqlProvider"]
