-- Save a draft, once however often it is repeated
-- as: authenticated
-- parameter: draft_id uuid = 00000000-0000-4000-8000-0000000005d1
-- parameter: save_id uuid = 00000000-0000-4000-8000-0000000005e1
-- parameter: seen_version int = 0
-- parameter: title text = A title
-- parameter: body text = A body
-- parameter: settings jsonb = {}
-- parameter: post_id uuid = {post}
select
    s.version,
    s.conflict,
    s.repeated,
    s.overwritten_version
from app.save_post_draft(
    %(draft_id)s, %(save_id)s, %(seen_version)s, %(title)s, %(body)s, %(settings)s, %(post_id)s
) as s;
