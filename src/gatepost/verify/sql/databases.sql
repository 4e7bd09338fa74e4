-- Databases: owner, encoding, who may connect.
select
    d.datname as name,
    pg_get_userbyid(d.datdba) as owner,
    pg_encoding_to_char(d.encoding) as encoding,
    d.datconnlimit as connection_limit,
    d.datallowconn as allows_connections
from pg_database as d
