"""PostgreSQL's wire protocol, version 3, as Redshift speaks it: the way in for psql, JDBC, BI tools and dbt."""
