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
    finished_at timestamptz
);
comment on table gatepost.ledger is 'Statements applied; for one that runs outside a transaction, intent before and outcome after';
create index if not exists ledger_resource_idx on gatepost.ledger (resource, id);
comment on index gatepost.ledger_resource_idx is 'Serves: what was done for a resource since it was last deleted';
