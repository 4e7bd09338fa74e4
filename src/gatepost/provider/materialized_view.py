"""Materialized views: another query is filled beside the old one, which is read until they change places."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from gatepost.errors import InvalidDeclaration
from gatepost.insight.reading import results_of
from gatepost.postgres.catalog import Definition, Facts, Key, query
from gatepost.postgres.plan import Hazard, Lock, Plan, Risk, Statement, risk
from gatepost.provider import comment, definer, hidden, privileges
from gatepost.provider.declarations import Declarations, Text
from gatepost.provider.dependants import Dependant, Rebuilding
from gatepost.provider.exposure import used_by_query
from gatepost.provider.insight import Created, created, parse
from gatepost.provider.kind import Inputs, Kind
from gatepost.provider.renaming import Renaming
from gatepost.provider.sqltext import Part, ident, part, raw, text
from gatepost.provider.view import Columns, of_lost_columns, options, rebuilding_without


class MaterializedViewInputs(Inputs):
    """A materialized view as it is declared."""

    sql: str
    file: str | None = None
    refresh_on: str | None = None
    privileges: dict[str, list[str]] = {}
    comment: str | None = None
    column_comments: dict[str, str] = {}

    def parsed(self) -> Created:
        """Return what the statement makes."""
        return created(self.sql, self.file or "materialized view")

    @property
    def fills(self) -> bool:
        """Whether it is filled when it is made."""
        return not parse(self.sql, "")[0].into.skipData

    def empty(self, name: str) -> str:
        """Return the statement that makes it, not filled yet, under a name."""
        from pglast.stream import RawStream

        (statement,) = parse(self.sql, "")
        statement.into.rel.relname, statement.into.skipData = name, True
        return str(RawStream()(statement))


@dataclass(frozen=True)
class Place:
    """A materialized view's name at one moment."""

    schema: str
    name: str

    @property
    def label(self) -> str:
        """What messages call it."""
        return f"{self.schema}.{self.name}"

    @property
    def target(self) -> Part:
        """The name, quoted."""
        return ident(self.schema, self.name)

    def beside(self, name: str = "") -> str:
        """Return a name for the time that two of them stand side by side."""
        return f"{(name or self.name).encode()[:58].decode(errors='ignore')}__new"

    def drop(self, undo: str | None = None) -> Statement:
        """Return the statement that drops it."""
        sql = text("drop materialized view if exists {v}", v=self.target)
        return Statement(sql, Lock.ACCESS_EXCLUSIVE, self.label, undo=undo)

    def fill(self, how: str = "") -> Statement:
        """Return the statement that runs its query."""
        sql = text("refresh materialized view {how}{v}", how=raw(how), v=self.target)
        lock = Lock.EXCLUSIVE if how else Lock.ACCESS_EXCLUSIVE
        return Statement(sql, lock, self.label, "separate", undo="")


class MaterializedViewKind(Kind[MaterializedViewInputs]):
    """The life of a materialized view."""

    token = "gatepost:index:MaterializedView"  # noqa: S105
    inputs = MaterializedViewInputs
    outputs = ("schema", "name")

    def key(self, given: MaterializedViewInputs) -> Key:
        it = given.parsed()
        return Key("materialized_views", it.schema, it.name)

    def extra_outputs(self, given: MaterializedViewInputs) -> dict[str, Any]:
        it = given.parsed()
        return {"schema": it.schema, "name": it.name}

    def check(self, given: MaterializedViewInputs, declared: Declarations) -> None:
        where = given.file or "materialized view"
        if given.parsed().kind != "materialized view":
            raise InvalidDeclaration(f"{where}: expected a create materialized view statement")
        privileges.check(given.privileges, privileges.TABLE, where)

    def texts(self, given: MaterializedViewInputs) -> Iterable[Text]:
        yield Text(given.sql, given.file or "materialized view", "statement")

    def announce(self, given: MaterializedViewInputs, declared: Declarations) -> None:
        it = given.parsed()
        declared.columns[it.schema, it.name] = results_of(given.sql)

    def replaces(self, old: MaterializedViewInputs, new: MaterializedViewInputs) -> list[str]:
        """Another name is another view."""
        return ["sql"] if self.key(old) != self.key(new) else []

    def in_new_names(
        self, old: MaterializedViewInputs, new: MaterializedViewInputs, renaming: Renaming
    ) -> MaterializedViewInputs:
        sql = renaming.respelled(old.sql, new.sql, "statement")
        return old.model_copy(update={"sql": sql})

    def create(self, given: MaterializedViewInputs, facts: Facts) -> Plan:
        """Make it empty, with its privileges; then fill it for as long as that takes."""
        it = given.parsed()
        place = Place(it.schema, it.name)
        filled = Plan((place.fill(),)) if given.fills else Plan()
        opens = definer.of_new_materialized_view(given, place.label, facts)
        opens += self._hides(given, place, facts) if given.fills else ()
        return Plan(_made(given, place, facts), opens) + Plan(_attributes(None, given, place)) + filled

    def update(self, old: MaterializedViewInputs, new: MaterializedViewInputs, facts: Facts) -> Plan:
        it = new.parsed()
        place = Place(it.schema, it.name)
        populated, concurrently = _state(place, facts)
        other = _query(old) != _query(new)
        columns = Columns.of(it, facts) if other else Columns()
        risks = definer.of_materialized_view(old, new, place.label, columns.gained)
        if other:
            fills = populated or new.fills
            risks += self._hides(new, place, facts) if fills else ()
            return Plan((), risks) + self._exchange(new, place, facts, fills, columns)
        attributes = Plan(_attributes(old, new, place), risks)
        if old.refresh_on == new.refresh_on and (populated or not new.fills):
            return attributes
        size = facts.size(place.schema, place.name)
        risks = self._hides(new, place, facts, (place.schema, place.name))
        if not concurrently:
            risks += risk(Hazard.BLOCKS_READS, place.label, "It is filled again.", size=size)
        return attributes + Plan((place.fill("concurrently " if concurrently else ""),), risks)

    def _hides(
        self, given: MaterializedViewInputs, place: Place, facts: Facts, there: tuple[str, str] | None = None
    ) -> tuple[Risk, ...]:
        return hidden.from_materialized_view(place.label, used_by_query(given.sql), facts, there)

    def _exchange(
        self, new: MaterializedViewInputs, place: Place, facts: Facts, fills: bool, columns: Columns
    ) -> Plan:
        """Fill the new one beside the old one, index by index; then one transaction puts it in its place."""
        it = new.parsed()
        found = rebuilding_without(it, columns.lost or (), facts)
        indexes = [one for one in found.dependants if one.type == "index" and one.place == place.label]
        beside = Place(place.schema, place.beside())
        left = facts.read(Key("materialized_views", beside.schema, beside.name))
        repair = Plan((beside.drop(undo=""),) if left else ())
        made = Plan(_made(new, beside, facts, undo=beside.drop().sql))
        built = Plan(tuple(_index_on(one, beside, place) for one in indexes))
        filled = Plan((beside.fill(),) if fills else ())
        others = found.apart(indexes)
        breaks = of_lost_columns(place.label, new.privileges, columns)
        return (
            Plan(risks=breaks)
            + repair
            + made
            + filled
            + built
            + self._swap(new, place, beside, others, indexes)
        )

    def _swap(
        self,
        new: MaterializedViewInputs,
        place: Place,
        beside: Place,
        others: Rebuilding,
        indexes: Iterable[Dependant],
    ) -> Plan:
        renamed = text("alter materialized view {v} rename to {n}", v=beside.target, n=ident(place.name))
        statements = [
            place.drop(),
            Statement(renamed, Lock.ACCESS_EXCLUSIVE, place.label),
            *(statement for one in indexes for statement in _index_settled(one, place)),
            *_attributes(None, new, place),
        ]
        return others.before + Plan(tuple(statements)) + others.after

    def delete(self, old: MaterializedViewInputs, facts: Facts) -> Plan:
        if facts.read(self.key(old)) is None:
            return Plan()
        it = old.parsed()
        place = Place(it.schema, it.name)
        return Plan((place.drop(),), definer.of_removal(place.label, old.privileges))


