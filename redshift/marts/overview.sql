-- How much there is, of which days, and how fresh it is: one row, also of an empty warehouse.

DROP VIEW IF EXISTS mart.overview;

CREATE VIEW mart.overview AS
SELECT
    bought.transactions, bought.amount, bought.customers, bought.merchants, bought.frauds, bought.alerts, given.verdicts,
    bought.first_date, bought.last_date, stored.first_purchase_at, stored.last_purchase_at, bought.newest_merged_at,
    stored.transactions - bought.transactions AS waiting,
    refreshed.refreshed_at
FROM (
    SELECT
        COUNT(*) AS transactions,
        COALESCE(SUM(amount), 0) AS amount,
        COUNT(DISTINCT customer_id) AS customers,
        COUNT(DISTINCT merchant_id) AS merchants,
        COALESCE(SUM(CASE WHEN is_fraud THEN 1 ELSE 0 END), 0) AS frauds,
        COALESCE(SUM(CASE WHEN is_alert THEN 1 ELSE 0 END), 0) AS alerts,
        MIN(purchase_date) AS first_date,
        MAX(purchase_date) AS last_date,
        MAX(merged_at) AS newest_merged_at
    FROM mart.purchase
) AS bought
CROSS JOIN (
    SELECT COUNT(*) AS transactions, MIN(occurred_at) AS first_purchase_at, MAX(occurred_at) AS last_purchase_at
    FROM core.transaction
) AS stored
CROSS JOIN (SELECT COUNT(*) AS verdicts FROM core.verdict) AS given
CROSS JOIN refresh.watermark AS refreshed;
