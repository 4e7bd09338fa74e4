-- What only PostgreSQL 18 has, all of it to be declared.
create schema x;
create collation x.c (provider = builtin, locale = 'C.UTF-8');
create table x.room (id int4range, during tstzrange not null, name text collate x.c, primary key (id, during without overlaps) with (fillfactor = 70));
create table x.room2 (id int4range, during tstzrange, unique (id, during without overlaps));
create table x.booking (id int primary key, room int4range, during tstzrange, "The Time" tstzrange, foreign key (room, period during) references x.room (id, period during), constraint "Odd one" foreign key (room, period "The Time") references x.room2 (id, period during));
create table x.enforced (a int unique, b int, constraint one check (a > 0) not enforced, constraint other foreign key (b) references x.enforced (a) on delete cascade not enforced);
create table x.virtual (a int, b int generated always as (a + 1) virtual, c int generated always as (a * 2) stored not null, d text generated always as ('x' || a::text));
create index on x.virtual (c);
create view x.jt as select j.* from json_table('[{"a":1}]'::jsonb, '$[*]' columns (a int path '$.a', n for ordinality)) as j;
create table x.par (id int primary key, note text default 'n' not null, c int constraint positive check (c > 0));
create table x.kid (extra int, note text default 'own') inherits (x.par);
create table x.strict (note text not null, constraint positive check (c > 0)) inherits (x.par);
create table x.deferred (a int references x.enforced (a) deferrable initially deferred, b int, c int, foreign key (b) references x.enforced (a) not valid);
grant maintain on x.par to adopt_reader with grant option;
create table x.ev (id int, at date) partition by range (at);
create table x.ev_1 partition of x.ev for values from ('2025-01-01') to ('2026-01-01');
alter table x.ev_1 alter id set not null;
create table x.kept (id int, at tstzrange, constraint kept_id unique (id) with (fillfactor = 50));
