-- Sequences: how they count, and whose they are.
select
    s.schemaname as schema,
    s.sequencename as name,
    s.data_type::text as type,
    s.increment_by as increment,
    s.cycle,
    s.sequenceowner as owner,
    obj_description(format('%I.%I', s.schemaname, s.sequencename)::regclass, 'pg_class') as comment
from pg_sequences as s
