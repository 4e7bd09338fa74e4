-- Requests' roles that read or write everything, or reach the server's files and programs
select
    'predefined_role' as finding,
    a.role_name as subject,
    format('revoke %I from %I', g.rolname, a.role_name) as remedy
from api_roles as a
inner join pg_catalog.pg_roles as g on pg_has_role(a.oid, g.oid, 'member')
where
    g.rolname in (
        'pg_read_all_data', 'pg_write_all_data', 'pg_read_server_files', 'pg_write_server_files',
        'pg_execute_server_program', 'pg_maintain', 'pg_signal_backend', 'pg_create_subscription'
    )
