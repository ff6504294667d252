-- Marts of the second question: how large, how far from home, when, which town, which customers came back.

DROP VIEW IF EXISTS mart.fraud_by_distance;

DROP VIEW IF EXISTS mart.spend_by_city;

DROP VIEW IF EXISTS mart.purchase_place;

DROP VIEW IF EXISTS mart.customer_home;

CREATE VIEW mart.customer_home AS
SELECT customer_id, city, state
FROM core.customer;

CREATE VIEW mart.purchase_place AS
SELECT p.transaction_id, p.customer_id, home.city, p.distance_km, p.distance_band
FROM mart.purchase AS p
INNER JOIN mart.customer_home AS home ON home.customer_id = p.customer_id;

CREATE VIEW mart.fraud_by_distance AS
SELECT
    distance_band, transactions, labelled, frauds,
    CAST(CAST(frauds AS DOUBLE PRECISION) / NULLIF(labelled, 0) AS DECIMAL(9,6)) AS fraud_rate,
    fraud_amount, alerts, caught, false_alerts, frauds - caught AS missed, caught_amount,
    fraud_amount - caught_amount AS missed_amount,
    CAST(CAST(caught AS DOUBLE PRECISION) / NULLIF(caught + false_alerts, 0) AS DECIMAL(9,6)) AS alert_precision,
    CAST(CAST(caught AS DOUBLE PRECISION) / NULLIF(frauds, 0) AS DECIMAL(9,6)) AS alert_recall
FROM (
    SELECT
        distance_band,
        COUNT(*) AS transactions,
        COUNT(is_fraud) AS labelled,
        SUM(CASE WHEN is_fraud THEN 1 ELSE 0 END) AS frauds,
        SUM(CASE WHEN is_fraud THEN amount ELSE 0 END) AS fraud_amount,
        SUM(CASE WHEN is_alert THEN 1 ELSE 0 END) AS alerts,
        SUM(CASE WHEN is_alert AND is_fraud THEN 1 ELSE 0 END) AS caught,
        SUM(CASE WHEN is_alert AND NOT is_fraud THEN 1 ELSE 0 END) AS false_alerts,
        SUM(CASE WHEN is_alert AND is_fraud THEN amount ELSE 0 END) AS caught_amount
    FROM mart.purchase
    GROUP BY distance_band
) AS compared;

DROP VIEW IF EXISTS mart.fraud_by_amount_band;

CREATE VIEW mart.fraud_by_amount_band AS
SELECT
    amount_band, transactions, labelled, frauds,
    CAST(CAST(frauds AS DOUBLE PRECISION) / NULLIF(labelled, 0) AS DECIMAL(9,6)) AS fraud_rate,
    fraud_amount, alerts, caught, false_alerts, frauds - caught AS missed, caught_amount,
    fraud_amount - caught_amount AS missed_amount,
    CAST(CAST(caught AS DOUBLE PRECISION) / NULLIF(caught + false_alerts, 0) AS DECIMAL(9,6)) AS alert_precision,
    CAST(CAST(caught AS DOUBLE PRECISION) / NULLIF(frauds, 0) AS DECIMAL(9,6)) AS alert_recall
FROM (
    SELECT
        amount_band,
        COUNT(*) AS transactions,
        COUNT(is_fraud) AS labelled,
        SUM(CASE WHEN is_fraud THEN 1 ELSE 0 END) AS frauds,
        SUM(CASE WHEN is_fraud THEN amount ELSE 0 END) AS fraud_amount,
        SUM(CASE WHEN is_alert THEN 1 ELSE 0 END) AS alerts,
        SUM(CASE WHEN is_alert AND is_fraud THEN 1 ELSE 0 END) AS caught,
        SUM(CASE WHEN is_alert AND NOT is_fraud THEN 1 ELSE 0 END) AS false_alerts,
        SUM(CASE WHEN is_alert AND is_fraud THEN amount ELSE 0 END) AS caught_amount
    FROM (
        SELECT
            amount, is_fraud, is_alert,
            CASE
                WHEN amount < 10 THEN 'under 10'
                WHEN amount < 25 THEN '10-24'
                WHEN amount < 50 THEN '25-49'
                WHEN amount < 100 THEN '50-99'
                WHEN amount < 250 THEN '100-249'
                WHEN amount < 500 THEN '250-499'
                WHEN amount < 1000 THEN '500-999'
                ELSE '1,000+'
            END AS amount_band
        FROM mart.purchase
    ) AS banded
    GROUP BY amount_band
) AS compared;

