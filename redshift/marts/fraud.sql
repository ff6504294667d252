-- Marts of fraud: the ground truth, and the model's alerts against it. Loss is the amount of frauds; only transactions with a
-- label count for the truth, so rates and recall are of those.

DROP VIEW IF EXISTS mart.fraud_by_category;

CREATE VIEW mart.fraud_by_category AS
SELECT
    category, transactions, labelled, frauds,
    CAST(CAST(frauds AS DOUBLE PRECISION) / NULLIF(labelled, 0) AS DECIMAL(9,6)) AS fraud_rate,
    fraud_amount, alerts, caught, false_alerts, frauds - caught AS missed, caught_amount,
    fraud_amount - caught_amount AS missed_amount,
    CAST(CAST(caught AS DOUBLE PRECISION) / NULLIF(caught + false_alerts, 0) AS DECIMAL(9,6)) AS alert_precision,
    CAST(CAST(caught AS DOUBLE PRECISION) / NULLIF(frauds, 0) AS DECIMAL(9,6)) AS alert_recall
FROM (
    SELECT
        category,
        COUNT(*) AS transactions,
        COUNT(is_fraud) AS labelled,
        SUM(CASE WHEN is_fraud THEN 1 ELSE 0 END) AS frauds,
        SUM(CASE WHEN is_fraud THEN amount ELSE 0 END) AS fraud_amount,
        SUM(CASE WHEN is_alert THEN 1 ELSE 0 END) AS alerts,
        SUM(CASE WHEN is_alert AND is_fraud THEN 1 ELSE 0 END) AS caught,
        SUM(CASE WHEN is_alert AND NOT is_fraud THEN 1 ELSE 0 END) AS false_alerts,
        SUM(CASE WHEN is_alert AND is_fraud THEN amount ELSE 0 END) AS caught_amount
    FROM mart.purchase
    GROUP BY category
) AS compared;

DROP VIEW IF EXISTS mart.fraud_by_state;

CREATE VIEW mart.fraud_by_state AS
SELECT
    state, transactions, labelled, frauds,
    CAST(CAST(frauds AS DOUBLE PRECISION) / NULLIF(labelled, 0) AS DECIMAL(9,6)) AS fraud_rate,
    fraud_amount, alerts, caught, false_alerts, frauds - caught AS missed, caught_amount,
    fraud_amount - caught_amount AS missed_amount,
    CAST(CAST(caught AS DOUBLE PRECISION) / NULLIF(caught + false_alerts, 0) AS DECIMAL(9,6)) AS alert_precision,
    CAST(CAST(caught AS DOUBLE PRECISION) / NULLIF(frauds, 0) AS DECIMAL(9,6)) AS alert_recall
FROM (
    SELECT
        state,
        COUNT(*) AS transactions,
        COUNT(is_fraud) AS labelled,
        SUM(CASE WHEN is_fraud THEN 1 ELSE 0 END) AS frauds,
        SUM(CASE WHEN is_fraud THEN amount ELSE 0 END) AS fraud_amount,
        SUM(CASE WHEN is_alert THEN 1 ELSE 0 END) AS alerts,
        SUM(CASE WHEN is_alert AND is_fraud THEN 1 ELSE 0 END) AS caught,
        SUM(CASE WHEN is_alert AND NOT is_fraud THEN 1 ELSE 0 END) AS false_alerts,
        SUM(CASE WHEN is_alert AND is_fraud THEN amount ELSE 0 END) AS caught_amount
    FROM mart.purchase
    GROUP BY state
) AS compared;

DROP VIEW IF EXISTS mart.fraud_by_hour;

CREATE VIEW mart.fraud_by_hour AS
SELECT
    hour_of_day, transactions, labelled, frauds,
    CAST(CAST(frauds AS DOUBLE PRECISION) / NULLIF(labelled, 0) AS DECIMAL(9,6)) AS fraud_rate,
    fraud_amount, alerts, caught, false_alerts, frauds - caught AS missed, caught_amount,
    fraud_amount - caught_amount AS missed_amount,
    CAST(CAST(caught AS DOUBLE PRECISION) / NULLIF(caught + false_alerts, 0) AS DECIMAL(9,6)) AS alert_precision,
    CAST(CAST(caught AS DOUBLE PRECISION) / NULLIF(frauds, 0) AS DECIMAL(9,6)) AS alert_recall
FROM (
    SELECT
        hour_of_day,
        COUNT(*) AS transactions,
        COUNT(is_fraud) AS labelled,
        SUM(CASE WHEN is_fraud THEN 1 ELSE 0 END) AS frauds,
        SUM(CASE WHEN is_fraud THEN amount ELSE 0 END) AS fraud_amount,
        SUM(CASE WHEN is_alert THEN 1 ELSE 0 END) AS alerts,
        SUM(CASE WHEN is_alert AND is_fraud THEN 1 ELSE 0 END) AS caught,
        SUM(CASE WHEN is_alert AND NOT is_fraud THEN 1 ELSE 0 END) AS false_alerts,
        SUM(CASE WHEN is_alert AND is_fraud THEN amount ELSE 0 END) AS caught_amount
    FROM mart.purchase
    GROUP BY hour_of_day
) AS compared;

DROP VIEW IF EXISTS mart.fraud_by_age_band;

CREATE VIEW mart.fraud_by_age_band AS
SELECT
    age_band, transactions, labelled, frauds,
    CAST(CAST(frauds AS DOUBLE PRECISION) / NULLIF(labelled, 0) AS DECIMAL(9,6)) AS fraud_rate,
    fraud_amount, alerts, caught, false_alerts, frauds - caught AS missed, caught_amount,
    fraud_amount - caught_amount AS missed_amount,
    CAST(CAST(caught AS DOUBLE PRECISION) / NULLIF(caught + false_alerts, 0) AS DECIMAL(9,6)) AS alert_precision,
    CAST(CAST(caught AS DOUBLE PRECISION) / NULLIF(frauds, 0) AS DECIMAL(9,6)) AS alert_recall
FROM (
    SELECT
        age_band,
        COUNT(*) AS transactions,
        COUNT(is_fraud) AS labelled,
        SUM(CASE WHEN is_fraud THEN 1 ELSE 0 END) AS frauds,
        SUM(CASE WHEN is_fraud THEN amount ELSE 0 END) AS fraud_amount,
        SUM(CASE WHEN is_alert THEN 1 ELSE 0 END) AS alerts,
        SUM(CASE WHEN is_alert AND is_fraud THEN 1 ELSE 0 END) AS caught,
        SUM(CASE WHEN is_alert AND NOT is_fraud THEN 1 ELSE 0 END) AS false_alerts,
        SUM(CASE WHEN is_alert AND is_fraud THEN amount ELSE 0 END) AS caught_amount
    FROM mart.purchase
    GROUP BY age_band
) AS compared;
