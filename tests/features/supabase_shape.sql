-- What a Supabase project has before anything is deployed; project_owner stands for its role postgres.
create role supabase_admin superuser nologin;
create role anon nologin noinherit;
create role authenticated nologin noinherit;
create role service_role nologin noinherit bypassrls;
create role authenticator login noinherit password 'supabase-test';
grant anon, authenticated, service_role to authenticator;
grant anon, authenticated, service_role to project_owner with admin option;

create schema extensions;
grant usage on schema extensions to anon, authenticated, service_role, project_owner;
create schema auth authorization supabase_admin;
grant usage on schema auth to anon, authenticated, service_role, project_owner;
create table auth.users (id uuid primary key, email text);
create function auth.uid() returns uuid language sql stable as $$
    select coalesce(
        nullif(current_setting('request.jwt.claim.sub', true), ''),
        nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub'
    )::uuid
$$;

grant usage on schema public to anon, authenticated, service_role;
alter default privileges for role project_owner in schema public
grant all on tables to anon, authenticated, service_role;
alter default privileges for role project_owner in schema public
grant all on functions to anon, authenticated, service_role;
alter default privileges for role project_owner in schema public
grant all on sequences to anon, authenticated, service_role;
alter default privileges for role supabase_admin in schema public
grant all on tables to anon, authenticated, service_role;
