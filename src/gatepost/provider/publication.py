"""Publications: which changes of which tables logical replication sends."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from pydantic import Field

from gatepost.errors import InvalidDeclaration
from gatepost.postgres.catalog import Facts, Key
from gatepost.postgres.plan import Hazard, Lock, Plan, Statement, risk
from gatepost.provider import comment, replication
from gatepost.provider.declarations import Declarations, Text
from gatepost.provider.kind import Inputs, Kind, Name, require_columns
from gatepost.provider.renaming import Renaming
from gatepost.provider.sqltext import Part, expression, ident, idents, joined, literal, part, raw, text

Operation = Literal["insert", "update", "delete", "truncate"]
_ALL: tuple[Operation, ...] = ("insert", "update", "delete", "truncate")


class PublishedTable(Inputs):
    """A table of a publication: all of it, or only some columns or rows."""

    db_schema: Name = Field(default="public", alias="schema")
    table: Name
    columns: tuple[Name, ...] = ()
    where: str | None = None

    @property
    def place(self) -> tuple[str, str]:
        """Its schema and name."""
        return self.db_schema, self.table

    def in_new_names(self, other: PublishedTable, renaming: Renaming) -> PublishedTable:
        """Return it as it reads where columns got other names, spelled like the other one."""
        own = ((self.table, self.place),)
        where = renaming.respelled(self.where, other.where, "expression", own)
        columns = tuple(renaming.listed(self.place, self.columns))
        return self.model_copy(update={"columns": columns, "where": where})

    def definition(self) -> Part:
        """Return the table as it stands in `create publication`."""
        columns = part(" ({c})", c=idents(self.columns)) if self.columns else raw("")
        rows = part(" where ({e})", e=expression(self.where)) if self.where is not None else raw("")
        return part(
            "table {t}{columns}{rows}", t=ident(self.db_schema, self.table), columns=columns, rows=rows
        )


class PublicationInputs(Inputs):
    """A publication as it is declared."""

    name: Name
    tables: list[PublishedTable] = []
    schemas: list[Name] = []
    all_tables: bool = False
    publish: list[Operation] = list(_ALL)
    via_partition_root: bool = False
    comment: str | None = None

    @property
    def target(self) -> Part:
        """The publication, quoted."""
        return ident(self.name)

    def objects(self) -> Part:
        """Return what it publishes, as `create publication … for` and `alter publication … set` take it."""
        return joined([*(one.definition() for one in self.tables), *self._schemas()])

    def names(self) -> Part:
        """Return what it publishes, as `alter publication … drop` takes it."""
        tables = (part("table {t}", t=ident(one.db_schema, one.table)) for one in self.tables)
        return joined([*tables, *self._schemas()])

    def _schemas(self) -> list[Part]:
        return [part("tables in schema {s}", s=ident(one)) for one in self.schemas]

    def options(self) -> Part:
        """Return which changes it sends, and as whose."""
        publish = literal(", ".join(one for one in _ALL if one in self.publish))
        root = raw("true" if self.via_partition_root else "false")
        return part("(publish = {p}, publish_via_partition_root = {r})", p=publish, r=root)


class PublicationKind(Kind[PublicationInputs]):
    """The life of a publication."""

    token = "gatepost:index:Publication"  # noqa: S105
    inputs = PublicationInputs

    def key(self, given: PublicationInputs) -> Key:
        return Key("publications", "", given.name)

    def check(self, given: PublicationInputs, declared: Declarations) -> None:
        where = f'publication "{given.name}"'
        if given.all_tables and (given.tables or given.schemas):
            raise InvalidDeclaration(f"{where}: all tables leave none to be named")
        if given.schemas and any(one.columns for one in given.tables):
            raise InvalidDeclaration(f"{where}: a table cannot have columns of its own beside whole schemas")
        places = [(one.db_schema, one.table) for one in given.tables]
        if twice := sorted({".".join(place) for place in places if places.count(place) > 1}):
            raise InvalidDeclaration(f"{where}: {', '.join(twice)} is named twice")
        for one in given.tables:
            known = declared.columns_of(*one.place)
            require_columns(one.columns, known, where, ".".join(one.place))

    def texts(self, given: PublicationInputs) -> Iterable[Text]:
        for one in given.tables:
            if one.where is not None:
                here = f'publication "{given.name}": {one.table}: where'
                yield Text(one.where, here, own=((one.table, one.place),))

    def differences(self, old: dict[str, Any], new: dict[str, Any]) -> list[str]:
        """In what order tables, schemas and operations are named makes no difference."""
        return super().differences(self._plain(old), self._plain(new))

    def _plain(self, values: dict[str, Any]) -> dict[str, Any]:
        given = self.inputs.model_validate(values).model_dump(by_alias=True)
        for name in ("tables", "schemas", "publish"):
            given[name] = sorted(given[name], key=repr)
        return given

    def in_new_names(
        self, old: PublicationInputs, new: PublicationInputs, renaming: Renaming
    ) -> PublicationInputs:
        others = {one.place: one for one in new.tables}
        tables = [one.in_new_names(others.get(one.place, one), renaming) for one in old.tables]
        return old.model_copy(update={"tables": tables})

    def create(self, given: PublicationInputs, facts: Facts) -> Plan:
        some = part(" for {all}", all=given.objects()) if _any(given) else raw("")
        what = raw(" for all tables") if given.all_tables else some
        sql = text("create publication {p}{what} with {o}", p=given.target, what=what, o=given.options())
        risks = replication.of_publication(None, given, facts)
        return Plan((_statement(given, sql), *_described(None, given)), risks)

    def update(self, old: PublicationInputs, new: PublicationInputs, facts: Facts) -> Plan:
        statements, risks = list[Statement](), replication.of_publication(old, new, facts)
        if old.all_tables != new.all_tables:
            # It cannot be altered to that; subscribers find the new one under the same name.
            return Plan((_drop(old), *self.create(new, facts).statements), risks)
        if old.name != new.name:
            sql = text("alter publication {p} rename to {n}", p=old.target, n=new.target)
            statements.append(_statement(old, sql))
        if set(old.tables) != set(new.tables) or set(old.schemas) != set(new.schemas):
            verb, what = (raw("set"), new.objects()) if _any(new) else (raw("drop"), old.names())
            sql = text("alter publication {p} {verb} {what}", p=new.target, verb=verb, what=what)
            statements.append(_statement(new, sql))
        if old.options() != new.options():
            sql = text("alter publication {p} set {o}", p=new.target, o=new.options())
            statements.append(_statement(new, sql))
        return Plan((*statements, *_described(old, new)), risks)

    def delete(self, old: PublicationInputs, facts: Facts) -> Plan:
        if facts.read(self.key(old)) is None:
            return Plan()
        return Plan((_drop(old),), risk(Hazard.BREAKS_CLIENTS, old.name, _SUBSCRIBERS, lock=Lock.NONE))


_SUBSCRIBERS = "Subscriptions to it fail."


def _any(given: PublicationInputs) -> bool:
    """Whether it publishes named tables or schemas."""
    return bool(given.tables or given.schemas)


def _statement(given: PublicationInputs, sql: str) -> Statement:
    return Statement(sql, Lock.SHARE_UPDATE_EXCLUSIVE, given.name)


def _drop(old: PublicationInputs) -> Statement:
    return _statement(old, text("drop publication {p}", p=old.target))


def _described(old: PublicationInputs | None, new: PublicationInputs) -> list[Statement]:
    on = part("publication {p}", p=new.target)
    return comment.changes(on, new.name, old.comment if old else None, new.comment)
