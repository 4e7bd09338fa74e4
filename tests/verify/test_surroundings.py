# ruff: noqa: E501 (each row of the table is one broken thing)
"""What nobody declared beside the declared objects fails the proof; each is taken back with its transaction."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from fix_platform import PROJECT, Deployed

from gatepost.stacks import Settings, Stack
from gatepost.verify.catalog import Catalog
from gatepost.verify.check import Check
from gatepost.verify.declared import Source, collect
from gatepost.verify.surroundings import check_surroundings

# fmt: off
BREAKS = {
    "foreign keys disabled": ("alter table comments disable trigger all", ("foreign key", "comments_post_id_fkey on public.comments")),
    "foreign key disabled where it refers to": ("alter table public.posts disable trigger all", ("foreign key", "comments_post_id_fkey on public.posts")),
    "table unlogged": ("alter table public.post_draft_saves set unlogged", ("table", "public.post_draft_saves")),
    "policy on a partition": ("create policy extra on public.engagement_events_2026_11 for select to authenticated using (true)", ("policy", "extra on public.engagement_events_2026_11")),
    "trigger on a partition": ("create trigger zz before insert on public.engagement_events_2026_11 for each row execute function app.refuse_change()", ("trigger", "zz on public.engagement_events_2026_11")),
    "rule": ("create rule swallow as on insert to public.post_collective_audit_log do instead nothing", ("rule", "swallow on public.post_collective_audit_log")),
    "sequence of a column": ("grant usage on sequence public.deployment_log_id_seq to anon", ("privileges", "anon on deployment_log_id_seq")),
    "owner's role in the hands of requests": ("grant app_owner to authenticated", ("membership", "authenticated in app_owner")),
    "role to set": ("grant service_role to authenticated", ("membership", "authenticated in service_role")),
    "login in the owner's role": ("create role intruder login in role app_owner", ("membership", "intruder in app_owner")),
    "login in the deployer's role": ("create role intruder login in role deployer", ("membership", "intruder in deployer")),
    "another superuser": ("create role intruder login superuser", ("role", "intruder")),
    "login past row security": ("create role intruder login bypassrls", ("role", "intruder")),
    "predefined role": ("grant pg_read_all_data to service_role", ("membership", "service_role in pg_read_all_data")),
    "membership to hand on": ("grant anon to authenticator with admin option", ("membership", "authenticator in anon")),
    "row security off for a role": ("alter role authenticator set row_security = off", ("setting", "row_security of role authenticator")),
    "row security off for a role here": ("alter role authenticator in database platform set row_security = off", ("setting", "row_security of role authenticator in database platform")),
    "identity of a role": ("alter role authenticator set app.user_id = 'x'", ("setting", "app.user_id of role authenticator")),
    "triggers off for a role": ("alter role monitor set session_replication_role = replica", ("setting", "session_replication_role of role monitor")),
    "search path of everybody here": ("alter database platform set search_path = evil, public", ("setting", "search_path of everybody in database platform")),
    "setting of everybody": ("alter role all set row_security = off", ("setting", "row_security of everybody")),
    "create in public": ("grant create on schema public to public", ("privileges", "public on schema public")),
    "use of the ledger's schema": ("grant usage on schema gatepost to anon", ("privileges", "anon on schema gatepost")),
    "look at the ledger": ("grant select on gatepost.ledger to anon", ("privileges", "anon on gatepost.ledger")),
    "create in the database": ("grant create on database platform to authenticated", ("privileges", "authenticated on database platform")),
    "schema that nobody declared": ("create schema sneaky; grant usage on schema sneaky to authenticated", ("privileges", "authenticated on schema sneaky")),
    "default privileges in a schema": ("alter default privileges for role app_owner in schema public grant select on tables to anon", ("privileges", "anon on new tables of app_owner in schema public")),
    "default privileges of the deployer": ("alter default privileges for role deployer grant select on tables to public", ("privileges", "public on new tables of deployer")),
    "setting to be set": ("grant set on parameter session_replication_role to authenticator", ("privileges", "authenticator on parameter session_replication_role")),
    "passwords to read": ("grant select on pg_catalog.pg_authid to authenticator", ("privileges", "authenticator on pg_authid")),
    "files to read": ("grant execute on function pg_catalog.pg_read_file(text) to authenticated", ("privileges", "authenticated on pg_read_file(text)")),
    "function of the server for everybody": ("grant execute on function pg_catalog.pg_read_file(text) to public", ("privileges", "public on pg_read_file(text)")),
    "cast": ("create cast (text as uuid) with inout as implicit", ("cast", "(pg_catalog.text AS pg_catalog.uuid)")),
    "foreign server": ("create foreign data wrapper away; create server away foreign data wrapper away", ("foreign-data wrapper", "away")),
    "event trigger": ("create function app.watch() returns event_trigger language plpgsql as 'begin end'; create event trigger watch on ddl_command_end execute function app.watch()", ("event trigger", "watch")),
    "publication of everything": ("create publication everything for all tables", ("publication", "everything")),
    "words of a language": ("alter text search configuration pg_catalog.english alter mapping for asciiword with simple", ("text search configuration", "english for asciiword")),
    "words that are not searched": ("alter text search configuration pg_catalog.english drop mapping for hword", ("text search configuration", "english for hword")),
    "words that stop": ("alter text search dictionary pg_catalog.english_stem (stopwords = 'french')", ("text search dictionary", "english_stem")),
    "subscription": ("create subscription inflow connection 'host=nowhere' publication p with (connect = false)", ("subscription", "inflow")),
}
# fmt: on


@pytest.fixture(scope="module")
def sources(platform: Deployed) -> list[Source]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GATEPOST_DATABASE_URL", platform.server.deployer_url)
        given = {"platform:environment": "local", "platform:readStatistics": "true"}
        patch.setattr(Stack, "settings", lambda _stack: Settings(given, frozenset()))
        return collect(Stack(PROJECT, "local"))[0]


@pytest.fixture
def connection(platform: Deployed) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    with psycopg.connect(platform.superuser_url) as opened:
        yield opened
        opened.rollback()


def failures(sources: list[Source], connection: psycopg.Connection[tuple[object, ...]]) -> list[Check]:
    [ours] = [source for source in sources if source.package == "gatepost"]
    return list(check_surroundings(sources, ours, Catalog(connection)))


def test_platform_has_nothing_beside(
    sources: list[Source], connection: psycopg.Connection[tuple[object, ...]]
) -> None:
    assert failures(sources, connection) == []


@pytest.mark.parametrize(("statement", "expected"), BREAKS.values(), ids=BREAKS)
def test_what_nobody_declared_fails(
    sources: list[Source],
    connection: psycopg.Connection[tuple[object, ...]],
    statement: str,
    expected: tuple[str, str],
) -> None:
    connection.execute(statement.encode())
    found = failures(sources, connection)
    assert expected in [(check.kind, check.name) for check in found]
    assert not any(check.ok for check in found)


def test_not_null_of_new_rows_only(
    sources: list[Source], connection: psycopg.Connection[tuple[object, ...]]
) -> None:
    if connection.info.server_version < 180000:
        pytest.skip("constraints of not null that are not validated are of PostgreSQL 18")
    connection.execute("alter table public.post_drafts alter column title drop not null")
    connection.execute("alter table public.post_drafts add constraint again not null title not valid")
    [found] = failures(sources, connection)
    assert (found.kind, found.name) == ("column", "public.post_drafts.title")


def test_membership_that_inherits_anyway(
    sources: list[Source], connection: psycopg.Connection[tuple[object, ...]]
) -> None:
    if connection.info.server_version < 160000:
        pytest.skip("each membership's own inheritance is of PostgreSQL 16")
    connection.execute("grant service_role to authenticator with inherit true granted by deployer")
    [found] = failures(sources, connection)
    assert found.found == {"": "member inheriting"}


def test_what_is_known_to_exist_passes(
    sources: list[Source],
    connection: psycopg.Connection[tuple[object, ...]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    connection.execute("create role backup_reader login bypassrls in role app_owner")
    assert {check.name for check in failures(sources, connection)} == {
        "backup_reader",
        "backup_reader in app_owner",
    }
    monkeypatch.setenv("GATEPOST_EXISTING", "backup_*")
    assert failures(sources, connection) == []
