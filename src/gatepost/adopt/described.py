"""Objects and kinds as people call them."""

from __future__ import annotations

from gatepost.postgres.catalog import Key


def described(key: Key) -> str:
    """Return an object as people call it: `policy "own_rows" on app_public.users`."""
    word = word_of(key.kind)
    if key.kind == "functions":
        return f"function {key.schema}.{key.name}({key.object})"
    if key.kind == "verbatim":
        return key.name
    if key.object:
        return f'{word} "{key.object}" on {key.schema}.{key.name}'
    return f"{word} {'.'.join(part for part in (key.schema, key.name) if part)}"


def word_of(kind: str) -> str:
    """Return what one object of a kind is called."""
    words = {"policies": "policy", "indexes": "index"}
    return words.get(kind, kind.removesuffix("s")).replace("_", " ")
