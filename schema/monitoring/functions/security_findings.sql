create function monitoring.security_findings()
returns table (finding text, subject text, remedy text)
language sql stable
as $$
    select * from monitoring.finding_row_security_not_forced
    union all
    select * from monitoring.finding_policy_for_public
    union all
    select * from monitoring.finding_definer_search_path
    union all
    select * from monitoring.finding_public_execute
    union all
    select * from monitoring.finding_public_privilege
    union all
    select * from monitoring.finding_excessive_privilege
    union all
    select * from monitoring.finding_bypassing_role
    union all
    select * from monitoring.finding_definer_view
    union all
    select * from monitoring.finding_open_schema
    union all
    select * from monitoring.finding_unregistered_personal_data
    union all
    select * from monitoring.finding_unerasable_personal_data
    order by finding, subject
$$;
