-- Whether anything waits: rows to be merged, contents that the other stores do not know of. One cheap look.
SELECT
    (SELECT COUNT(*) FROM staging.transaction) + (SELECT COUNT(*) FROM staging.alert_event) AS waiting,
    (SELECT COUNT(*) FROM core.superseded WHERE resolved_at IS NULL) AS unresolved;
