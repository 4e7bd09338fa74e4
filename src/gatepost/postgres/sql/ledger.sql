-- The ledger: every statement that Gatepost applied, written in the statement's own transaction.
create schema if not exists gatepost;
comment on schema gatepost is 'What Gatepost applied to this database';
create table if not exists gatepost.ledger (
    id bigint generated always as identity primary key,
    step uuid not null unique,
    deployment uuid not null,
    resource text not null,
    operation text not null check (operation in ('create', 'update', 'delete')),
    statement text not null,
    lock text not null,
    outcome text not null check (outcome in ('intent', 'done', 'failed')),
    detail text,
    deployer text not null default session_user,
    started_at timestamptz not null default clock_timestamp(),
    finished_at timestamptz,
    part integer,
    parts integer,
    declared jsonb
);
alter table gatepost.ledger add column if not exists part integer;
alter table gatepost.ledger add column if not exists parts integer;
alter table gatepost.ledger add column if not exists declared jsonb;
comment on table gatepost.ledger is 'Statements applied; for one that runs outside a transaction, intent before and outcome after';
comment on column gatepost.ledger.part is 'Which statement of its plan, from 1; null for what takes one back';
comment on column gatepost.ledger.declared is 'What the whole plan brings about, in the row of its first part';
create index if not exists ledger_resource_idx on gatepost.ledger (resource, id);
comment on index gatepost.ledger_resource_idx is 'Serves: what was done for a resource since it was last deleted';
create table if not exists gatepost.backfills (
    name text primary key,
    task text not null,
    last_key text[],
    filled bigint not null default 0,
    total bigint not null default 0,
    process integer,
    started_at timestamptz not null default clock_timestamp(),
    updated_at timestamptz not null default clock_timestamp(),
    finished_at timestamptz
);
create table if not exists gatepost.redefined (
    kind text,
    schema text,
    name text,
    object text,
    definition jsonb not null,
    primary key (kind, schema, name, object)
);
comment on table gatepost.redefined is 'How PostgreSQL words an object since a deployment changed something that it hangs on';
comment on table gatepost.backfills is 'How far each backfill came: written in the transaction of each batch, so that the next deployment goes on there';
comment on column gatepost.backfills.total is 'How many rows the table had when it began, as far as anybody counted them';
comment on column gatepost.backfills.process is 'Which server process fills it';
