"""Every function of the schema: a statement that runs it, as who may."""

from __future__ import annotations

from dataclasses import replace

from benchmarks.cases.devices import fifty_changes
from benchmarks.cases.turns import Run

from gatepost import targets

SERVICE, MONITOR, OWNER = "service_role", "app_monitor", "app_owner"
NAMES = """
    select n.nspname || '.' || p.proname as name
    from pg_proc as p inner join pg_namespace as n on n.oid = p.pronamespace
    where n.nspname not in ('pg_catalog', 'information_schema')
"""
"""What there is: the catalog's own answer."""

_UPDATE = "update public.{0} set {1} where id = %({2})s"
_REFUSED = """
    do $$ begin
        delete from public.deployment_log;
    exception when others then
        if position('is append-only' in sqlerrm) = 0 then raise; end if;
    end $$
"""
_PUSH = (
    "select app.push_changes(gen_random_uuid(), 'benchmark', 50, $json$" + fifty_changes().wire() + "$json$)"
)
_ROWS = "select app.push_rows('students', 'benchmark', $json$[{}]$json$)".format(
    '{"table": "students", "id": "6f1d6a0a-8a5e-4e43-9a53-31a1f2b7c001", "version": 1, "base_version": 0,'
    ' "deleted": false, "metadata": {}, "name": "Ada", "group_id": null}'
)
_POST = """
    insert into public.posts (author_id, title, status{0}) values (%(member)s, 'Post', 'published'{1})
"""
_ANOTHER_MEMBER = """
    insert into public.collective_members (collective_id, user_id, role)
    select %(collective)s, u.id, {0} from public.users as u
    where not exists (
        select from public.collective_members as m
        where m.collective_id = %(collective)s and m.user_id = u.id
    )
    limit 1
"""
_UNSHARED = """
    insert into public.posts (id, author_id, title, status)
    values ('6f1d6a0a-8a5e-4e43-9a53-31a1f2b7c002', %(member)s, 'Post', 'published')
"""
_SHARED = """
    insert into public.post_collectives (post_id, collective_id)
    select '6f1d6a0a-8a5e-4e43-9a53-31a1f2b7c002', c.one
    from unnest((%(collectives)s::uuid[])[1:10]) as c (one)
"""
_AN_OWNER = """
    delete from public.collective_members where collective_id = %(collective)s and user_id = (
        select o.user_id from public.collective_members as o
        where o.collective_id = %(collective)s and o.role = 'owner' limit 1
    )
"""

