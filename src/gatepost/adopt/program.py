"""The program about a database: its files, and what they do not say."""

from __future__ import annotations

import keyword
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from gatepost.adopt import names, surroundings
from gatepost.adopt.database import Database, Unexpressed, partitions, relation_of
from gatepost.adopt.declarations import Declared, call
from gatepost.adopt.described import described, word_of
from gatepost.adopt.order import Module, modules
from gatepost.adopt.outside import Recorder, lacking
from gatepost.adopt.source import Call, Name, assignment
from gatepost.errors import InvalidDeclaration, UnsupportedFeature
from gatepost.postgres.catalog import Key
from gatepost.provider.from_catalog import inputs_of, token_of
from gatepost.provider.kinds import KINDS
from gatepost.words import plural

_RESERVED = {*keyword.kwlist, "target", "__main__", "__init__"}
_FOLDERS = {"Function": "functions", "View": "views", "MaterializedView": "views", "Procedure": "functions",
            "Verbatim": "others"}  # fmt: skip
_ON_TABLES = ("constraints", "indexes", "policies", "triggers")
_MAIN = '''"""What is deployed, in this order: each module relies on those before it."""

import sys
from importlib import import_module
from pathlib import Path

# Both engines run this file by its path: its package lies next to it.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

for name in (
{names}
):
    import_module(f"infra.{{name}}")
'''


@dataclass
class Program:
    """The files of a program by their paths, and what the program leaves out."""

    files: dict[str, str] = field(default_factory=dict)
    objects: dict[Key, str] = field(default_factory=dict)
    """Every object that the program declares, with its resource's name."""
    unexpressed: list[Unexpressed] = field(default_factory=list)
    existing: set[str] = field(default_factory=set)
    """What the program's SQL uses and does not declare, and what it leaves out."""


def write(database: Database, project: str, user: str) -> Program:
    """Return the program that declares a database, and what it cannot declare."""
    made = Program(unexpressed=[*database.unexpressed, *surroundings.unexpressed(database)])
    planned = modules(database)
    declared = _declared(database, planned, made)
    texts = _Modules(declared, planned)
    made.files["Pulumi.yaml"] = _project_file(project, database)
    made.files["infra/__init__.py"] = '"""The program: what is deployed."""\n'
    made.files["infra/target.py"] = surroundings.source(database, user, sorted(made.existing))
    for module in planned:
        if any(key in declared for key in module.objects):
            made.files[f"infra/{texts.name(module)}.py"] = texts.source(module)
    order = ["target", *(texts.name(one) for one in planned if f"infra/{texts.name(one)}.py" in made.files)]
    made.files["infra/__main__.py"] = _MAIN.format(names="\n".join(f'    "{name}",' for name in order))
    for one in declared.values():
        if one.sql_file:
            made.files[f"schema/{one.sql_file}"] = one.inputs["sql"].rstrip() + "\n"
    made.objects = {key: one.name for key, one in declared.items()}
    return made


def _project_file(project: str, database: Database) -> str:
    about = f"The database {database.name}, adopted".replace('"', "'")
    return f'name: {project}\ndescription: "{about}"\nmain: infra/\nruntime: python\n'


def _declared(database: Database, planned: list[Module], made: Program) -> dict[Key, Declared]:
    """Return what can be declared; the rest is noted in `made`, with what needs it."""
    choice = _Choice(database)
    for key in (key for module in planned for key in module.objects):
        choice.consider(key)
    inputs = choice.inputs
    made.unexpressed += [Unexpressed(described(key), reason) for key, reason in choice.left_out.items()]
    made.existing = choice.used_outside() | {_place(key) for key in choice.left_out}
    made.existing |= {one.what for one in database.settings}
    chosen = names.resources({key: token_of(key) for key in inputs})
    return {
        key: Declared(
            key,
            token_of(key),
            _owned(key, given, database),
            chosen[key],
            _sql_file(key, chosen[key]) if "sql" in given and not key.is_property else None,
        )
        for key, given in inputs.items()
    }