DROP VIEW IF EXISTS mart.fraud_by_weekday_and_hour;

CREATE VIEW mart.fraud_by_weekday_and_hour AS
SELECT
    weekday, hour_of_day, transactions, labelled, frauds,
    CAST(CAST(frauds AS DOUBLE PRECISION) / NULLIF(labelled, 0) AS DECIMAL(9,6)) AS fraud_rate,
    fraud_amount, alerts, caught, false_alerts, frauds - caught AS missed, caught_amount,
    fraud_amount - caught_amount AS missed_amount,
    CAST(CAST(caught AS DOUBLE PRECISION) / NULLIF(caught + false_alerts, 0) AS DECIMAL(9,6)) AS alert_precision,
    CAST(CAST(caught AS DOUBLE PRECISION) / NULLIF(frauds, 0) AS DECIMAL(9,6)) AS alert_recall
FROM (
    SELECT
        weekday, hour_of_day,
        COUNT(*) AS transactions,
        COUNT(is_fraud) AS labelled,
        SUM(CASE WHEN is_fraud THEN 1 ELSE 0 END) AS frauds,
        SUM(CASE WHEN is_fraud THEN amount ELSE 0 END) AS fraud_amount,
        SUM(CASE WHEN is_alert THEN 1 ELSE 0 END) AS alerts,
        SUM(CASE WHEN is_alert AND is_fraud THEN 1 ELSE 0 END) AS caught,
        SUM(CASE WHEN is_alert AND NOT is_fraud THEN 1 ELSE 0 END) AS false_alerts,
        SUM(CASE WHEN is_alert AND is_fraud THEN amount ELSE 0 END) AS caught_amount
    FROM mart.purchase
    GROUP BY weekday, hour_of_day
) AS compared;

DROP VIEW IF EXISTS mart.fraud_by_month;

CREATE VIEW mart.fraud_by_month AS
SELECT
    month, transactions, labelled, frauds,
    CAST(CAST(frauds AS DOUBLE PRECISION) / NULLIF(labelled, 0) AS DECIMAL(9,6)) AS fraud_rate,
    fraud_amount, alerts, caught, false_alerts, frauds - caught AS missed, caught_amount,
    fraud_amount - caught_amount AS missed_amount,
    CAST(CAST(caught AS DOUBLE PRECISION) / NULLIF(caught + false_alerts, 0) AS DECIMAL(9,6)) AS alert_precision,
    CAST(CAST(caught AS DOUBLE PRECISION) / NULLIF(frauds, 0) AS DECIMAL(9,6)) AS alert_recall
FROM (
    SELECT
        month,
        COUNT(*) AS transactions,
        COUNT(is_fraud) AS labelled,
        SUM(CASE WHEN is_fraud THEN 1 ELSE 0 END) AS frauds,
        SUM(CASE WHEN is_fraud THEN amount ELSE 0 END) AS fraud_amount,
        SUM(CASE WHEN is_alert THEN 1 ELSE 0 END) AS alerts,
        SUM(CASE WHEN is_alert AND is_fraud THEN 1 ELSE 0 END) AS caught,
        SUM(CASE WHEN is_alert AND NOT is_fraud THEN 1 ELSE 0 END) AS false_alerts,
        SUM(CASE WHEN is_alert AND is_fraud THEN amount ELSE 0 END) AS caught_amount
    FROM (
        SELECT CAST(DATE_TRUNC('month', purchase_date) AS DATE) AS month, amount, is_fraud, is_alert
        FROM mart.purchase
    ) AS dated
    GROUP BY month
) AS compared;

DROP VIEW IF EXISTS mart.amount_distribution;

CREATE VIEW mart.amount_distribution AS
SELECT amount_band, COUNT(*) AS transactions, SUM(amount) AS amount, COUNT(DISTINCT customer_id) AS customers
FROM (
    SELECT
        amount, customer_id,
        CASE
            WHEN amount < 10 THEN 'under 10'
            WHEN amount < 25 THEN '10-24'
            WHEN amount < 50 THEN '25-49'
            WHEN amount < 100 THEN '50-99'
            WHEN amount < 250 THEN '100-249'
            WHEN amount < 500 THEN '250-499'
            WHEN amount < 1000 THEN '500-999'
            ELSE '1,000+'
        END AS amount_band
    FROM mart.purchase
) AS banded
GROUP BY amount_band;

