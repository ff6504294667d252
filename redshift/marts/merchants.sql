-- Marts of merchants: their names, and who of them sells most.

DROP VIEW IF EXISTS mart.merchant_league;

DROP VIEW IF EXISTS mart.merchant;

CREATE VIEW mart.merchant AS
SELECT merchant_id, merchant, category, first_seen_at, last_seen_at
FROM core.merchant;

CREATE VIEW mart.merchant_league AS
SELECT
    sold.merchant_id, merchant.merchant, merchant.category, sold.customers, sold.transactions, sold.amount,
    RANK() OVER (ORDER BY sold.amount DESC) AS merchant_rank,
    RANK() OVER (PARTITION BY merchant.category ORDER BY sold.amount DESC) AS rank_in_category,
    sold.frauds,
    CAST(CAST(sold.frauds AS DOUBLE PRECISION) / NULLIF(sold.labelled, 0) AS DECIMAL(9,6)) AS fraud_rate
FROM (
    SELECT
        merchant_id,
        COUNT(DISTINCT customer_id) AS customers,
        COUNT(*) AS transactions,
        SUM(amount) AS amount,
        SUM(CASE WHEN is_fraud THEN 1 ELSE 0 END) AS frauds,
        COUNT(is_fraud) AS labelled
    FROM mart.purchase
    GROUP BY merchant_id
) AS sold
INNER JOIN core.merchant AS merchant ON merchant.merchant_id = sold.merchant_id;
