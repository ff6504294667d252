-- Whether anything waits to be merged: one cheap look, so that an idle stage can look every second.
SELECT
    (SELECT COUNT(*) FROM staging.transaction) + (SELECT COUNT(*) FROM staging.alert_event) AS waiting;
