-- Notes of organizations, with one of each mistake that the proof of plans must find.
create schema app;
create function app.current_user_id() returns uuid language sql stable
return nullif(current_setting('request.jwt.claims', true)::jsonb ->> 'sub', '')::uuid;
create table public.organizations (
    id uuid primary key default gen_random_uuid(),
    slug text not null unique check (slug ~ '^[a-z][a-z0-9-]{0,62}$')
);
create table public.users (
    id uuid primary key default gen_random_uuid(),
    email text not null check (email ~ '^[^@[:space:]]+@[^@[:space:]]+$')
);
create unique index users_email_key on public.users (lower(email));
create table public.memberships (
    organization_id uuid not null references public.organizations,
    user_id uuid not null references public.users,
    role text not null default 'member' check (role in ('admin', 'member')),
    primary key (organization_id, user_id)
);
create index idx_memberships_tenant on public.memberships (organization_id);
create index idx_memberships_user on public.memberships (user_id, organization_id);
create table public.notes (
    id uuid default gen_random_uuid() primary key,
    organization_id uuid not null references public.organizations,
    author_id uuid references public.users,
    title text not null check (length(title) between 1 and 100),
    labels text[] not null default '{}',
    kind text not null default 'draft' check (kind in ('draft', 'published', 'gone')),
    published_at timestamptz check ((kind = 'published') = (published_at is not null)),
    created_at timestamptz not null default now()
);
create index idx_notes_newest on public.notes (organization_id, created_at desc);
create index idx_notes_labels on public.notes using gin (labels);
create index idx_notes_forgotten on public.notes (published_at);
create table public.slow_notes (like public.notes including all);
create table public.visits (id bigint generated always as identity primary key, path text not null);
create table public.events (
    id bigint generated always as identity,
    organization_id uuid not null,
    happened_at timestamptz not null,
    kind text not null,
    primary key (id, happened_at)
) partition by range (happened_at);
create table public.events_old partition of public.events for values from ('2020-01-01') to ('2026-01-01');
create table public.events_rest partition of public.events default;
create index idx_events_newest on public.events (organization_id, happened_at desc);
create function app.is_member(organization uuid) returns boolean language plpgsql stable security definer
set search_path = '' as $$
begin
    return exists (
        select from public.memberships as m
        where m.organization_id = organization and m.user_id = app.current_user_id()
    );
end
$$;
alter table public.notes enable row level security;
alter table public.slow_notes enable row level security;
alter table public.events enable row level security;
alter table public.memberships enable row level security;
create policy own on public.memberships to plans_reader using (user_id = (select app.current_user_id()));
create policy members on public.notes to plans_reader using (organization_id = any(array(
    select m.organization_id from public.memberships as m where m.user_id = (select app.current_user_id())
)));
create policy members on public.slow_notes to plans_reader using (app.is_member(organization_id));
create policy members on public.events to plans_reader using (organization_id = any(array(
    select m.organization_id from public.memberships as m where m.user_id = (select app.current_user_id())
)));
grant usage on schema app to plans_reader;
grant select on all tables in schema public to plans_reader;
