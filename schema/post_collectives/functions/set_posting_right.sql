create function app.set_posting_right() returns trigger
language plpgsql
as $$
declare
    by_role boolean := new.role in ('owner', 'admin', 'editor', 'author');
begin
    if tg_op = 'INSERT' then
        new.can_post := coalesce(new.can_post, by_role);
    elsif new.role <> old.role and new.can_post = old.can_post then
        new.can_post := by_role;
    end if;
    return new;
end;
$$;
