-- What hangs on objects, transitively: on what each hangs, what drops it, and the catalog's words that make it again.
with recursive roots as (
    select
        case when p.oid is not null then 'pg_proc'::regclass when y.oid is not null then 'pg_type'::regclass else 'pg_class'::regclass end::oid as classid,
        coalesce(p.oid, y.oid, c.oid) as objid,
        coalesce(a.attnum, 0)::int as subid,
        a.attnum is not null and not r.dropped as kept
    from jsonb_to_recordset(%(roots)s::jsonb) as r (schema text, name text, "column" text, signature text, type boolean, dropped boolean)
    join pg_namespace as n on n.nspname = r.schema
    left join pg_type as y on r.type and y.typnamespace = n.oid and y.typname = r.name
    left join pg_class as c on r.signature is null and not r.type and c.relnamespace = n.oid and c.relname = r.name
    left join pg_attribute as a on a.attrelid = c.oid and a.attname = r."column" and not a.attisdropped
    left join pg_proc as p on p.pronamespace = n.oid and p.proname = r.name and r.signature = coalesce((
        select string_agg(t.typname, ',' order by g.position)
        from unnest(p.proargtypes) with ordinality as g (type, position)
        join pg_type as t on t.oid = g.type
    ), '')
    where coalesce(p.oid, y.oid, c.oid) is not null and (r."column" = '' or a.attnum is not null)
    union
    -- What inherits a column, a partition too, changes with it.
    select r.classid, a.attrelid, a.attnum, r.kept
    from roots as r
    join pg_attribute as p on r.classid = 'pg_class'::regclass and p.attrelid = r.objid and p.attnum = r.subid
    join pg_inherits as i on i.inhparent = r.objid
    join pg_attribute as a on a.attrelid = i.inhrelid and a.attname = p.attname and not a.attisdropped
    where r.subid <> 0
),
reached as (
    select r.classid, r.objid, r.subid, r.kept, null::oid as of_classid, null::oid as of_objid, null::int as of_subid, null::int as of_column
    from roots as r
    union
    -- What changes its type with the type itself keeps its indexes and constraints.
    select n.classid, n.objid, n.subid, r.classid = 'pg_type'::regclass and n.subid <> 0, r.classid, r.objid, r.subid, nullif(d.refobjsubid, 0)
    from reached as r
    join pg_depend as d on d.refclassid = r.classid and d.refobjid = r.objid and (r.subid = 0 or d.refobjsubid = r.subid)
    -- A view stands for its rule, a generated column for its expression, a constraint for its index.
    left join pg_rewrite as w on d.classid = 'pg_rewrite'::regclass and w.oid = d.objid and w.rulename = '_RETURN'
    left join pg_attrdef as f on d.classid = 'pg_attrdef'::regclass and f.oid = d.objid
    left join pg_attribute as g on g.attrelid = f.adrelid and g.attnum = f.adnum and g.attgenerated <> ''
    left join pg_class as c on d.classid = 'pg_class'::regclass and c.oid = d.objid
    left join pg_depend as o on c.relkind = 'i' and o.classid = d.classid and o.objid = d.objid and o.deptype = 'i' and o.refclassid = 'pg_constraint'::regclass
    left join pg_constraint as k on d.classid = 'pg_constraint'::regclass and k.oid = d.objid
    left join pg_trigger as t on d.classid = 'pg_trigger'::regclass and t.oid = d.objid
    cross join lateral (
        select
            case when w.oid is not null or g.attnum is not null then 'pg_class'::regclass::oid when o.objid is not null then o.refclassid else d.classid end as classid,
            coalesce(w.ev_class, g.attrelid, o.refobjid, d.objid) as objid,
            coalesce(g.attnum, case when w.oid is null and c.relkind is distinct from 'v' and c.relkind is distinct from 'm' then d.objsubid end, 0)::int as subid
    ) as n
    where (n.classid, n.objid, n.subid) <> (r.classid, r.objid, r.subid)
        and not (r.of_classid is not null and r.classid = 'pg_type'::regclass and exists (select from pg_type as y where y.oid = r.objid and y.typtype = 'd'))
        and not exists (select from roots as x where (x.classid, x.objid, x.subid) = (n.classid, n.objid, n.subid))
        and not (r.kept and (n.classid in ('pg_constraint'::regclass, 'pg_statistic_ext'::regclass) or coalesce(c.relkind in ('i', 'I'), false)))
        and (c.oid is null or (c.relkind not in ('t', 'S') and not c.relispartition))
        and not (r.subid <> 0 and g.attnum is null and f.oid is not null and (f.adrelid, f.adnum) = (r.objid, r.subid))
        and (k.oid is null or (k.contype <> 'n' and k.conparentid = 0 and k.coninhcount = 0))
        and not exists (select from roots as x where x.classid = 'pg_type'::regclass and x.objid = k.contypid)
        and (t.oid is null or (not t.tgisinternal and t.tgparentid = 0))
),
nodes as (
    select
        r.classid,
        r.objid,
        r.subid,
        array_agg(distinct concat_ws(':', r.of_classid, r.of_objid, r.of_subid)) as needs,
        array_remove(array_agg(distinct a.attname::text), null) as columns
    from reached as r
    left join roots as o on (o.classid, o.objid) = (r.of_classid, r.of_objid)
    left join pg_attribute as a on o.objid is not null and r.of_classid = 'pg_class'::regclass and a.attrelid = r.of_objid and a.attnum = r.of_column
    where r.of_objid is not null
    group by r.classid, r.objid, r.subid
),
described as (
    select
        n.*,
        case
            when y.typtype = 'd' then 'domain'
            when y.typcategory = 'A' or y.typtype = 'c' or (n.subid = 0 and c.relkind = 'c') or l.attinhcount > 0 or v.attnum is not null then 'implied'
            when l.attnum is not null then 'retyped column'
            else i.type
        end as type,
        i.identity,
        j.object_names[cardinality(j.object_names)] as own_name,
        coalesce(c.oid, g.indrelid, t.tgrelid, q.polrelid, w.ev_class, f.adrelid, nullif(k.conrelid, 0), s.stxrelid, b.prrelid) as relation,
        case when n.subid = 0 then coalesce(c.relowner, p.proowner, s.stxowner) end as owner,
        coalesce(c.relacl, p.proacl) as acl,
        case when c.oid is not null then 'r' else 'f' end::"char" as acl_type
    from nodes as n
    cross join lateral pg_identify_object(n.classid, n.objid, n.subid) as i
    cross join lateral pg_identify_object_as_address(n.classid, n.objid, n.subid) as j
    left join pg_index as g on n.classid = 'pg_class'::regclass and g.indexrelid = n.objid
    left join pg_class as c on n.classid = 'pg_class'::regclass and c.oid = n.objid and g.indexrelid is null
    left join pg_type as y on n.classid = 'pg_type'::regclass and y.oid = n.objid
    left join pg_attribute as l on c.relkind in ('r', 'p', 'f') and l.attrelid = n.objid and l.attnum = n.subid and l.attgenerated = ''
        and exists (select from roots as x where x.classid = 'pg_type'::regclass)
    left join pg_attribute as v on v.attrelid = c.oid and v.attnum = n.subid and v.attgenerated <> '' and v.attinhcount > 0
    left join pg_proc as p on n.classid = 'pg_proc'::regclass and p.oid = n.objid
    left join pg_trigger as t on n.classid = 'pg_trigger'::regclass and t.oid = n.objid
    left join pg_policy as q on n.classid = 'pg_policy'::regclass and q.oid = n.objid
    left join pg_rewrite as w on n.classid = 'pg_rewrite'::regclass and w.oid = n.objid
    left join pg_attrdef as f on n.classid = 'pg_attrdef'::regclass and f.oid = n.objid
    left join pg_constraint as k on n.classid = 'pg_constraint'::regclass and k.oid = n.objid
    left join pg_statistic_ext as s on n.classid = 'pg_statistic_ext'::regclass and s.oid = n.objid
    left join pg_publication_rel as b on n.classid = 'pg_publication_rel'::regclass and b.oid = n.objid
),
known as (
    -- An owner may have taken rights from itself.
    select d.*, not coalesce(d.acl @> any((acldefault(d.acl_type, d.owner))[cardinality(acldefault(d.acl_type, d.owner)):]), true) as limited
    from described as d
),
strangers as (
    -- Whom a new object gives something that was not asked for.
    select
        d.defaclobjtype as type,
        d.defaclnamespace as namespace,
        x.grantee
    from pg_default_acl as d, aclexplode(d.defaclacl) as x
    where d.defaclrole = current_user::regrole and x.grantee <> d.defaclrole
    union all
    values ('f'::"char", 0::oid, 0::oid)
)
select
    concat_ws(':', o.classid, o.objid, o.subid) as id,
    o.needs,
    o.columns,
    o.type,
    o.identity,
    o.own_name,
    r.nspname as schema,
    r.relname as relation,
    o.owner is null or pg_has_role(o.owner, 'usage') as owned,
    m.dropped,
    case when m.made is not null then
        array[m.made]
        || coalesce(owned.statements, '{}')
        || coalesce(revoked.statements, '{}')
        || coalesce(granted.statements, '{}')
        || coalesce(described.statements, '{}')
        || coalesce(m.state, '{}')
    end as made
