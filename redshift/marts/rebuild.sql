-- Empties the marts, in one transaction: the next refresh rebuilds them from all of core.

LOCK refresh.watermark;

DELETE FROM mart.purchase;

DELETE FROM refresh.customer;

UPDATE refresh.watermark
SET merged_until = CAST('1970-01-01' AS TIMESTAMP),
    alerts_until = CAST('1970-01-01' AS TIMESTAMP),
    alerts = 0,
    refreshed_at = NULL;
