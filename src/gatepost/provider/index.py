"""Indexes: built concurrently where the table has rows, replaced without a moment without one."""

from __future__ import annotations

from collections.abc import Iterable

from gatepost.errors import InvalidDeclaration
from gatepost.postgres.catalog import Facts
from gatepost.postgres.plan import Hazard, Lock, Plan, Risk, Statement, risk
from gatepost.provider import references, storage, weakening
from gatepost.provider.declarations import Declarations, Text
from gatepost.provider.insight import parse_index
from gatepost.provider.kind import Name, require_columns
from gatepost.provider.on_table import OnTable, OnTableKind
from gatepost.provider.partitioned import Parts, parts_of
from gatepost.provider.partitions import require_key
from gatepost.provider.renaming import Renaming, follows
from gatepost.provider.sqltext import Part, expression, ident, idents, joined, part, raw, text
from gatepost.provider.storage import Storage


class IndexInputs(OnTable):
    """An index as it is declared."""

    columns: list[str]
    unique: bool = False
    where: str | None = None
    include: list[str] = []
    method: str = "btree"
    nulls_not_distinct: bool = False
    storage: Storage = {}
    tablespace: Name | None = None
    serves: str | None = None


class IndexKind(OnTableKind[IndexInputs]):
    """The life of an index."""

    token = "gatepost:index:Index"  # noqa: S105
    inputs = IndexInputs
    catalog, word = "indexes", "index"
    remarks, drifts_as = ("name", "comment", "serves"), "columns"
    unsaid = ("serves",)

    def identify(self, given: IndexInputs) -> str:
        return f"{given.db_schema}.{given.name}"

    def check(self, given: IndexInputs, declared: Declarations) -> None:
        where = self.where(given)
        if not given.columns:
            raise InvalidDeclaration(f"{where}: names no columns")
        made = parse_index(statement_of(given), where)
        known = declared.columns_of(given.db_schema, given.table)
        elements = [one["IndexElem"] for one in (*made["indexParams"], *made.get("indexIncludingParams", ()))]
        used = [element["name"] for element in elements if "name" in element]
        require_columns(used, known, where, given.table_name)
        storage.check(given.storage, where, given.method)
        if given.unique:
            require_key(declared, (given.db_schema, given.table), used, where)

    def texts(self, given: IndexInputs) -> Iterable[Text]:
        yield Text(statement_of(given), self.where(given), "statement", given.row, made_up=True)

    def in_new_names(self, old: IndexInputs, new: IndexInputs, renaming: Renaming) -> IndexInputs:
        names = renaming.of(old.place)
        other = new.model_copy(update={"db_schema": old.db_schema, "table": old.table, "name": old.name})
        if not names or not follows(statement_of(old), statement_of(other), names):
            return old.model_copy(update={"columns": renaming.listed(old.place, old.columns)})
        said = ("columns", "include", "where")
        return old.model_copy(update={name: getattr(new, name) for name in said})

    def create(self, given: IndexInputs, facts: Facts) -> Plan:
        _note_key(given, facts)
        left = facts.read(self.key(given))
        described = Plan(tuple(self.described(given, None)))
        if parts := _parts(given, facts):
            return parts.built() + parts.joined() + described + Plan(risks=_risks(given, facts))
        repair = self._leftover(given, given.name, facts) if left and not left["valid"] else Plan()
        return repair + _build(given, given.name, facts) + described

    def change(self, old: IndexInputs, new: IndexInputs, facts: Facts) -> Plan:
        """Build the new one first, swap the names, drop the old one last."""
        _note_key(new, facts)
        lost = _no_longer_served(old, new, facts) + weakening.of_index(old, new, facts)
        described = Plan(tuple(self.described(new, None)), lost)
        if parts := _parts(new, facts):
            swap = Plan((_drop(old, old.name),), _risks(new, facts)) + parts.joined()
            return parts.built() + swap + described
        beside, gone = new.beside("__new"), old.beside("__old")
        left = self._leftover(new, beside, facts) + self._leftover(old, gone, facts)
        swap = Plan((self.rename(old, old.name, gone), self.rename(new, beside, new.name)))
        drop = _drop(old, gone) if _is_empty(old, facts) else _drop_concurrently(old, gone)
        return left + _build(new, beside, facts) + swap + described + Plan((drop,))

    def _leftover(self, given: IndexInputs, name: str, facts: Facts) -> Plan:
        """Return the plan that removes what a deployment left that was cut short."""
        if facts.read(self.key(given.model_copy(update={"name": name}))) is None:
            return Plan()
        return Plan((_drop_concurrently(given, name, undo=""),))

    def delete(self, old: IndexInputs, facts: Facts) -> Plan:
        if facts.read(self.key(old)) is None:
            return Plan()
        size = facts.size(old.db_schema, old.table)
        # PostgreSQL drops an index with parts only at once.
        at_once = size.empty or size.partitioned
        drop = _drop(old, old.name) if at_once else _drop_concurrently(old, old.name)
        lost = risk(Hazard.INDEX_DROPPED, _label(old), size=size, lock=drop.lock)
        return Plan((drop,), lost + weakening.of_index(old, None, facts))

    def rename(self, given: IndexInputs, old: str, new: str) -> Statement:
        sql = text("alter index {o} rename to {n}", o=ident(given.db_schema, old), n=ident(new))
        return Statement(sql, Lock.SHARE_UPDATE_EXCLUSIVE, given.table_name)

    def place(self, given: IndexInputs) -> Part:
        return part("index {k}", k=ident(given.db_schema, given.name))


