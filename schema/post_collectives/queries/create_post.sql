-- Make a post; the same id again makes no second one
-- as: authenticated
-- parameter: id uuid = 00000000-0000-4000-8000-0000000003ff
-- parameter: title text = A title
-- parameter: body text = A body
-- parameter: status text = draft
-- parameter: visibility text = collectives
insert into public.posts (id, title, body, status, visibility)
values (%(id)s, %(title)s, %(body)s, %(status)s, %(visibility)s)
on conflict (id) do nothing
returning id;
