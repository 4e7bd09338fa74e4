# ruff: noqa: E501 (each row of the table is one broken thing)
"""A database broken by hand is noticed: by a case that goes otherwise, by a lint, or by both."""

from __future__ import annotations

import pytest
from fix_tenants import Laboratory

from gatepost.isolation.enumeration import cases_of

MEMBERS = "public.memberships"
INTEGRATIONS = "public.integrations"
EVENTS = "public.engagement_events"

# fmt: off
BY_CASES = {
    "row security off": (INTEGRATIONS, "alter table public.integrations disable row level security"),
    "row security not forced": (INTEGRATIONS, "alter table public.integrations no force row level security"),
    "select granted": ("app.scheduled_jobs", "grant select on app.scheduled_jobs to authenticated"),
    "select granted to anon": (INTEGRATIONS, "grant select on public.integrations to anon"),
    "one column granted": ("app.scheduled_jobs", "grant select (name) on app.scheduled_jobs to authenticated"),
    "update of one more column": (MEMBERS, "grant update (organization_id) on public.memberships to authenticated; alter policy memberships_update on public.memberships with check (true)"),
    "truncate granted": (INTEGRATIONS, "grant truncate on public.integrations to service_role"),
    "privilege revoked": (INTEGRATIONS, "revoke delete on public.integrations from authenticated"),
    "select policy true": (INTEGRATIONS, "alter policy integrations_select on public.integrations using (true)"),
    "select policy by another column": (INTEGRATIONS, "alter policy integrations_select on public.integrations using (created_by is null)"),
    "select policy of members, not of the row's": (INTEGRATIONS, "alter policy integrations_select on public.integrations using (exists (select from public.memberships as m where m.user_id = (select app.current_user_id())))"),
    "null is everybody": (INTEGRATIONS, "alter policy integrations_select on public.integrations using ((select app.current_user_id()) is null or organization_id = any((select app.my_organization_ids('{admin,member}'))::uuid[]))"),
    "insert unchecked": (INTEGRATIONS, "alter policy integrations_insert on public.integrations with check (true)"),
    "members may delete": (INTEGRATIONS, "alter policy integrations_delete on public.integrations using (organization_id = any((select app.my_organization_ids('{admin,member}'))::uuid[]))"),
    "another permissive policy": (INTEGRATIONS, "create policy more on public.integrations for select to authenticated using (status = 'active')"),
    "policy for another role": (INTEGRATIONS, "alter policy integrations_service on public.integrations to service_role, authenticated"),
    "policy dropped": (MEMBERS, "drop policy memberships_delete on public.memberships"),
    "restrictive policy": (INTEGRATIONS, "create policy narrow on public.integrations as restrictive for select to authenticated using (status = 'active')"),
    "members become admins": (MEMBERS, "alter policy memberships_update on public.memberships using (user_id = (select app.current_user_id())) with check (true)"),
    "definer function forgets the user": (INTEGRATIONS, "create or replace function app.my_organization_ids(wanted_roles text[]) returns uuid[] language sql stable security definer set search_path = '' as 'select array_agg(organization_id) from public.memberships where role = any(wanted_roles)'; alter policy memberships_read_by_app_definer on public.memberships using (true); alter policy integrations_select on public.integrations using (organization_id = any((select app.my_organization_ids('{admin,member}'))::uuid[]))"),
    "identity forgotten": (INTEGRATIONS, "create or replace function app.current_user_id() returns uuid language sql stable return null::uuid"),
    "partition without row security": (EVENTS, "alter table public.engagement_events_2026_11 disable row level security"),
    "partition's policy widened": (EVENTS, "create policy all_of_it on public.engagement_events_2026_11 for select to authenticated using (true)"),
    "role inherits another": (INTEGRATIONS, "grant service_role to authenticated"),
    "table owned by a role of requests": (INTEGRATIONS, "alter table public.integrations owner to service_role"),
    "bypassrls": (MEMBERS, "alter role authenticated bypassrls"),
}
BY_LINTS = {
    "policies without row security": ("policy_without_row_security", "alter table public.integrations disable row level security"),
    "owner not forced": ("row_security_not_forced", "alter table public.integrations no force row level security"),
    "new table": ("row_security_not_forced", "create table public.loose (id int); alter table public.loose owner to app_owner"),
    "partition": ("partition_row_security", "alter table public.engagement_events_2026_11 no force row level security"),
    "inheriting child": ("inheritance_child", "create table public.child () inherits (public.integrations); alter table public.child owner to app_owner"),
    "policy for everybody": ("policy_for_public", "create policy everybody on public.integrations for select using (true)"),
    "session user": ("policy_by_session_user", "create policy mine on public.integrations for select to authenticated using (name = session_user)"),
    "union with true": ("permissive_union", "create policy more on public.integrations for select to authenticated using (true)"),
    "delete without select": ("missing_select", "drop policy integrations_select on public.integrations"),
    "bypassrls": ("bypassing_role", "alter role authenticated bypassrls"),
    "superuser": ("bypassing_role", "alter role app_definer superuser"),
    "bypassing through a role": ("bypassing_role", "create role passing bypassrls; grant passing to anon"),
    "bypassing owner": ("bypassing_role", "alter role app_owner bypassrls"),
    "one role in another": ("role_escalation", "grant service_role to anon"),
    "membership to hand on": ("role_escalation", "grant anon to authenticator with admin option"),
    "reads everything": ("predefined_role", "grant pg_read_all_data to service_role"),
    "owner runs requests": ("owner_is_request_role", "alter table public.integrations owner to service_role"),
    "function owned by requests": ("owner_is_request_role", "alter function app.my_organization_ids owner to authenticated"),
    "definer view": ("definer_view", "create view public.leaky as select * from public.integrations; alter view public.leaky owner to app_owner"),
    "invoker no more": ("definer_view", "alter view public.integration_dashboard set (security_invoker = false)"),
    "materialized view": ("materialized_view", "create materialized view public.kept as select * from public.integrations; alter materialized view public.kept owner to app_owner; grant select on public.kept to authenticated"),
    "rule": ("rewrite_rule", "create rule also as on insert to public.integrations do also delete from public.memberships"),
    "search path": ("definer_search_path", "alter function app.my_organization_ids reset search_path"),
    "public function": ("public_execute", "grant execute on function app.my_organization_ids to public"),
    "anon's function": ("public_execute", "grant execute on function app.current_user_id to anon"),
    "leakproof": ("leakproof_function", "alter function app.current_user_id leakproof"),
    "untrusted language": ("untrusted_language", "create function public.raw() returns void language internal as 'pg_reload_conf'; revoke execute on function public.raw from public"),
    "public privilege": ("public_privilege", "grant select on public.integrations to public"),
    "anon's column": ("public_privilege", "grant select (name) on public.integrations to anon"),
    "truncate": ("excessive_privilege", "grant truncate on public.integrations to service_role"),
    "references on a column": ("excessive_privilege", "grant references (id) on public.integrations to authenticated"),
    "grant option": ("grant_option", "grant select on public.integrations to authenticated with grant option"),
    "open schema": ("open_schema", "grant create on schema public to public"),
    "schema of requests": ("open_schema", "grant create on schema app to authenticated"),
    "default privileges": ("default_privilege", "alter default privileges for role app_owner grant select on tables to authenticated"),
    "default execute": ("default_privilege", "alter default privileges for role app_owner in schema app grant execute on functions to public"),
    "identity of a role": ("session_setting", "alter role authenticator set request.jwt.claims = '{}'"),
    "identity of a database": ("session_setting", "do $$ begin execute format('alter database %I set app.user_id = %L', current_database(), 'x'); end $$"),
    "row security switch": ("session_setting", "alter role authenticated set row_security = off"),
    "publication": ("publication", "create publication everything for table public.integrations"),
    "unique without the tenant": ("unique_reveals", "create unique index loose on public.integrations (name)"),
    "foreign key without the tenant": ("foreign_key_reveals", "alter table public.integrations add external text unique, add parent text references public.integrations (external); grant insert (parent) on public.integrations to authenticated"),
    "event trigger": ("event_trigger", "create function app.watch() returns event_trigger language plpgsql as 'begin end'; revoke execute on function app.watch from public; alter function app.watch owner to app_owner; create event trigger watching on ddl_command_start execute function app.watch()"),
    "foreign table": ("foreign_table", "create foreign data wrapper nowhere; create server nowhere foreign data wrapper nowhere; create foreign table public.far (id int) server nowhere; grant select on public.far to authenticated"),
}
# fmt: on


