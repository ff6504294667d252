-- Reviews of the model's alerts: the only ground truth where transactions have no labels.

DROP VIEW IF EXISTS mart.review_by_category;

DROP VIEW IF EXISTS mart.verdict;

-- A verdict that is open withdraws the one before.
CREATE VIEW mart.verdict AS
SELECT transaction_id, verdict, judged_at AS reviewed_at
FROM (
    SELECT
        transaction_id, verdict, judged_at,
        ROW_NUMBER() OVER (PARTITION BY transaction_id ORDER BY judged_at DESC, merged_at DESC, verdict) AS recency
    FROM core.verdict
) AS given
WHERE recency = 1
    AND verdict <> 'open';

CREATE VIEW mart.review_by_category AS
SELECT
    category, alerts, reviewed, confirmed, reviewed - confirmed AS dismissed, alerts - reviewed AS unreviewed,
    CAST(CAST(confirmed AS DOUBLE PRECISION) / NULLIF(reviewed, 0) AS DECIMAL(9,6)) AS confirmed_rate,
    confirmed_amount
FROM (
    SELECT
        p.category,
        COUNT(*) AS alerts,
        COUNT(v.verdict) AS reviewed,
        SUM(CASE WHEN v.verdict = 'fraud' THEN 1 ELSE 0 END) AS confirmed,
        SUM(CASE WHEN v.verdict = 'fraud' THEN p.amount ELSE 0 END) AS confirmed_amount
    FROM mart.purchase AS p
    LEFT JOIN mart.verdict AS v ON v.transaction_id = p.transaction_id
    WHERE p.is_alert
    GROUP BY p.category
) AS counted;
