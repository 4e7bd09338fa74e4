"""How the columns of a table are changed: what can be is proved first, all else is one transaction."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property

from gatepost.errors import InvalidDeclaration, StillUsed
from gatepost.postgres.catalog import Definition, Key
from gatepost.postgres.plan import Plan, Statement
from gatepost.provider import comment, following, limits, not_null, own_names, privileges
from gatepost.provider.alteration import add, alter, drop, is_volatile, rename, retyped, rewriting
from gatepost.provider.batches import Fill, can_fill, fill
from gatepost.provider.column import ColumnInputs
from gatepost.provider.column_change import ColumnChange, new_name, old_name
from gatepost.provider.column_names import in_new_names, renames
from gatepost.provider.dependants import Rebuilding, Root, dependants, rebuilding
from gatepost.provider.following import Following
from gatepost.provider.privileges import Privileges
from gatepost.provider.recast import Recast
from gatepost.provider.site import Site
from gatepost.provider.sqltext import expression, ident, part, text

_SETS_EXPRESSION = 170000
"""The first server that changes a generated column's expression in place."""


@dataclass(frozen=True)
class Changes:
    """The difference between two sets of columns, by the names that they have afterwards."""

    old: dict[str, ColumnInputs]
    new: dict[str, ColumnInputs]
    former: dict[str, str]
    """What renamed columns were called."""
    site: Site

    @property
    def names(self) -> dict[str, str]:
        """What renamed columns are called, by what they were called."""
        return {before: name for name, before in self.former.items()}

    @cached_property
    def _kept(self) -> list[str]:
        return [name for name in self.new if name in self.old and name not in self.gone()]

    def _made_again(self, name: str) -> bool:
        """Return whether a column can only get its generated values by being dropped and added."""
        old, new = self.old[name], self.new[name]
        if old == new:
            return False
        if new.generated is None:
            return old.virtual
        if old.generated is None or old.virtual != new.virtual or self._retyped:
            return True
        return old.generated != new.generated and (self.site.facts.version < _SETS_EXPRESSION or new.virtual)

    @cached_property
    def _retyped(self) -> list[str]:
        """The columns whose values get another type where they are."""
        both = [name for name in self.new if name in self.old and not self.new[name].generated]
        return [name for name in both if retyped(*self._beside(name)) or name in self._swapped]

    def gone(self) -> set[str]:
        """Return the columns that are dropped, also where one of that name comes again."""
        both = self.old.keys() & self.new.keys()
        return (self.old.keys() - both) | {name for name in both if self._made_again(name)}

    @property
    def _fresh(self) -> list[ColumnInputs]:
        """The columns that are added, also where one of that name was dropped."""
        return [one for name, one in self.new.items() if name not in self._kept]

    @cached_property
    def _moving(self) -> dict[str, ColumnChange]:
        """The columns that become others while clients go on.

        :raises InvalidDeclaration: more than one at a time, or where that is not possible.
        """
        both = [name for name in self.new if name in self.old]
        asked = [name for name in both if self.new[name].change or self.old[name].change]
        columns = self._there if asked else {}
        if not columns:
            return {}
        there = {
            name: ColumnChange(self.site.before, self.old[name], self.new[name], columns) for name in asked
        }
        moving = {name: one for name, one in there.items() if one.advances}
        if len([one for one in moving.values() if one.begins or one.incoming]) > 1:
            raise InvalidDeclaration(
                f"{self.site.label}: {' and '.join(moving)} become others at once:"
                " change one column a release"
            )
        if moving and self.site.size.partitioned:
            raise InvalidDeclaration(
                f"{self.site.label}: a partitioned table's column cannot be changed beside clients:"
                " leave out its change, and approve REWRITES_TABLE"
            )
        under_way = [name for name, one in there.items() if one.stage != "none" or one.advances]
        renamed = [
            one for one in self.former.values() if new_name(one) in columns or old_name(one) in columns
        ]
        if renamed or (under_way and self.site.moves):
            raise InvalidDeclaration(
                f"{self.site.label}: column {', '.join(renamed or under_way)} is under change:"
                " give it, or its table, another name when that is done"
            )
        return there

    @cached_property
    def _there(self) -> dict[str, Definition]:
        """The table's columns as they are, by name."""
        site = self.site
        found = site.facts.read(Key("tables", site.schema, site.name)) or {}
        return {one["name"]: one for one in found.get("columns", ())}

    @cached_property
    def _swapped(self) -> set[str]:
        return {name for name, one in self._moving.items() if one.incoming}

    def _beside(self, name: str) -> tuple[ColumnInputs, ColumnInputs]:
        """Return a column as it is and as it shall be, apart from what its change does."""
        moving = self._moving.get(name)
        return moving.left if moving else (self.old[name], self.new[name])

    def held(self, granted: Privileges) -> dict[str, list[str]]:
        """Return which of the former privileges still stand when the columns are changed."""
        names, bare = self.names, self.gone() | self._swapped
        return {
            role: [
                privileges.spelled(replace(right, column=names.get(right.column, right.column)))
                for right in rights
                if right.column not in bare
            ]
            for role, rights in privileges.normal(granted).items()
        }

    @cached_property
    def _filled(self) -> list[ColumnInputs]:
        """The new columns whose default is another for each row: written batch by batch."""
        fresh = [one for name, one in self.new.items() if name not in self.old]
        volatile = [one for one in fresh if is_volatile(one.default, self.site)]
        site = self.site
        if not volatile or site.size.empty or not can_fill(site.facts, site.schema, site.name):
            return []
        return volatile

    def prepare(self) -> Plan:
        """Return what is done and proved before the transaction that changes the columns."""
        before = self.site.before
        proved = (not_null.prove(before, name) for name in self._proved)
        moved = (one.prepare() for one in self._moving.values() if one.advances)
        return sum((*(_fill(before, one) for one in self._filled), *proved, *moved), Plan())

    @property
    def _proved(self) -> list[str]:
        """The columns that are not null from now on, by their former names."""
        both = ((name, *self._beside(name)) for name in sorted(self._kept))
        return [self.former.get(name, name) for name, old, new in both if new.required and not old.required]

    def apply(self) -> Plan:
        """Return the transaction: generated columns go first and come last, as they use the others.

        :raises StillUsed: something else uses a column that goes.
        """
        gone, site, filled = self.gone(), self.site, {one.name for one in self._filled}
        proved = [*self._proved, *(one.name for one in self._filled if one.required)]
        self._refuse_drops()
        limits.require_own(site.place, site.facts, [*self.former.values(), *self._retyped])
        limits.require_rows_nowhere_else(site.place, site.facts, *self._rewritten)
        hanging, (unchecked, checked) = self._rebuilding(), self._recast.checks()
        plans = (
            *(rename(site, old, new) for new, old in self.former.items()),
            Plan(tuple(own_names.follow(site, self.old, self.former, not_null.made(site, proved)))),
            hanging.before,
            unchecked,
            *(drop(site, self.old[name]) for name in sorted(gone) if self.old[name].generated),
            *(add(site, one) for one in self._fresh if not one.generated and one.name not in filled),
            *(_settle(site, one) for one in self._filled),
            *(self._let_go(name) for name in sorted(self.old.keys() - self.new.keys())),
            *(one.apply() for one in self._moving.values() if one.advances),
            *(self._alter(name) for name in self._kept if self.old[name] != self.new[name]),
            *(drop(site, self.old[name]) for name in sorted(gone) if not self.old[name].generated),
            *(add(site, one) for one in self._fresh if one.generated),
            checked,
            hanging.after,
        )
        return sum(plans, Plan())

    def _let_go(self, name: str) -> Plan:
        """Return what ends the change of a column that goes, or of the one that this was kept for."""
        base = next((one for one in self.old if name in (new_name(one), old_name(one))), None)
        if base:
            return Plan(Following(self.site, base).stop())
        if not self.old[name].change:
            return Plan()
        kept = [one for one in (new_name(name), old_name(name)) if one in self._there]
        dropped = [self.site.alter("drop column {c}", c=ident(one)) for one in kept]
        return Plan((*Following(self.site, name).stop(), *dropped))

    def _alter(self, name: str) -> Plan:
        return alter(self.site, *self._beside(name), self.former.get(name, name))

    def finish(self) -> Plan:
        """Return what is proved when all is changed."""
        return sum((one.finish() for one in self._moving.values()), Plan())

    def _rebuilding(self) -> Rebuilding:
        """Return what hangs on the columns that become others, or are made again.

        :raises StillUsed: it would have to be made again under names that change in the same release.
        """
        again = sorted(self.gone() & self.new.keys())
        roots = [Root(self.site.schema, self.site.name, self.former.get(one, one)) for one in self._retyped]
        roots += [Root(self.site.schema, self.site.name, name, dropped=True) for name in again]
        found = rebuilding(self.site.facts, *roots)
        if found.dependants and (self.former or self.site.moves):
            raise StillUsed(
                f"{self.site.label}: {', '.join(found.names)} must be made again for a column's new type:"
                " rename in one release, and change the type in another"
            )
        return replace(found, dependants=tuple(self._recast.policy(one) for one in found.dependants))

    @cached_property
    def _recast(self) -> Recast:
        """The columns whose type another one takes where they are; of these the names stay."""
        there = self.site.facts.connection is not None
        names = [
            one for one in self._retyped if there and one not in self.former and one not in self._swapped
        ]
        old = {name: self.old[name] for name in names}
        return Recast(self.site, old, {**self.old, **self.new})

    def _refuse_drops(self) -> None:
        site, leaving = self.site, sorted(self.gone() - self.new.keys())
        for name in leaving:
            found = dependants(site.facts, Root(site.schema, site.name, name))
            using = [one.name for one in found if not self._goes_along(one.type, one.identity)]
            if using:
                raise StillUsed(
                    f'{site.label}: column "{name}" is still used by {", ".join(using)}: let them do without'
                    " it, and declare the column retired, in one release; leave it out in the next"
                )

    @property
    def _rewritten(self) -> list[str]:
        """The columns for whose sake PostgreSQL writes each row again, or whose place another takes."""
        fresh = [one for one in self._fresh if one not in self._filled]
        added = [one.name for one in fresh if one.default or rewriting(self.site, one)]
        begun = [name for name, one in self._moving.items() if one.begins]
        anew = [one for one in self._kept if self.old[one].generated != (e := self.new[one].generated) and e]
        return sorted({*self._retyped, *added, *begun, *anew})

    def _goes_along(self, type_: str, identity: str) -> bool:
        """Return whether a dependant is dropped by this very change, or has no life of its own."""
        columns = {f"{self.site.before.label}.{name}" for name in self.gone()}
        return type_ in ("type", "implied") or (
            type_ == "table column" and identity.replace('"', "") in columns
        )


