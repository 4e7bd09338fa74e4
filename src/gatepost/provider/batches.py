"""Filling a table batch by batch: a short transaction each, resumed where the last deployment stopped."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, LiteralString, cast

from gatepost.errors import InvalidDeclaration, PermissionMissing
from gatepost.postgres.catalog import Facts, query
from gatepost.postgres.plan import Lock, Plan, Statement
from gatepost.provider.sqltext import Part, expression, ident, joined, literal, part, raw, text

if TYPE_CHECKING:
    from gatepost.postgres.connect import Connection

_POLICY = "gatepost_backfill"
_QUOTE = "$backfill$"


@dataclass(frozen=True)
class Fill:
    """What is set in which rows of a table."""

    name: str
    schema: str
    table: str
    sets: dict[str, str]
    where: str
    """The rows that still need it: once they are set, they are no longer among them."""
    batch: int = 1000
    pause: float = 0.01
    """Seconds between two batches."""
    silent: str = ""
    """What the setting `gatepost.backfill` says meanwhile, for triggers that make way."""

    @property
    def label(self) -> str:
        """The table as messages call it."""
        return f"{self.schema}.{self.table}"

    @property
    def of(self) -> Part:
        """The table, quoted."""
        return ident(self.schema, self.table)

    @property
    def task(self) -> str:
        """What tells this backfill from another of the same name."""
        whole = repr((self.label, sorted(self.sets.items()), self.where))
        return sha256(whole.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Target:
    """What the catalog says about a table that is to be filled."""

    key: list[str] | None
    secured: bool
    owned: bool
    restricted: list[str]
    acting: str
    login: str


def fill(task: Fill, facts: Facts) -> Plan:
    """Return the plan that fills every row, whatever row security would hide from the deployer.

    :raises InvalidDeclaration: the table has no key to go along.
    :raises PermissionMissing: row security would hide rows, and the deployer may not see to it.
    """
    if facts.connection is None or facts.size(task.schema, task.table).empty:
        return Plan()
    target = _target(facts.connection, task.schema, task.table)
    if not target.key:
        raise InvalidDeclaration(
            f"{task.label}: a backfill goes along a primary key or a unique constraint of columns that are"
            " not null, and there is none: declare one"
        )
    _require_sight(task, target)
    run = Statement(_loop(task, target.key), Lock.ROW_EXCLUSIVE, task.label, "concurrent", undo="")
    if not target.secured:
        return Plan((run,))
    return Plan((*_open(task, target), run, _close(task)))


def can_fill(facts: Facts, schema: str, table: str) -> bool:
    """Return whether the deployer can go through every row of a table batch by batch."""
    if facts.connection is None:
        return False
    target = _target(facts.connection, schema, table)
    return bool(target.key) and (not target.secured or (target.owned and not target.restricted))


def _target(connection: Connection, schema: str, table: str) -> Target:
    found = connection.execute(query("backfill_target"), {"schema": schema, "name": table}).fetchone()
    return Target(*cast("tuple[list[str] | None, bool, bool, list[str], str, str]", found))


def _require_sight(task: Fill, target: Target) -> None:
    if target.secured and not target.owned:
        raise PermissionMissing(
            f'{task.label}: row security decides which rows "{target.acting}" sees:'
            " fill the table as its owner"
        )
    if target.secured and target.restricted:
        named = ", ".join(target.restricted)
        raise PermissionMissing(
            f'{task.label}: restrictive policy {named} hides rows from "{target.acting}":'
            " say in its TO which roles it is for"
        )


def _open(task: Fill, target: Target) -> tuple[Statement, ...]:
    """Let the deployer's own sessions see all rows: what acts as the owner for others gains nothing."""
    lock = Lock.ACCESS_EXCLUSIVE
    gone = text("drop policy if exists {p} on {t}", p=ident(_POLICY), t=task.of)
    made = _opening(task.of, target.acting, target.login)
    return (
        Statement(gone, lock, task.label, undo="", fleeting=True),
        Statement(made, lock, task.label, undo=gone, fleeting=True),
    )


def _opening(table: Part, acting: str, login: str) -> str:
    return text(
        "create policy {p} on {t} to {role}"
        " using (session_user = {login}) with check (session_user = {login})",
        p=ident(_POLICY),
        t=table,
        role=ident(acting),
        login=literal(login),
    )


def sees_all(table: Part, connection: Connection) -> str:
    """Return the statement that lets the deployer's own sessions see all rows of a table."""
    who = connection.execute("select current_user::text, session_user::text").fetchone()
    assert who is not None
    return _opening(table, str(who[0]), str(who[1]))


def _close(task: Fill) -> Statement:
    return _closed(task.schema, task.table)


def _closed(schema: str, table: str) -> Statement:
    sql = text("drop policy if exists {p} on {t}", p=ident(_POLICY), t=ident(schema, table))
    return Statement(sql, Lock.ACCESS_EXCLUSIVE, f"{schema}.{table}")


