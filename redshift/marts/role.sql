-- Of the analysts; migrate-warehouse runs it only where svv_roles has none, since there is no IF NOT EXISTS.

CREATE ROLE analyst;
