"""An object that exists already, as a declaration would have it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gatepost.errors import UnsupportedFeature
from gatepost.postgres.catalog import Definition, Key
from gatepost.provider.from_catalog import inputs_of, token_of
from gatepost.provider.kind import Kind
from gatepost.provider.refusal import field_names

_SECRET = "4dabf18193072939515e22adb298388d"  # noqa: S105 (marks a secret in Pulumi's state)


def is_as_deployed(kind: Kind[Any], outputs: Mapping[str, Any], catalog: Mapping[Key, Definition]) -> bool:
    """Tell whether the catalog has an object as its outputs in the state say; a secret is never compared."""
    definition = outputs.get("definition")
    if not definition or _SECRET in definition:
        return False
    names = field_names(kind.inputs)
    given = {name: value for name, value in outputs.items() if name in names and value is not None}
    key = kind.key(kind.inputs.model_validate(given))
    return key is not None and catalog.get(key) == definition


def find(
    kind: Kind[Any], identity: str, catalog: Mapping[Key, Definition]
) -> tuple[dict[str, Any], Definition] | None:
    """Return the inputs that declare the object of an id, and its definition; None where there is none.

    :raises UnsupportedFeature: it is there, and no declaration can say all that it is.
    """
    refused: UnsupportedFeature | None = None
    for key, definition in catalog.items():
        if token_of(key) != kind.token or (key.object or key.name) not in identity:
            continue
        try:
            given = inputs_of(key, definition)
        except UnsupportedFeature as error:
            refused = error
            continue
        if kind.identify(kind.inputs.model_validate(given)) == identity:
            return given, definition
    if refused is not None:
        raise refused
    return None
