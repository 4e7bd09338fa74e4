-- Which server's transactions positions are counted by: another after a restore, when devices begin anew
-- as: authenticated
select s.system_identifier::text || '-' || c.timeline_id as epoch
from pg_control_system() as s
cross join pg_control_checkpoint() as c;
