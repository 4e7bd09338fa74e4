-- Policies that go by who logged in, which set role does not change
select
    'policy_by_session_user' as finding,
    format('%I on %s', p.polname, p.polrelid::regclass) as subject,
    'every request logs in as the same role: go by the token''s user' as remedy
from pg_catalog.pg_policy as p
inner join pg_catalog.pg_class as c on c.oid = p.polrelid
inner join guarded_schemas as n on n.oid = c.relnamespace
where
    concat_ws(' ', pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid)) ~* '\msession_user\M'
