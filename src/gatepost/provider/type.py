"""Types: enums, domains and composite types. What cannot be altered is exchanged, with all that uses it."""

from __future__ import annotations

from typing import Any

from gatepost.errors import InvalidDeclaration
from gatepost.postgres.catalog import Definition, Facts, Key
from gatepost.postgres.plan import Hazard, Lock, Plan, Statement, risk
from gatepost.provider import access, comment, definer, privileges, type_changes
from gatepost.provider.declarations import Declarations, Text
from gatepost.provider.dependants import rebuilding
from gatepost.provider.insight import check_collation, parse_type
from gatepost.provider.kind import Kind
from gatepost.provider.sqltext import ident, part, text
from gatepost.provider.type_inputs import TypeInputs, make
from gatepost.provider.types import one_spelling

_TAKES = {
    "enum": {"values", "renamed"},
    "domain": {"type", "default", "nullable", "collation", "checks"},
    "composite": {"attributes"},
}


class TypeKind(Kind[TypeInputs]):
    """The life of a type."""

    token = "gatepost:index:Type"  # noqa: S105
    inputs = TypeInputs
    silent = ("checks",)

    def key(self, given: TypeInputs) -> Key:
        return Key("types", given.db_schema, given.name)

    def check(self, given: TypeInputs, declared: Declarations) -> None:
        where = f'type "{given.where}"'
        foreign = given.model_fields_set & set().union(*_TAKES.values()) - _TAKES[given.kind]
        if foreign:
            raise InvalidDeclaration(f"{where}: a type of kind {given.kind} takes no {', '.join(foreign)}")
        twice = sorted({one for one in self._names(given) if self._names(given).count(one) > 1})
        if twice:
            raise InvalidDeclaration(f"{where}: {', '.join(twice)} is declared twice")
        for name, collation in _types(given):
            parse_type(name, where)
            if collation is not None:
                check_collation(collation, where)
        privileges.check(given.privileges, privileges.TYPE, where)

    def _names(self, given: TypeInputs) -> list[str]:
        return [*given.values, *(one.name for one in given.attributes)]

    def texts(self, given: TypeInputs) -> list[Text]:
        where = f'type "{given.where}"'
        made = [Text(f"null::{name}", f"{where}: type", made_up=True) for name, _ in _types(given)]
        checks = [
            Text(sql, f'{where}: check "{name}"', own=(("", frozenset({"value"})),))
            for name, sql in given.checks.items()
        ]
        default = [] if given.default is None else [Text(given.default, f"{where}: default")]
        return [*made, *checks, *default]

    def differences(self, old: dict[str, Any], new: dict[str, Any]) -> list[str]:
        """What a value was once called makes no difference, nor how a type is spelled."""
        return super().differences(self._plain(old), self._plain(new))

    def _plain(self, values: dict[str, Any]) -> dict[str, Any]:
        given = self.inputs.model_validate(values).model_dump(by_alias=True, exclude={"renamed"})
        for one in (given, *given["attributes"]):
            one["type"] = one_spelling(one["type"])
        return given

    def replaces(self, old: TypeInputs, new: TypeInputs) -> list[str]:
        """A type of another kind is another type."""
        return ["kind"] if old.kind != new.kind else []

    def announce(self, given: TypeInputs, declared: Declarations) -> None:
        if given.kind == "domain" and given.type is not None:
            declared.domains[given.db_schema, given.name] = given.type

    def create(self, given: TypeInputs, facts: Facts) -> Plan:
        if given.kind == "domain" and (given.checks or not given.nullable):
            facts.planned.constrained.add(Key("types", given.db_schema, given.name))
        statements = [make(given)]
        strangers = ["public", *(r for r in facts.default_grantees(given.db_schema, "T") if r != "public")]
        statements.append(privileges.revoke_all("type", given.target, given.where, strangers))
        return Plan((*statements, *_attributes(None, given)))

    def update(self, old: TypeInputs, new: TypeInputs, facts: Facts) -> Plan:
        """Change it under its old name first: what hangs on it is made again in the catalog's words."""
        here = new.model_copy(update={"db_schema": old.db_schema, "name": old.name})
        changed = type_changes.in_place(old, here, facts)
        exchanged = changed is None
        plan = self._exchange(old, here, facts) if changed is None else changed
        risks = access.of_privileges(new.where, old.privileges, new.privileges)
        if old.where != new.where:
            risks += risk(Hazard.BREAKS_CLIENTS, old.where, f"It is called {new.where} from now on.")
        attributes = [] if exchanged else _attributes(old, here)
        return plan + Plan((*attributes, *_move(old, new)), risks)

    def _exchange(self, old: TypeInputs, new: TypeInputs, facts: Facts) -> Plan:
        """Make the new type beside the old one, convert every column, drop the old one: one transaction."""
        found = rebuilding(facts, old.root)
        _, renames = type_changes.renamed(old, new)
        aside = old.model_copy(update={"name": f"{old.name.encode()[:58].decode(errors='ignore')}__old"})
        away = old.alter(part("rename to {n}", n=ident(aside.name)))
        made = renames + Plan((away,)) + self.create(new, facts)
        dropped = Statement(text("drop {w} {t}", w=old.word, t=aside.target), Lock.NONE, old.where)
        risks = risk(Hazard.BREAKS_CLIENTS, old.where, "Its values are others from now on.")
        return found.before + made + found.after + Plan((dropped,), risks)

    def delete(self, old: TypeInputs, facts: Facts) -> Plan:
        if facts.read(self.key(old)) is None:
            return Plan()
        dropped = text("drop {word} {t}", word=old.word, t=old.target)
        gone = Statement(dropped, Lock.NONE, old.where)
        return Plan((gone,), definer.of_removal(old.where, old.privileges))

    def stand_in(self, inputs: dict[str, Any], then: Definition, now: Definition) -> dict[str, Any]:
        """A check of a domain that is not proved any more is drift: it stands there as another one."""
        before = then.get("checks", {})
        others = {name: sql for name, sql in now.get("checks", {}).items() if before.get(name) != sql}
        return {**inputs, "checks": {**inputs.get("checks", {}), **others}} if others else inputs


def _types(given: TypeInputs) -> list[tuple[str, str | None]]:
    """Return the types, with their collations, that it is made of."""
    own = [(given.type or "", given.collation)] if given.kind == "domain" else []
    return own + [(one.type, one.collation) for one in given.attributes]


def _move(old: TypeInputs, new: TypeInputs) -> list[Statement]:
    statements = []
    if old.name != new.name:
        statements.append(old.alter(part("rename to {n}", n=ident(new.name))))
    if old.db_schema != new.db_schema:
        here = old.model_copy(update={"name": new.name})
        statements.append(here.alter(part("set schema {s}", s=ident(new.db_schema))))
    return statements


def _attributes(old: TypeInputs | None, new: TypeInputs) -> list[Statement]:
    before = old.privileges if old else None
    granted = privileges.changes("type", new.target, new.where, before, new.privileges)
    on = part("{word} {t}", word=new.word, t=new.target)
    described = comment.changes(on, new.where, old.comment if old else None, new.comment)
    commented = {one.name: one.comment for one in old.attributes} if old else {}
    for one in new.attributes:
        column = part("column {t}.{a}", t=new.target, a=ident(one.name))
        described += comment.changes(column, new.where, commented.get(one.name), one.comment)
    return [*granted, *described]
