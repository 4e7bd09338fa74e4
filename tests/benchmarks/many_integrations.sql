-- 66,667 organizations with three integrations each; two of them active.
insert into public.organizations (id, name, slug)
select md5('organization ' || n)::uuid, 'Organization ' || n, 'organization-' || n
from generate_series(1, 66667) as n;

insert into public.users (id, email, display_name)
select md5('user ' || n)::uuid, 'user-' || n || '@example.org', 'User ' || n
from generate_series(1, 1000) as n;

insert into public.memberships (organization_id, user_id, role)
select md5('organization ' || n)::uuid, md5('user ' || n)::uuid, 'member'
from generate_series(1, 1000) as n;

insert into public.integrations (organization_id, type, name, status)
select
    md5('organization ' || n)::uuid,
    t.type,
    initcap(t.type),
    case when t.type = 'telegram' then 'inactive' else 'active' end
from generate_series(1, 66667) as n, (values ('whatsapp'), ('email'), ('telegram')) as t (type);
