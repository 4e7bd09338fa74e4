"""A platform as deployed has no finding; each violation is found by its name."""

import pytest
from fix_platform import Deployed

FINDINGS = "select finding, subject, remedy from monitoring.security_findings()"
VIOLATIONS = {
    "row_security_not_forced": ["create table public.loose (id int)"],
    "policy_for_public": [
        "create policy everybody on public.integrations for select using (true)",
        "create policy somebody on public.integrations for select to public using (true)",
    ],
    "definer_search_path": [
        "create function public.unpinned() returns int language sql security definer as 'select 1';"
        "revoke execute on function public.unpinned from public"
    ],
    "definer_view": ["create view public.leaky as select * from public.integrations"],
    "public_execute": [
        "create function public.open() returns int language sql as 'select 1'",
        "grant execute on function app.current_user_id to anon",
    ],
    "public_privilege": [
        "grant select on public.integrations to public",
        "grant select (name) on public.integrations to anon",
        "grant select on public.integration_dashboard to anon",
        "grant insert (title) on public.posts to anon",
        "drop policy posts_read_by_anon on public.posts",
    ],
    "excessive_privilege": [
        "grant truncate on public.integrations to service_role",
        "grant references on public.integrations to authenticated",
    ],
    "bypassing_role": [],
    "open_schema": ["grant create on schema public to public", "grant create on schema app to authenticated"],
    "unregistered_personal_data": [
        "alter table public.integrations add approved_by uuid",
        "alter table public.integrations add boss uuid references public.users",
        "alter table public.integrations add author_ids uuid[]",
        "delete from app.personal_data where table_name = 'public.users' and column_name = 'id'",
    ],
    "unerasable_personal_data": [
        "insert into app.personal_data values ('public.nothing', 'user_id', 'delete', 'there is no table')",
        "alter table public.memberships drop column created_by",
        "revoke delete on public.memberships from service_role",
        "revoke update on public.organizations from service_role",
        "drop policy memberships_service on public.memberships",
        "alter policy memberships_service on public.memberships using (role = 'member')",
        "update app.personal_data set on_erasure = 'anonymize' where column_name = 'user_id'",
        "insert into app.personal_data values ('public.users', 'created_at', 'delete', 'a time is nobody')",
    ],
}


def found(platform: Deployed) -> set[str]:
    with platform.connect("monitor") as connection:
        return {row["finding"] for row in connection.execute(FINDINGS)}


def test_nothing_is_found_on_the_platform_as_deployed(platform: Deployed) -> None:
    with platform.connect("monitor") as connection:
        assert connection.execute(FINDINGS).fetchall() == []


@pytest.mark.parametrize(
    ("finding", "violation"), [(name, one) for name, several in VIOLATIONS.items() for one in several]
)
def test_violation_is_found(clone: Deployed, finding: str, violation: str) -> None:
    with clone.superuser() as connection:
        connection.execute(violation)
    assert finding in found(clone)


def test_row_security_enabled_but_not_forced_is_found(clone: Deployed) -> None:
    with clone.superuser() as connection:
        connection.execute("alter table public.integrations no force row level security")
    assert found(clone) == {"row_security_not_forced"}


def test_bypassing_role_is_found(platform: Deployed) -> None:
    with platform.superuser() as connection:
        connection.execute("alter role authenticator bypassrls")
        try:
            assert found(platform) == {"bypassing_role"}
        finally:
            connection.execute("alter role authenticator nobypassrls")
