-- Corrections, whole contents in core, and the contents that do not count (docs/one-truth.md).

ALTER TABLE staging.transaction ADD COLUMN corrected_at TIMESTAMP;

ALTER TABLE staging.transaction ADD COLUMN corrected_by VARCHAR(400);

-- What the customer and the merchant were called at the purchase: null in rows from before, until they come again.
ALTER TABLE core.transaction ADD COLUMN merchant VARCHAR(400);

ALTER TABLE core.transaction ADD COLUMN first_name VARCHAR(400);

ALTER TABLE core.transaction ADD COLUMN last_name VARCHAR(400);

ALTER TABLE core.transaction ADD COLUMN gender CHAR(1);

ALTER TABLE core.transaction ADD COLUMN street VARCHAR(800);

ALTER TABLE core.transaction ADD COLUMN city VARCHAR(400);

ALTER TABLE core.transaction ADD COLUMN state CHAR(2);

ALTER TABLE core.transaction ADD COLUMN zip CHAR(5);

ALTER TABLE core.transaction ADD COLUMN latitude DECIMAL(9,6);

ALTER TABLE core.transaction ADD COLUMN longitude DECIMAL(9,6);

ALTER TABLE core.transaction ADD COLUMN city_population INTEGER;

ALTER TABLE core.transaction ADD COLUMN job VARCHAR(400);

ALTER TABLE core.transaction ADD COLUMN date_of_birth DATE;

ALTER TABLE core.transaction ADD COLUMN corrected_at TIMESTAMP;

ALTER TABLE core.transaction ADD COLUMN corrected_by VARCHAR(400);

-- One row per content of a transaction that is not the one in core: a conflict, what was corrected, what had no label yet.
CREATE TABLE IF NOT EXISTS core.superseded (
    transaction_id VARCHAR(64) NOT NULL,
    occurred_at TIMESTAMP NOT NULL,
    card_id CHAR(32) NOT NULL,
    card_key_id VARCHAR(8) NOT NULL,
    card_last4 CHAR(4) NOT NULL,
    customer_id CHAR(16) NOT NULL,
    merchant_id CHAR(16) NOT NULL,
    merchant VARCHAR(400),
    category VARCHAR(200) NOT NULL,
    amount DECIMAL(12,2) NOT NULL,
    first_name VARCHAR(400),
    last_name VARCHAR(400),
    gender CHAR(1),
    street VARCHAR(800),
    city VARCHAR(400),
    state CHAR(2),
    zip CHAR(5),
    latitude DECIMAL(9,6),
    longitude DECIMAL(9,6),
    city_population INTEGER,
    job VARCHAR(400),
    date_of_birth DATE,
    merchant_latitude DECIMAL(9,6) NOT NULL,
    merchant_longitude DECIMAL(9,6) NOT NULL,
    is_fraud BOOLEAN,
    corrected_at TIMESTAMP,
    corrected_by VARCHAR(400),
    digest CHAR(32) NOT NULL, -- of all columns above
    kind VARCHAR(10) NOT NULL, -- conflict, corrected or label
    found_at TIMESTAMP NOT NULL,
    resolved_at TIMESTAMP, -- null: the other stores do not know yet
    refreshed_at TIMESTAMP -- null: the marts do not know yet
)
DISTSTYLE KEY
DISTKEY (transaction_id)
SORTKEY (found_at);
