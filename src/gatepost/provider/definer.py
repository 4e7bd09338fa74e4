"""Functions and views that work with their owner's rights: what a change of them lets others see."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gatepost.postgres.catalog import Facts
from gatepost.postgres.plan import Hazard, Lock, Risk, risk
from gatepost.provider import access, deciding, shown
from gatepost.provider.exposure import opened, used_by_body, used_by_query
from gatepost.provider.insight import parse
from gatepost.provider.routine import Routine
from gatepost.provider.shown import Shown

if TYPE_CHECKING:
    from gatepost.provider.function import FunctionInputs
    from gatepost.provider.materialized_view import MaterializedViewInputs
    from gatepost.provider.privileges import Privileges
    from gatepost.provider.view import ViewInputs


def of_function(old: FunctionInputs, new: FunctionInputs, on: str, facts: Facts) -> tuple[Risk, ...]:
    """Return what another function of the same name does to access and to what was computed."""
    before, after = Routine.of(old.sql), Routine.of(new.sql)
    found = _of_definer(on, before.is_definer, after.is_definer)
    found += access.of_privileges(on, old.privileges, new.privileges)
    if after.is_leakproof and not before.is_leakproof:
        detail = "It sees rows before policies and security barriers hide them: it is leakproof from now on."
        found += risk(Hazard.WIDENS_ACCESS, on, detail, lock=Lock.NONE)
    if before.is_definer and after.is_definer:
        found += _of_owner(on, old.owner, new.owner) + _of_path(on, before.search_path, after.search_path)
        found += _of_body(on, old.sql, new.sql)
    if before.body != after.body:
        was, it, definer = old.parsed(), new.parsed(), before.is_definer and after.is_definer
        anew = was.signature != it.signature or not was.replaceable_by(it)
        found += deciding.of_function((it.schema, it.name), on, facts, is_definer=definer, anew=anew)
    return found


def of_view(old: ViewInputs, new: ViewInputs, on: str, gained: frozenset[str]) -> tuple[Risk, ...]:
    """Return what another view of the same name does to access.

    :param gained: the columns that it did not have.
    """
    before, after = _view(old.sql), _view(new.sql)
    was, becomes = (not _option(one, "security_invoker") for one in (before, after))
    found = _of_definer(on, was, becomes) + access.of_privileges(on, old.privileges, new.privileges)
    if _option(before, "security_barrier") and not _option(after, "security_barrier"):
        detail = "Functions in a query may see rows that it hides: it is no security barrier any more."
        found += risk(Hazard.WIDENS_ACCESS, on, detail, lock=Lock.ACCESS_EXCLUSIVE)
    if _kept_within(before) > _kept_within(after):
        detail = "Rows may be written through it that it does not show: its check option is not as strict."
        found += risk(Hazard.WIDENS_ACCESS, on, detail, lock=Lock.ACCESS_EXCLUSIVE)
    if was and becomes:
        found += _of_query(on, old.sql, new.sql, gained)
    return found


def of_materialized_view(
    old: MaterializedViewInputs, new: MaterializedViewInputs, on: str, gained: frozenset[str]
) -> tuple[Risk, ...]:
    """Return what another query does to access: its rows are always those that the owner sees."""
    found = access.of_privileges(on, old.privileges, new.privileges)
    return found + _of_query(on, old.sql, new.sql, gained)


def of_new_view(new: ViewInputs, on: str, facts: Facts) -> tuple[Risk, ...]:
    """Return what a view that was not there lets others see of rows that were."""
    if _option(_view(new.sql), "security_invoker"):
        return ()
    return opened(on, used_by_query(new.sql), new.privileges, facts)


def of_new_materialized_view(new: MaterializedViewInputs, on: str, facts: Facts) -> tuple[Risk, ...]:
    """Return the same of a materialized view."""
    return opened(on, used_by_query(new.sql), new.privileges, facts)


def of_new_function(new: FunctionInputs, on: str, facts: Facts) -> tuple[Risk, ...]:
    """Return the same of a function."""
    if not Routine.of(new.sql).is_definer:
        return ()
    return opened(on, used_by_body(new.sql), new.privileges, facts)


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
    return shown.otherwise(on, f"It works with the rights of {new or 'the deployer'} from now on.")


def _of_path(on: str, old: tuple[str, ...] | None, new: tuple[str, ...] | None) -> tuple[Risk, ...]:
    if old is None or old == new:
        return ()
    where = "wherever its caller says" if new is None else f"in {', '.join(map(repr, new))}"
    return shown.widens(on, f"It looks names up {where} from now on, with its owner's rights.")


def _of_body(on: str, old: str, new: str) -> tuple[Risk, ...]:
    """A body that does something else may let anything through, unless it is one query."""
    before, after = Routine.of(old), Routine.of(new)
    if before.body == after.body:
        return ()
    used, uses = used_by_body(old), used_by_body(new)
    if before.query is not None and after.query is not None:
        return shown.compare(on, Shown(before.query, used), Shown(after.query, uses))
    detail = "Its body does something else, with its owner's rights: read what that lets through."
    return shown.begins_to_read(on, used, uses) or shown.widens(on, detail)


def _of_query(on: str, old: str, new: str, gained: frozenset[str]) -> tuple[Risk, ...]:
    before, after = (Shown(parse(sql, "view")[0].query, used_by_query(sql)) for sql in (old, new))
    return shown.compare(on, before, after, gained)


def _view(sql: str) -> Any:
    return parse(sql, "view")[0]


def _kept_within(view: Any) -> int:
    """Return how strict its check option is: 0 where it has none, 1 for `local`, 2 for `cascaded`."""
    given = _given(view, "check_option")
    return {"local": 1, "cascaded": 2}[given.lower()] if given else int(view.withCheckOption or 0)


def _option(view: Any, name: str) -> bool:
    """Return whether an option is on: written alone it is."""
    value = _given(view, name)
    return value is not None and (not value or value.lower() in ("true", "on", "1", "yes", "t", "y"))


def _given(view: Any, name: str) -> str | None:
    """Return what stands for an option, empty where it is written alone; None where it is not written."""
    for one in view.options or ():
        if one.defname == name:
            value = one.arg and next((getattr(one.arg, w) for w in one.arg if w != "location"), None)
            value = value[-1].sval if isinstance(value, tuple) else value  # a word that is no keyword
            return "" if value is None else str(value)
    return None
