"""What a declaration needs of the server and cannot make itself, asked in a preview."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from gatepost.engine.model import urn_type
from gatepost.errors import InvalidDeclaration
from gatepost.insight.tree import words
from gatepost.postgres.catalog import Facts, Key
from gatepost.provider.index import IndexInputs, statement_of
from gatepost.provider.insight import parse_index
from gatepost.provider.kind import Inputs
from gatepost.provider.rights import require_free

_MAKES_ANYTHING = frozenset({"gatepost:index:Seed", "gatepost:index:Verbatim"})


def require(
    facts: Facts, key: Key | None, given: Inputs, label: str, changed: Collection[str] | None
) -> None:
    """Check that an object may be made, that its name is free, and that what it names is there.

    :param changed: the URNs of what the deployment changes; None where the engine does not tell.
    :raises ObjectExists: its name is taken.
    :raises PermissionMissing: a right is missing.
    :raises InvalidDeclaration: it names what the server has not, and nothing of the deployment may make.
    """
    require_free(facts, key, label)
    if changed is not None and not any(_may_make(urn_type(urn)) for urn in list(changed)):
        _require_there(facts, key, given, label)


def _may_make(token: str) -> bool:
    return token in _MAKES_ANYTHING or not token.startswith(("gatepost:", "pulumi:"))


def _require_there(facts: Facts, key: Key | None, given: Inputs, label: str) -> None:
    needed = tuple(sorted(set(_needs(key, given, label))))
    if missing := facts.missing(needed):
        what, name = missing
        raise InvalidDeclaration(f"{label}: the database has no {what} {name}: make it, or correct its name")


def _needs(key: Key | None, given: Inputs, label: str) -> Iterator[tuple[str, str]]:
    if key and key.schema:
        yield "schema", key.schema
    for role in (*getattr(given, "privileges", ()), *getattr(given, "roles", ())):
        if role != "public":
            yield "role", role
    if method := getattr(given, "method", None):
        yield "access method", method
    if isinstance(given, IndexInputs):
        for one in parse_index(statement_of(given), label)["indexParams"]:
            for name in words(one["IndexElem"].get("opclass"))[-1:]:
                yield "operator class", name
    for one in (given, *getattr(given, "columns", ()), *getattr(given, "attributes", ())):
        if collation := getattr(one, "collation", None):
            yield "collation", collation
