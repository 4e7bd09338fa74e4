-- How a backfill goes through a table: its key, and what row security would hide from the deployer.
select
    (
        select array_agg(a.attname::text order by k.place)
        from pg_index as i
        cross join lateral unnest(i.indkey::smallint[]) with ordinality as k (attnum, place)
        join pg_attribute as a on a.attrelid = i.indrelid and a.attnum = k.attnum
        where i.indexrelid = (
            select u.indexrelid
            from pg_index as u
            where u.indrelid = c.oid and u.indisunique and u.indisvalid and u.indpred is null and u.indexprs is null
                and not exists (
                    select from unnest(u.indkey::smallint[]) as n (attnum)
                    join pg_attribute as b on b.attrelid = c.oid and b.attnum = n.attnum
                    where not b.attnotnull
                )
            order by u.indisprimary desc, u.indnkeyatts, u.indexrelid
            limit 1
        ) and k.place <= i.indnkeyatts
    ) as key,
    row_security_active(c.oid) as secured,
    pg_has_role(c.relowner, 'usage') as owned,
    array(
        select p.polname::text
        from pg_policy as p
        where p.polrelid = c.oid and not p.polpermissive and p.polcmd in ('*', 'r', 'w')
            and exists (select from unnest(p.polroles) as r (oid) where r.oid = 0 or pg_has_role(r.oid, 'usage'))
        order by p.polname
    ) as restricted,
    current_user::text as acting,
    session_user::text as login
from pg_class as c
join pg_namespace as n on n.oid = c.relnamespace
where n.nspname = %(schema)s and c.relname = %(name)s
