-- The one mart that is stored, and what its refresh remembers. Idempotent.

CREATE SCHEMA IF NOT EXISTS mart;

-- No mart: analysts cannot read it.
CREATE SCHEMA IF NOT EXISTS refresh;

-- How far refresh.sql came: always one row.
CREATE TABLE IF NOT EXISTS refresh.watermark (
    merged_until TIMESTAMP NOT NULL, -- the newest merged_at of the transactions taken
    alerts_until TIMESTAMP NOT NULL, -- of the alerts taken
    alerts BIGINT NOT NULL, -- how many were there
    refreshed_at TIMESTAMP -- null: never
)
DISTSTYLE ALL;

INSERT INTO refresh.watermark (merged_until, alerts_until, alerts)
SELECT CAST('1970-01-01' AS TIMESTAMP), CAST('1970-01-01' AS TIMESTAMP), 0
WHERE NOT EXISTS (SELECT 1 FROM refresh.watermark);

-- The attributes that mart.purchase was made with, per customer: what differs from core.customer has changed since.
CREATE TABLE IF NOT EXISTS refresh.customer (
    customer_id CHAR(16) NOT NULL,
    gender CHAR(1) NOT NULL,
    date_of_birth DATE NOT NULL,
    state CHAR(2) NOT NULL,
    city_size VARCHAR(16) NOT NULL
)
DISTSTYLE KEY
DISTKEY (customer_id)
SORTKEY (customer_id);

-- One row per transaction_id, as core.transaction. Lies with its customer; sorted by day, as the dashboard asks.
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
    merged_at TIMESTAMP NOT NULL,
    distance_km DECIMAL(9,3) NOT NULL,
    distance_band VARCHAR(8) NOT NULL
)
DISTSTYLE KEY
DISTKEY (customer_id)
SORTKEY (purchase_date);