def test_nothing_is_wrong_as_deployed(broken: Laboratory) -> None:
    assert broken.wrong(MEMBERS, INTEGRATIONS, EVENTS, "app.scheduled_jobs") == []


@pytest.mark.parametrize(("table", "statements"), BY_CASES.values(), ids=BY_CASES)
def test_a_case_goes_otherwise(broken: Laboratory, table: str, statements: str) -> None:
    broken.connection.execute(statements.encode())
    assert broken.wrong(table, most=1)


@pytest.mark.parametrize(("finding", "statements"), BY_LINTS.values(), ids=BY_LINTS)
def test_a_lint_finds_it(broken: Laboratory, finding: str, statements: str) -> None:
    before = broken.findings()
    broken.connection.execute(statements.encode())
    assert any(name.startswith(finding) for name in broken.findings() - before)


def test_every_lint_has_a_bad_case() -> None:
    from gatepost.isolation.lint import lints

    assert {one.name for one in lints()} == {finding for finding, _ in BY_LINTS.values()}


COPIED = frozenset({("select", "copy")})
MERGED = frozenset({("merge", "table")})


@pytest.mark.parametrize(
    ("statement", "ways"),
    [
        ("alter policy integrations_select on public.integrations using (true)", COPIED),
        ("alter policy integrations_update on public.integrations using (true) with check (true)", MERGED),
    ],
    ids=["copy", "merge"],
)
def test_each_way_to_a_table_tells_by_itself(
    broken: Laboratory, statement: str, ways: frozenset[tuple[str, str]]
) -> None:
    assert not broken.wrong(INTEGRATIONS)
    broken.connection.execute(statement.encode())
    assert ways <= {(case.action, case.path) for case, _, _ in broken.wrong(INTEGRATIONS, most=5000)}


def test_a_merge_is_let_in_and_refused(laboratory: Laboratory) -> None:
    merges = [one for one in cases_of(laboratory.choices, INTEGRATIONS) if one.action == "merge"]
    assert {"rows", "refused"} <= {one.kind for one in laboratory.statements.run(merges)}
