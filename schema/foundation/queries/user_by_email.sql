-- The user with an address, whatever its case: sign-in and invitations
-- as: service_role
-- index: users_email_key
-- parameter: email text = {email}
select
    u.id,
    u.email,
    u.display_name
from public.users as u
where lower(u.email) = lower(%(email)s);
