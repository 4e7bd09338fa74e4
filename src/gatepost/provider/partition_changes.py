"""How a table's partitions change: made beside it and attached, detached without blocking before they go."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from gatepost.errors import InvalidDeclaration, ObjectExists
from gatepost.postgres.catalog import Facts, Key, query
from gatepost.postgres.plan import Hazard, Lock, Plan, Risk, Statement, risk
from gatepost.provider import access, comment, default_rows, policy, privileges, row_security, storage
from gatepost.provider.partition_bounds import bounds_clause, read_bounds, read_key
from gatepost.provider.partitioned import fitting
from gatepost.provider.partitions import Member, Partitioned, PartitionInputs
from gatepost.provider.sqltext import expression, ident, part, raw, text

_LIKE = "including defaults including generated including constraints including storage including compression"


@dataclass(frozen=True)
class Steps:
    """A change in three parts: what is proved or detached before the transaction, its renames, its rest."""

    before: Plan = field(default_factory=Plan)
    moved: Plan = field(default_factory=Plan)
    applied: Plan = field(default_factory=Plan)


def changes(old: Partitioned | None, new: Partitioned | None, facts: Facts) -> Steps:
    """Return how the partitions of a table change."""
    if old is None or new is None:
        if (old is None) != (new is None):
            raise InvalidDeclaration(_STAYS.format((new or old).label))  # type: ignore[union-attr]
        return Steps()
    if read_key(old.key, old.label) != read_key(new.key, new.label):
        raise InvalidDeclaration(_STAYS.format(old.label))
    there = _standing(old, new, facts)
    known = {one.name for one in there}
    declared = {one.name for one in new.partitions}
    mine = {one.name for one in (old.partitions if old.retires else there)} if new.retires else set()
    kept = [one for one in there if one.name not in declared | mine]
    before = {one.name: one for one in replace(old, partitions=tuple(there)).members()}
    after = {one.name: one for one in new.members(one.as_the_table() for one in kept)}
    return _Change(before, after, [one for one in old.members() if one.name not in known], facts).steps()


_STAYS = 'table "{}": how a table is partitioned cannot be changed in place: declare another table'


def _standing(old: Partitioned, new: Partitioned, facts: Facts) -> list[PartitionInputs]:
    """Return the partitions that there are: as this stack declared them, others as the catalog has them."""
    definition = facts.read(Key("tables", old.schema, old.name)) or {}
    found = {one["name"]: PartitionInputs.model_validate(one) for one in definition.get("partitions", ())}
    declared = {one.name: one for one in old.partitions}
    wanted = {one.name: one.bounds for one in new.partitions}
    for name in found.keys() & wanted.keys() - declared.keys():
        given, where = wanted[name], f"{old.label}: {name}"
        if read_bounds(found[name].bounds, where).same(read_bounds(given, where)):
            found[name] = found[name].model_copy(update={"bounds": given})
    return [declared.get(name, one) for name, one in found.items()]


@dataclass(frozen=True)
class _Change:
    old: dict[str, Member]
    new: dict[str, Member]
    missing: list[Member]
    """Those that were declared and are no partitions any more."""
    facts: Facts

    def steps(self) -> Steps:
        renamed = dict(self._renamed())
        pairs = [
            (self.old[renamed.get(n, n)], one) for n, one in self.new.items() if renamed.get(n, n) in self.old
        ]
        gone = self.old.keys() - self.new.keys() - set(renamed.values())
        fresh = [one for name, one in self.new.items() if name not in self.old and name not in renamed]
        rebound = [(before, after) for before, after in pairs if before.limits != after.limits]
        made = [*fresh, *(after for _, after in rebound)]
        removed = sum((self._remove(one) for one in self._to_remove(gone)), Plan())
        proved, unproved = self._prove(made, [after for _, after in rebound])
        return Steps(
            removed + proved,
            Plan(tuple(statement for pair in pairs for statement in _move(*pair))),
            sum(
                (
                    Plan(tuple(_detach(after) for _, after in rebound)),
                    *(
                        Plan(
                            (*self._policies(before, after), *_alter(before, after)),
                            self._access(before, after),
                        )
                        for before, after in pairs
                    ),
                    *(create(one, self.facts) for one in fresh),
                    Plan(tuple(_attach(after) for _, after in rebound)),
                    unproved,
                ),
                Plan(),
            ),
        )

    def _policies(self, old: Member, new: Member) -> list[Statement]:
        """Return what gives a partition the policies of its table, or takes them from it."""
        if old.open == new.open:
            return []
        places = new.parent, (new.schema, new.name)
        return [
            *policy.withdrawn(self.facts, *places),
            *([] if new.open else policy.copied(self.facts, *places)),
        ]

    def _access(self, old: Member, new: Member) -> tuple[Risk, ...]:
        size = self.facts.size(old.schema, old.name)
        given = access.of_privileges(_on(old), old.privileges, new.privileges, size)
        return given + access.of_row_security(_on(old), old.row_security, new.row_security, size)

    def _renamed(self) -> Iterator[tuple[str, str]]:
        """Yield new and old name of what takes the same rows under another name."""
        left = [one for name, one in self.old.items() if name not in self.new]
        for name, one in self.new.items():
            same = [other for other in left if (other.of, other.limits) == (one.of, one.limits)]
            if name not in self.old and same:
                left.remove(same[0])
                yield name, same[0].name

    def _to_remove(self, gone: Iterable[str]) -> list[Member]:
        """Return what goes, but for what goes with the partition that it is a part of."""
        names = set(gone)
        attached = [self.old[name] for name in sorted(names) if self.old[name].of not in names]
        return attached + [one for one in self.missing if one.name not in self.new]

    def _remove(self, member: Member) -> Plan:
        given = {"schema": member.schema, "name": member.name}
        connection = self.facts.connection
        found = connection and connection.execute(query("partition_state"), given).fetchone()
        if not found:
            return Plan()
        size = self.facts.size(member.schema, member.name)
        risks = risk(Hazard.DELETES_DATA, _on(member), "The partition is dropped.", size=size)
        drop = Statement(text("drop table {p}", p=member.target), Lock.ACCESS_EXCLUSIVE, member.label)
        return Plan((*self._detached(member, str(found[0])), drop), risks)

    def _detached(self, member: Member, state: str) -> list[Statement]:
        if state == "alone" or (state == "attached" and self._default_beside(member)):
            return []  # beside a default partition PostgreSQL detaches nothing concurrently
        lock = Lock.SHARE_UPDATE_EXCLUSIVE
        if state == "detaching":
            return [member.alter_parent(part("detach partition {p} finalize", p=member.target), lock)]
        detach = member.alter_parent(part("detach partition {p} concurrently", p=member.target), lock)
        return [replace(detach, mode="concurrent")]

    def _default_beside(self, member: Member) -> Member | None:
        rest = (one for one in self.old.values() if one.of == member.of and one.limits.strategy is None)
        return next(rest, None)

    def _prove(self, made: list[Member], moved: list[Member]) -> tuple[Plan, Plan]:
        """Prove what PostgreSQL would read rows for, so that it holds its locks for a moment only."""
        proofs = []
        for member in made:
            rest = self._default_beside(member)
            if rest and rest.name in self.new and rest.name != member.name:
                default_rows.refuse(member, rest, self.facts)
                proofs.append(self._proof(rest, member, member.limits.outside(member.key), "without"))
        for member in moved:
            before = next(one for one in self.old.values() if one.label == member.label)
            proofs.append(self._proof(before, member, member.limits.inside(member.key), "within"))
        return sum((one for one, _ in proofs), Plan()), sum((one for _, one in proofs), Plan())

    def _proof(self, on: Member, because: Member, condition: str | None, word: str) -> tuple[Plan, Plan]:
        """Return a check of `on` that is validated without blocking, and the statement that removes it."""
        size = self.facts.size(on.schema, on.name)
        if size.empty:
            return Plan(), Plan()
        if condition is None:
            detail = f"Each of its rows is read while {because.label} is attached."
            return Plan((), risk(Hazard.BLOCKS_WRITES, on.label, detail, size=size)), Plan()
        name = fitting(f"{on.name}__{word}_{because.name}")
        drop = _alter_table(self.new.get(on.name, on), part("drop constraint {k}", k=ident(name)))
        undo = text("alter table {t} drop constraint if exists {k}", t=on.target, k=ident(name))
        left = self.facts.read(Key("constraints", on.schema, on.name, name))
        add = part("add constraint {k} check ({c}) not valid", k=ident(name), c=expression(condition))
        validate = _alter_table(
            on, part("validate constraint {k}", k=ident(name)), Lock.SHARE_UPDATE_EXCLUSIVE
        )
        within = because.limits.inside(because.key) if word == "without" else None
        advice = default_rows.advice(because, on, within) if within else ""
        validate = replace(validate, mode="separate", undo="", advice=advice)
        proof = (replace(_alter_table(on, add), undo=undo), validate)
        repair = (_alter_table(on, part("drop constraint {k}", k=ident(name))),) if left else ()
        return Plan((*(replace(one, undo="") for one in repair), *proof)), Plan((drop,))


def create(member: Member, facts: Facts) -> Plan:
    """Return the plan that makes a partition; it is attached last, complete and secured."""
    _must_be_free(member, facts)
    sql = text(
        "create table {p} (like {t} {like}){divided}{storage}",
        p=member.target,
        t=ident(*member.parent),
        like=raw(_LIKE),
        divided=part(" partition by {k}", k=raw(member.partition_by)) if member.partition_by else raw(""),
        storage=storage.clause(member.storage),
    )
    target, label = member.target, member.label
    statements = [Statement(sql, Lock.ACCESS_EXCLUSIVE, label)]
    statements += row_security.changes(target, label, "off", member.row_security)
    if inherited := facts.default_grantees(member.schema, "r"):
        statements.append(privileges.revoke_all("table", target, label, inherited))
    statements += privileges.changes("table", target, label, None, member.privileges)
    statements += comment.changes(member.on, label, None, member.comment)
    copied = [] if member.open else policy.copied(facts, member.parent, (member.schema, member.name))
    return Plan((*statements, *copied, _attach(member)))


def _must_be_free(member: Member, facts: Facts) -> None:
    if facts.read(Key("tables", member.schema, member.name)) is not None:
        raise ObjectExists(
            f'partition "{member.label}" exists already as a table of its own:'
            f" attach it ({_attach(member).sql}), or rename or drop it"
        )


def attached_again(divided: Partitioned, key: Key) -> Plan | None:
    """Return what attaches a table that is declared as a partition; None where it is not."""
    found = (one for one in divided.members() if (one.schema, one.name) == (key.schema, key.name))
    return next((Plan((_attach(one),)) for one in found), None)


def _attach(member: Member) -> Statement:
    clause = part("attach partition {p} {b}", p=member.target, b=raw(bounds_clause(member.bounds)))
    return member.alter_parent(clause, Lock.SHARE_UPDATE_EXCLUSIVE)


def _detach(new: Member) -> Statement:
    return new.alter_parent(part("detach partition {p}", p=new.target), Lock.ACCESS_EXCLUSIVE)


def _alter_table(member: Member, clause: Any, lock: Lock = Lock.ACCESS_EXCLUSIVE) -> Statement:
    return Statement(text("alter table {t} {c}", t=member.target, c=clause), lock, member.label)


def _move(old: Member, new: Member) -> list[Statement]:
    clauses = []
    if old.name != new.name:
        clauses.append((old.target, part("rename to {n}", n=ident(new.name))))
    if old.schema != new.schema:
        clauses.append((ident(old.schema, new.name), part("set schema {s}", s=ident(new.schema))))
    return [
        Statement(text("alter table {t} {c}", t=target, c=clause), Lock.ACCESS_EXCLUSIVE, old.label)
        for target, clause in clauses
    ]


def _on(member: Member) -> str:
    """Return what a hazard calls the partition: an approval for its table covers it."""
    return ".".join((*member.parent, member.name))


def _alter(old: Member, new: Member) -> list[Statement]:
    if (old.of, old.own_key) != (new.of, new.own_key):
        raise InvalidDeclaration(_STAYS.format(new.label))
    target, label = new.target, new.label
    return [
        *row_security.changes(target, label, old.row_security, new.row_security),
        *privileges.changes("table", target, label, old.privileges, new.privileges),
        *storage.changes(target, label, old.storage, new.storage),
        *comment.changes(new.on, label, old.comment, new.comment),
    ]
