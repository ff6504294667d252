-- What an analyst may: read the marts, and nothing else. Views read core with their owner's rights.
-- By default every user may create tables in schema public, and temporary ones:
-- https://docs.aws.amazon.com/redshift/latest/dg/r_Schemas_and_tables.html, https://docs.aws.amazon.com/redshift/latest/dg/r_REVOKE.html

REVOKE CREATE ON SCHEMA public FROM PUBLIC;

REVOKE TEMPORARY ON DATABASE swipeline FROM PUBLIC;

GRANT USAGE ON SCHEMA mart TO ROLE analyst;

GRANT SELECT ON ALL TABLES IN SCHEMA mart TO ROLE analyst;
