"""Functions and views that work with their owner's rights: what a change of them lets others see."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gatepost.postgres.plan import Hazard, Lock, Risk, risk
from gatepost.provider import access
from gatepost.provider.implication import TRUE, implies, plain, term_of
from gatepost.provider.insight import parse

if TYPE_CHECKING:
    from gatepost.provider.function import FunctionInputs
    from gatepost.provider.privileges import Privileges
    from gatepost.provider.view import ViewInputs


def of_function(old: FunctionInputs, new: FunctionInputs, on: str) -> tuple[Risk, ...]:
    """Return what another function of the same signature does to access."""
    before, after = _is_definer(old.sql), _is_definer(new.sql)
    found = _of_definer(on, before, after) + access.of_privileges(on, old.privileges, new.privileges)
    return found + (_of_owner(on, old.owner, new.owner) if before and after else ())


def of_view(old: ViewInputs, new: ViewInputs, on: str) -> tuple[Risk, ...]:
    """Return what another view of the same name does to access."""
    before, after = _view(old.sql), _view(new.sql)
    was, becomes = (not _option(one, "security_invoker") for one in (before, after))
    found = _of_definer(on, was, becomes) + access.of_privileges(on, old.privileges, new.privileges)
    if _option(before, "security_barrier") and not _option(after, "security_barrier"):
        detail = "Functions in a query may see rows that it hides: it is no security barrier any more."
        found += risk(Hazard.WIDENS_ACCESS, on, detail, lock=Lock.ACCESS_EXCLUSIVE)
    if was and becomes and new.privileges:
        found += _of_query(on, before.query, after.query)
    return found


def of_removal(on: str, privileges: Privileges) -> tuple[Risk, ...]:
    """Return what it does that a function or view goes: who may use it may go on trying."""
    if not any(privileges.values()):
        return ()
    return risk(Hazard.BREAKS_CLIENTS, on, f"It goes, and {', '.join(sorted(privileges))} may use it.")


def _of_definer(on: str, old: bool, new: bool) -> tuple[Risk, ...]:
    if old == new:
        return ()
    hazard = Hazard.WIDENS_ACCESS if new else Hazard.CHANGES_ACCESS
    whose = "its owner's rights" if new else "the rights of whoever uses it"
    return risk(hazard, on, f"It works with {whose} from now on.", lock=Lock.NONE)


def _of_owner(on: str, old: str | None, new: str | None) -> tuple[Risk, ...]:
    if old == new:
        return ()
    return _otherwise(on, f"It works with the rights of {new or 'the deployer'} from now on.")


def _of_query(on: str, old: Any, new: Any) -> tuple[Risk, ...]:
    """A view with its owner's rights is what decides who sees the rows: its columns apart."""
    but = ("targetList", "whereClause")
    if plain(old, *but) != plain(new, *but):
        return _otherwise(on, "It shows rows of another query, with its owner's rights.")
    before, after = (TRUE if one.whereClause is None else term_of(one.whereClause) for one in (old, new))
    found: tuple[Risk, ...] = ()
    if not implies(after, before):
        found += risk(Hazard.WIDENS_ACCESS, on, "It shows rows that it hid, with its owner's rights.")
    if not implies(before, after):
        found += risk(Hazard.CHANGES_ACCESS, on, "It hides rows that it showed.")
    return found


def _otherwise(on: str, detail: str) -> tuple[Risk, ...]:
    found = risk(Hazard.WIDENS_ACCESS, on, detail, lock=Lock.NONE)
    return found + risk(Hazard.CHANGES_ACCESS, on, detail, lock=Lock.NONE)


def _is_definer(sql: str) -> bool:
    options = parse(sql, "function")[0].options or ()
    return any(one.defname == "security" and one.arg.boolval for one in options)


def _view(sql: str) -> Any:
    return parse(sql, "view")[0]


def _option(view: Any, name: str) -> bool:
    """Return whether an option is on: written alone it is."""
    for one in view.options or ():
        if one.defname == name:
            given = one.arg
            value = (
                None if given is None else next((getattr(given, w) for w in given if w != "location"), None)
            )
            return value is None or str(value).lower() in ("true", "on", "1", "yes", "t", "y")
    return False