def changes(site: Site, old: Iterable[ColumnInputs], new: Iterable[ColumnInputs]) -> Changes:
    """Return how the old columns become the new ones."""
    before, after = {one.name: one for one in old}, {one.name: one for one in new}
    former = dict(renames(before, after))
    names = {value: key for key, value in former.items()}
    called = {names.get(name, name): one for name, one in before.items()}
    renamed = {name: in_new_names(one, name, after.get(name), names) for name, one in called.items()}
    return Changes(renamed, after, former, site)


def forget(table: str, declared: Iterable[ColumnInputs]) -> tuple[Statement, ...]:
    """Return what removes the traces of columns under change when their table is dropped."""
    return tuple(following.forget(f"{table}.{one.name}") for one in declared if one.change)


def _fill(site: Site, column: ColumnInputs) -> Plan:
    """Add a column that is filled with its default row by row, beside clients."""
    name, default = ident(column.name), expression(column.default or "")
    step = Following(site, column.name)
    added = site.alter("add column if not exists {c} {type}", c=name, type=column.typed())
    defaulted = site.alter("alter column {c} set default {e}", c=name, e=default)
    follows = step.start(column.name, part("coalesce({c}, {e})", c=name, e=default))
    task = Fill(
        f"{step.setting} is added",
        site.schema,
        site.name,
        {column.name: default.as_string(None)},
        text("{c} is null", c=name),
        silent=step.setting,
    )
    plan = Plan((added, defaulted, *follows)) + fill(task, site.facts)
    return plan + (not_null.prove(site, column.name) if column.required else Plan())


def _settle(site: Site, column: ColumnInputs) -> Plan:
    described = comment.changes(site.column(column.name), site.label, None, column.comment)
    strict = not_null.settle(site, column.name, column.name) if column.required else Plan()
    return strict + Plan((*Following(site, column.name).stop(), *described))
