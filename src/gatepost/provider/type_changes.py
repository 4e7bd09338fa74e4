"""What PostgreSQL can change of a type where it stands; all else is an exchange."""

from __future__ import annotations

from dataclasses import replace

from gatepost.errors import StillUsed
from gatepost.postgres.catalog import Facts, Key
from gatepost.postgres.plan import Hazard, Lock, Plan, Risk, Statement, risk
from gatepost.provider import weakening
from gatepost.provider.carried import beside
from gatepost.provider.dependants import Dependant, Root, dependants, rebuilding
from gatepost.provider.site import undone_by
from gatepost.provider.sqltext import Part, expression, ident, literal, part, raw
from gatepost.provider.type_inputs import AttributeInputs, TypeInputs, check
from gatepost.provider.types import same_type


def in_place(old: TypeInputs, new: TypeInputs, facts: Facts) -> Plan | None:
    """Return the plan that alters the type, or None where another one must take its place."""
    if old.kind == "enum":
        return _enum(old, new)
    return _domain(old, new, facts) if old.kind == "domain" else _composite(old, new, facts)


def renamed(old: TypeInputs, new: TypeInputs) -> tuple[list[str], Plan]:
    """Return an enum's values after those are renamed that get another name, and the plan that does it."""
    values, statements = list(old.values), list[Statement]()
    pairs = [(was, name) for name, was in new.renamed.items() if was in values and name not in values]
    for was, name in pairs:
        values[values.index(was)] = name
        change = part("rename value {was} to {name}", was=literal(was), name=literal(name))
        statements.append(old.alter(change))
    names = ", ".join(f"{was} is {name}" for was, name in pairs)
    risks = risk(Hazard.BREAKS_CLIENTS, old.where, f"{names} from now on.", lock=Lock.NONE) if pairs else ()
    return values, Plan(tuple(statements), risks)


def _enum(old: TypeInputs, new: TypeInputs) -> Plan | None:
    """Rename values and add others, wherever they belong in the order; none can be removed or moved."""
    values, renames = renamed(old, new)
    if values != [value for value in new.values if value in values]:
        return None
    added = [
        old.alter(part("add value {v}{place}", v=literal(value), place=_place(at, new, values)))
        for at, value in enumerate(new.values)
        if value not in values
    ]
    return renames + Plan(tuple(added))


def _place(at: int, new: TypeInputs, values: list[str]) -> Part:
    if at > 0:
        return part(" after {v}", v=literal(new.values[at - 1]))
    return part(" before {v}", v=literal(values[0])) if values else raw("")


def _domain(old: TypeInputs, new: TypeInputs, facts: Facts) -> Plan | None:
    if not same_type(old.type or "", new.type or "") or old.collation != new.collation:
        return None
    statements = list[Statement]()
    if old.default != new.default:
        default = (
            raw("drop default") if new.default is None else part("set default {e}", e=expression(new.default))
        )
        statements.append(old.alter(default))
    if old.nullable != new.nullable:
        statements.append(old.alter(raw("drop not null" if new.nullable else "set not null"), Lock.SHARE))
    gone = [name for name, sql in old.checks.items() if new.checks.get(name) != sql]
    fresh = [(name, sql) for name, sql in new.checks.items() if old.checks.get(name) != sql]
    proved, named = _proved(old, fresh)
    statements += [old.alter(part("drop constraint {k}", k=ident(name))) for name in gone]
    stricter = fresh or (old.nullable and not new.nullable)
    proving = f"Every value of {old.where} is checked."
    risks = _striking(Hazard.BLOCKS_WRITES, old, facts, proving, Lock.SHARE) if stricter else ()
    if stricter:
        facts.planned.constrained.add(Key("types", new.db_schema, new.name))
    looser = new.nullable > old.nullable or not weakening.holds(
        new.checks.values(), [old.checks[n] for n in gone]
    )
    if looser:
        risks += _striking(Hazard.BREAKS_CLIENTS, old, facts, f"What {old.where} kept out may come in.")
    return Plan((*proved, *statements, *named), risks)


def _proved(old: TypeInputs, fresh: list[tuple[str, str]]) -> tuple[list[Statement], list[Statement]]:
    """Return what adds and proves checks, or leaves nothing of them, and what then gives them their names.

    What takes the place of another check stands beside it until then.
    """
    added, validated, named = list[Statement](), list[Statement](), list[Statement]()
    for name, sql in fresh:
        own = beside(name) if name in old.checks else name
        undo = old.alter(part("drop constraint if exists {k}", k=ident(own)))
        added.append(undone_by(undo, old.alter(part("add {check} not valid", check=check(own, sql)))))
        proof = old.alter(part("validate constraint {k}", k=ident(own)), Lock.SHARE)
        validated.append(replace(proof, mode="separate", undo=""))
        if own != name:
            named.append(old.alter(part("rename constraint {b} to {k}", b=ident(own), k=ident(name))))
    return [*added, *validated], named


def _composite(old: TypeInputs, new: TypeInputs, facts: Facts) -> Plan | None:
    before = {one.name: one for one in old.attributes}
    after = {one.name: one for one in new.attributes}
    kept = [name for name in before if name in after]
    if any(not _same(before[name], after[name]) for name in kept) and list(before) == list(after):
        return None
    if kept != list(after)[: len(kept)] or any(not _same(before[name], after[name]) for name in kept):
        if using := [one.identity for one in _columns(old, facts)]:
            raise StillUsed(
                f"{old.where} cannot change the order of its attributes or a type beside others while"
                f" {', '.join(using)} has values of it: change the types alone, add attributes at the end"
            )
        return None
    gone = [name for name in before if name not in after]
    found = rebuilding(facts, *(Root(old.db_schema, old.name, column=name) for name in gone))
    dropped = (old.alter(part("drop attribute {a}", a=ident(name))) for name in gone)
    added = (
        old.alter(part("add attribute {a}", a=one.definition()))
        for one in new.attributes
        if one.name not in before
    )
    lost = f"Attribute {', '.join(gone)} of {old.where} goes."
    risks = _striking(Hazard.DELETES_DATA, old, facts, lost) if gone else ()
    return found.before + Plan((*dropped, *added), risks) + found.after


def _same(old: AttributeInputs, new: AttributeInputs) -> bool:
    return same_type(old.type, new.type) and old.collation == new.collation


def _columns(given: TypeInputs, facts: Facts) -> list[Dependant]:
    """Return the columns of tables that have values of the type."""
    return [one for one in dependants(facts, given.root) if one.type == "retyped column"]


def _striking(
    hazard: Hazard, given: TypeInputs, facts: Facts, detail: str, lock: Lock = Lock.ACCESS_EXCLUSIVE
) -> tuple[Risk, ...]:
    """Return a hazard for each table that has values of the type."""
    places = sorted({(one.schema or "", one.relation or "") for one in _columns(given, facts)})
    found = (risk(hazard, ".".join(place), detail, size=facts.size(*place), lock=lock) for place in places)
    return tuple(one for risks in found for one in risks)
