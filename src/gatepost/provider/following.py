"""The trigger that keeps one column in step with another while clients write."""

from __future__ import annotations

from dataclasses import dataclass
from typing import LiteralString

from gatepost.postgres.plan import Lock, Statement
from gatepost.provider.site import Site
from gatepost.provider.sqltext import Part, ident, literal, text

_FUNCTION: LiteralString = """create or replace function {f}() returns trigger
language plpgsql set search_path = public, pg_temp as $change$
begin
    begin
        new.{follower} := (select ({value}) from (select new.*) as {alias});
    exception when data_exception or integrity_constraint_violation then
        -- What the other type cannot hold is left out rather than refused.
        new.{follower} := null;
    end;
    if tg_op = 'UPDATE' and current_setting('gatepost.backfill', true) = {setting} then
        -- A backfill changes nothing else, whatever other triggers made of the row.
        old.{follower} := new.{follower};
        return old;
    end if;
    return new;
end
$change$"""


def function_of(setting: str) -> Part:
    """Return the function that keeps a column, `schema.table.column`, in step with another."""
    return ident("gatepost", setting.encode()[:63].decode(errors="ignore"))


def forget(setting: str) -> Statement:
    """Return what removes that function, once its trigger is gone."""
    return Statement(text("drop function if exists {f}()", f=function_of(setting)))


@dataclass(frozen=True)
class Following:
    """The trigger of one column of a table, whichever way it works."""

    site: Site
    column: str

    @property
    def setting(self) -> str:
        """What `gatepost.backfill` says while the column is filled."""
        return f"{self.site.label}.{self.column}"

    @property
    def function(self) -> Part:
        """The trigger's function, out of the application's way."""
        return function_of(self.setting)

    @property
    def trigger(self) -> Part:
        """The trigger's name: they fire in the order of names, and it sees what all others made of a row."""
        return ident(f"zzz_{self.column.encode()[:50].decode(errors='ignore')}__change")

    def start(self, follower: str, value: Part) -> tuple[Statement, ...]:
        """Return what lets `follower` be `value` from now on."""
        function = text(
            _FUNCTION,
            f=self.function,
            follower=ident(follower),
            value=value,
            alias=ident(self.site.name),
            setting=literal(self.setting),
        )
        trigger = text(
            "create or replace trigger {g} before insert or update on {t}"
            " for each row execute function {f}()",
            g=self.trigger,
            t=self.site.table,
            f=self.function,
        )
        return Statement(function), Statement(trigger, Lock.SHARE_ROW_EXCLUSIVE, self.site.label)

    def stop(self) -> tuple[Statement, ...]:
        """Return what ends it."""
        trigger = text("drop trigger if exists {g} on {t}", g=self.trigger, t=self.site.table)
        return Statement(trigger, Lock.ACCESS_EXCLUSIVE, self.site.label), forget(self.setting)
