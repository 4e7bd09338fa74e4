create function app.fill_post_author() returns trigger
language plpgsql
as $$
begin
    select p.author_id into new.author_id from public.posts as p where p.id = new.post_id;
    if new.author_id is null then
        raise exception 'post % does not exist', new.post_id
            using errcode = 'foreign_key_violation', hint = 'share a post that exists, and that you may read';
    end if;
    return new;
end;
$$;
