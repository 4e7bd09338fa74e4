"""A column that becomes another while clients go on: expanded, filled, swapped, contracted."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from gatepost.errors import InvalidDeclaration
from gatepost.postgres.catalog import Definition
from gatepost.postgres.plan import Hazard, Plan
from gatepost.provider import carried, comment, identity, not_null
from gatepost.provider.batches import Fill, fill
from gatepost.provider.carried import Carried
from gatepost.provider.column import ColumnChangeInputs, ColumnInputs
from gatepost.provider.following import Following
from gatepost.provider.own_names import own_name, read_own_names
from gatepost.provider.site import Site
from gatepost.provider.sqltext import Part, expression, ident, part, raw, text
from gatepost.provider.types import is_assigned, keeps_clients, same_type


def new_name(column: str) -> str:
    """Return what the stand-in is called until it takes the column's place."""
    return carried.beside(column)


def old_name(column: str) -> str:
    """Return what the column is called once another took its place."""
    return f"{column.encode()[:56].decode(errors='ignore')}__old"


@dataclass(frozen=True)
class ColumnChange:
    """One column's way from what it is in the catalog to what is declared."""

    site: Site
    old: ColumnInputs
    new: ColumnInputs
    columns: dict[str, Definition]
    """The table's columns as they are, by name."""

    @property
    def name(self) -> str:
        """The column's name, before and afterwards."""
        return self.new.name

    @property
    def stage(self) -> str:
        """How far it is: none, expanded or swapped."""
        if old_name(self.name) in self.columns:
            return "swapped"
        return "expanded" if new_name(self.name) in self.columns else "none"

    @property
    def goal(self) -> str:
        """How far it is to come."""
        if self.new.change is None:
            return "none"
        return "expanded" if self.new.change.phase == "expand" else "swapped"

    @property
    def how(self) -> ColumnChangeInputs:
        """How values are converted."""
        return self.new.change or self.old.change or ColumnChangeInputs()

    def _is(self, name: str) -> bool:
        """Return whether a column has the declared type and collation."""
        there = self.columns[name]
        return same_type(there["type"], self.new.type) and there.get("collation") == self.new.collation

    @cached_property
    def begins(self) -> bool:
        """Whether a stand-in is wanted where there is none, or where the one there is no longer fits.

        :raises InvalidDeclaration: what an earlier change left is still there.
        """
        if self.goal == "none" or self._is(self.name) or (self.stage == "none" and self.site.size.empty):
            return False
        if self.stage == "swapped":
            if self.goal == "expanded":
                return False
            raise InvalidDeclaration(
                f'{self.site.label}: column "{self.name}" still keeps what an earlier change left:'
                " deploy without that change first, then change the column again"
            )
        before = self.old.change
        converts = before is not None and before.using != self.how.using
        return self.stage == "none" or converts or not self._is(new_name(self.name))

    @cached_property
    def incoming(self) -> str | None:
        """The column that takes the place: the stand-in, or the old one where the change is taken back."""
        if self.goal == "swapped" and (self.begins or self.stage == "expanded"):
            return new_name(self.name)
        kept = self.stage == "swapped" and self._is(old_name(self.name)) and not self._is(self.name)
        back = self.stage == "swapped" and self.goal == "expanded"
        return old_name(self.name) if back or (kept and self.goal == "none") else None

    @property
    def ends(self) -> bool:
        """Whether what was kept beside the column goes."""
        return self.goal == "none" and self.stage != "none"

    @property
    def advances(self) -> bool:
        """Whether this deployment moves it on."""
        return self.begins or self.incoming is not None or self.ends

    @property
    def left(self) -> tuple[ColumnInputs, ColumnInputs]:
        """The column as it is beside this change, and as it shall be."""
        if self.incoming:
            return self.new, self.new
        if self.ends:
            there = self.columns[self.name]
            given = {"type": there["type"], "collation": there.get("collation")}
            return self.old.model_copy(update=given), self.new
        if self.stage == "none" and not self.begins:
            return self.old, self.new
        given = {"type": self.old.type, "collation": self.old.collation}
        return self.old, self.new.model_copy(update=given)

    @cached_property
    def _carried(self) -> list[Carried]:
        return carried.carried(self.site.facts, self.site.schema, self.site.name, self.name)

    @property
    def _following(self) -> Following:
        return Following(self.site, self.name)

    def prepare(self) -> Plan:
        """Return what is done while clients go on: a stand-in, its values, its indexes and constraints."""
        plan = self._expand() if self.begins else Plan()
        if self.goal != "none" and (self.begins or self.stage == "expanded"):
            plan += fill(self._fill, self.site.facts)
        if self.incoming is None:
            return plan
        return plan + carried.prepare(self.site, self._carried, self.name, self.incoming) + self._prove()

    def _expand(self) -> Plan:
        """Return the stand-in and the trigger that keeps it in step."""
        stand_in, site = ident(new_name(self.name)), self.site
        again = () if self.stage == "none" else (site.alter("drop column {n}", n=stand_in),)
        added = site.alter("add column {n} {type}", n=stand_in, type=self.new.typed())
        return Plan((*again, added, *self._following.start(new_name(self.name), self._using)))

    @property
    def _fill(self) -> Fill:
        missing = text("{n} is null and ({e}) is not null", n=ident(new_name(self.name)), e=self._using)
        return Fill(
            f"{self._following.setting} becomes {self.new.type}",
            self.site.schema,
            self.site.name,
            {new_name(self.name): self._using.as_string(None)},
            missing,
            self.how.batch,
            self.how.pause,
            silent=self._following.setting,
        )

    @property
    def _using(self) -> Part:
        given = self.how.using
        return expression(given) if given else _cast(self.name, self.old.type, self.new.type)

    @property
    def _back(self) -> Part:
        before = self.columns.get(old_name(self.name)) or self.columns[self.name]
        return expression(self.how.back) if self.how.back else _cast(self.name, self.new.type, before["type"])

    @property
    def _proof(self) -> Part:
        return ident(not_null.check_name(self.name))

    def _prove(self) -> Plan:
        """Return a check that no value was lost on the way, and none is null that must not be."""
        site, incoming = self.site, ident(self.incoming or "")
        value = self._using if self.incoming == new_name(self.name) else self._back
        kept = part("{n} is not null or ({e}) is null", n=incoming, e=value)
        check = part("{n} is not null", n=incoming) if self.new.required else kept
        return not_null.prove_by_check(site, self.name, check)

    def apply(self) -> Plan:
        """Return what happens in the transaction that changes the table."""
        plan = self._swap(self.incoming) if self.incoming else Plan()
        if not self.ends:
            return plan
        stand_in = self.incoming is not None or self.stage == "expanded"
        beside = new_name(self.name) if stand_in else old_name(self.name)
        what = f'Column "{beside}", which keeps what it was before, goes.'
        risks = () if self.stage == "expanded" else self.site.risk(Hazard.DELETES_DATA, self.name, what)
        dropped = self.site.alter("drop column {c}", c=ident(beside))
        return plan + Plan((*self._following.stop(), dropped), risks)

    def _swap(self, incoming: str) -> Plan:
        """Return how another column takes the place, with all that the one there has."""
        site, name = self.site, self.name
        forward = incoming == new_name(name)
        outgoing = old_name(name) if forward else new_name(name)
        away, place = carried.swap(site, self._carried)
        plan = away + self._strict(incoming)
        plan += identity.hand_over(site, self._carried, name, incoming, self.new)
        plan += self._undress()
        plan += Plan(
            (
                site.alter("rename column {c} to {o}", c=ident(name), o=ident(outgoing)),
                site.alter("rename column {n} to {c}", n=ident(incoming), c=ident(name)),
            )
        )
        plan += self._named() + place + self._dress() + identity.settle(site, self._carried, self.new)
        if self.goal != "none":
            value = self._back if forward else self._using
            plan += Plan(self._following.start(outgoing, value))
        before = self.columns[name]["type"]
        detail = (
            f"It becomes {self.new.type} instead of {before}: prepared statements that return it fail once."
        )
        breaks = (
            () if keeps_clients(before, self.new.type) else site.risk(Hazard.BREAKS_CLIENTS, name, detail)
        )
        return plan + Plan(risks=breaks)

    def _strict(self, incoming: str) -> Plan:
        """Return what makes the proof a property of the column: no row is read."""
        proof, c = self.site.alter("drop constraint {k}", k=self._proof), ident(incoming)
        strict = self.site.alter("alter column {c} set not null", c=c)
        if self._own_name:
            strict = self.site.alter("add constraint {k} not null {c}", k=ident(self._strictly), c=c)
        return Plan((strict, proof) if self.new.required else (proof,))

    @cached_property
    def _own_name(self) -> str | None:
        """What PostgreSQL calls the column's NOT NULL by itself; None where nothing is to be called so."""
        site = self.site
        if not self.new.required or site.facts.version < not_null.NATIVE or site.moves:
            return None
        wanted = own_name(site.name, self.name, not_null.ENDING)
        others = (
            read for read in read_own_names((site.schema, site.name), site.facts) if read[0] != self.name
        )
        return None if wanted in (name for _, _, name in others) else wanted

    @property
    def _strictly(self) -> str:
        """What the constraint is called as long as the other column's has the name."""
        return carried.beside(not_null.check_name(self.name))

    def _named(self) -> Plan:
        """Return what gives the constraint its name, once the outgoing column has let go of it."""
        if self._own_name is None:
            return Plan()
        old, new = ident(self._strictly), ident(self._own_name)
        return Plan((self.site.alter("rename constraint {o} to {n}", o=old, n=new),))

    def _undress(self) -> Plan:
        """Return what makes the outgoing column one that nobody need write."""
        c = ident(self.name)
        clauses = (self.site.alter("alter column {c} drop default", c=c),)
        return Plan((*clauses, self.site.alter("alter column {c} drop not null", c=c)))

    def _dress(self) -> Plan:
        site, new = self.site, self.new
        described = comment.changes(site.column(new.name), site.label, None, new.comment)
        if new.default is None:
            return Plan(tuple(described))
        default = site.alter("alter column {c} set default {e}", c=ident(new.name), e=expression(new.default))
        return Plan((default, *described))

    def finish(self) -> Plan:
        """Return what is proved afterwards, while clients go on: foreign keys that refer to the column."""
        if self.stage == "none" and not self.begins:
            return Plan()
        return carried.validate(self.site, self._carried, exchanged=self.incoming is not None)


def _cast(column: str, old: str, new: str) -> Part:
    """Return the value in another type; where a cast would cut it off, as it is assigned: that is refused."""
    if is_assigned(old, new):
        return ident(column)
    return part("{c}::{t}", c=ident(column), t=raw(new))