_POSTS = {
    "app.add_collective_owner": Run(
        "insert into public.collectives (name, slug) values ('Benchmark', 'benchmark')"
    ),
    "app.fill_post_author": Run(
        _SHARED, SERVICE, before=(_UNSHARED, "select set_config('request.jwt.claims', '{}', true)")
    ),
    "app.keep_collective_owned": Run(
        _AN_OWNER,
        SERVICE,
        before=("set constraints all immediate", *[_ANOTHER_MEMBER.format("'owner'")] * 2),
    ),
    "app.keep_former_collective": Run(_SHARED, before=(_UNSHARED,)),
    "app.keep_post_fields": Run(_UPDATE.format("posts", "title = title || '!'", "post")),
    "app.my_collective_ids": Run("select app.my_collective_ids('{owner,admin,editor,author,member}')"),
    "app.newest_shared_posts": Run("select * from app.newest_shared_posts()"),
    "app.record_post_collective_change": Run(_SHARED, before=(_UNSHARED,)),
    "app.save_post_draft": Run(
        "select * from app.save_post_draft(gen_random_uuid(), gen_random_uuid(), 0, 'Title', 'Words')"
    ),
    "app.search_posts": Run("select * from app.search_posts(%(title)s)"),
    "app.set_posting_right": Run(_ANOTHER_MEMBER.format("'author'"), SERVICE),
    "app.share_with_former_collective": Run(_POST.format(", collective_id", ", %(collective)s"), SERVICE),
    "app.trim_post_draft_saves": Run("select app.trim_post_draft_saves()", SERVICE, targets.UPKEEP),
    "public.can_user_post_to_collective": Run(
        "select public.can_user_post_to_collective(%(member)s, %(collective)s)"
    ),
    "public.get_post_collective_count": Run("select public.get_post_collective_count(%(post)s)"),
    "public.get_user_postable_collectives": Run(
        "select * from public.get_user_postable_collectives(%(member)s)"
    ),
    "public.migrate_legacy_post_collectives": Run(
        "select public.migrate_legacy_post_collectives()", SERVICE, targets.UPKEEP
    ),
}
_EVENTS = {
    "app.announce_engagement_events": Run(
        "insert into public.engagement_events (user_id, event_type) values (%(member)s, 'post.viewed')",
        SERVICE,
    ),
    "app.archive_old_deleted_events": Run("select app.archive_old_deleted_events()", SERVICE, targets.UPKEEP),
    "app.delete_user_data": Run(
        "select * from app.delete_user_data(%(member)s)", SERVICE, targets.ERASURE, rounds=5
    ),
    "app.erasure_steps": Run("select * from app.erasure_steps()", SERVICE, targets.EXAMINATION),
    "app.refuse_change": Run(_REFUSED, OWNER, is_counted=False),
    "app.respect_maintenance": Run("select app.respect_maintenance()"),
}
_FLAG = "update public.feature_flags set enabled = not enabled where name = %(flag)s"
_FLAGS = {
    "app.change_flag_of_segment": Run(
        "update app.feature_flag_segments set rollout_percentage = 50 where segment = %(segment)s", SERVICE
    ),
    "app.count_flag_version": Run(_FLAG, SERVICE),
    "app.record_flag_change": Run(_FLAG, SERVICE),
    "app.flag_bucket": Run("select app.flag_bucket('salt', %(unit)s)", SERVICE),
    "app.flag_enabled": Run("select app.flag_enabled(%(flag)s, %(unit)s)", SERVICE),
}
_INTEGRATIONS = {
    "app.current_organization_id": Run("select app.current_organization_id()"),
    "app.current_user_id": Run("select app.current_user_id()"),
    "app.keep_audit_fields": Run(_UPDATE.format("integrations", "name = name || '!'", "integration")),
    "app.my_organization_ids": Run("select app.my_organization_ids('{owner,admin}')"),
    "app.record_security_event": Run(
        _UPDATE.format("integrations", "credentials_ref = 'vault://other'", "integration")
    ),
    "app.run_due_jobs": Run("call app.run_due_jobs()", SERVICE),
    "app.cleanup_execution_logs": Run("select app.cleanup_execution_logs()", SERVICE, targets.UPKEEP),
    "app.cleanup_inactive_integrations": Run(
        "select app.cleanup_inactive_integrations()", SERVICE, targets.UPKEEP
    ),
    "app.count_finished_executions": Run(
        "update public.workflow_execution_logs set status = 'succeeded', finished_at = now()"
        " where id = (select id from public.workflow_execution_logs where status = 'running' limit 1)",
        SERVICE,
    ),
    "app.count_new_executions": Run(
        "insert into public.workflow_execution_logs (organization_id, integration_id, workflow)"
        " values (%(organization)s, %(integration)s, 'reminders')",
        SERVICE,
    ),
    "app.integration_health": Run("select * from app.integration_health(%(organization)s)"),
}
_DEVICES = {
    "app.cleanup_sync_pushes": Run("select app.cleanup_sync_pushes()", SERVICE, targets.UPKEEP),
    "app.current_client_id": Run("select app.current_client_id()"),
    "app.current_owner": Run("select app.current_owner()"),
    "app.guest_to_take_over": Run("select app.guest_to_take_over()"),
    "app.keep_sync_fields": Run(
        "update public.students set name = name || '!' where id ="
        " (select id from public.students where owner = %(owner)s limit 1)"
    ),
    "app.keep_tombstone": Run(
        "delete from public.groups where id = (select id from public.groups where owner = %(owner)s limit 1)"
    ),
    "app.migrate_guest": Run("select app.migrate_guest()", target=targets.UPKEEP, guest="nobody"),
    "app.my_owners": Run("select app.my_owners()"),
    "app.push_changes": Run(_PUSH, target=targets.PUSH),
    "app.push_rows": Run(_ROWS, target=targets.PUSH),
    "app.renew_sync_positions": Run(
        "select app.renew_sync_positions()", SERVICE, targets.WHOLE_TABLES, rounds=1
    ),
    "app.sync_metrics": Run("select * from app.sync_metrics()", SERVICE, targets.EXAMINATION),
}
_MONITORING = {
    "monitoring.record_system_health": Run(
        "select monitoring.record_system_health()", SERVICE, targets.EXAMINATION, rounds=20
    ),
    "monitoring.security_findings": Run(
        "select * from monitoring.security_findings()", MONITOR, targets.EXAMINATION, rounds=20
    ),
    "monitoring.system_health": Run(
        "select * from monitoring.system_health()", MONITOR, targets.EXAMINATION, rounds=20
    ),
}
FUNCTIONS: dict[str, tuple[str, Run]] = {
    name: (feature, replace(run, rounds=min(run.rounds, 5)) if run.target is targets.UPKEEP else run)
    for feature, runs in {
        "post_collectives": _POSTS,
        "engagement_events": _EVENTS,
        "feature_flags": _FLAGS,
        "integrations": _INTEGRATIONS,
        "persistence": _DEVICES,
        "monitoring": _MONITORING,
    }.items()
    for name, run in runs.items()
}
"""By name: the feature whose subjects it is run with, and how."""
