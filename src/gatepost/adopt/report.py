"""What an adoption found and what it could not say, for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from gatepost.adopt.database import Database
from gatepost.adopt.described import word_of
from gatepost.adopt.program import Program
from gatepost.words import plural

_HEAD = """# The database {name}, adopted

The program in `infra/` and `schema/` declares {counted}.

```console
$ export GATEPOST_DATABASE_URL=postgresql://…
$ gatepost preview
```

It says that nothing is to be done. From here on the program is what the database should be.
"""
_ROLES = """
## Preconditions

Roles belong to the server, not to the database: where the program is deployed to another server, these are
there before: {roles}. The objects are made as `{owner}`, who needs `create` on the database.
"""


def text(database: Database, program: Program) -> str:
    """Return the page that stands beside the program."""
    roles = sorted(role for role in set(_roles(database)) if role != "public" and not role.startswith("pg_"))
    parts = [_HEAD.format(name=database.name, counted=counted(program))]
    if roles:
        parts.append(_ROLES.format(roles=", ".join(f"`{role}`" for role in roles), owner=database.main_owner))
    parts.append("\n## What is not in the program\n")
    lines = [f"- {one.what}: {one.reason}" for one in program.unexpressed]
    parts.append("\n".join(lines) + "\n" if lines else "Nothing is left out.\n")
    return "".join(parts)


def counted(program: Program) -> str:
    """Return how many objects of which kind the program declares."""
    kinds = Counter(word_of(key.kind) for key in program.objects)
    return ", ".join(plural(number, kind) for kind, number in kinds.most_common()) or "nothing yet"


def _roles(database: Database) -> Iterator[str]:
    """Yield the roles that the database speaks of."""
    yield from (owner for key, owner in database.owners.items() if key in database.definitions)
    for schema in database.schemas:
        yield from (schema.owner, *(one["role"] for one in schema.grants))
    for given in database.default_privileges:
        yield from (given.owner, given.role)
    for definition in database.definitions.values():
        yield from definition.get("privileges") or ()
        yield from definition.get("roles") or ()
