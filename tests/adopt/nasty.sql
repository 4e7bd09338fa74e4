-- What few programs have and a database may, all of it to be declared.
create schema t; create schema ext; create schema "select";
create collation t.de (locale='C');
create collation "t"."Wéird ""coll""" (locale='C');
create type t.point3 as (x float8, y float8, z numeric(10,3), c text collate t.de);
comment on type t.point3 is E'it''s \\ "x"\n– 3d';
comment on column t.point3.x is E'x''s \\';
create domain t.pt as t.point3 check ((value).x > 0);
create domain t.pt2 as t.pt constraint "named Check" check ((value).y > 0) default row(1,2,3,'x')::t.point3;
comment on domain t.pt2 is 'two';
comment on constraint "named Check" on domain t.pt2 is E'dom\\con''s';
create domain t.nn as text not null default 'a' check (length(value) < 5) check (value <> '''');
create domain t.arr as int[] check (array_length(value,1) < 3);
create type t.mood as enum ('sad','it''s','back\slash','"quoted"','');
create type t.empty_enum as enum ();
create type t.frange as range (subtype=float8, subtype_diff=float8mi, multirange_type_name=t.multi_f);
create type t.trange as range (subtype=text, collation="C");
create function t.day_diff(date,date) returns float8 language sql immutable as 'select ($1-$2)::float8';
create type t.drange as range (subtype=date, subtype_diff=t.day_diff);
create type t.has_range as (r t.frange, m t.multi_f, a t.mood[]);
create type t."Empty Comp" as ();
create type t.nested as (h t.has_range, d t.pt2[]);
grant usage on type t.mood to adopt_reader with grant option;
revoke usage on type t.nested from public;
grant usage on domain t.nn to adopt_reader;
revoke all on type t.frange from public;
create table t.uses (
  id2 smallint generated always as identity,
  id3 bigint not null,
  m t.mood[] not null default '{sad,"it''s"}'::t.mood[],
  m2 t.mood default 'back\slash'::t.mood,
  p t.pt2 default row(1,1,1,'é')::t.point3,
  n t.nested,
  d t.nn default 'bb',
  r t.frange default '[1,2)',
  ms t.multi_f,
  b bit(5) default B'10101', bv bit varying(7), i interval day to second(3) default '1 day 02:03:04', tm time(2) with time zone,
  ch "char" default 'x', c1 char(3) default 'abc', nm name, num numeric(5,-2), num2 numeric(3,5), by bytea default '\xdeadbeef', js jsonb default '{"a": "it''s \\ "}'::jsonb,
  arr text[][] default array[['a','b'],['c','d']], hst text default 'a=>1', u uuid default gen_random_uuid(), ci text collate "C",
  s text generated always as (lower(c1::text)) stored,
  "weird "" col" text default E'new\nline',
  money money default 12.5, ts timestamp(0) default '2020-01-01 00:00:00', tz timestamptz default '2020-01-01 00:00:00+02', dt date default 'infinity', oid oid, reg regclass default 't.uses'::regclass,
  tsv tsvector generated always as (to_tsvector('english', coalesce(c1,''))) stored,
  x xml, box box, cid cidr, tid tid, pgl pg_lsn, fl real default 'NaN', cu text default current_user, 
  "current_user" text, cast_ int default (1+2)*3
);
create sequence t.small_seq as smallint increment -1 minvalue -100 maxvalue -1 start -50 cycle;
create sequence t.s2 owned by t.uses.id3;
alter table t.uses alter id3 set default nextval('t.s2');
create sequence t.neg increment by -3;
create sequence t.owned_other as int owned by t.uses.num;
comment on sequence t.small_seq is E'sm''all\\';
grant usage, select on sequence t.small_seq to adopt_reader with grant option;
create table t.ser (id serial, id2 bigserial not null, id3 smallserial);
alter sequence t.ser_id_seq rename to ser_renamed;
alter sequence t.ser_id2_seq as integer increment by 2;
alter sequence t.ser_id3_seq owned by none;
alter sequence t.ser_id3_seq set schema ext;
create table "select"."table" ("from" serial primary key, "user" text default session_user, "Order By" int check ("Order By" > 0));
create table "select".a234567890123456789012345678901234567890123456789012345678901b (a234567890123456789012345678901234567890123456789012345678901b serial primary key, b int unique);
create index on "select".a234567890123456789012345678901234567890123456789012345678901b (a234567890123456789012345678901234567890123456789012345678901b, b);

create schema b; 
create type b.t as (a int, b text);
create table b.par (id int primary key, note text default 'n' not null, chk int constraint c_par check (chk > 0), c2 int constraint noinh check (c2 > 0) no inherit);
create table b.kid (extra int default 4) inherits (b.par);
create table b.par2 (id int, other text);
create table b.kid2 (more text, note text default 'own', constraint own check (more <> '')) inherits (b.par, b.par2);
create table b.grandkid () inherits (b.kid);
create index on b.kid (id); 
create table b.late (id int not null, note text not null default 'n', chk int constraint c_par check (chk>0), c2 int);
alter table b.late inherit b.par;
create unlogged table b.unl (id serial primary key, x text);
create table b.stor (id int primary key, a text compression pglz, c text, d text) with (autovacuum_enabled=false, autovacuum_vacuum_scale_factor=0.05, fillfactor=70, log_autovacuum_min_duration=0, toast.autovacuum_enabled=false);
alter table b.stor alter a set storage external, alter c set storage main, alter c set compression pglz;
alter table b.stor alter a set statistics 700, alter d set (n_distinct=-0.5, n_distinct_inherited=100);
create statistics b.st (ndistinct, dependencies, mcv) on a, c from b.stor;
alter statistics b.st set statistics 50;
create statistics b.st2 on (lower(a)), (c || d) from b.stor;
comment on statistics b.st is E'st''at\\';
create table b.rep (id int primary key, u text not null);
create unique index rep_u on b.rep (u);
alter table b.rep replica identity using index rep_u;
create table b.rep2 (id int); alter table b.rep2 replica identity nothing;
create index rep_c on b.rep (u, id); alter table b.rep cluster on rep_c;
create table b.excl (a int4range, b text, c int, r2 int4range, exclude using gist (a with &&, r2 with =) where (c > 0) deferrable initially deferred, constraint ex2 exclude using gist (r2 with -|-) include (b) with (fillfactor=50), exclude using btree (lower(b) collate "C" text_pattern_ops with =));
create table b.fk (a int, b int, c int, t text, primary key (a, b));
create table b.fk2 (x int, y int, z int,
  constraint setnull foreign key (x, y) references b.fk (a, b) match full on update cascade on delete set null deferrable initially deferred,
  constraint setnullcols foreign key (x, z) references b.fk (a, b) on delete set null (z) on update restrict,
  constraint setdefcols foreign key (y, z) references b.fk (a, b) on delete set default (y) deferrable initially immediate not valid,
  constraint chk_nv check (y > 0) not valid,
  constraint chk_ni check (z > 0) no inherit
);
comment on constraint setnull on b.fk2 is E'fk''s \\ "x"';
create table b.circ1 (id int primary key, o int); create table b.circ2 (id int primary key, o int references b.circ1);
alter table b.circ1 add foreign key (o) references b.circ2 deferrable;
create table b.selfr (id int primary key, parent int references b.selfr on delete cascade, unique (id, parent));
create table b.idx (a text, b int, c jsonb, d text[], e tsvector, f text collate "C", p point, primary key (b) include (a), constraint u_nnd unique nulls not distinct (a, b) deferrable);
create index i1 on b.idx (lower(a) collate "C" text_pattern_ops desc nulls last, (b+1) asc nulls first) include (f) with (fillfactor=40, deduplicate_items=off) where b > 0 and a like 'it''s%\%';
create index i2 on b.idx using gin (c jsonb_path_ops) with (fastupdate=off, gin_pending_list_limit=100);
create index i3 on b.idx using gin (d, e); create index i4 on b.idx using brin (b int4_minmax_multi_ops(values_per_range=16)) with (autosummarize=on, pages_per_range=8);
create index i5 on b.idx using hash (f); create index i6 on b.idx using spgist (p); create index i7 on b.idx using gist (p) ;
create unique index i8 on b.idx (f) nulls not distinct; create unique index "I 9""" on b.idx ((c->>'x''y\'));
create index i10 on b.idx using gist (e tsvector_ops(siglen=100)); create index i11 on b.idx ((a is null), (case when b > 0 then 'x' end)); create index i12 on b.idx (coalesce(a, f));
create index i13 on b.idx (date_part('year', '2020-01-01'::date + b));
alter index b.i1 set (fillfactor=41);
alter index b.i11 alter column 1 set statistics 300;
comment on index b.i1 is E'index\\''s\n"line"';
create table b."Mixed Case" ("Id" int primary key, "a.b" text, "sel""ect" text unique, constraint "Mixed Case_check" check ("Id" > 0 and "a.b" <> '%s' and "sel""ect" !~ '%'));
comment on table b."Mixed Case" is E'tab''le \\ "q"\n\nlines\ttab  trailing \n';
comment on column b."Mixed Case"."a.b" is E'col''s \\ % %s %(x)s {y} {{z}} $1 :p ?';
create policy "P 1""" on b."Mixed Case" using ("a.b" = '%s' or "Id" = 3);
alter table b."Mixed Case" enable row level security;
create table b.nocols (); create table b.dropped (a int, b int, c int); alter table b.dropped drop column b; alter table b.dropped add d int default 5;
create table b."b" (b b.t, bs b.t[], "b.b" b."Mixed Case");
create table b.q (id uuid primary key default gen_random_uuid(), "check" text check ("check" in ('a','b')), st text check (st = any (array['x','y'])), n numeric check (n between 1 and 2), iv interval check (iv > '1 mon'::interval), dt date check (dt > '2020-01-01'), ts timestamptz check (ts > '2020-01-01 00:00:00+05'::timestamptz), whole b.t check (whole is not null), check (num_nonnulls(id, st, n) = 1), check (q.* is not null));

create schema c; create schema c2;
create table c.acct (id int primary key, owner text default current_user, secret text, tenant int);
create table c.member (acct int references c.acct, who text);
create function c.f_def(a int, b text default 'it''s', variadic c text[] default '{}') returns text language sql as $$ select a || b || array_to_string(c, ',') $$;
create function c.f_out(in a int, out x int, out y text, inout z int default 3) language plpgsql as $body$ begin x := a; y := '$$'; end $body$;
create function c.f_tab(n int default 5) returns table (id int, "Name" text) language plpgsql stable rows 50 cost 200 parallel safe as $$ begin return query select a.id, a.owner from c.acct a limit n; end; $$;
create function c.f_set() returns setof c.acct language sql stable security definer set search_path to 'c', 'pg_temp' set work_mem to '64MB' set "datestyle" to 'ISO, DMY' begin atomic select * from c.acct; end;
create function c.f_atomic(a int, b int default 2) returns int language sql immutable leakproof strict return a + b;
create function c.f_atomic2() returns void language sql begin atomic insert into c.member values (1, 'x'); delete from c.member where acct = c.f_atomic(1); end;
create procedure c.p(inout a int, b text default null) language plpgsql security definer set statement_timeout = '5s' as $$ begin commit; end $$;
create procedure c.p2() language sql begin atomic update c.acct set secret = 'x'; end;
create function c.f_poly(anyelement, anyarray) returns anyelement language sql as 'select $1';
create function c.f_quotes() returns text language sql as 'select ''a'' || E''\\n''';
create function c."Mixed F"("Arg One" int, "select" text) returns text language plpgsql as $$ declare "X y" text; begin select "select" into "X y"; return "X y" || '%s' || E'\\'; end $$;
create function c.f_rec() returns record language sql as 'select 1, 2';
create function c.f_trg() returns trigger language plpgsql as $$ begin if TG_OP = 'DELETE' then return old; end if; new.secret := 'é%'; return new; end $$;
create function c.f_stmt() returns trigger language plpgsql as $$ begin perform count(*) from newt; return null; end $$;
create function c.f_evt() returns event_trigger language plpgsql as $$ begin raise notice '%', tg_tag; end $$;
create event trigger evt on ddl_command_start when tag in ('CREATE TABLE', 'DROP TABLE') execute function c.f_evt();
create event trigger evt2 on sql_drop execute function c.f_evt();
alter event trigger evt2 disable;
alter event trigger evt enable replica;
comment on event trigger evt is 'e''v';
create trigger t1 before insert or update of owner, secret or delete on c.acct for each row when (pg_trigger_depth() < 1) execute function c.f_trg('a', 'b''c', 'd\');
create trigger t2 after insert on c.acct referencing new table as newt for each statement execute function c.f_stmt();
create trigger t3 after update on c.acct referencing new table as newt old table as oldt for each statement execute function c.f_stmt();
create trigger "T 4""" after truncate on c.acct for each statement execute function c.f_stmt();
create constraint trigger ct2 after delete on c.member not deferrable for each row execute function c.f_trg();
comment on trigger t1 on c.acct is E't''r\\';
alter table c.acct enable always trigger t1; alter table c.acct enable replica trigger t2; alter table c.acct disable trigger t3;
create function c.is_member(a int) returns boolean language sql stable security definer as $$ select exists (select 1 from c.member m where m.acct = a and m.who = current_user) $$;
alter table c.acct enable row level security; alter table c.acct force row level security; alter table c.member enable row level security;
create policy p1 on c.acct as restrictive for select to adopt_reader, adopt_app, current_user using (id in (select m.acct from c.member m where m.who = current_user) and c.is_member(id));
create policy p2 on c.acct for insert to public with check (owner = current_user and tenant = nullif(current_setting('app.tenant', true), '')::int);
create policy p3 on c.acct for update using (tenant = (select max(acct) from c.member)) with check (secret is distinct from 'it''s\');
create policy p4 on c.member for all to public using (exists (select 1 from c.acct a where a.id = member.acct));
create policy p5 on c.member for delete to session_user using (true);
comment on policy p1 on c.acct is 'p''1';
create view c.v1 as select id, owner, tenant from c.acct where tenant > 0;
create view c.v2 with (security_barrier, check_option=cascaded) as select id, owner from c.v1 where owner <> '%';
create view c.v3 with (security_invoker=on) as with recursive r(n) as (values (1) union all select n+1 from r where n < 5) select n, (select count(*) from c.v2) as "Count *" from r;
create recursive view c.vr (n) as values (1) union all select n+1 from vr where n < 3;
alter view c.v1 alter column owner set default 'dflt';
comment on view c.v1 is 'v''1'; comment on column c.v1.owner is 'o\';
grant select (id), update (owner) on c.v1 to adopt_reader with grant option;
grant select, insert on c.v2 to adopt_app;
create rule v3_ins as on insert to c.v3 do instead insert into c.member values (new.n, 'r');
create rule acct_upd as on update to c.acct do also notify acct_changed;
create rule acct_two as on delete to c.acct do also (delete from c.member where acct = old.id; insert into c.member values (0, 'it''s'));
alter table c.acct disable rule acct_two;
comment on rule acct_upd on c.acct is 'r';
create view c.agg as select distinct on (tenant) tenant, array_agg(owner) filter (where id > 1) over (partition by tenant rows between 1 preceding and current row exclude ties) as a, grouping_tenant.* from c.acct, lateral (select count(*) as n, percentile_cont(0.5) within group (order by m.acct) pc from c.member m where m.acct = acct.tenant) grouping_tenant order by tenant, id;
create view c.cube as select owner, tenant, grouping(owner, tenant) g, sum(id) from c.acct group by cube (owner, tenant) having sum(id) > 1;

create view c.ts as select * from c.acct tablesample system (10) repeatable (3);
create view c.starred as select * from c.acct a join c.member m on m.acct = a.id;
create view c.fv as select * from c.f_tab(3) as t(i, n) union all select id, owner from c.f_set() except select 1, 'x' order by 1 limit 5;
create view c.rowv as select a, a.id from c.acct a for update;
create materialized view c.mv with (fillfactor=80, autovacuum_enabled=false) as select tenant, count(*) n, max(c.is_member(id)::int) from c.acct group by tenant with no data;
create unique index on c.mv (tenant); create index mv_n on c.mv (n desc) where n > 2;
alter materialized view c.mv alter column n set statistics 77;
create materialized view c.mv2 as select * from c.mv with no data;
create index mv2_i on c.mv2 (n); alter materialized view c.mv2 cluster on mv2_i;
comment on materialized view c.mv is 'm''v'; comment on column c.mv.n is 'n';
grant select (tenant) on c.mv to adopt_reader; grant select on c.mv2 to public;
create view c.on_mv as select * from c.mv2 where n > (select avg(n) from c.mv);
create function c.circ_a(n int) returns int language plpgsql as $$ begin return c.circ_b(n-1); end $$;
create function c.circ_b(n int) returns int language plpgsql as $$ begin return c.circ_a(n-1); end $$;
create table c.cf (id int primary key, n int default 1);
create function c.of_cf(c.cf) returns int language sql stable as 'select count(*)::int from c.cf';
alter table c.cf add constraint chk check (c.of_cf(cf.*) >= 0);
create function c.gen(int) returns int language sql immutable as 'select $1 * 2';
create table c.g (a int, b int generated always as (c.gen(a)) stored, d int default c.gen(3), check (c.gen(d) > 0)); create index on c.g (c.gen(a));
create function c.takes_view(c.v1) returns setof c.v2 language sql as 'select * from c.v2';
create view c.uses_fn as select c.takes_view(v) from c.v1 v;
create function c.def_fn(x c.cf default null, y int default c.gen(2)) returns int language sql as 'select y';
create function c.col_type(a c.acct.id%type) returns c.acct.owner%type language sql as 'select null::text';
revoke all on function c.gen(int) from public; grant execute on function c.gen(int) to adopt_reader with grant option;
revoke execute on procedure c.p(int, text) from public;
comment on function c.f_def(int, text, text[]) is E'fn''s\\'; comment on procedure c.p2() is 'proc';
create function c.win_sum(int) returns int language sql as 'select 1';
create function c.support() returns int language sql as 'select 1' ;
create function c.transf(ext text) returns text language sql as 'select $1';
alter function c.circ_a owner to adopt_owner;
create function c.set_from() returns text language sql set search_path = '' set role = 'adopt_owner' as $$ select 'x'::pg_catalog.text $$;
create function c.f_nl() returns text language plpgsql as $x$
begin
	-- tab and trailing space   
	return 'a
b';   

end
$x$;
create function c.crlf() returns text language sql as E'select 1::text;\r\n-- crlf\r\n';
create function c.search_path_body() returns bigint language sql set search_path = c as 'select count(*) from acct';
create function c.temp_user() returns void language plpgsql as $$ begin create temp table tt (a int); insert into tt values (1); drop table tt; end $$;
create function c.dyn(t regclass) returns void language plpgsql as $$ begin execute format('select * from %I', t); end $$;

create schema d; create schema dp;
create table d.ev (id bigint generated always as identity, at date not null, region text, tenant int, body jsonb, note text default 'x', primary key (id, at, region, tenant)) partition by range (at);
create table dp.ev_2025 partition of d.ev for values from ('2025-01-01') to ('2026-01-01') partition by list (region);
create table dp.ev_2025_eu partition of dp.ev_2025 for values in ('de', 'f''r') partition by hash (tenant);
create table dp.ev_2025_eu_0 partition of dp.ev_2025_eu for values with (modulus 2, remainder 0);
create table dp.ev_2025_eu_1 partition of dp.ev_2025_eu for values with (modulus 2, remainder 1) with (fillfactor=50);
create table dp.ev_2025_other partition of dp.ev_2025 default;
create table dp.ev_def partition of d.ev default partition by range (region, tenant);
create table dp.ev_def_1 partition of dp.ev_def for values from (minvalue, minvalue) to ('m', 5);
create table dp."Ev Def 2" partition of dp.ev_def for values from ('m', 5) to (maxvalue, maxvalue);
create index ev_note on d.ev (note);
create index on d.ev using gin (body);
create index ev25_own on dp.ev_2025 (tenant, note);
create index leaf_own on dp.ev_2025_eu_1 (note, tenant) where tenant > 3;
create unique index leaf_u on dp.ev_2025_eu_0 (id);
alter table dp.ev_def_1 add constraint own_chk check (tenant < 100);
alter table dp.ev_2025_other add constraint own_u unique (id, note);
create unique index attached_name on dp.ev_def_1 (note, at, region, tenant);
alter table d.ev enable row level security;
create policy pol on d.ev using (tenant = 1);
create policy sub_pol on dp.ev_2025 using (true);
grant select on d.ev to adopt_reader; grant select on dp.ev_2025 to adopt_app; grant insert (id) on dp.ev_def_1 to adopt_app;
create function d.tr() returns trigger language plpgsql as $$ begin return new; end $$;
create trigger on_all before insert on d.ev for each row execute function d.tr();
create trigger leaf_trg after insert on dp.ev_2025_eu_0 for each row execute function d.tr();
comment on table dp.ev_def_1 is 'l''eaf'; comment on trigger leaf_trg on dp.ev_2025_eu_0 is 'x'; 
create table d.ref (id bigint, at date, region text, tenant int, x int unique, foreign key (id, at, region, tenant) references d.ev);
alter table d.ev add column extra int; 
create table d.expr (ts timestamptz) partition by range ((ts at time zone 'utc'), (date_trunc('day', ts at time zone 'utc')));
create table d.expr_1 partition of d.expr for values from ('2020-01-01', minvalue) to ('2021-01-01', maxvalue);
create table d.coll (t text collate "C", u text) partition by list (t collate "POSIX");
create table d.coll_a partition of d.coll for values in ('a', 'it''s\');
create table d.rng (b bool, n numeric) partition by range (b, n);
create table d.rng1 partition of d.rng for values from (false, -1.5) to (true, 1e3);
create table d.opc (t text) partition by range (t text_pattern_ops);
create table d.opc1 partition of d.opc for values from ('a') to ('b');
create table d.empty_parts (id int) partition by hash (id);
create table d.own_default (id int, v int default 3) partition by list (id);
create table d.own_default_1 partition of d.own_default (v default 4, constraint c1 check (v > 0)) for values in (1);
create table d.own_default_2 partition of d.own_default (v not null) for values in (2);
create table d."P q" (id int, constraint "Pq" check (id > 0)) partition by list (id);
create table d."P q 1" partition of d."P q" for values in (1);
create statistics d.pst on id, at from d.ev;
create statistics d.pst2 on id, note from dp.ev_2025_eu_0;

create schema e authorization adopt_owner; create schema "E x"; 
grant usage on schema e to adopt_reader with grant option; grant create on schema e to adopt_app; revoke all on schema public from public; grant usage on schema public to adopt_app;
create table e.a (id int primary key, t text, n int);
create table e.b (id int primary key, a int references e.a, secret text);
revoke all on e.b from adopt_app; grant select on e.b to adopt_app with grant option;
alter default privileges in schema e grant select on tables to adopt_reader;
alter default privileges for role adopt_owner grant execute on functions to adopt_app with grant option;
alter default privileges for role adopt_owner revoke execute on functions from public;
alter default privileges for role adopt_owner grant usage on schemas to adopt_app; alter default privileges for role adopt_owner grant usage on types to adopt_app; alter default privileges for role adopt_owner in schema e grant usage, select on sequences to adopt_app;
alter default privileges for role adopt_owner revoke usage on types from public;
create text search configuration e.cfg (copy = pg_catalog.english);
create text search dictionary e.dic (template = simple, stopwords = english, accept = false);
alter text search configuration e.cfg alter mapping for asciiword, word with e.dic, english_stem;
alter text search configuration e.cfg drop mapping for url;
comment on text search configuration e.cfg is 'c''fg';
create function e.add(int, int) returns int language sql immutable strict as 'select $1+$2';
create function e.cmp(int, int) returns int language sql immutable as 'select $1-$2';
create function e.lt(int, int) returns boolean language sql immutable as 'select $1<$2';
create aggregate e.s (int) (sfunc=e.add, stype=int, initcond='0', msfunc=e.add, minvfunc=e.add, mstype=int, parallel=safe);
create aggregate e.arr (anycompatible) (sfunc=array_append, stype=anycompatiblearray, initcond=$${}$$);
grant execute on function e.s(int) to adopt_reader; revoke execute on function e.s(int) from public; 
create operator e.<<< (leftarg=int, rightarg=int, function=e.lt, commutator=operator(e.>>>), negator=operator(e.>>=), restrict=scalarltsel, join=scalarltjoinsel, hashes, merges);
create operator e.>>> (leftarg=int, rightarg=int, function=e.lt, commutator=operator(e.<<<));
create operator e.>>= (leftarg=int, rightarg=int, function=e.lt, negator=operator(e.<<<));
create operator e.!!! (rightarg=int, function=int4um);
comment on operator e.<<< (int, int) is 'op';
create operator family e.fam using btree;
create operator class e.cls for type int using btree family e.fam as operator 1 <, operator 2 <=, operator 3 =, operator 4 >=, operator 5 >, function 1 e.cmp(int, int);
alter operator family e.fam using btree add operator 1 < (int, bigint), function 1 btint48cmp(int, bigint);
create index on e.a (n e.cls);
create function e.to_text(e.a) returns text language sql immutable as 'select ($1).t'; create cast (e.a as text) with function e.to_text(e.a) as assignment;
create type e.en as enum ('a'); create cast (e.en as text) with inout as implicit; comment on cast (e.en as text) is 'ca''st';
create domain e.dm as int; 
create function e.eq_en(e.en, text) returns boolean language sql immutable as 'select $1::text = $2'; create operator e.= (leftarg=e.en, rightarg=text, function=e.eq_en);
create view e.v_op as select e.s(id) from e.a where n operator(e.<<<) 3 group by t;
create view e.v_ts as select to_tsvector('e.cfg', t) from e.a; create index on e.a using gin (to_tsvector('e.cfg', t));
create view e.v_cast as select 'a'::e.en::text, (a.*)::text from e.a;
create foreign data wrapper w no handler no validator options (debug 'true'); create server srv type 'x' version '1' foreign data wrapper w options (host 'h''x', "Port" '1');
create foreign table e.ft (id int options (column_name 'x') not null, t text default 'q', v int generated always as (id+1) stored, constraint c check (id > 0)) server srv options (schema_name 's', table_name 't''t');
comment on foreign table e.ft is 'f'; comment on column e.ft.id is 'c'; grant select on e.ft to adopt_reader; grant usage on foreign server srv to adopt_reader; grant usage on foreign data wrapper w to adopt_app;
create view e.on_ft as select * from e.ft; alter foreign table e.ft alter id set statistics 5;
create conversion e.conv for 'LATIN1' to 'UTF8' from iso8859_1_to_utf8;
create function e.h(x int) returns int language internal immutable strict as 'int4um';
create function e.cfunc(int) returns int language c as '$libdir/plpgsql', 'plpgsql_call_handler';
create table e.z1 (id int primary key); create view e."V" as select * from e.z1; create materialized view e.m as select * from e."V"; create view e.u as select * from e.m natural join e.z1; create rule "_RETURN2" as on insert to e."V" do instead nothing;
create function e.ft_rows(e.ft) returns int language sql as 'select $1.id';
create transform for int language sql (from sql with function prsd_lextype(internal), to sql with function int4recv(internal));
create schema g;
create unlogged table g.u (id serial primary key, b bigint generated always as identity);
alter sequence g.u_id_seq set logged;
create unlogged sequence g.free; create sequence g.plain;
create table g.l (id serial, n int generated always as identity); alter sequence g.l_id_seq set unlogged;
create unlogged sequence g.named; create unlogged table g.uses (a int default nextval('g.named'));
create schema i;
create domain i.kind as varchar(9) check (value in ('a', 'it''s'));
create table i.listed (
    a varchar(20) not null check (a in ('a', 'it''s', '')), b varchar check (b not in ('x', 'y') or b like any (array['z%', 'q%']::varchar[])),
    c char(3) check (c in ('a', 'b')), d text check (d in ('a', 'b')), e numeric check (e in (1, 2.5)), f smallint check (f in (1, 2)), g varchar(5) default 'x',
    h varchar(3) generated always as (case when a in ('a', 'b') then 'x' else 'y' end) stored, k i.kind, m varchar[] check (m <@ array['a', 'b']::varchar[]), n date check (n between '2020-01-01' and '2021-01-01')
);
create index on i.listed (a) where a in ('a', 'b');
create index on i.listed ((a in ('a', 'b')), lower(b));
alter table i.listed enable row level security;
create policy p on i.listed using (a in ('a', 'b') and b <> all (array['q', 'r']::varchar[]));
create view i.v as select *, a in ('x', 'y') as xy from i.listed where b in ('a', 'b') and a = any (array['a', 'b']::varchar[]);
create materialized view i.mv as select * from i.listed where b in ('a', 'b');
create function i.tr() returns trigger language plpgsql as 'begin return new; end';
create trigger t before update on i.listed for each row when (new.a in ('a', 'b')) execute function i.tr();
create schema j;
create table j.new (id int primary key, s serial, note text default 'x');
alter table j.new rename column note to "Note";
-- expressions in other shapes
create table j.x (
 a interval default '1 day'::interval hour to minute, b timestamptz default (now() at time zone 'utc'), c int default (random() * 10)::int, d text default ('a' || 'b'), e jsonb default jsonb_build_object('a', 1),
 f int[] default array[]::int[], g text default null, h boolean default (1 = 1), j uuid default gen_random_uuid(), k text default current_schema, l text default current_setting('x.y', true), n date default current_date + 1,
 o text default nullif('a', 'b'), p int default coalesce(null, 3), q text default case when true then 'x' else 'y' end
);
create table j.y (id int primary key, x int references j.new (id), constraint "y x" check ((x is null) = (id > 3)), check (not (x > 1 and id < 3)), check (x between symmetric 1 and 3), check (x::text similar to '1%'), check (x is distinct from id), check ((x, id) > (1, 2)), check (row(x, id) is not null));
create index on j.y ((x::text), (id + 1) desc); create index on j.y ((x + 1), (coalesce(x, 0))); create unique index on j.y (x, coalesce(id, -1)) where x is null;
create index on j.y using brin (id int4_bloom_ops(false_positive_rate = 0.05));
create index on j.x using gin (e jsonb_path_ops, f); create index on j.x ((e ->> 'a')); create index on j.x (((e ->> 'b')::int)); create index on j.x (lower(d) varchar_pattern_ops, d collate "POSIX" text_pattern_ops desc);
create view j.vv as select y.*, (select max(z.id) from j.y z where z.x = y.x) as "Max %", row_number() over (partition by x order by id) rn, extract(year from b) as yr, x.a as iv from j.y left join j.x on x.c = y.id or x.c is null;
create view j.vi as select * from j.y union all table j.y; create view j.vl as select * from generate_series(1, 3) with ordinality as g (n, o), lateral (values (n, 'a'), (o, 'b')) as v (p, q) where n = any (array[1, 2]);
create view j.vw as with a as materialized (select 1 as n), b as not materialized (select n from a) select * from b where exists (select from a where a.n = b.n) order by 1 nulls first;
create view j.vs as select position('a' in d), substring(d from 1 for 2), trim(both ' ' from d), overlay(d placing 'x' from 1) from j.x;
create function j.args(a int, inout b text default 'x''y', out c numeric, variadic d int[] default '{1,2}') language sql as $$ select b, 1.0 $$;
create function j.cost() returns setof int language sql rows 3 cost 7 parallel restricted security invoker not leakproof called on null input as $$ select 1 $$;
create function j."weird $ name"() returns text language plpgsql as $fn$ declare c cursor (k int) for select * from j.y where id = k; begin for r in c(1) loop raise notice '%, %%', r; end loop; execute 'select $1' using 1; return $$x$$; exception when others then return sqlerrm; end $fn$;
create procedure j.proc(a int, out b int) language plpgsql as $$ begin b := a; commit; end $$;
create function j.tg() returns trigger language plpgsql as $$ begin return null; end $$;
create trigger a after update of x or insert or delete on j.y for each row execute procedure j.tg(1, 2.5, 'x', true);
create trigger b before update on j.y for each row when (old.* is distinct from new.* and old.x is not null) execute function j.tg();
create trigger v instead of update or insert on j.vi for each row execute function j.tg();
create table j.t1 (id int primary key); create table j.t2 (id int primary key references j.t1 deferrable); create table j.t3 () inherits (j.t1); alter table j.t3 add primary key (id);
create sequence j.sq as int start 5 owned by j.t1.id; alter table j.t1 alter id set default nextval('j.sq'::regclass) ; create sequence j.sq2; create table j.t4 (a int default nextval('j.sq2') + 1, b bigint default nextval('j.sq2'), c int default currval('j.sq2'));
create type j.e1 as enum ('a', 'b'); alter type j.e1 add value 'a2' after 'a'; create table j.e (e j.e1 default 'a', es j.e1[] default array['a'::j.e1, 'b'], check (e <> 'b'), check (e in ('a', 'b')));
create index on j.e (e) where e = 'a'; create view j.ve as select * from j.e where e > 'a' and 'a' = any (es);
create domain j.dd as j.e1 default 'a' check (value <> 'b'); create domain j.da as text[] check (cardinality(value) > 0); create table j.ud (d j.dd, a j.da default '{x}', b j.dd[] );
-- privileges on columns whose names need quotes in a list
create schema k;
create table k.odd ("a, b" int, "c (d)" int, " e" int, "f""g" int, "Plain one" int, h int);
grant select ("a, b", h), update ("c (d)", " e", "f""g", "Plain one") on k.odd to adopt_reader;
create view k.odd_too as select * from k.odd;
grant select ("f""g", "a, b"), references ("Plain one") on k.odd_too to adopt_reader with grant option;
create materialized view k.odd_kept as select * from k.odd;
grant select ("c (d)", h) on k.odd_kept to adopt_reader;
-- the sequence of an identity column with properties of its own
create table k.counted (id int generated always as identity, n bigint generated by default as identity);
comment on sequence k.counted_id_seq is 'It''s counted';
grant usage on sequence k.counted_id_seq to adopt_app, adopt_reader with grant option;
grant select, update on sequence k.counted_n_seq to public;
comment on schema public is null;
