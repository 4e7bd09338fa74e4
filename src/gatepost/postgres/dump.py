"""A database's structure as pg_dump writes it, entry by entry."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from gatepost.postgres.connect import Target
from gatepost.postgres.programs import dumped

_ENTRY = re.compile(
    r"^--\n-- TOC entry (?P<number>\d+) \(class (?P<class>\d+) OID (?P<oid>\d+)\)\n"
    r"(?:-- Dependencies: (?P<needs>[\d ]+)\n)?"
    r"-- Name: (?P<name>.*); Type: (?P<type>[A-Z ]+); Schema: .*\n(?:--.*\n)*",
    re.MULTILINE,
)
_NOISE = re.compile(r"^(?:SET \w+ = .*;|\\(?:un)?restrict .*|--.*)\n", re.MULTILINE)


@dataclass(frozen=True)
class Entry:
    """What makes one object, or one thing about it."""

    number: str
    catalog: int
    """The OID of the system catalog that the object is in."""
    oid: int
    needs: tuple[str, ...]
    """The numbers of the entries that it depends on."""
    name: str
    type: str
    """What it is, in pg_dump's words: `TABLE`, `ACL`, `COMMENT`, …"""
    sql: str


def dump_structure(target: Target, version: int, *options: str) -> list[Entry]:
    """Return what makes the objects of a database, in an order in which they can be made.

    :param version: the server's, as `server_version_num` has it.
    :param options: further ones of pg_dump, such as `--no-owner`.
    :raises UsageError: no pg_dump is there that knows the server's version, or it fails.
    """
    return list(_entries(dumped(target, version, "--schema-only", "--verbose", *options)))


def _entries(dump: str) -> Iterator[Entry]:
    heads = list(_ENTRY.finditer(dump))
    for head, following in zip(heads, [*heads[1:], None], strict=True):
        text = dump[head.end() : following.start() if following else len(dump)]
        yield Entry(
            head["number"],
            int(head["class"]),
            int(head["oid"]),
            tuple((head["needs"] or "").split()),
            head["name"],
            head["type"],
            _NOISE.sub("", text).strip() + "\n",
        )
