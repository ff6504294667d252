-- Brings mart.purchase up to date with core, in one transaction: run all statements together (BatchExecuteStatement).
-- Idempotent. Work grows with what was merged since the last time, and with the history of customers whose attributes
-- changed. core only grows, merges follow one another (LOCK staging.transaction), so merged_at is a watermark; several
-- merges may share a second, so what has the watermark's own second is compared by id.

LOCK refresh.watermark;

DROP TABLE IF EXISTS refresh_new;

DROP TABLE IF EXISTS refresh_customer;

DROP TABLE IF EXISTS refresh_fact;

DROP TABLE IF EXISTS refresh_count;

-- Whose content is another one now: out, and in again with what mart.purchase lacks.
DELETE FROM mart.purchase
WHERE transaction_id IN (
    SELECT fact.transaction_id
    FROM core.superseded AS other
    INNER JOIN core.transaction AS fact ON fact.transaction_id = other.transaction_id
    WHERE other.refreshed_at IS NULL
        AND fact.merged_at >= (SELECT merged_until FROM refresh.watermark)
);

-- The transactions that mart.purchase lacks.
CREATE TEMP TABLE refresh_new AS
SELECT
    fact.transaction_id, fact.occurred_at, fact.customer_id, fact.merchant_id, fact.category, fact.amount, fact.is_fraud,
    fact.merged_at, fact.merchant_latitude, fact.merchant_longitude,
    -- Where the home was at the purchase; rows from before core.transaction had it take the customer's latest.
    COALESCE(fact.latitude, home.latitude) AS latitude, COALESCE(fact.longitude, home.longitude) AS longitude
FROM core.transaction AS fact
INNER JOIN core.customer AS home ON home.customer_id = fact.customer_id
LEFT JOIN (
    SELECT transaction_id
    FROM mart.purchase
    WHERE merged_at >= (SELECT merged_until FROM refresh.watermark)
) AS known ON known.transaction_id = fact.transaction_id
WHERE fact.merged_at >= (SELECT merged_until FROM refresh.watermark)
    AND known.transaction_id IS NULL;

-- Their customers, where they are new or no longer what they were: nothing but a transaction changes a customer.
CREATE TEMP TABLE refresh_customer AS
SELECT
    customer.customer_id, customer.gender, customer.date_of_birth, customer.state, customer.city_size,
    CASE WHEN known.customer_id IS NULL THEN 0 ELSE 1 END AS is_changed
FROM (
    SELECT
        customer_id, gender, date_of_birth, state,
        CASE
            WHEN city_population < 2500 THEN 'under 2,500'
            WHEN city_population < 10000 THEN '2,500-9,999'
            WHEN city_population < 50000 THEN '10,000-49,999'
            WHEN city_population < 250000 THEN '50,000-249,999'
            ELSE '250,000+'
        END AS city_size
    FROM core.customer
) AS customer
INNER JOIN (
    SELECT customer_id FROM refresh_new
    UNION
    SELECT customer_id FROM core.superseded WHERE refreshed_at IS NULL
) AS seen ON seen.customer_id = customer.customer_id
LEFT JOIN refresh.customer AS known ON known.customer_id = customer.customer_id
WHERE known.customer_id IS NULL
    OR known.gender <> customer.gender
    OR known.date_of_birth <> customer.date_of_birth
    OR known.state <> customer.state
    OR known.city_size <> customer.city_size;

DELETE FROM refresh.customer
USING refresh_customer
WHERE refresh.customer.customer_id = refresh_customer.customer_id;

INSERT INTO refresh.customer (customer_id, gender, date_of_birth, state, city_size)
SELECT customer_id, gender, date_of_birth, state, city_size
FROM refresh_customer;

-- A changed customer's purchases are rebuilt, all of them.
DELETE FROM mart.purchase
USING refresh_customer
WHERE mart.purchase.customer_id = refresh_customer.customer_id
    AND refresh_customer.is_changed = 1;

CREATE TEMP TABLE refresh_fact AS
SELECT fresh.*
FROM refresh_new AS fresh
LEFT JOIN refresh_customer AS changed ON changed.customer_id = fresh.customer_id AND changed.is_changed = 1
WHERE changed.customer_id IS NULL
UNION ALL
SELECT
    fact.transaction_id, fact.occurred_at, fact.customer_id, fact.merchant_id, fact.category, fact.amount, fact.is_fraud,
    fact.merged_at, fact.merchant_latitude, fact.merchant_longitude,
    COALESCE(fact.latitude, home.latitude), COALESCE(fact.longitude, home.longitude)
FROM core.transaction AS fact
INNER JOIN core.customer AS home ON home.customer_id = fact.customer_id
INNER JOIN refresh_customer AS changed ON changed.customer_id = fact.customer_id AND changed.is_changed = 1;

