create view monitoring.engagement_events_performance with (security_invoker = true) as
select
    'public'::name as schemaname,
    'engagement_events'::name as tablename,
    sum(s.seq_scan)::bigint as seq_scan,
    sum(s.seq_tup_read)::bigint as seq_tup_read,
    sum(s.idx_scan)::bigint as idx_scan,
    sum(s.idx_tup_fetch)::bigint as idx_tup_fetch,
    sum(s.n_tup_ins)::bigint as n_tup_ins,
    sum(s.n_tup_upd)::bigint as n_tup_upd,
    sum(s.n_tup_del)::bigint as n_tup_del
from pg_catalog.pg_partition_tree('public.engagement_events') as p
inner join pg_catalog.pg_stat_user_tables as s on p.relid = s.relid
where p.isleaf;
