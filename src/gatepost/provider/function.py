"""Functions and procedures: replaced in place, so that what depends on them goes on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, LiteralString

from gatepost.errors import InvalidDeclaration
from gatepost.postgres.catalog import Facts, Key
from gatepost.postgres.plan import Hazard, Lock, Plan, Risk, Statement, risk
from gatepost.provider import comment, definer, overloads, privileges
from gatepost.provider.declarations import Declarations, Text
from gatepost.provider.dependants import Root, rebuilding
from gatepost.provider.insight import Created, created, or_replace
from gatepost.provider.kind import Inputs, Kind
from gatepost.provider.sqltext import Part, ident, part, raw, text


class FunctionInputs(Inputs):
    """A function as it is declared."""

    sql: str
    file: str | None = None
    privileges: dict[str, list[str]] = {}
    owner: str | None = None
    comment: str | None = None
    check_body: bool = True
    """Whether names and types in its body are looked up when it is made."""
    untracked: list[str] = []
    """What its body looks up when it runs and this program does not declare."""

    def parsed(self) -> Created:
        """Return what the statement makes."""
        return created(self.sql, self.file or "function")


class FunctionKind(Kind[FunctionInputs]):
    """The life of a function."""

    token = "gatepost:index:Function"  # noqa: S105
    inputs = FunctionInputs
    outputs = ("schema", "name", "arguments")

    def key(self, given: FunctionInputs) -> Key:
        it = given.parsed()
        return Key("functions", it.schema, it.name, it.signature)

    def identify(self, given: FunctionInputs) -> str:
        it = given.parsed()
        return "".join((it.schema, ".", it.name, "(", it.signature, ")"))

    def extra_outputs(self, given: FunctionInputs) -> dict[str, Any]:
        it = given.parsed()
        return {"schema": it.schema, "name": it.name, "arguments": it.arguments}

    def check(self, given: FunctionInputs, declared: Declarations) -> None:
        where = given.file or "function"
        if given.parsed().kind not in ("function", "procedure"):
            raise InvalidDeclaration(f"{where}: expected a create function or create procedure statement")
        privileges.check(given.privileges, privileges.FUNCTION, where)

    def texts(self, given: FunctionInputs) -> Iterable[Text]:
        if given.check_body:
            yield Text(given.sql, given.file or "function", "routine")

    def announce(self, given: FunctionInputs, declared: Declarations) -> None:
        it = given.parsed()
        if it.signature:
            return
        if given.check_body:
            declared.bodies[it.schema, it.name] = Text(given.sql, given.file or "function", "routine")
        else:
            declared.bodies.pop((it.schema, it.name), None)

    def settled(self, given: FunctionInputs, declared: Declarations) -> dict[str, Any]:
        """Only names that no later part of the program declares are untracked: the program knows that."""
        if not given.check_body:
            return {}
        found = declared.untracked(given.sql, frozenset(given.untracked))
        return {"untracked": found} if found != given.untracked else {}

    def replaces(self, old: FunctionInputs, new: FunctionInputs) -> list[str]:
        """Another name or other arguments are another function."""
        return ["sql"] if self.key(old) != self.key(new) else []

    def differences(self, old: dict[str, Any], new: dict[str, Any]) -> list[str]:
        """What else is declared makes no other function of it."""
        return [name for name in super().differences(old, new) if name != "untracked"]

    def create(self, given: FunctionInputs, facts: Facts) -> Plan:
        opens = definer.of_new_function(given, self.identify(given), facts)
        return self._made(given, facts) + Plan(risks=opens)

    def succeed(self, old: FunctionInputs, new: FunctionInputs, facts: Facts) -> Plan:
        """What hangs on the old one takes to one of the same name, whatever that does."""
        before, it = old.parsed(), new.parsed()
        if (before.schema, before.name) != (it.schema, it.name):
            return self.create(new, facts)
        return self._made(new, facts) + Plan(risks=definer.of_function(old, new, self.identify(new), facts))

    def _made(self, given: FunctionInputs, facts: Facts) -> Plan:
        it = given.parsed()
        statements = _creating(given, given.sql, it)
        strangers = ["public", *(r for r in facts.default_grantees(it.schema, "f") if r != "public")]
        statements.append(privileges.revoke_all(_on(it), _target(it), it.name, strangers))
        return Plan((*statements, *_attributes(None, given, it)), self._untracked(None, given))

    def _untracked(self, old: FunctionInputs | None, new: FunctionInputs) -> tuple[Risk, ...]:
        names = set(new.untracked) - set(old.untracked if old else ())
        if not names:
            return ()
        used = ", ".join(sorted(names))
        detail = f"Its body uses {used}: declare it, or name it in the provider's existing."
        return risk(Hazard.UNTRACKED_DEPENDENCY, self.identify(new), detail, lock=Lock.NONE)

    def update(self, old: FunctionInputs, new: FunctionInputs, facts: Facts) -> Plan:
        it, risks = new.parsed(), definer.of_function(old, new, self.identify(new), facts)
        if not old.parsed().replaceable_by(it):
            found = overloads.exchanged(rebuilding(facts, _root(old.parsed())), old.sql, new.sql, facts)
            if new.privileges:
                risks += risk(Hazard.BREAKS_CLIENTS, self.identify(old), "It takes or returns other things.")
            return found.before + Plan((_drop(old.parsed()),), risks) + self._made(new, facts) + found.after
        changed = _creating(new, or_replace(new.sql), it) if old.sql != new.sql else []
        return Plan((*changed, *_attributes(old, new, it)), risks + self._untracked(old, new))

    def delete(self, old: FunctionInputs, facts: Facts) -> Plan:
        """What hangs on it takes to the function of that name with other arguments, if there is one."""
        if facts.read(self.key(old)) is None:
            return Plan()
        it = old.parsed()
        found = overloads.handed_over(old.sql, facts)
        risks = definer.of_removal(self.identify(old), old.privileges)
        return found.before + Plan((_drop(it),), risks) + found.after


def _root(it: Created) -> Root:
    return Root(it.schema, it.name, signature=it.signature)


def _drop(it: Created) -> Statement:
    sql = text("drop {on} {f}", on=raw(_on(it)), f=_target(it))
    return Statement(sql, Lock.NONE, f"{it.schema}.{it.name}")


def _creating(given: FunctionInputs, sql: str, it: Created) -> list[Statement]:
    name = f"{it.schema}.{it.name}"
    made = Statement(sql.rstrip().rstrip(";"), Lock.NONE, name)
    if given.check_body:
        return [made]
    unchecked = Statement("set local check_function_bodies = off", Lock.NONE, name)
    return [unchecked, made, Statement("set local check_function_bodies to default", Lock.NONE, name)]


def _attributes(old: FunctionInputs | None, new: FunctionInputs, it: Created) -> list[Statement]:
    target, name = _target(it), f"{it.schema}.{it.name}"
    before = old.privileges if old else None
    statements = privileges.changes(_on(it), target, name, before, new.privileges)
    on = part("{on} {f}", on=raw(_on(it)), f=target)
    statements += comment.changes(on, name, old.comment if old else None, new.comment)
    if new.owner != (old.owner if old else None):
        owner = ident(new.owner) if new.owner else raw("current_user")
        owned = text("alter {on} {f} owner to {o}", on=raw(_on(it)), f=target, o=owner)
        statements.append(Statement(owned, Lock.NONE, name))
    return statements


def _on(it: Created) -> LiteralString:
    return it.kind


def _target(it: Created) -> Part:
    return part("{f}({a})", f=ident(it.schema, it.name), a=raw(it.arguments))