DROP VIEW IF EXISTS mart.spend_by_day;

CREATE VIEW mart.spend_by_day AS
SELECT
    purchase_date,
    COUNT(DISTINCT customer_id) AS customers,
    COUNT(*) AS transactions,
    SUM(amount) AS amount,
    CAST(SUM(amount) / COUNT(*) AS DECIMAL(14,2)) AS average_amount
FROM mart.purchase
GROUP BY purchase_date;

-- A customer has one town: summed by customer first, the towns are joined to few rows.
CREATE VIEW mart.spend_by_city AS
SELECT
    bought.state, home.city,
    COUNT(*) AS customers,
    CAST(SUM(bought.transactions) AS BIGINT) AS transactions,
    SUM(bought.amount) AS amount,
    CAST(SUM(bought.amount) / CAST(SUM(bought.transactions) AS BIGINT) AS DECIMAL(14,2)) AS average_amount,
    CAST(SUM(bought.amount) / COUNT(*) AS DECIMAL(14,2)) AS amount_per_customer
FROM (
    SELECT customer_id, state, COUNT(*) AS transactions, SUM(amount) AS amount
    FROM mart.purchase
    GROUP BY customer_id, state
) AS bought
INNER JOIN mart.customer_home AS home ON home.customer_id = bought.customer_id
GROUP BY bought.state, home.city;

DROP VIEW IF EXISTS mart.merchant_by_category;

CREATE VIEW mart.merchant_by_category AS
SELECT
    sold.merchant_id, merchant.merchant, sold.category, sold.customers, sold.transactions, sold.amount,
    RANK() OVER (PARTITION BY sold.category ORDER BY sold.amount DESC) AS rank_in_category,
    sold.frauds,
    CAST(CAST(sold.frauds AS DOUBLE PRECISION) / NULLIF(sold.labelled, 0) AS DECIMAL(9,6)) AS fraud_rate
FROM (
    SELECT
        merchant_id, category,
        COUNT(DISTINCT customer_id) AS customers,
        COUNT(*) AS transactions,
        SUM(amount) AS amount,
        SUM(CASE WHEN is_fraud THEN 1 ELSE 0 END) AS frauds,
        COUNT(is_fraud) AS labelled
    FROM mart.purchase
    GROUP BY merchant_id, category
) AS sold
INNER JOIN core.merchant AS merchant ON merchant.merchant_id = sold.merchant_id;

DROP VIEW IF EXISTS mart.cohort_retention;

CREATE VIEW mart.cohort_retention AS
SELECT
    active.cohort, active.months, sized.cohort_customers, active.customers, active.transactions, active.amount,
    CAST(CAST(active.customers AS DOUBLE PRECISION) / sized.cohort_customers AS DECIMAL(9,6)) AS retention
FROM (
    SELECT
        first_bought.cohort,
        CAST(DATEDIFF(month, first_bought.cohort, p.purchase_date) AS INTEGER) AS months,
        COUNT(DISTINCT p.customer_id) AS customers,
        COUNT(*) AS transactions,
        SUM(p.amount) AS amount
    FROM mart.purchase AS p
    INNER JOIN (
        SELECT customer_id, CAST(DATE_TRUNC('month', MIN(purchase_date)) AS DATE) AS cohort
        FROM mart.purchase
        GROUP BY customer_id
    ) AS first_bought ON first_bought.customer_id = p.customer_id
    GROUP BY first_bought.cohort, CAST(DATEDIFF(month, first_bought.cohort, p.purchase_date) AS INTEGER)
) AS active
INNER JOIN (
    SELECT cohort, COUNT(*) AS cohort_customers
    FROM (
        SELECT customer_id, CAST(DATE_TRUNC('month', MIN(purchase_date)) AS DATE) AS cohort
        FROM mart.purchase
        GROUP BY customer_id
    ) AS first_bought
    GROUP BY cohort
) AS sized ON sized.cohort = active.cohort;
