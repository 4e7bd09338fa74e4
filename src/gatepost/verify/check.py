"""One checked statement about the database: what was expected, what was found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Facts = Mapping[str, str]
"""What is known of an object by property, each value readable on its own; empty ones are not said."""


@dataclass(frozen=True)
class Check:
    """A check of one object; it passed when every expected fact was found."""

    feature: str
    kind: str
    name: str
    expected: Facts
    found: Facts | None
    """None when there is no such object."""
    note: str = ""
    passed_anyway: bool | None = None
    """Decides where facts are not to be equal, such as a time that stays under its limit."""

    @property
    def ok(self) -> bool:
        """Whether the database is as declared."""
        return self.passed_anyway if self.passed_anyway is not None else self.expected == self.found

    @property
    def differences(self) -> set[str]:
        """The properties that are not as declared."""
        if self.found is None or self.ok:
            return set()
        return {key for key in {*self.expected, *self.found} if self.expected.get(key) != self.found.get(key)}

    def as_json(self) -> dict[str, Any]:
        """Return the check as plain data."""
        return {
            "feature": self.feature,
            "kind": self.kind,
            "name": self.name,
            "ok": self.ok,
            "expected": _said(self.expected),
            "found": None if self.found is None else _said(self.found),
            "differences": sorted(self.differences),
            "note": self.note,
        }


def text_of(facts: Facts | None, other: Facts | None = None) -> str:
    """Return facts in words; a comment only where the other side's is different."""
    if facts is None:
        return "nothing"
    words = [value for key, value in facts.items() if value and key != "comment"]
    if other is not None and facts.get("comment", "") != other.get("comment", ""):
        words.append(f"comment {facts.get('comment') or 'none'}")
    elif facts.get("comment"):
        words.append("commented")
    return ", ".join(words) or "there"


def _said(facts: Facts) -> dict[str, str]:
    return {key: value for key, value in facts.items() if value}


def facts(**values: object) -> dict[str, str]:
    """Return facts; what is false or missing is not said."""
    return dict(_spoken(values))


def _spoken(values: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    for key, value in values.items():
        name = key.rstrip("_").replace("_", " ")
        if value is True:
            yield key, name
        elif value is None or value is False:
            yield key, ""
        elif isinstance(value, list | tuple | set | frozenset):
            yield key, ", ".join(str(item) for item in value)
        else:
            yield key, str(value)
