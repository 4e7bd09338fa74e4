"""Sequences."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from gatepost.errors import InvalidDeclaration
from gatepost.postgres.catalog import Definition, Facts, Key, query
from gatepost.postgres.plan import Hazard, Lock, Plan, Risk, Statement, risk
from gatepost.provider import access, comment, counting, privileges
from gatepost.provider.counting import Counting
from gatepost.provider.declarations import Declarations
from gatepost.provider.insight import parse
from gatepost.provider.kind import Inputs, Kind, Name
from gatepost.provider.sqltext import Part, ident, joined, part, raw, text

_OF_COLUMN = query("sequence_of_column")


def _whole(value: object) -> object:
    """Take a number as Pulumi sends it; one that has more than 53 bits comes as a text."""
    return int(value) if isinstance(value, str | float) and float(value).is_integer() else value


Number = Annotated[int, BeforeValidator(_whole)]


class SequenceInputs(Inputs):
    """A sequence as it is declared."""

    db_schema: Name = Field(default="public", alias="schema")
    name: Name
    type: Literal["smallint", "integer", "bigint"] = "bigint"
    start: Number | None = None
    increment: Number = 1
    minvalue: Number | None = None
    maxvalue: Number | None = None
    cache: Number = 1
    cycle: bool = False
    owned_by: str | None = None
    unlogged: bool = False
    privileges: dict[str, list[str]] = {}
    comment: str | None = None

    @property
    def where(self) -> str:
        """The sequence as messages call it."""
        return f"{self.db_schema}.{self.name}"

    @property
    def target(self) -> Part:
        """The sequence, quoted."""
        return ident(self.db_schema, self.name)

    def options(self) -> Part:
        """Return everything that says how it counts."""
        limits = (("minvalue", self.minvalue), ("maxvalue", self.maxvalue))
        parts = [
            part("as {type} increment by {n}", type=raw(self.type), n=_number(self.increment)),
            *(raw(f"no {w}") if n is None else part("{w} {n}", w=raw(w), n=_number(n)) for w, n in limits),
            part("start with {n} cache {c}", n=_number(self.starts_with), c=_number(self.cache)),
            raw("cycle" if self.cycle else "no cycle"),
        ]
        return joined(parts, " ")

    @property
    def counting(self) -> Counting:
        """Its steps and limits."""
        return Counting(self.type, self.increment, self.minvalue, self.maxvalue, self.cycle)

    @property
    def starts_with(self) -> int:
        """The first value: the lowest of a rising sequence, the highest of a falling one."""
        if self.start is not None:
            return self.start
        first = self.minvalue if self.increment > 0 else self.maxvalue
        return first if first is not None else (1 if self.increment > 0 else -1)


class SequenceKind(Kind[SequenceInputs]):
    """The life of a sequence."""

    token = "gatepost:index:Sequence"  # noqa: S105
    inputs = SequenceInputs

    def key(self, given: SequenceInputs) -> Key:
        return Key("sequences", given.db_schema, given.name)

    def check(self, given: SequenceInputs, declared: Declarations) -> None:
        where = f'sequence "{given.where}"'
        if given.increment == 0:
            raise InvalidDeclaration(f"{where}: increment is 0: it would never move")
        low, high = given.minvalue, given.maxvalue
        if low is not None and high is not None and low >= high:
            raise InvalidDeclaration(f"{where}: minvalue {low} is not below maxvalue {high}")
        if given.owned_by is not None:
            statements = parse(_owned(given).sql, f"{where}: owned by")
            if len(statements) != 1 or len(given.owned_by.split(".")) != 3:
                raise InvalidDeclaration(f"{where}: owned by: say schema.table.column")
        privileges.check(given.privileges, privileges.SEQUENCE, where)

    def differences(self, old: dict[str, Any], new: dict[str, Any]) -> list[str]:
        """Numbers are compared as numbers, what was not said as its default."""
        return super().differences(self._plain(old), self._plain(new))

    def _plain(self, values: dict[str, Any]) -> dict[str, Any]:
        return {**self.inputs.model_validate(values).model_dump(by_alias=True), "file": None}

    def takes_over(self, given: SequenceInputs, found: Definition) -> bool:
        """A column of type `serial` brings its sequence along."""
        return given.owned_by is not None and given.owned_by == found["ownedBy"]

    def standing(self, old: SequenceInputs, new: SequenceInputs, facts: Facts) -> SequenceInputs | None:
        """That of a column of type `serial` has followed a new name of the column or its table."""
        return super().standing(old, new, facts) or _brought(
            old.model_copy(update={"owned_by": new.owned_by}), facts
        )

    def create(self, given: SequenceInputs, facts: Facts) -> Plan:
        brought = _brought(given, facts)
        if brought is None:
            kept = raw("unlogged " if given.unlogged else "")
            made = text(
                "create {kept}sequence {s} {options}", kept=kept, s=given.target, options=given.options()
            )
            statements = [_statement(given, made)]
        else:
            altered = text("alter sequence {s} {options}", s=given.target, options=given.options())
            statements = [*_move(brought, given), _statement(given, altered), *_logged(brought, given)]
        if given.owned_by and brought is None:
            statements.append(_owned(given))
        if inherited := facts.default_grantees(given.db_schema, "S"):
            statements.append(privileges.revoke_all("sequence", given.target, given.where, inherited))
        return Plan((*statements, *_attributes(None, given)))

    def update(self, old: SequenceInputs, new: SequenceInputs, facts: Facts) -> Plan:
        statements, there = _move(old, new), _place(old, facts)
        if old.options() != new.options():
            label = f'sequence "{old.where}"'
            again = raw(" restart" if counting.must_restart(label, there, new.counting, facts) else "")
            altered = text(
                "alter sequence {s} {options}{again}", s=new.target, options=new.options(), again=again
            )
            statements.append(_statement(new, altered))
        statements += _logged(old, new)
        if old.owned_by != new.owned_by:
            statements.append(_owned(new))
        risks = access.of_privileges(new.where, old.privileges, new.privileges)
        if old.where != new.where:
            risks += risk(Hazard.BREAKS_CLIENTS, old.where, f"It is called {new.where} from now on.")
        risks += _counts_otherwise(old, new, facts) if counting.is_used(there, facts) else ()
        return Plan((*statements, *_attributes(old, new)), risks)

    def delete(self, old: SequenceInputs, facts: Facts) -> Plan:
        if facts.read(self.key(old)) is None or _brought(old, facts):
            return Plan()
        dropped = _statement(old, text("drop sequence {s}", s=old.target))
        used = counting.is_used(_place(old, facts), facts)
        detail, size = "Where it had counted to is lost.", facts.size(old.db_schema, old.name)
        return Plan((dropped,), risk(Hazard.DELETES_DATA, old.where, detail, size=size) if used else ())


def _place(given: SequenceInputs, facts: Facts) -> tuple[str, str] | None:
    """Return schema and name under which the target has it; None where it has not."""
    key = facts.planned.present(Key("sequences", given.db_schema, given.name))
    return (key.schema, key.name) if key and facts.read(SequenceKind().key(given)) else None


def _counts_otherwise(old: SequenceInputs, new: SequenceInputs, facts: Facts) -> tuple[Risk, ...]:
    """Return what other numbers do to whoever takes them."""
    size, found = facts.size(old.db_schema, old.name), tuple[Risk, ...]()
    if told := " ".join(counting.differences(old.counting, new.counting)):
        found += risk(Hazard.BREAKS_CLIENTS, new.where, told, size=size)
    if new.unlogged > old.unlogged:
        lost = "After a crash of the server it starts over, and no replica has it."
        found += risk(Hazard.DELETES_DATA, new.where, lost, size=size)
    return found


def _logged(old: SequenceInputs, new: SequenceInputs) -> list[Statement]:
    word = raw("unlogged" if new.unlogged else "logged")
    changed = _statement(new, text("alter sequence {s} set {w}", s=new.target, w=word))
    return [changed] if old.unlogged != new.unlogged else []


def _brought(given: SequenceInputs, facts: Facts) -> SequenceInputs | None:
    """Return the sequence that the owning column, of type `serial`, has from its table: it stays with it."""
    if given.owned_by is None or facts.connection is None:
        return None
    found = facts.connection.execute(_OF_COLUMN, {"column": given.owned_by}).fetchone()
    if found is None:
        return None
    schema, name, unlogged = found
    there = {"db_schema": str(schema), "name": str(name), "unlogged": bool(unlogged)}
    return given.model_copy(update=there)


def _number(value: int) -> Part:
    return raw(str(value))


def _statement(given: SequenceInputs, sql: str) -> Statement:
    return Statement(sql, Lock.ACCESS_EXCLUSIVE, given.where)


def _owned(given: SequenceInputs) -> Statement:
    """Say whose column it goes with when that is dropped."""
    owner = raw(given.owned_by or "none")
    return _statement(given, text("alter sequence {s} owned by {owner}", s=given.target, owner=owner))


def _move(old: SequenceInputs, new: SequenceInputs) -> list[Statement]:
    statements = []
    if old.name != new.name:
        renamed = text("alter sequence {s} rename to {n}", s=old.target, n=ident(new.name))
        statements.append(_statement(old, renamed))
    if old.db_schema != new.db_schema:
        here = ident(old.db_schema, new.name)
        moved = text("alter sequence {s} set schema {n}", s=here, n=ident(new.db_schema))
        statements.append(_statement(old, moved))
    return statements


def _attributes(old: SequenceInputs | None, new: SequenceInputs) -> list[Statement]:
    before = old.privileges if old else None
    granted = privileges.changes("sequence", new.target, new.where, before, new.privileges)
    on = part("sequence {s}", s=new.target)
    return [*granted, *comment.changes(on, new.where, old.comment if old else None, new.comment)]
