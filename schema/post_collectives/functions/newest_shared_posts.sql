create function app.newest_shared_posts(
    page_size integer default 50,
    in_collective uuid default null,
    before timestamptz default 'infinity'
) returns table (post_id uuid, shared_at timestamptz)
language plpgsql stable security definer
set search_path = ''
as $$
declare
    me uuid := app.current_user_id();
    mine uuid[] := array(select m.collective_id from public.collective_members as m where m.user_id = me);
    since timestamptz;
begin
    if page_size not between 1 and 200 then
        raise exception 'got page_size %: give 1 to 200', page_size using errcode = 'invalid_parameter_value';
    end if;
    -- What the policies say of members, written out: under them the planner expects few rows and sorts all.
    if in_collective is null then
        -- A page of the first few of each reaches at least as far back: of many collectives no older ones are read.
        if cardinality(mine) > 20 then
            select case when count(*) = newest_shared_posts.page_size then min(p.shared_at) end into since
            from (
                select max(f.created_at) as shared_at
                from unnest(mine) as m (collective_id)
                cross join
                    lateral (
                        select pc.post_id, pc.created_at
                        from public.post_collectives as pc
                        where
                            pc.collective_id = m.collective_id
                            and pc.status = 'published'
                            and pc.created_at < newest_shared_posts.before
                        order by pc.created_at desc, pc.post_id desc
                        limit 1 + newest_shared_posts.page_size / 10
                    ) as f
                group by f.post_id
                order by max(f.created_at) desc
                limit newest_shared_posts.page_size
            ) as p;
        end if;
        return query
        select f.post_id, max(f.created_at)
        from unnest(mine) as m (collective_id)
        cross join
            lateral (
                select pc.post_id, pc.created_at
                from public.post_collectives as pc
                where
                    pc.collective_id = m.collective_id
                    and pc.status = 'published'
                    and pc.created_at < newest_shared_posts.before
                    and pc.created_at >= coalesce(since, '-infinity')
                order by pc.created_at desc, pc.post_id desc
                limit newest_shared_posts.page_size
            ) as f
        group by f.post_id
        order by max(f.created_at) desc, f.post_id desc
        limit newest_shared_posts.page_size;
    elsif in_collective = any(mine) then
        return query
        select pc.post_id, pc.created_at
        from public.post_collectives as pc
        inner join public.posts as p on pc.post_id = p.id
        where
            pc.collective_id = newest_shared_posts.in_collective
            and pc.status = 'published'
            and pc.created_at < newest_shared_posts.before
            and p.status = 'published'
            and (p.visibility in ('public', 'collectives') or p.author_id = me)
        order by pc.created_at desc, pc.post_id desc
        limit newest_shared_posts.page_size;
    end if;
end;
$$;
