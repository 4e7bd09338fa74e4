"""What a change does to who may see or change which rows: wider, narrower or decided otherwise."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from gatepost.postgres.catalog import Facts, Size
from gatepost.postgres.plan import Hazard, Lock, Risk, risk
from gatepost.provider import privileges
from gatepost.provider.implication import FALSE, TRUE, Term, implies, term
from gatepost.provider.privileges import Privileges, Right

if TYPE_CHECKING:
    from gatepost.provider.policy import PolicyInputs
    from gatepost.provider.table_inputs import TableInputs

Rule = tuple[str, str, str]
"""A role, a command, and which rows of it: those that are there (`using`) or those that result (`check`)."""
Rules = Mapping[Rule, Term]
_CLAUSES = {
    "select": ("using",),
    "insert": ("check",),
    "update": ("using", "check"),
    "delete": ("using",),
}
_SECURED = {"off": 0, "enabled": 1, "forced": 2}
_SECURITY_CHANGES = {
    ("off", "enabled"): "Only what a policy allows remains, but for the owner.",
    ("off", "forced"): "Only what a policy allows remains, for the owner too.",
    ("enabled", "forced"): "Policies hold for the owner too.",
    ("forced", "enabled"): "Policies no longer hold for the owner.",
    ("enabled", "off"): "Policies no longer hold: whoever has a privilege sees every row.",
    ("forced", "off"): "Policies no longer hold: whoever has a privilege sees every row.",
}


def of_policy(old: PolicyInputs | None, new: PolicyInputs | None, size: Size) -> tuple[Risk, ...]:
    """Return what another policy, a new one (no `old`) or one less (no `new`) does."""
    given = new or old
    assert given is not None
    allowed, allows = _rules(old, permissive=True), _rules(new, permissive=True)
    limited, limits = _rules(old, permissive=False), _rules(new, permissive=False)
    gives = [*_beyond(allows, allowed), *_looser(limited, limits)]
    takes = [*_beyond(allowed, allows), *_looser(limits, limited)]
    on, detail = f"{given.table_name}.{given.name}", "It concerns {}."
    found: tuple[Risk, ...] = ()
    for hazard, rules in ((Hazard.WIDENS_ACCESS, gives), (Hazard.CHANGES_ACCESS, takes)):
        if rules:
            found += risk(hazard, on, detail.format(_listed(rules)), size=size)
    return found


def _rules(given: PolicyInputs | None, *, permissive: bool) -> Rules:
    """Return the condition of each role and command, if the policy is of this sort."""
    if given is None or given.permissive != permissive:
        return {}
    using = TRUE if given.using is None else term(given.using)
    texts = {"using": using, "check": using if given.check is None else term(given.check)}
    commands = list(_CLAUSES) if given.command == "all" else [given.command]
    return {
        (role, command, clause): texts[clause]
        for role in given.roles
        for command in commands
        for clause in _CLAUSES[command]
    }


def _beyond(some: Rules, others: Rules) -> list[Rule]:
    """Return the rules of `some` that may let through what none of `others` does."""
    return [
        rule
        for rule, held in some.items()
        if not any(implies(held, one) for one in _for(rule, others) or [FALSE])
    ]


def _looser(limits: Rules, others: Rules) -> list[Rule]:
    """Return the rules of `limits` whose rows `others` may let through."""
    return [
        rule
        for rule, limit in limits.items()
        if not any(implies(one, limit) for one in _for(rule, others) or [TRUE])
    ]


def _for(rule: Rule, rules: Rules) -> list[Term]:
    """Return the conditions that hold for a rule's role: its own, and everybody's."""
    role, command, clause = rule
    both = dict.fromkeys(((role, command, clause), ("public", command, clause)))
    return [rules[one] for one in both if one in rules]


def _listed(rules: Iterable[Rule]) -> str:
    by_role: dict[str, list[str]] = {}
    for role, command, _ in rules:
        commands = by_role.setdefault(role, [])
        if command not in commands:
            commands.append(command)
    return "; ".join(f"{', '.join(commands)} of {role}" for role, commands in sorted(by_role.items()))


def of_table(old: TableInputs, new: TableInputs, facts: Facts) -> tuple[Risk, ...]:
    """Return what other privileges on a table and another row security do to its rows."""
    size = facts.exposed(old.db_schema, old.name)
    names = [{one.name for one in given.columns} for given in (old, new)]
    found = of_privileges(old.where, old.privileges, new.privileges, size, but=names[0] ^ names[1])
    advice = ""
    if old.row_security == "off" and not (size.empty or facts.has_policies(old.db_schema, old.name)):
        advice = " It has no policy yet, and shows no row until it has: deploy its policies before that."
    return found + of_row_security(old.where, old.row_security, new.row_security, size, advice)


def of_row_security(on: str, old: str, new: str, size: Size, advice: str = "") -> tuple[Risk, ...]:
    """Return what another row security does to the rows of a table or partition."""
    if old == new:
        return ()
    hazard = Hazard.CHANGES_ACCESS if _SECURED[new] > _SECURED[old] else Hazard.WIDENS_ACCESS
    return risk(hazard, on, _SECURITY_CHANGES[old, new] + advice, size=size)


def of_privileges(
    on: str,
    old: Privileges | None,
    new: Privileges | None,
    size: Size | None = None,
    *,
    but: Iterable[str] = (),
) -> tuple[Risk, ...]:
    """Return what other privileges on an object do.

    :param but: columns that come or go with the change itself.
    """
    before, after = privileges.normal(old), privileges.normal(new)
    found: tuple[Risk, ...] = ()
    for hazard, verb, some, others in (
        (Hazard.WIDENS_ACCESS, "get", after, before),
        (Hazard.CHANGES_ACCESS, "lose", before, after),
    ):
        if beyond := "; ".join(_exceeding(some, others, frozenset(but))):
            found += risk(hazard, on, f"They {verb}: {beyond}.", size=size, lock=Lock.NONE)
    return found


def _at_least(right: Right) -> set[Right]:
    """Return the rights of which each has this one in it: on the whole table, and to hand on."""
    return {
        Right(right.verb, column, grantable)
        for column in (right.column, "")
        for grantable in (right.grantable, True)
    }


def _exceeding(
    some: Mapping[str, frozenset[Right]], others: Mapping[str, frozenset[Right]], but: frozenset[str]
) -> Iterator[str]:
    """Yield each role with what it has in `some` and neither it nor everybody has in `others`."""
    everybody = others.get("public", frozenset())
    for role, rights in sorted(some.items()):
        had = others.get(role, frozenset()) | everybody
        more = [right for right in sorted(rights) if right.column not in but and not _at_least(right) & had]
        if more:
            yield f"{role} {', '.join(privileges.spelled(right) for right in more)}"
