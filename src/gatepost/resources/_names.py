"""Which declared objects an SQL text uses, so that nobody writes dependencies down."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextvars import ContextVar
from dataclasses import dataclass, field
from itertools import pairwise

import pulumi

_COMMENT = re.compile(r"""('(?:[^']|'')*'|"(?:[^"]|"")*")|--[^\n]*|/\*.*?\*/""", re.DOTALL)
_NAME = r'(?:[a-z_][\w$]*|"(?:[^"]|"")+")'
_CHAIN = re.compile(rf"{_NAME}(?:\s*\.\s*{_NAME})*", re.IGNORECASE)
_HEAD = re.compile(
    r"create\s+(?:or\s+replace\s+)?(?:materialized\s+)?(?:function|procedure|view)\s+"
    rf"(?:({_NAME})\s*\.\s*)?({_NAME})",
    re.IGNORECASE,
)


@dataclass
class Declared:
    """The objects that the running program has declared so far, by `schema.name`."""

    objects: dict[str, list[pulumi.Resource]] = field(default_factory=dict)

    def add(self, schema: str, name: str, resource: pulumi.Resource) -> None:
        """Remember that `resource` makes the object `schema.name`, or belongs to it.

        What writes to a table relies on its constraints, policies and triggers too.
        """
        self.objects.setdefault(f"{schema}.{name}", []).append(resource)

    def used_in(self, texts: Iterable[str]) -> list[pulumi.Resource]:
        """Return the declared objects whose names occur in `texts`, each once, in order of declaration."""
        names = {name for text in texts for name in names_in(text)}
        return [resource for name, made in self.objects.items() if name in names for resource in made]


_declared: ContextVar[Declared | None] = ContextVar("gatepost_declared", default=None)


def declared() -> Declared:
    """Return the running program's declarations; each program runs in a context of its own."""
    current = _declared.get()
    if current is None:
        current = Declared()
        _declared.set(current)
    return current


def names_in(text: str) -> set[str]:
    """Return every `schema.name` that `text` could mean; a bare name is looked up in `public`."""
    found: set[str] = set()
    for chain in _CHAIN.findall(_without_comments(text)):
        parts = [_fold(part) for part in re.findall(_NAME, chain, re.IGNORECASE)]
        found.update(f"{schema}.{name}" for schema, name in pairwise(parts))
        found.add(f"public.{parts[0]}")
    return found


def name_created_by(sql: str) -> tuple[str, str]:
    """Return the schema and name in the head of a `create function|procedure|view` text.

    The provider's `check` reports a text that has no such head; until then it is called `public.?`.
    """
    match = _HEAD.search(_without_comments(sql))
    if match is None:
        return "public", "?"
    return _fold(match[1] or "public"), _fold(match[2])


def _without_comments(text: str) -> str:
    """Return the text without its comments; what looks like one inside quotes stays."""
    return _COMMENT.sub(lambda match: match[1] or " ", text)


def _fold(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name.lower()
