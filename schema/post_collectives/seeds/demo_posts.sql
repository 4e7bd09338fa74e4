-- Row security is forced for the owner too: demo rows are written the way a service writes them.
set local role service_role;

insert into public.collectives (id, name, slug, description, visibility)
values
('00000000-0000-4000-8000-0000000002c1', 'The Gazette', 'gazette', 'News that everybody reads', 'public'),
('00000000-0000-4000-8000-0000000002c2', 'The Workshop', 'workshop', 'Where we try things', 'private'),
('00000000-0000-4000-8000-0000000002c3', 'Initech Notes', 'initech-notes', '', 'private')
on conflict do nothing;

insert into public.collective_members (collective_id, user_id, role, can_post)
values
('00000000-0000-4000-8000-0000000002c1', '00000000-0000-4000-8000-0000000000a1', 'owner', null),
('00000000-0000-4000-8000-0000000002c1', '00000000-0000-4000-8000-0000000000b1', 'admin', null),
('00000000-0000-4000-8000-0000000002c1', '00000000-0000-4000-8000-0000000000a2', 'author', null),
('00000000-0000-4000-8000-0000000002c1', '00000000-0000-4000-8000-0000000000b2', 'member', null),
('00000000-0000-4000-8000-0000000002c2', '00000000-0000-4000-8000-0000000000b1', 'owner', null),
('00000000-0000-4000-8000-0000000002c2', '00000000-0000-4000-8000-0000000000a2', 'editor', null),
('00000000-0000-4000-8000-0000000002c2', '00000000-0000-4000-8000-0000000000a1', 'author', null),
('00000000-0000-4000-8000-0000000002c2', '00000000-0000-4000-8000-0000000000b2', 'member', true),
('00000000-0000-4000-8000-0000000002c3', '00000000-0000-4000-8000-0000000000c1', 'owner', null)
on conflict do nothing;

-- As by a service's request, which the audit log keeps together.
select set_config('request.jwt.claims', '{"operation_id": "00000000-0000-4000-8000-0000000005a1"}', true);

insert into public.posts (id, author_id, collective_id, title, body, status, visibility)
values
(
    '00000000-0000-4000-8000-0000000003a1', '00000000-0000-4000-8000-0000000000a1',
    '00000000-0000-4000-8000-0000000002c1', 'Welcome to the Gazette', 'Everybody may read this.',
    'published', 'public'
),
(
    '00000000-0000-4000-8000-0000000003a2', '00000000-0000-4000-8000-0000000000a2',
    '00000000-0000-4000-8000-0000000002c1', 'A letter to our readers', 'For members of the collectives.',
    'published', 'collectives'
),
(
    '00000000-0000-4000-8000-0000000003a3', '00000000-0000-4000-8000-0000000000a2',
    null, 'Not finished', 'Nobody else sees this yet.', 'draft', 'collectives'
),
(
    '00000000-0000-4000-8000-0000000003b1', '00000000-0000-4000-8000-0000000000b1',
    '00000000-0000-4000-8000-0000000002c2', 'A workshop experiment', 'For the workshop only.',
    'published', 'collectives'
),
(
    '00000000-0000-4000-8000-0000000003b2', '00000000-0000-4000-8000-0000000000b2',
    null, 'Diary', 'For nobody but me.', 'published', 'private'
),
(
    '00000000-0000-4000-8000-0000000003c1', '00000000-0000-4000-8000-0000000000c1',
    '00000000-0000-4000-8000-0000000002c3', 'Minutes', 'For those at Initech.', 'published', 'collectives'
)
on conflict do nothing;

insert into public.post_collectives (post_id, collective_id, status, display_order)
values
('00000000-0000-4000-8000-0000000003a1', '00000000-0000-4000-8000-0000000002c2', 'published', 1),
('00000000-0000-4000-8000-0000000003a2', '00000000-0000-4000-8000-0000000002c2', 'hidden', 1)
on conflict do nothing;

select set_config('request.jwt.claims', '', true);

insert into public.comments (id, post_id, author_id, body)
values
(
    '00000000-0000-4000-8000-0000000004a1', '00000000-0000-4000-8000-0000000003a1',
    '00000000-0000-4000-8000-0000000000b2', 'Well said.'
),
(
    '00000000-0000-4000-8000-0000000004a2', '00000000-0000-4000-8000-0000000003b1',
    '00000000-0000-4000-8000-0000000000a1', 'Shall we try it again?'
)
on conflict do nothing;

insert into public.reactions (post_id, user_id, kind)
values
('00000000-0000-4000-8000-0000000003a1', '00000000-0000-4000-8000-0000000000c1', 'like'),
('00000000-0000-4000-8000-0000000003a2', '00000000-0000-4000-8000-0000000000b2', 'thanks')
on conflict do nothing;

set local role app_owner;

-- As the server would do by itself in a minute.
analyze
public.collectives,
public.collective_members,
public.posts,
public.post_collectives,
public.post_collective_audit_log,
public.comments,
public.reactions;
