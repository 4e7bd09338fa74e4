"""What every declared object has: a parent, a provider, dependencies found in its SQL."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from contextvars import ContextVar, Token
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pulumi

from gatepost.errors import InvalidDeclaration
from gatepost.resources._names import declared

_ambient: ContextVar[list[pulumi.Resource] | None] = ContextVar("gatepost_ambient", default=None)

_PROPERTIES = ("ignore_changes", "replace_on_changes", "additional_secret_outputs")
"""Options that name properties."""


def camel(name: str) -> str:
    """Return the wire name of a Python argument: `row_security` → `rowSecurity`."""
    head, *rest = name.split("_")
    return head + "".join(part.title() for part in rest)


class Group(pulumi.ComponentResource):
    """A component that is also a context: what is declared inside `with group:` belongs to it."""

    _token: Token[list[pulumi.Resource] | None]

    def __enter__(self) -> Self:
        self._token = _ambient.set([*(_ambient.get() or []), self])
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        _ambient.reset(self._token)
        self.register_outputs({})


def inside_ambient(opts: pulumi.ResourceOptions | None) -> pulumi.ResourceOptions:
    """Return `opts` with the surrounding `with` block as parent, unless they name one."""
    groups = _ambient.get()
    if not groups:
        return opts or pulumi.ResourceOptions()
    return pulumi.ResourceOptions.merge(pulumi.ResourceOptions(parent=groups[-1]), opts)


class DatabaseObject(pulumi.CustomResource):
    """A PostgreSQL object that Gatepost's own provider manages."""

    def __init__(
        self,
        kind: str,
        resource_name: str,
        inputs: Mapping[str, Any],
        opts: pulumi.ResourceOptions | None,
        *,
        texts: Iterable[str | None] = (),
        after: Iterable[pulumi.Resource] = (),
    ) -> None:
        opts = inside_ambient(opts)
        used = declared().used_in(text for text in texts if isinstance(text, str))
        if first := [*after, *used]:
            opts = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=first))
        wire = {camel(name): value for name, value in inputs.items() if value is not None}
        super().__init__(f"gatepost:index:{kind}", resource_name, wire, _with_wire_names(opts))


def _with_wire_names(opts: pulumi.ResourceOptions) -> pulumi.ResourceOptions:
    """Return options whose properties, which programs name as arguments, have the names of the wire.

    Pulumi's `translate_input_property` is not for that: it is asked for the keys of values too.
    """
    given = {name: getattr(opts, name) for name in _PROPERTIES if getattr(opts, name)}
    if not given:
        return opts
    named = {name: [_wire_path(path) for path in paths] for name, paths in given.items()}
    merged = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions())
    for name, paths in named.items():
        setattr(merged, name, paths)
    return merged


def _wire_path(path: str) -> str:
    """Return a property path with the wire names of an argument and, in a column, of its own."""
    argument, rest = re.fullmatch(r"(\w*)(.*)", path, re.DOTALL).groups()  # type: ignore[union-attr]
    if argument == "columns":
        rest = re.sub(r"(?<=\.)\w+", lambda name: camel(name[0]), rest)
    return camel(argument) + rest


def wire_privileges(privileges: Mapping[str, Sequence[str] | str] | None) -> dict[str, list[str]] | None:
    """Return privileges by role as lists: `"select, insert"` is `["select", "insert"]`."""
    if privileges is None:
        return None
    return {
        role: _split_privileges(given) if isinstance(given, str) else list(given)
        for role, given in privileges.items()
    }


def _split_privileges(text: str) -> list[str]:
    parts: list[str] = []
    depth, current = 0, ""
    for character in text:
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character == "," and depth == 0:
            parts.append(current.strip())
            current = ""
        else:
            current += character
    return [*parts, current.strip()]


def read_sql(sql: Path | str) -> tuple[str, str | None]:
    """Return an SQL text and the file that it came from, relative to the project's root where it lies inside.

    A path is relative to that root, and read now, so that a missing file fails before anything is planned.

    :raises InvalidDeclaration: it is not UTF-8.
    """
    if isinstance(sql, str):
        return sql, None
    root = Path(pulumi.runtime.get_root_directory() or ".").resolve()
    file = root / sql
    shown = file.relative_to(root) if file.is_relative_to(root) else file
    try:
        return file.read_text(encoding="utf-8-sig"), shown.as_posix()
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise InvalidDeclaration(
            f"{shown.as_posix()}:{line}: this is not UTF-8: save the file as it"
        ) from None