def statement_of(given: IndexInputs) -> str:
    """Return the statement that makes it where nobody else is."""
    return _create(given, ident(given.name), given.of)


def _note_key(given: IndexInputs, facts: Facts) -> None:
    if not given.unique or given.where is not None:
        return
    names = [one["IndexElem"].get("name") for one in parse_index(statement_of(given), "")["indexParams"]]
    if None not in names:
        references.note_key(given.place, names, facts)


def _label(given: IndexInputs) -> str:
    return f"{given.table_name}.{given.name}"


def _no_longer_served(old: IndexInputs, new: IndexInputs, facts: Facts) -> tuple[Risk, ...]:
    """A longer index serves what a shorter one served, if it holds the same rows."""
    longer = new.columns[: len(old.columns)] == old.columns and new.method == old.method
    if longer and new.where in (old.where, None):
        return ()
    size = facts.size(old.db_schema, old.table)
    return risk(Hazard.INDEX_DROPPED, _label(old), "Another index takes its place.", size=size)


def _is_empty(given: IndexInputs, facts: Facts) -> bool:
    return facts.size(given.db_schema, given.table).empty


def _risks(given: IndexInputs, facts: Facts) -> tuple[Risk, ...]:
    size = facts.size(given.db_schema, given.table)
    return risk(Hazard.INDEX_BUILD, _label(given), size=size, lock=Lock.SHARE_UPDATE_EXCLUSIVE)


def _build(given: IndexInputs, name: str, facts: Facts) -> Plan:
    if _is_empty(given, facts):
        return Plan((Statement(_create(given, ident(name), given.of), Lock.SHARE, given.table_name),))
    undo = _drop_concurrently(given, name).sql
    sql = _create(given, ident(name), given.of, how="concurrently ")
    builds = ident(given.db_schema, name).as_string(None)
    lock = Lock.SHARE_UPDATE_EXCLUSIVE
    build = Statement(sql, lock, given.table_name, "concurrent", undo, builds)
    return Plan((build,), _risks(given, facts))


def _parts(given: IndexInputs, facts: Facts) -> Parts | None:
    """Return how an index of a partitioned table with rows is built: partition by partition."""

    def create(name: Part, on: Part, how: str) -> str:
        return _create(given, name, on, how)

    place, definition = (given.db_schema, given.table), create(ident("i"), ident("t"), "")
    return parts_of(facts, place, given.name, definition, create)


def _create(given: IndexInputs, name: Part, on: Part, how: str = "") -> str:
    return text(
        "create {unique}index {how}{name} on {table} using {method} ({columns})"
        "{include}{nulls}{storage}{tablespace}{where}",
        unique=raw("unique " if given.unique else ""),
        how=raw(how),
        name=name,
        table=on,
        method=ident(given.method),
        columns=joined(raw(column) for column in given.columns),
        include=part(" include ({c})", c=idents(given.include)) if given.include else raw(""),
        nulls=raw(" nulls not distinct" if given.nulls_not_distinct else ""),
        storage=storage.clause(given.storage),
        tablespace=part(" tablespace {s}", s=ident(given.tablespace)) if given.tablespace else raw(""),
        where=part(" where {w}", w=expression(given.where)) if given.where else raw(""),
    )


def _drop(given: IndexInputs, name: str) -> Statement:
    sql = text("drop index {name}", name=ident(given.db_schema, name))
    return Statement(sql, Lock.ACCESS_EXCLUSIVE, given.table_name)


def _drop_concurrently(given: IndexInputs, name: str, *, undo: str | None = None) -> Statement:
    """Return what drops an index beside clients; one that a killed deployment dropped already is no error."""
    sql = text("drop index concurrently if exists {name}", name=ident(given.db_schema, name))
    return Statement(sql, Lock.SHARE_UPDATE_EXCLUSIVE, given.table_name, "concurrent", undo)
