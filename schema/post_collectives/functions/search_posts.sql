create function app.search_posts(
    words text,
    in_collective uuid default null,
    before timestamptz default 'infinity',
    page_size integer default 20
) returns table (post_id uuid, published_at timestamptz)
language plpgsql stable security definer
set search_path = ''
as $$
declare
    me uuid := app.current_user_id();
    mine uuid[] := array(select m.collective_id from public.collective_members as m where m.user_id = me);
    wanted tsquery := websearch_to_tsquery('pg_catalog.english', words);
begin
    if page_size not between 1 and 100 then
        raise exception 'got page_size %: give 1 to 100', page_size using errcode = 'invalid_parameter_value';
    end if;
    -- What the policies of posts say, written out: under them the index on search could not be used.
    if in_collective is null then
        return query
        select m.id, m.published_at
        from (
            select p.id, p.published_at, p.author_id, p.visibility
            from public.posts as p
            where p.search @@ wanted and p.status = 'published' and p.published_at < search_posts.before
            order by p.published_at desc, p.id desc
            -- The newest come first: only so many are asked who may read them as the page needs.
            offset 0
        ) as m
        where
            m.visibility = 'public'
            or m.author_id = me
            or (
                m.visibility = 'collectives'
                and exists (
                    select 1
                    from public.post_collectives as pc
                    where pc.post_id = m.id and pc.status = 'published' and pc.collective_id = any(mine)
                    offset 0
                )
            )
        order by m.published_at desc, m.id desc
        limit page_size;
    elsif in_collective = any(mine) then
        return query
        select p.id, p.published_at
        from public.posts as p
        where
            p.search @@ wanted
            and p.status = 'published'
            and p.published_at < search_posts.before
            and (p.visibility in ('public', 'collectives') or p.author_id = me)
            and exists (
                select 1
                from public.post_collectives as pc
                where
                    pc.post_id = p.id
                    and pc.status = 'published'
                    and pc.collective_id = search_posts.in_collective
            )
        order by p.published_at desc, p.id desc
        limit page_size;
    end if;
end;
$$;
