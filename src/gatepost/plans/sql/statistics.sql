-- What analyze found of each column, and of the expressions of indexes.
select
    s.schemaname as schema,
    s.tablename as "table",
    s.attname as "column",
    s.inherited,
    s.null_frac::float8 as null_frac,
    s.avg_width,
    s.n_distinct::float8 as n_distinct,
    s.most_common_vals::text as most_common_vals,
    s.most_common_freqs::text as most_common_freqs,
    s.histogram_bounds::text as histogram_bounds,
    s.correlation::float8 as correlation
from pg_stats as s
where s.schemaname !~ '^pg_' and s.schemaname not in ('information_schema', 'gatepost')
order by 1, 2, 3
