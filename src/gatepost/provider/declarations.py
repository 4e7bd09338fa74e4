"""What the running program has declared so far, and which names in its SQL nothing has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from fnmatch import fnmatchcase

from gatepost.errors import InvalidDeclaration
from gatepost.insight import known
from gatepost.insight.bodies import read_routine
from gatepost.insight.fields import fields_of_rows
from gatepost.insight.known import Sort
from gatepost.insight.reading import Form, read
from gatepost.insight.tree import WrongSQL
from gatepost.insight.uses import ANY, Columns, ColumnUse, Reading, Source, Use
from gatepost.postgres.catalog import Key
from gatepost.provider.findings import Findings

_SYSTEM_COLUMNS = frozenset({"ctid", "tableoid", "xmin", "xmax", "cmin", "cmax"})
_SYSTEM_SCHEMAS = ("pg_catalog", "information_schema", "pg_temp", "pg_toast")
_SEARCHED = "public"


@dataclass(frozen=True, slots=True)
class Text:
    """One SQL text of a declaration."""

    sql: str
    where: str
    """The object and property, or the file that the text came from."""
    form: Form = "expression"
    own: tuple[tuple[str, Source], ...] = ()
    """What it can refer to by itself: the columns of its table, `old` and `new`."""
    made_up: bool = False
    """The text is composed of several properties: a place in it would mean nothing."""


@dataclass
class Declarations:
    """What the running program has declared so far, as far as checks of later resources need it."""

    columns: dict[tuple[str, str], Columns | None] = field(default_factory=dict)
    """The columns of every declared relation, None where they are not known."""
    types_of: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)
    """The types of the columns of declared tables, but of those that are changing theirs."""
    domains: dict[tuple[str, str], str] = field(default_factory=dict)
    """The types that declared domains are of."""
    renamed: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)
    """The columns of declared tables that once had other names, by those."""
    partition_keys: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    """The columns by which a partitioned table is divided: every key of it has them."""
    bodies: dict[tuple[str, str], Text] = field(default_factory=dict)
    """The declared functions without arguments: what a trigger may call."""
    functions: set[tuple[str, str]] = field(default_factory=set)
    types: set[tuple[str, str]] = field(default_factory=set)
    environment: str = "local"
    existing: tuple[str, ...] = ()
    """What there is beside the program: `auth.*`, `public.legacy`."""
    complete: bool = True
    """Nothing was declared whose name is not known yet."""

    def columns_of(self, schema: str, table: str) -> Columns | None:
        """Return a declared table's columns, or None where the program declares no such table."""
        return self.columns.get((schema, table))

    def announce(self, key: Key) -> None:
        """Note an object by its place in the catalog."""
        place = (key.schema, key.name)
        if key.kind == "functions":
            self.functions.add(place)
        elif key.kind == "types":
            self.types.add(place)
        elif key.kind in _RELATIONS:
            self.columns.setdefault(place, None)
        elif key.kind == "verbatim" and not key.is_property:
            self.complete = False

    def check(self, text: Text, told: Iterable[str] = ()) -> None:
        """Reject a text that names what nothing has, as far as that is certain.

        :param told: what is known to be wrong: perhaps that the text cannot be read.
        :raises InvalidDeclaration: each such name, with its first place and the nearest name that there is.
        """
        try:
            readings = self._readings(text)
        except WrongSQL as error:
            if any(str(error) in one for one in told):
                return
            at = None if error.offset < 0 or text.made_up else position(text.sql, error.offset)
            raise _wrong(text, str(error), at) from None
        wrong, names = Findings(), set[str]()
        for sort, use in (one for reading in readings for one in self._unknown(reading)):
            if str(use) not in names:
                wrong.note(self._refusal(text, sort, use))
            names.add(str(use))
        wrong.settle()

    def _readings(self, text: Text) -> Iterable[Reading]:
        if text.form == "routine":
            return (read_routine(text.sql).bound,)
        return (read(text.sql, text.form, text.own),)

    def check_rows(
        self, function: tuple[str, str], table: tuple[str, str], events: set[str], why: str
    ) -> None:
        """Reject columns of `new` and `old` that a trigger function names and the table has not.

        :param events: the events for which the trigger calls it.
        :param why: the trigger, as messages call it.
        :raises InvalidDeclaration: each of them, with its first place.
        """
        known, text = self.columns_of(*table), self.bodies.get(function)
        if known is None or text is None:
            return
        wrong, told = Findings(), set[str]()
        for use in fields_of_rows(text.sql):
            if use.events & events and use.name not in known | _SYSTEM_COLUMNS | told:
                told.add(use.name)
                nearest = get_close_matches(use.name, sorted(known), 1, 0.7)
                advice = f"did you mean {use.record}.{nearest[0]}?" if nearest else "correct the function"
                at = position(text.sql, use.offset) if use.offset >= 0 else None
                message = f'unknown column {use}: {why} calls this, and "{".".join(table)}" has no {use.name}'
                wrong.note(_wrong(text, message, at, f": {advice}"))
        wrong.settle()

    def untracked(self, sql: str, nowhere: frozenset[str]) -> list[str]:
        """Return what a function looks up when it runs and nothing that is declared has.

        :param nowhere: the names that no part of the program declares, later ones included.
        """
        unknown = self._unknown(read_routine(sql).late)
        return sorted({str(use) for sort, use in unknown if sort == "column" or str(use) in nowhere})

    def _unknown(self, reading: Reading) -> Iterator[tuple[str, Use | ColumnUse]]:
        """Yield what nothing has: certain cases only."""
        for column in reading.columns:
            if not self._has_column(column):
                yield "column", column
        if not self.complete:
            return
        for use in reading.relations:
            if use.name not in reading.made and not self._has("relation", use, self.columns.keys()):
                yield "table", use
        for use in reading.functions:
            if not self._has("function", use, self.functions) and not self._is_no_call(use):
                yield "function", use
        for use in reading.types:
            if not self._has_type(use):
                yield "type", use

    def _has(self, sort: Sort, use: Use, declared: Iterable[tuple[str, str]]) -> bool:
        if (use.schema or _SEARCHED, use.name) in declared:
            return True
        if use.schema.startswith(_SYSTEM_SCHEMAS) or use.name in known.of_extensions(sort):
            return True
        if not use.schema and use.name in known.of_server(sort):
            return True
        return self._exists(use)

    def _has_type(self, use: Use) -> bool:
        element = Use(use.schema, use.name.removeprefix("_"), use.offset)
        return any(
            self._has("type", one, self.types) or self._has("relation", one, self.columns.keys())
            for one in (use, element)
        )

    def _is_no_call(self, use: Use) -> bool:
        """A type's name casts, a column's name reads it out of a row."""
        if use.arguments != 1:
            return False
        return self._has_type(use) or any(
            columns is None or use.name in columns for columns in self.columns.values()
        )

    def _exists(self, use: Use) -> bool:
        place = f"{use.schema or _SEARCHED}.{use.name}"
        return any(fnmatchcase(place, one) or fnmatchcase(use.name, one) for one in self.existing)

    def _has_column(self, use: ColumnUse) -> bool:
        *relation, column = use.names
        if column in _SYSTEM_COLUMNS:
            return True
        if any(ANY in scope or (not relation and column in scope) for scope in use.scopes):
            return True
        sources = [source for _, source in _in_sight(use)]
        wanted = {column, ANY} if relation else {column}
        if any((has := self._columns(source)) is None or wanted & has for source in sources):
            return True
        return bool(relation) and any(name == column for _, name in self.functions)

    def _columns(self, source: Source) -> Columns | None:
        if not isinstance(source, tuple):
            return source
        schema, name = source
        return self.columns.get((schema or _SEARCHED, name))

    def _refusal(self, text: Text, sort: str, use: Use | ColumnUse) -> InvalidDeclaration:
        nearest = get_close_matches(str(use), self._candidates(sort, use), 1, 0.7)
        wanted = f"{use.schema}.*" if isinstance(use, Use) and use.schema else str(use)
        advice = (
            f"did you mean {nearest[0]}?"
            if nearest
            else "declare it, or correct its name"
            if sort == "column"
            else f'declare it before what uses it, or name it in the provider\'s existing ("{wanted}")'
        )
        return _wrong(text, f"unknown {sort} {use}", _place(text, use.offset), f": {advice}")

    def _candidates(self, sort: str, use: Use | ColumnUse) -> list[str]:
        if isinstance(use, ColumnUse):
            head = "".join(f"{name}." for name in use.names[:-1])
            sources = [self._columns(source) or () for _, source in _in_sight(use)]
            return sorted({f"{head}{name}" for columns in sources for name in columns})
        declared = {"table": self.columns.keys(), "function": self.functions}.get(sort, self.types)
        written = {f"{schema}.{name}" for schema, name in declared}
        bare = {name for schema, name in declared if schema == _SEARCHED}
        system = () if use.schema or sort == "table" else known.of_server(_SORTS[sort])
        return sorted({*(written if use.schema else bare), *system})