class _Choice:
    """What is declared, with its inputs, and what is left out, with its reason."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known = Recorder([*database.definitions, *database.left_out])
        self._parts = partitions(database.definitions)
        self.inputs: dict[Key, dict[str, Any]] = {}
        self.left_out = dict(database.left_out)
        for key in self.left_out:
            self._known.leave_out(key)

    def consider(self, key: Key) -> None:
        """Declare an object, or leave it out; what it needs was considered before."""
        try:
            given = _inputs(key, self._database)
            reason = self._reason(key, given)
        except (UnsupportedFeature, InvalidDeclaration) as error:
            given, reason = {}, self._lacking(key) or str(error)
        if reason is None:
            self.inputs[key] = given
        else:
            self.left_out[key] = reason
            self._known.leave_out(key)

    def _reason(self, key: Key, given: dict[str, Any]) -> str | None:
        if missing := self._lacking(key):
            return missing
        if key.kind in _ON_TABLES and relation_of(key, self.inputs, self._parts) is None:
            return f"{key.schema}.{key.name} is not in the program"
        refused = _refusal(key, given, self._known)
        return self._unread(key, given, refused) if refused and key.kind == "triggers" else refused

    def _unread(self, key: Key, given: dict[str, Any], refused: str) -> str | None:
        """Return why a trigger is refused though nobody looks into the body of what it calls."""
        function = Key("functions", *given["function"].split(".", 1))
        called = self.inputs.get(function)
        if called is None or not called.get("checkBody", True):
            return refused
        unread = called | {"checkBody": False}
        if self._known.refusal(token_of(function), unread) or self._known.refusal(token_of(key), given):
            return refused
        self.inputs[function] = unread
        return None

    def _lacking(self, key: Key) -> str | None:
        missing = sorted(self._database.needs[key] & self.left_out.keys(), key=str)
        return lacking(missing[0]) if missing else None

    def used_outside(self) -> set[str]:
        """Return what the declarations, and the bodies that are looked into, use beside them.

        A body that names a column which is gone is looked into no more: no deployment would take it.
        """
        used = set(self._known.used)
        for key, given in self.inputs.items():
            if key.kind == "functions" and given.get("checkBody", True):
                found = self._known.looked_up(given["sql"])
                if found is None:
                    given["checkBody"] = False
                used |= found or set()
        return used


def _place(key: Key) -> str:
    """Return what `existing` calls an object that is there beside the program."""
    return ".".join(part for part in (key.schema, key.name, key.object) if part)


def _refusal(key: Key, given: dict[str, Any], known: Recorder) -> str | None:
    """Return why the provider would refuse a declaration; what is wrong in a body need not be looked at."""
    refused = known.refusal(token_of(key), given)
    if refused and key.kind == "functions" and not known.refusal(token_of(key), given | {"checkBody": False}):
        given["checkBody"] = False
        return None
    return refused


def _owned(key: Key, given: dict[str, Any], database: Database) -> dict[str, Any]:
    owner = database.owners.get(key, database.main_owner)
    has_owner = "owner" in KINDS[token_of(key)].inputs.model_fields
    return {**given, "owner": owner} if has_owner and owner != database.main_owner else given


def _inputs(key: Key, database: Database) -> dict[str, Any]:
    if key.kind != "verbatim":
        given = inputs_of(key, database.definitions[key])
        return given | {"checkBody": False} if key in database.astray else given
    if key.is_property:
        return inputs_of(key, database.definitions[key])
    if key not in database.statements:
        raise UnsupportedFeature("pg_dump does not say what makes it")
    return {"creates": key.name, "sql": database.statements[key]}


def _sql_file(key: Key, name: str) -> str:
    folder = _FOLDERS[token_of(key).rpartition(":")[2]]
    return "/".join(part for part in (re.sub(r"\W+", "_", key.schema), folder, f"{name}.sql") if part)


class _Modules:
    """The modules' texts; they import from each other what they refer to."""

    def __init__(self, declared: Mapping[Key, Declared], planned: list[Module]) -> None:
        self._declared = declared
        self._home = {key: self.name(module) for module in planned for key in module.objects}
        self._functions = {
            (key.schema, key.name): key for key in declared if key.kind == "functions" and not key.object
        }
        referred = [key for key in declared if key.kind in ("tables", "views", "materialized_views")]
        referred += list(self._functions.values())
        self._variables = names.variables(
            referred, {key: declared[key].name for key in referred}, KINDS_NAMES
        )
        self._parts = {
            Key("partitions", part.schema, part.name): table
            for part, table in partitions({key: one.inputs for key, one in declared.items()}).items()
        }
        self._used: set[Key] = set()
        for one in list(declared.values()):
            self._call(one)

    def name(self, module: Module) -> str:
        """Return the module's name; some are Python's."""
        return f"{module.name}_" if module.name in _RESERVED else module.name

    def source(self, module: Module) -> str:
        """Return the module's text."""
        calls = [(key, self._call(self._declared[key])) for key in module.objects if key in self._declared]
        body = list(self._body(calls))
        imports = "\n".join(self._imports(module, [made for _, made in calls]))
        first = calls[0][0].schema
        title = f'"""{self._title(module, [key for key, _ in calls])}."""'
        sql = 'SQL = Path("schema")\n\n' if any(self._declared[key].sql_file for key, _ in calls) else ""
        head = f'with Feature("{self.name(module)}", provider=target):\n'
        assert first is not None
        return f"{title}\n\n{imports}\n\n{sql}{head}" + "\n".join(body) + "\n"

    def _body(self, calls: list[tuple[Key, Call]]) -> Iterator[str]:
        before: tuple[str, str] | None = None
        for key, made in calls:
            variable = self._variables.get(key) if key in self._used else None
            group = (key.schema, key.name)
            if before is not None and group != before:
                yield ""
            before = group
            yield assignment(variable, made, 1)

    def _title(self, module: Module, keys: list[Key]) -> str:
        counted = Counter(key.kind for key in keys)
        parts = [plural(n, word_of(kind)) for kind, n in counted.items()]
        return f"{module.name}: {', '.join(parts)}"

    def _imports(self, module: Module, calls: list[Call]) -> Iterator[str]:
        if any(isinstance(one.named.get("sql"), Name) for one in calls):
            yield "from pathlib import Path\n"
        classes = {name for one in calls for name in one.functions()} | {"Feature"}
        yield _from("gatepost.resources", classes)
        other: dict[str, set[str]] = {}
        for key in self._refers([self._declared[k] for k in module.objects if k in self._declared]):
            if self._home[key] != self.name(module):
                other.setdefault(self._home[key], set()).add(self._variables[key])
        other["target"] = {"target"}
        for name in sorted(other):
            yield _from(f"infra.{name}", other[name])

    def _refers(self, declared: list[Declared]) -> set[Key]:
        found: set[Key] = set()
        for one in declared:
            call(one, lambda key: self._resolved(key, found))
        return found

    def _call(self, one: Declared) -> Call:
        return call(one, lambda key: self._resolved(key, self._used))

    def _resolved(self, key: Key, noted: set[Key]) -> str | None:
        key = self._parts.get(key, key)
        variable = self._variables.get(key)
        if variable is not None:
            noted.add(key)
        return variable


def _from(module: str, found: set[str]) -> str:
    line = f"from {module} import {', '.join(sorted(found))}"
    if len(line) <= 100:
        return line
    return f"from {module} import (\n" + "".join(f"    {name},\n" for name in sorted(found)) + ")"


KINDS_NAMES = {
    "Column", "Feature", "PrimaryKey", "Unique", "Check", "ForeignKey", "Exclusion",
    *(token.rpartition(":")[2] for token in KINDS),
}  # fmt: skip
