-- How far a purchase was made from home: stored with the purchase, since computed at each question it took seconds.

CREATE SCHEMA IF NOT EXISTS mart;

-- As it was before: a new warehouse has no marts yet, and gets the table here.
CREATE TABLE IF NOT EXISTS mart.purchase (
    transaction_id VARCHAR(64) NOT NULL,
    purchase_date DATE NOT NULL,
    hour_of_day SMALLINT NOT NULL,
    weekday SMALLINT NOT NULL,
    customer_id CHAR(16) NOT NULL,
    merchant_id CHAR(16) NOT NULL,
    category VARCHAR(200) NOT NULL,
    state CHAR(2) NOT NULL,
    city_size VARCHAR(16) NOT NULL,
    gender CHAR(1) NOT NULL,
    birth_year SMALLINT NOT NULL,
    age_band VARCHAR(8) NOT NULL,
    amount DECIMAL(12,2) NOT NULL,
    is_fraud BOOLEAN,
    is_alert BOOLEAN NOT NULL,
    merged_at TIMESTAMP NOT NULL
)
DISTSTYLE KEY
DISTKEY (customer_id)
SORTKEY (purchase_date);

ALTER TABLE mart.purchase ADD COLUMN distance_km DECIMAL(9,3) NOT NULL DEFAULT 0;

ALTER TABLE mart.purchase ADD COLUMN distance_band VARCHAR(8) NOT NULL DEFAULT '';

-- The rows are written again with the same great-circle distance and bands as in marts/refresh.sql, and those without a
-- band go: a copy takes seconds where an UPDATE of as many rows takes minutes.
INSERT INTO mart.purchase (
    transaction_id, purchase_date, hour_of_day, weekday, customer_id, merchant_id, category, state, city_size, gender,
    birth_year, age_band, amount, is_fraud, is_alert, merged_at, distance_km, distance_band
)
SELECT
    transaction_id, purchase_date, hour_of_day, weekday, customer_id, merchant_id, category, state, city_size, gender,
    birth_year, age_band, amount, is_fraud, is_alert, merged_at, distance_km,
    CASE
        WHEN distance_km < 25 THEN 'under 25'
        WHEN distance_km < 50 THEN '25-49'
        WHEN distance_km < 75 THEN '50-74'
        WHEN distance_km < 100 THEN '75-99'
        WHEN distance_km < 150 THEN '100-149'
        WHEN distance_km < 500 THEN '150-499'
        ELSE '500+'
    END
FROM (
    SELECT
        transaction_id, purchase_date, hour_of_day, weekday, customer_id, merchant_id, category, state, city_size,
        gender, birth_year, age_band, amount, is_fraud, is_alert, merged_at,
        CAST(2 * 6371.0088 * ASIN(SQRT(CASE WHEN haversine > 1 THEN 1 ELSE haversine END)) AS DECIMAL(9,3)) AS distance_km
    FROM (
        SELECT
            transaction_id, purchase_date, hour_of_day, weekday, customer_id, merchant_id, category, state, city_size,
            gender, birth_year, age_band, amount, is_fraud, is_alert, merged_at,
            POWER(SIN(RADIANS(CAST(merchant_latitude - latitude AS DOUBLE PRECISION)) / 2), 2)
            + COS(RADIANS(CAST(latitude AS DOUBLE PRECISION))) * COS(RADIANS(CAST(merchant_latitude AS DOUBLE PRECISION)))
            * POWER(SIN(RADIANS(CAST(merchant_longitude - longitude AS DOUBLE PRECISION)) / 2), 2) AS haversine
        FROM (
            SELECT
                purchase.transaction_id, purchase.purchase_date, purchase.hour_of_day, purchase.weekday,
                purchase.customer_id, purchase.merchant_id, purchase.category, purchase.state, purchase.city_size,
                purchase.gender, purchase.birth_year, purchase.age_band, purchase.amount, purchase.is_fraud,
                purchase.is_alert, purchase.merged_at,
                fact.merchant_latitude, fact.merchant_longitude,
                COALESCE(fact.latitude, customer.latitude) AS latitude,
                COALESCE(fact.longitude, customer.longitude) AS longitude
            FROM mart.purchase AS purchase
            INNER JOIN core.transaction AS fact ON fact.transaction_id = purchase.transaction_id
            INNER JOIN core.customer AS customer ON customer.customer_id = fact.customer_id
        ) AS placed
    ) AS measured
) AS located;

DELETE FROM mart.purchase
WHERE distance_band = '';
