-- How much of core the marts lack or have as it was: counts alone, so that it may be asked after every merge.

SELECT
    (SELECT COUNT(*) FROM core.transaction) - (SELECT COUNT(*) FROM mart.purchase) AS transactions,
    (SELECT COUNT(*) FROM core.alert) - (SELECT alerts FROM refresh.watermark) AS alerts,
    (SELECT COUNT(*) FROM core.superseded WHERE refreshed_at IS NULL) AS changes;