def head(target: Part, definition: Definition) -> str:
    """Return what the catalog leaves out before a materialized view's query."""
    method, tablespace = definition.get("method"), definition.get("tablespace")
    return text(
        "create materialized view {v}{method}{o}{tablespace} as\n",
        v=target,
        method=part(" using {m}", m=ident(method)) if method not in (None, "heap") else raw(""),
        o=options(definition),
        tablespace=part(" tablespace {t}", t=ident(tablespace)) if tablespace else raw(""),
    )


def _query(given: MaterializedViewInputs) -> str:
    """Return what it is, whether filled or not."""
    return given.empty(given.parsed().name)


def _state(place: Place, facts: Facts) -> tuple[bool, bool]:
    """Return whether it is filled, and whether it can be refreshed while it is read."""
    if facts.connection is None:
        return False, False
    given = {"schema": place.schema, "name": place.name}
    found = facts.connection.execute(query("materialized_view_state"), given).fetchone()
    return (bool(found[0]), bool(found[1])) if found else (False, False)


def _made(
    given: MaterializedViewInputs, place: Place, facts: Facts, undo: str | None = None
) -> tuple[Statement, ...]:
    made = Statement(given.empty(place.name), Lock.NONE, place.label, undo=undo)
    inherited = facts.default_grantees(place.schema, "r")
    if not inherited:
        return (made,)
    revoked = privileges.revoke_all("table", place.target, place.label, inherited)
    return made, Statement(revoked.sql, revoked.lock, revoked.on, undo="" if undo else None)


def _index_on(index: Dependant, beside: Place, place: Place) -> Statement:
    """Return the statement that builds an index of the old view on the new one, beside the old one's."""
    from pglast.stream import RawStream

    (statement,) = parse(index.made[0], place.label)
    statement.idxname, statement.relation.relname = place.beside(statement.idxname), beside.name
    return Statement(str(RawStream()(statement)), Lock.SHARE, beside.label, "separate", undo="")


def _index_settled(index: Dependant, place: Place) -> list[Statement]:
    """Return what gives a built index its own name, comment and settings."""
    name = str(parse(index.made[0], place.label)[0].idxname)
    was = ident(place.schema, place.beside(name))
    renamed = text("alter index {was} rename to {n}", was=was, n=ident(name))
    return [Statement(sql, Lock.ACCESS_EXCLUSIVE, place.label) for sql in (renamed, *index.made[1:])]


def _attributes(
    old: MaterializedViewInputs | None, new: MaterializedViewInputs, place: Place
) -> tuple[Statement, ...]:
    before = old.privileges if old else None
    granted = privileges.changes("table", place.target, place.label, before, new.privileges)
    on = part("materialized view {v}", v=place.target)
    described = comment.changes(on, place.label, old.comment if old else None, new.comment)
    columns = comment.of_columns(
        place.target, place.label, old.column_comments if old else {}, new.column_comments
    )
    return (*granted, *described, *columns)