def left_open(connection: Connection) -> list[Statement]:
    """Return what removes the policies of backfills that were cut short, while no other can run."""
    rows = connection.execute(
        "select n.nspname::text, c.relname::text from pg_policy as p"
        " join pg_class as c on c.oid = p.polrelid join pg_namespace as n on n.oid = c.relnamespace"
        " where p.polname = %s and pg_has_role(c.relowner, 'usage') order by 1, 2",
        (_POLICY,),
    ).fetchall()
    return [_closed(str(schema), str(table)) for schema, table in rows]


_LOOP: LiteralString = """do $backfill$
#variable_conflict use_column
declare
    {variables}
    _last text[];
    _more boolean;
    _started boolean;
    _size integer := {batch};
    _tries integer := 0;
    _passes integer := 1;
    _began timestamptz;
    _slow boolean;
    _count bigint;
begin
    insert into gatepost.backfills as b (name, task, total, process)
    select {name}, {task}, greatest(c.reltuples, 0), pg_backend_pid()
    from pg_class as c
    where c.oid = {qualified}::regclass
    on conflict (name) do update set
        task = excluded.task,
        total = excluded.total,
        process = excluded.process,
        last_key = case when b.task = excluded.task and b.finished_at is null then b.last_key end,
        filled = case when b.task = excluded.task and b.finished_at is null then b.filled else 0 end,
        updated_at = clock_timestamp(),
        finished_at = null
    returning last_key into _last;
    {restored}
    _started := _last is not null;
    commit;
    loop
        _began := clock_timestamp();
        begin
            perform set_config('lock_timeout', '200ms', true),
                set_config('plan_cache_mode', 'force_custom_plan', true),
                set_config('gatepost.backfill', {silent}, true);
            select {keys} into {next} from {t} as {alias}
            where (not _started or ({keys}) > ({last})) and ({where})
            order by {keys} offset _size - 1 limit 1;
            _more := found;
            update {t} as {alias} set {sets}
            where (not _started or ({keys}) > ({last})) and (not _more or ({keys}) <= ({next})) and ({where});
            get diagnostics _count = row_count;
            update gatepost.backfills as b set
                last_key = case when _more then array[{stored}] end,
                filled = b.filled + _count,
                updated_at = clock_timestamp()
            where b.name = {name};
        exception when lock_not_available or deadlock_detected or serialization_failure then
            _tries := _tries + 1;
            if _tries >= 500 then
                raise;
            end if;
            _more := null;
        end;
        commit;
        if _more then
            {moved}
            _started := true;
            _tries := 0;
        elsif not _more then
            exit when not exists (select from {t} as {alias} where {where});
            if _passes = 5 then
                select count(*) into _count from {t} as {alias} where {where};
                raise exception '% rows of % still need to be filled', _count, {label}
                    using hint = 'Once set, a row must no longer match the condition.';
            end if;
            _passes := _passes + 1;
            _started := false;
        end if;
        _slow := clock_timestamp() - _began > interval '100 ms';
        _size := greatest(10, least({batch}, _size * case when _slow then 0.5 else 1.5 end));
        perform pg_sleep({pause});
    end loop;
    if row_security_active({qualified}) and not exists (select from {t})
        and exists (select from pg_class as c where c.oid = {qualified}::regclass and c.reltuples > 0) then
        raise exception 'row security of % hides every row from %', {label}, current_user;
    end if;
    update gatepost.backfills as b set
        last_key = null,
        updated_at = clock_timestamp(),
        finished_at = clock_timestamp()
    where b.name = {name};
end
$backfill$"""


def _loop(task: Fill, key: list[str]) -> str:
    alias, places = ident(task.table), range(1, len(key) + 1)
    last = [ident(f"_last{place}") for place in places]
    following = [ident(f"_next{place}") for place in places]
    declared = [
        part("{v} {t}.{c}%type;", v=variable, t=task.of, c=ident(column))
        for names in (last, following)
        for variable, column in zip(names, key, strict=True)
    ]
    sets = (part("{c} = ({e})", c=ident(name), e=expression(value)) for name, value in task.sets.items())
    restored = (part("{v} := _last[{n}];", v=one, n=raw(str(n))) for n, one in zip(places, last, strict=True))
    moved = (part("{v} := {n};", v=old, n=new) for old, new in zip(last, following, strict=True))
    made = text(
        _LOOP,
        variables=joined(declared, "\n    "),
        batch=raw(str(task.batch)),
        name=literal(task.name),
        task=literal(task.task),
        restored=joined(restored, " "),
        silent=literal(task.silent),
        keys=joined(part("{t}.{c}", t=alias, c=ident(column)) for column in key),
        next=joined(following),
        last=joined(last),
        t=task.of,
        alias=alias,
        where=expression(task.where),
        sets=joined(sets),
        stored=joined(part("{v}::text", v=one) for one in following),
        moved=joined(moved, " "),
        label=literal(task.label),
        pause=raw(f"{task.pause:.3f}"),
        qualified=literal(task.of.as_string(None)),
    )
    if made.count(_QUOTE) != 2:
        raise InvalidDeclaration(f"{task.label}: a backfill's SQL cannot contain {_QUOTE}")
    return made