INSERT INTO mart.purchase (
    transaction_id, purchase_date, hour_of_day, weekday, customer_id, merchant_id, category, state, city_size, gender,
    birth_year, age_band, amount, is_fraud, is_alert, merged_at, distance_km, distance_band
)
SELECT
    fact.transaction_id,
    CAST(fact.occurred_at AS DATE),
    CAST(EXTRACT(hour FROM fact.occurred_at) AS SMALLINT),
    CAST(CASE WHEN EXTRACT(dow FROM fact.occurred_at) = 0 THEN 7 ELSE EXTRACT(dow FROM fact.occurred_at) END AS SMALLINT),
    fact.customer_id, fact.merchant_id, fact.category, fact.state, fact.city_size, fact.gender,
    CAST(EXTRACT(year FROM fact.date_of_birth) AS SMALLINT),
    CASE
        WHEN fact.age < 18 THEN '0-17'
        WHEN fact.age < 25 THEN '18-24'
        WHEN fact.age < 35 THEN '25-34'
        WHEN fact.age < 45 THEN '35-44'
        WHEN fact.age < 55 THEN '45-54'
        WHEN fact.age < 65 THEN '55-64'
        WHEN fact.age < 75 THEN '65-74'
        ELSE '75+'
    END,
    fact.amount, fact.is_fraud,
    CASE WHEN alert.transaction_id IS NULL THEN FALSE ELSE TRUE END,
    fact.merged_at, fact.distance_km,
    CASE
        WHEN fact.distance_km < 25 THEN 'under 25'
        WHEN fact.distance_km < 50 THEN '25-49'
        WHEN fact.distance_km < 75 THEN '50-74'
        WHEN fact.distance_km < 100 THEN '75-99'
        WHEN fact.distance_km < 150 THEN '100-149'
        WHEN fact.distance_km < 500 THEN '150-499'
        ELSE '500+'
    END
FROM (
    SELECT
        measured.*,
        -- Great-circle distance on a sphere of the Earth's mean radius (IUGG); the haversine may exceed 1 by rounding.
        CAST(2 * 6371.0088 * ASIN(SQRT(CASE WHEN haversine > 1 THEN 1 ELSE haversine END)) AS DECIMAL(9,3)) AS distance_km
    FROM (
        SELECT
            made.*, customer.state, customer.city_size, customer.gender, customer.date_of_birth,
            -- The difference of the years, less one before the birthday.
            EXTRACT(year FROM made.occurred_at) - EXTRACT(year FROM customer.date_of_birth)
            - CASE
                WHEN EXTRACT(month FROM made.occurred_at) * 100 + EXTRACT(day FROM made.occurred_at)
                    < EXTRACT(month FROM customer.date_of_birth) * 100 + EXTRACT(day FROM customer.date_of_birth) THEN 1
                ELSE 0
            END AS age,
            POWER(SIN(RADIANS(CAST(made.merchant_latitude - made.latitude AS DOUBLE PRECISION)) / 2), 2)
            + COS(RADIANS(CAST(made.latitude AS DOUBLE PRECISION)))
            * COS(RADIANS(CAST(made.merchant_latitude AS DOUBLE PRECISION)))
            * POWER(SIN(RADIANS(CAST(made.merchant_longitude - made.longitude AS DOUBLE PRECISION)) / 2), 2) AS haversine
        FROM refresh_fact AS made
        INNER JOIN refresh.customer AS customer ON customer.customer_id = made.customer_id
    ) AS measured
) AS fact
LEFT JOIN core.alert AS alert ON alert.transaction_id = fact.transaction_id AND alert.is_alert;

-- Alerts that came after their transactions. By the day of the content that counts: the alert may be of another one.
UPDATE mart.purchase
SET is_alert = TRUE
FROM (
    SELECT fact.transaction_id, CAST(fact.occurred_at AS DATE) AS purchase_date
    FROM core.alert AS alert
    INNER JOIN core.transaction AS fact ON fact.transaction_id = alert.transaction_id
    WHERE alert.is_alert
        AND alert.merged_at >= (SELECT alerts_until FROM refresh.watermark)
) AS late
WHERE mart.purchase.transaction_id = late.transaction_id
    AND mart.purchase.purchase_date = late.purchase_date
    AND NOT mart.purchase.is_alert;

-- Should the counts differ, a clock went back between two merges: the next refresh then compares all ids.
CREATE TEMP TABLE refresh_count AS
SELECT
    fresh.inserted,
    (SELECT COUNT(*) FROM refresh_customer WHERE is_changed = 1) AS changed_customers,
    COALESCE(fresh.merged_until, known.merged_until) AS merged_until,
    (SELECT COUNT(*) FROM core.transaction) - (SELECT COUNT(*) FROM mart.purchase) AS missing,
    COALESCE(alert.alerts_until, known.alerts_until) AS alerts_until,
    alert.alerts
FROM (SELECT COUNT(*) AS inserted, MAX(merged_at) AS merged_until FROM refresh_new) AS fresh
CROSS JOIN (SELECT COUNT(*) AS alerts, MAX(merged_at) AS alerts_until FROM core.alert) AS alert
CROSS JOIN (SELECT MAX(merged_until) AS merged_until, MAX(alerts_until) AS alerts_until FROM refresh.watermark) AS known;

UPDATE core.superseded
SET refreshed_at = GETDATE()
WHERE refreshed_at IS NULL;

-- Not UPDATE ... FROM refresh_count: Redshift refuses one whose target is not part of an equijoin, and one row has no key.
DELETE FROM refresh.watermark;

INSERT INTO refresh.watermark (merged_until, alerts_until, alerts, refreshed_at)
SELECT
    CASE WHEN missing <> 0 THEN CAST('1970-01-01' AS TIMESTAMP) ELSE merged_until END,
    alerts_until, alerts, GETDATE()
FROM refresh_count;

SELECT inserted, changed_customers, missing, alerts
FROM refresh_count;
