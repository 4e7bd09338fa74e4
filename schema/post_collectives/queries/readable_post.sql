-- Whether the user can read a post, and wrote it
-- as: authenticated
-- parameter: post_id uuid = {post}
-- parameter: user_id uuid = {member}
select p.author_id = %(user_id)s as is_author
from public.posts as p
where p.id = %(post_id)s;