from known as o
left join (select c.oid, n.nspname, c.relname, c.relnamespace from pg_class as c join pg_namespace as n on n.oid = c.relnamespace) as r on r.oid = o.relation
left join lateral (
    select format('drop view %%s', o.identity) as dropped,
        format('create view %%s%%s as %%s', o.identity, ' with (' || array_to_string(c.reloptions, ', ') || ')', rtrim(pg_get_viewdef(c.oid), ';')) as made,
        null::text[] as state
    from pg_class as c where c.oid = o.objid and c.relkind = 'v' and o.subid = 0 and o.classid = 'pg_class'::regclass
    union all
    select format('drop materialized view %%s', o.identity),
        format(
            'create materialized view %%s using %%s%%s%%s as %%s with %%sdata', o.identity, quote_ident(am.amname), ' with (' || array_to_string(c.reloptions, ', ') || ')',
            ' tablespace ' || quote_ident(ts.spcname), rtrim(pg_get_viewdef(c.oid), ';'), case when not c.relispopulated then 'no ' end
        ),
        null
    from pg_class as c
    join pg_am as am on am.oid = c.relam
    left join pg_tablespace as ts on ts.oid = c.reltablespace
    where c.oid = o.objid and c.relkind = 'm' and o.subid = 0 and o.classid = 'pg_class'::regclass
    union all
    select format('drop index %%s', o.identity), replace(pg_get_indexdef(o.objid), ' ON ONLY ', ' ON '),
        array_remove(array[case when g.indisclustered then format('alter table %%s cluster on %%I', g.indrelid::regclass, c.relname) end], null)
    from pg_index as g join pg_class as c on c.oid = g.indexrelid where g.indexrelid = o.objid and o.classid = 'pg_class'::regclass
    union all
    select format('alter table %%s drop column %%I', a.attrelid::regclass, a.attname),
        format(
            'alter table %%s add column %%I %%s%%s generated always as (%%s) %%s%%s', a.attrelid::regclass, a.attname, format_type(a.atttypid, a.atttypmod),
            case when a.attcollation <> t.typcollation then ' collate ' || a.attcollation::regcollation::text end, pg_get_expr(d.adbin, d.adrelid),
            case a.attgenerated when 's' then 'stored' else 'virtual' end, case when a.attnotnull then ' not null' end
        ),
        null
    from pg_attribute as a join pg_type as t on t.oid = a.atttypid join pg_attrdef as d on d.adrelid = a.attrelid and d.adnum = a.attnum
    where o.classid = 'pg_class'::regclass and a.attrelid = o.objid and a.attnum = o.subid and a.attgenerated <> '' and a.attinhcount = 0
    union all
    select format('drop %%s %%s', o.type, o.identity), rtrim(pg_get_functiondef(p.oid), E'\n'), null
    from pg_proc as p where o.classid = 'pg_proc'::regclass and p.oid = o.objid and p.prokind in ('f', 'p', 'w')
    union all
    select format('drop trigger %%s', o.identity), pg_get_triggerdef(t.oid),
        case when t.tgenabled <> 'O' then array[format(
            'alter table %%s %%s trigger %%I', t.tgrelid::regclass, case t.tgenabled when 'D' then 'disable' when 'R' then 'enable replica' else 'enable always' end, t.tgname
        )] end
    from pg_trigger as t where o.classid = 'pg_trigger'::regclass and t.oid = o.objid
    union all
    select format('drop rule %%s', o.identity), rtrim(pg_get_ruledef(w.oid), ';'),
        case when w.ev_enabled <> 'O' then array[format(
            'alter table %%s %%s rule %%I', w.ev_class::regclass, case w.ev_enabled when 'D' then 'disable' when 'R' then 'enable replica' else 'enable always' end, w.rulename
        )] end
    from pg_rewrite as w where o.classid = 'pg_rewrite'::regclass and w.oid = o.objid
    union all
    select format('drop policy %%s', o.identity),
        format(
            'create policy %%s as %%s for %%s to %%s%%s%%s', o.identity, case when q.polpermissive then 'permissive' else 'restrictive' end,
            case q.polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' when 'd' then 'delete' else 'all' end,
            (select string_agg(case when u.role = 0 then 'public' else quote_ident(pg_get_userbyid(u.role)) end, ', ') from unnest(q.polroles) as u (role)),
            ' using (' || pg_get_expr(q.polqual, q.polrelid) || ')', ' with check (' || pg_get_expr(q.polwithcheck, q.polrelid) || ')'
        ),
        null
    from pg_policy as q where o.classid = 'pg_policy'::regclass and q.oid = o.objid
    union all
    select format('alter table %%s alter column %%I drop default', d.adrelid::regclass, a.attname),
        format('alter table %%s alter column %%I set default %%s', d.adrelid::regclass, a.attname, pg_get_expr(d.adbin, d.adrelid)), null
    from pg_attrdef as d join pg_attribute as a on a.attrelid = d.adrelid and a.attnum = d.adnum where o.classid = 'pg_attrdef'::regclass and d.oid = o.objid
    union all
    select format('alter %%s drop constraint %%I', x.target, k.conname), format('alter %%s add constraint %%I %%s', x.target, k.conname, pg_get_constraintdef(k.oid)), null
    from pg_constraint as k
    cross join lateral (select case when k.contypid = 0 then 'table ' || k.conrelid::regclass else 'domain ' || k.contypid::regtype end as target) as x
    where o.classid = 'pg_constraint'::regclass and k.oid = o.objid
    union all
    select format('alter domain %%s drop default', o.identity), format('alter domain %%s set default %%s', o.identity, y.typdefault), null
    from pg_type as y where o.classid = 'pg_type'::regclass and y.oid = o.objid and y.typtype = 'd' and y.typdefault is not null
        and not exists (select from roots as x join pg_type as b on b.oid = y.typbasetype where x.classid = o.classid and x.objid in (b.oid, b.typelem))
    union all
    select null, format('alter table %%s alter column %%I type %%s using %%I::text::%%s', a.attrelid::regclass, a.attname, x.type, a.attname, x.type), null
    from pg_attribute as a
    cross join lateral (select format_type(a.atttypid, a.atttypmod) as type) as x
    where o.type = 'retyped column' and a.attrelid = o.objid and a.attnum = o.subid
    union all
    select format('drop statistics %%s', o.identity), pg_get_statisticsobjdef(s.oid),
        case when s.stxstattarget >= 0 then array[format('alter statistics %%s set statistics %%s', o.identity, s.stxstattarget)] end
    from pg_statistic_ext as s where o.classid = 'pg_statistic_ext'::regclass and s.oid = o.objid
    union all
    select format('alter publication %%I drop table only %%s', p.pubname, b.prrelid::regclass),
        format(
            'alter publication %%I add table only %%s%%s%%s', p.pubname, b.prrelid::regclass,
            (select ' (' || string_agg(quote_ident(a.attname), ', ' order by a.attnum) || ')' from pg_attribute as a where a.attrelid = b.prrelid and a.attnum = any(b.prattrs)),
            ' where (' || pg_get_expr(b.prqual, b.prrelid) || ')'
        ),
        null
    from pg_publication_rel as b join pg_publication as p on p.oid = b.prpubid where o.classid = 'pg_publication_rel'::regclass and b.oid = o.objid
) as m on true
left join lateral (
    select array[format('alter %%s %%s owner to %%s', replace(o.type, ' object', ''), o.identity, quote_ident(pg_get_userbyid(o.owner)))] as statements
    where o.owner <> current_user::regrole
) as owned on true
left join lateral (
    select array[format('revoke all on %%s %%s from %%s', w.word, o.identity, string_agg(distinct w.role, ', '))] as statements
    from (
        select
            case when o.acl_type = 'r' then 'table' else o.type end as word,
            case when u.grantee = 0 then 'public' else quote_ident(pg_get_userbyid(u.grantee)) end as role
        from (
            select s.grantee from strangers as s
            where s.type = o.acl_type and (s.namespace = 0 or s.namespace = (
                select coalesce(c.relnamespace, p.pronamespace)
                from (select) as one
                left join pg_class as c on o.classid = 'pg_class'::regclass and c.oid = o.objid
                left join pg_proc as p on o.classid = 'pg_proc'::regclass and p.oid = o.objid
            ))
            union all
            select o.owner where o.limited
        ) as u
        where o.owner is not null and o.type in ('view', 'materialized view', 'function', 'procedure')
    ) as w
    group by w.word
) as revoked on true
left join lateral (
    select array_agg(g.statement order by g.statement) as statements
    from (
        select format(
                'grant %%s on %%s %%s to %%s%%s', string_agg(lower(x.privilege_type), ', ' order by x.privilege_type), case when o.acl_type = 'r' then 'table' else o.type end,
                o.identity, case when x.grantee = 0 then 'public' else quote_ident(pg_get_userbyid(x.grantee)) end, case when x.is_grantable then ' with grant option' end
            ) as statement
        from aclexplode(coalesce(o.acl, acldefault(o.acl_type, o.owner))) as x
        where o.owner is not null and o.type in ('view', 'materialized view', 'function', 'procedure') and (x.grantee <> o.owner or o.limited)
        group by x.grantee, x.is_grantable
        union all
        select format(
                'grant %%s on table %%s to %%s%%s', string_agg(format('%%s (%%I)', lower(x.privilege_type), a.attname), ', ' order by x.privilege_type, a.attname),
                o.objid::regclass, case when x.grantee = 0 then 'public' else quote_ident(pg_get_userbyid(x.grantee)) end, case when x.is_grantable then ' with grant option' end
            )
        from pg_attribute as a, aclexplode(a.attacl) as x
        where o.classid = 'pg_class'::regclass and o.type <> 'retyped column' and a.attrelid = o.objid and (o.subid = 0 or a.attnum = o.subid)
        group by x.grantee, x.is_grantable
    ) as g
) as granted on true
left join lateral (
    select array_agg(d.statement order by d.statement) as statements
    from (
        select format(
                'comment on %%s %%s is %%L',
                case when o.type = 'domain constraint' then 'constraint' when o.type = 'table column' then 'column' else regexp_replace(o.type, '^table | object$', '', 'g') end,
                case when o.type = 'domain constraint' then replace(o.identity, ' on ', ' on domain ') else o.identity end, e.description
            ) as statement
        from pg_description as e where o.type <> 'retyped column' and (e.classoid, e.objoid, e.objsubid) = (o.classid, o.objid, o.subid)
        union all
        select format('comment on column %%s.%%I is %%L', o.objid::regclass, a.attname, e.description)
        from pg_description as e join pg_attribute as a on a.attrelid = o.objid and a.attnum = e.objsubid
        where o.classid = 'pg_class'::regclass and o.subid = 0 and e.classoid = o.classid and e.objoid = o.objid and e.objsubid > 0
    ) as d
) as described on true
order by o.identity
