-- The schemas and tables as of release 1. It changes nothing in a warehouse that has them from before the ledger.
-- Primary keys are left out on purpose: Redshift doesn't enforce them but plans as if they held. merge.sql keeps ids unique.

CREATE SCHEMA IF NOT EXISTS staging;

CREATE SCHEMA IF NOT EXISTS core;

-- What COPY loads, until merge.sql has moved it: may hold duplicates.
CREATE TABLE IF NOT EXISTS staging.transaction (
    transaction_id VARCHAR(64) NOT NULL,
    occurred_at TIMESTAMP NOT NULL,
    card_id CHAR(32) NOT NULL,
    card_key_id VARCHAR(8) NOT NULL,
    card_last4 CHAR(4) NOT NULL,
    customer_id CHAR(16) NOT NULL,
    merchant_id CHAR(16) NOT NULL,
    merchant VARCHAR(400) NOT NULL,
    category VARCHAR(200) NOT NULL,
    amount DECIMAL(12,2) NOT NULL,
    first_name VARCHAR(400) NOT NULL,
    last_name VARCHAR(400) NOT NULL,
    gender CHAR(1) NOT NULL,
    street VARCHAR(800) NOT NULL,
    city VARCHAR(400) NOT NULL,
    state CHAR(2) NOT NULL,
    zip CHAR(5) NOT NULL,
    latitude DECIMAL(9,6) NOT NULL,
    longitude DECIMAL(9,6) NOT NULL,
    city_population INTEGER NOT NULL,
    job VARCHAR(400) NOT NULL,
    date_of_birth DATE NOT NULL,
    merchant_latitude DECIMAL(9,6) NOT NULL,
    merchant_longitude DECIMAL(9,6) NOT NULL,
    is_fraud BOOLEAN,
    schema_version SMALLINT, -- of the line on the stream; null where the rows come from elsewhere
    loaded_at TIMESTAMP NOT NULL DEFAULT GETDATE()
)
DISTSTYLE EVEN;

-- One row per customer, with the attributes of the latest (occurred_at, transaction_id), which is last_seen_at and
-- last_transaction_id: kept here so that merges give the same row in whatever order they come.
CREATE TABLE IF NOT EXISTS core.customer (
    customer_id CHAR(16) NOT NULL,
    first_name VARCHAR(400) NOT NULL,
    last_name VARCHAR(400) NOT NULL,
    gender CHAR(1) NOT NULL,
    date_of_birth DATE NOT NULL,
    street VARCHAR(800) NOT NULL,
    city VARCHAR(400) NOT NULL,
    state CHAR(2) NOT NULL,
    zip CHAR(5) NOT NULL,
    latitude DECIMAL(9,6) NOT NULL,
    longitude DECIMAL(9,6) NOT NULL,
    city_population INTEGER NOT NULL,
    job VARCHAR(400) NOT NULL,
    first_seen_at TIMESTAMP NOT NULL,
    last_seen_at TIMESTAMP NOT NULL,
    last_transaction_id VARCHAR(64) NOT NULL
)
DISTSTYLE KEY
DISTKEY (customer_id)
SORTKEY (customer_id);

-- One row per merchant, by the same rule; small, so every node holds it whole.
CREATE TABLE IF NOT EXISTS core.merchant (
    merchant_id CHAR(16) NOT NULL,
    merchant VARCHAR(400) NOT NULL,
    category VARCHAR(200) NOT NULL,
    first_seen_at TIMESTAMP NOT NULL,
    last_seen_at TIMESTAMP NOT NULL,
    last_transaction_id VARCHAR(64) NOT NULL
)
DISTSTYLE ALL
SORTKEY (merchant_id);

-- One row per transaction_id, the first that was loaded. Lies with its customer; sorted by time, as analysts ask.
CREATE TABLE IF NOT EXISTS core.transaction (
    transaction_id VARCHAR(64) NOT NULL,
    occurred_at TIMESTAMP NOT NULL,
    card_id CHAR(32) NOT NULL,
    card_key_id VARCHAR(8) NOT NULL,
    card_last4 CHAR(4) NOT NULL,
    customer_id CHAR(16) NOT NULL,
    merchant_id CHAR(16) NOT NULL,
    category VARCHAR(200) NOT NULL,
    amount DECIMAL(12,2) NOT NULL,
    merchant_latitude DECIMAL(9,6) NOT NULL,
    merchant_longitude DECIMAL(9,6) NOT NULL,
    is_fraud BOOLEAN,
    merged_at TIMESTAMP NOT NULL
)
DISTSTYLE KEY
DISTKEY (customer_id)
SORTKEY (occurred_at);

-- Lines of the alert stream, staged by COPY, may hold duplicates: an alert as detect-fraud told it, and where there is
-- a verdict, the same alert again with who found what, when. Columns are fraud/alert.py's and fraud/verdict.py's.
CREATE TABLE IF NOT EXISTS staging.alert_event (
    transaction_id VARCHAR(64) NOT NULL,
    occurred_at TIMESTAMP NOT NULL,
    card_id CHAR(32) NOT NULL,
    card_last4 CHAR(4) NOT NULL,
    merchant_id CHAR(16) NOT NULL,
    category VARCHAR(200) NOT NULL,
    amount DECIMAL(12,2) NOT NULL,
    score DECIMAL(10,9) NOT NULL,
    threshold DECIMAL(10,9) NOT NULL,
    reasons VARCHAR(2000) NOT NULL,
    model VARCHAR(100) NOT NULL,
    shadow_score DECIMAL(10,9), -- of the model in shadow mode, if there is one
    shadow_model VARCHAR(100),
    is_alert BOOLEAN NOT NULL, -- false: the shadow model alone flags it
    alerted_at TIMESTAMP NOT NULL,
    verdict VARCHAR(10), -- fraud or genuine
    judged_by VARCHAR(400),
    judged_at TIMESTAMP,
    loaded_at TIMESTAMP NOT NULL DEFAULT GETDATE()
)
DISTSTYLE EVEN;

-- One row per transaction that was flagged, the first. Small beside the transactions, sorted as they are asked for.
CREATE TABLE IF NOT EXISTS core.alert (
    transaction_id VARCHAR(64) NOT NULL,
    occurred_at TIMESTAMP NOT NULL,
    card_id CHAR(32) NOT NULL,
    card_last4 CHAR(4) NOT NULL,
    merchant_id CHAR(16) NOT NULL,
    category VARCHAR(200) NOT NULL,
    amount DECIMAL(12,2) NOT NULL,
    score DECIMAL(10,9) NOT NULL,
    threshold DECIMAL(10,9) NOT NULL,
    reasons VARCHAR(2000) NOT NULL,
    model VARCHAR(100) NOT NULL,
    shadow_score DECIMAL(10,9),
    shadow_model VARCHAR(100),
    is_alert BOOLEAN NOT NULL,
    alerted_at TIMESTAMP NOT NULL,
    merged_at TIMESTAMP NOT NULL
)
DISTSTYLE EVEN
SORTKEY (alerted_at);

-- One row per verdict that was given; of an alert's, the one with the latest judged_at counts.
CREATE TABLE IF NOT EXISTS core.verdict (
    transaction_id VARCHAR(64) NOT NULL,
    verdict VARCHAR(10) NOT NULL,
    judged_by VARCHAR(400) NOT NULL,
    judged_at TIMESTAMP NOT NULL,
    merged_at TIMESTAMP NOT NULL
)
DISTSTYLE EVEN
SORTKEY (judged_at);
