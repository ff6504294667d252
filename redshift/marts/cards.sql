-- Marts of the card lookup: by token or last four digits, without the holder's name or street. Views over core, whose
-- filter on card_id or card_last4 is applied before anything is summed.

DROP VIEW IF EXISTS mart.card;

DROP VIEW IF EXISTS mart.card_purchase;

CREATE VIEW mart.card_purchase AS
SELECT
    fact.card_id, fact.card_last4, fact.transaction_id, fact.occurred_at, merchant.merchant, fact.category, fact.amount,
    fact.is_fraud,
    CASE WHEN alert.is_alert THEN TRUE ELSE FALSE END AS is_alert,
    alert.score, alert.reasons
FROM core.transaction AS fact
INNER JOIN core.merchant AS merchant ON merchant.merchant_id = fact.merchant_id
LEFT JOIN core.alert AS alert ON alert.transaction_id = fact.transaction_id;

CREATE VIEW mart.card AS
SELECT
    used.card_id, used.card_last4, customer.state, customer.city, customer.gender,
    CAST(EXTRACT(year FROM customer.date_of_birth) AS SMALLINT) AS birth_year,
    used.first_purchase_at, used.last_purchase_at, used.transactions, used.amount, used.frauds, used.alerts
FROM (
    SELECT
        card_id, card_last4,
        MIN(occurred_at) AS first_purchase_at,
        MAX(occurred_at) AS last_purchase_at,
        COUNT(*) AS transactions,
        SUM(amount) AS amount,
        SUM(CASE WHEN is_fraud THEN 1 ELSE 0 END) AS frauds,
        SUM(CASE WHEN is_alert THEN 1 ELSE 0 END) AS alerts
    FROM mart.card_purchase
    GROUP BY card_id, card_last4
) AS used
INNER JOIN (
    SELECT fact.card_id, fact.card_last4, fact.customer_id
    FROM core.transaction AS fact
    WHERE fact.card_id IS NOT NULL
    QUALIFY ROW_NUMBER() OVER (
        PARTITION BY fact.card_id, fact.card_last4 ORDER BY fact.occurred_at DESC, fact.transaction_id DESC
    ) = 1
) AS latest ON latest.card_id = used.card_id AND latest.card_last4 = used.card_last4
INNER JOIN core.customer AS customer ON customer.customer_id = latest.customer_id;