_RELATIONS = frozenset({"tables", "views", "materialized_views", "sequences", "partitions"})
_SORTS: dict[str, Sort] = {"table": "relation", "function": "function", "type": "type"}


def _in_sight(use: ColumnUse) -> Iterator[tuple[str, Source]]:
    """Yield what the reference might belong to."""
    *relation, _ = use.names
    for scope in use.scopes:
        for name, source in scope.items():
            if not relation or name == relation[0]:
                yield name, source


def _wrong(text: Text, message: str, at: tuple[int, int] | None, advice: str = "") -> InvalidDeclaration:
    """Say what is wrong: in a file as editors find it, in a property by its line and column."""
    if at and text.form in ("statement", "routine"):
        return InvalidDeclaration(f"{text.where}:{at[0]}:{at[1]}: {message}{advice}")
    place = f" (line {at[0]}, column {at[1]})" if at else ""
    return InvalidDeclaration(f"{text.where}: {message}{place}{advice}")


def _place(text: Text, offset: int) -> tuple[int, int] | None:
    if text.made_up or offset < 0:
        return None
    before = text.sql.encode()[:offset].decode(errors="ignore")
    return position(text.sql, len(before))


def position(sql: str, offset: int) -> tuple[int, int]:
    """Return the line and column of a character."""
    before = sql[: max(offset, 0)]
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
