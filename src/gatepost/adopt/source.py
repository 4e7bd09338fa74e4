"""Python source, written the way people would: short calls on one line, long ones an argument a line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

WIDTH = 100
_INDENT = "    "


@dataclass(frozen=True)
class Name:
    """A name or another piece of source that stands as it is."""

    text: str


@dataclass(frozen=True)
class Call:
    """A call with its arguments."""

    function: str
    arguments: Sequence[Any] = ()
    named: dict[str, Any] = field(default_factory=dict)

    def functions(self) -> Iterator[str]:
        """Yield the names of everything that is called."""
        yield self.function
        values = [*self.arguments, *self.named.values()]
        for value in values:
            for one in value if isinstance(value, list) else [value]:
                if isinstance(one, Call):
                    yield from one.functions()


def assignment(variable: str | None, value: Any, indent: int = 0) -> str:
    """Return the line, or lines, that give a variable its value, or just make the value."""
    head = f"{variable} = " if variable else ""
    return f"{_INDENT * indent}{head}{render(value, indent, len(head))}"


def render(value: Any, indent: int = 0, taken: int = 0) -> str:
    """Return a value's source; it starts `taken` characters after the indentation."""
    line = _inline(value)
    if len(line) + taken + len(_INDENT) * indent <= WIDTH and "\n" not in line:
        return line
    if isinstance(value, Call):
        return _block(f"{value.function}(", ")", _arguments(value), indent)
    if isinstance(value, dict) and value:
        return _block("{", "}", [(f"{_string(key)}: ", item) for key, item in value.items()], indent)
    if isinstance(value, list) and value:
        return _block("[", "]", [("", item) for item in value], indent)
    if isinstance(value, str) and "\n" not in line:
        return _pieces(value, indent)
    return line


def _pieces(text: str, indent: int) -> str:
    """Return a long string in pieces that stand below each other."""
    width = WIDTH - len(_INDENT) * (indent + 1) - 2
    pieces, current = [], ""
    for word in re.findall(r"\S*\s*", text):
        if current and len(current) + len(word) > width:
            pieces.append(current)
            current = ""
        current += word
    inner = _INDENT * (indent + 1)
    lines = [f"{inner}{_string(piece)}" for piece in (*pieces, current) if piece]
    return "\n".join(("(", *lines, f"{_INDENT * indent})")) if len(lines) > 1 else _string(text)


def _block(opening: str, closing: str, items: list[tuple[str, Any]], indent: int) -> str:
    inner = _INDENT * (indent + 1)
    lines = [f"{inner}{head}{render(item, indent + 1, len(head) + 1)}," for head, item in items]
    return "\n".join((opening, *lines, _INDENT * indent + closing))


def _arguments(call: Call) -> list[tuple[str, Any]]:
    positional = [("", item) for item in call.arguments]
    return positional + [(f"{name}=", item) for name, item in call.named.items()]


def _inline(value: Any) -> str:
    if isinstance(value, Name):
        return value.text
    if isinstance(value, Call):
        inside = ", ".join(head + _inline(item) for head, item in _arguments(value))
        return f"{value.function}({inside})"
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_string(key)}: {_inline(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_inline(item) for item in value) + "]"
    if isinstance(value, float) and value.is_integer():  # every number of Pulumi's wire is one
        return str(int(value))
    return repr(value)


def _string(text: str) -> str:
    """Return a string literal: in double quotes, over several lines where the text has them."""
    if "\n" in text and text.isprintable() is False and _fits_in_lines(text):
        return f'"""{text}"""'
    plain = text.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")
    if '"' in text and "'" not in text:
        return f"'{_escaped(plain)}'"
    return f'"{_escaped(plain).replace(chr(34), chr(92) + chr(34))}"'


def _fits_in_lines(text: str) -> bool:
    odd = any(not one.isprintable() and one != "\n" for one in text)
    return not (odd or "\\" in text or '"""' in text or text.endswith('"'))


def _escaped(text: str) -> str:
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode("ascii") for one in text)
