-- Row security is forced for the owner too: demo rows are written the way a service writes them.
set local role service_role;

insert into public.users (id, email, display_name)
values
('00000000-0000-4000-8000-0000000000a1', 'ada@acme.example', 'Ada Adams'),
('00000000-0000-4000-8000-0000000000a2', 'bo@acme.example', 'Bo Berg'),
('00000000-0000-4000-8000-0000000000b1', 'cleo@globex.example', 'Cleo Castro'),
('00000000-0000-4000-8000-0000000000b2', 'dan@globex.example', 'Dan Diaz'),
('00000000-0000-4000-8000-0000000000c1', 'eve@initech.example', 'Eve Ek')
on conflict do nothing;

insert into public.organizations (id, name, slug)
values
('00000000-0000-4000-8000-00000000000a', 'Acme', 'acme'),
('00000000-0000-4000-8000-00000000000b', 'Globex', 'globex'),
('00000000-0000-4000-8000-00000000000c', 'Initech', 'initech')
on conflict do nothing;

insert into public.memberships (organization_id, user_id, role)
values
('00000000-0000-4000-8000-00000000000a', '00000000-0000-4000-8000-0000000000a1', 'admin'),
('00000000-0000-4000-8000-00000000000a', '00000000-0000-4000-8000-0000000000a2', 'member'),
('00000000-0000-4000-8000-00000000000b', '00000000-0000-4000-8000-0000000000b1', 'admin'),
('00000000-0000-4000-8000-00000000000b', '00000000-0000-4000-8000-0000000000b2', 'member'),
('00000000-0000-4000-8000-00000000000b', '00000000-0000-4000-8000-0000000000a2', 'member'),
('00000000-0000-4000-8000-00000000000c', '00000000-0000-4000-8000-0000000000c1', 'admin')
on conflict do nothing;

set local role app_owner;

-- As the server would do by itself in a minute.
analyze public.users, public.organizations, public.memberships;
