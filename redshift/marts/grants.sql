-- What an analyst may: read the marts, and nothing else. Views read core with their owner's rights.

GRANT USAGE ON SCHEMA mart TO ROLE analyst;

GRANT SELECT ON ALL TABLES IN SCHEMA mart TO ROLE analyst;
