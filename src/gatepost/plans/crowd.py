"""A crowded copy of a database: its structure, filled, on a server of its own that clients may use."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from psycopg.sql import SQL, Identifier, Literal

from gatepost.plans.laboratory import ReferenceRows, Size, laboratory, opened
from gatepost.plans.shape import Rows
from gatepost.plans.volume import VolumeFile

if TYPE_CHECKING:
    from gatepost.postgres.structure import Structure

_DURABLE = ("fsync", "synchronous_commit", "full_page_writes")


@dataclass(frozen=True)
class Crowd:
    """The filled copy, as an application sees it."""

    size: Size
    url: str
    """Of the login, by the socket, with a password of this copy."""


@contextmanager
def crowd(
    structure: Structure,
    reference: Sequence[ReferenceRows],
    files: Sequence[VolumeFile],
    rows: int,
    *,
    login: str,
    told: Callable[[str], None],
) -> Iterator[Crowd]:
    """Make a copy with `rows` rows in its largest tables, whose commits reach the disk, and let `login` in.

    :raises StatementFailed: the structure, its reference rows or its rows cannot be made there.
    """
    with laboratory(structure, reference, files) as made:
        [size] = made.fill([rows], told)
        password = secrets.token_urlsafe(12)
        with opened(size.target) as connection:
            _open_for(login, password, connection)
        found = made.server.connection("postgres")
        host = quote(str(found.socket), safe="")
        yield Crowd(
            size, f"postgresql://{quote(login)}:{password}@{host}:{found.port}/{size.target.database}"
        )


def _open_for(login: str, password: str, connection: Rows) -> None:
    """Let a role in, and let commits reach the disk from now on."""
    for setting in _DURABLE:
        connection.execute(SQL("alter system set {} = on").format(Identifier(setting)))
    connection.execute(SQL("alter role {} login password {}").format(Identifier(login), Literal(password)))
    connection.execute("select pg_reload_conf()")
    connection.execute("checkpoint")
