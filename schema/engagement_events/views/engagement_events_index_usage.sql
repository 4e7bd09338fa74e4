create view monitoring.engagement_events_index_usage with (security_invoker = true) as
select
    c.relname as indexrelname,
    sum(s.idx_scan)::bigint as idx_scan,
    sum(s.idx_tup_read)::bigint as idx_tup_read,
    sum(s.idx_tup_fetch)::bigint as idx_tup_fetch
from pg_catalog.pg_index as i
inner join pg_catalog.pg_class as c on i.indexrelid = c.oid
inner join pg_catalog.pg_inherits as h on i.indexrelid = h.inhparent
inner join pg_catalog.pg_stat_user_indexes as s on h.inhrelid = s.indexrelid
where i.indrelid = 'public.engagement_events'::regclass
group by c.relname;
