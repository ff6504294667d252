-- Moves staging.transaction into core, in one transaction: run all statements together (BatchExecuteStatement).
-- Idempotent, and the same whatever the order and the splitting of the loads: facts are first wins by transaction_id,
-- a dimension's attributes are those of its latest (occurred_at, transaction_id). Work grows with the rows staged.

-- COPY waits until this transaction is over, and what it then loads is left for the next one.
LOCK staging.transaction;

-- What has no version that any release writes: COPY takes it by position, every other sink quarantines it. An older or
-- newer release's line stays: a field that it lacks is null, and one that this release does not know was not loaded.
DELETE FROM staging.transaction
WHERE schema_version < 1;

DROP TABLE IF EXISTS merge_id;

DROP TABLE IF EXISTS merge_count;

DROP TABLE IF EXISTS merge_transaction;

DROP TABLE IF EXISTS merge_customer;

DROP TABLE IF EXISTS merge_merchant;

-- The ids staged, and whether core has them already: the one join with all of core, of one column.
CREATE TEMP TABLE merge_id AS
SELECT staged.transaction_id, MAX(CASE WHEN known.transaction_id IS NULL THEN 0 ELSE 1 END) AS is_known
FROM (SELECT DISTINCT transaction_id FROM staging.transaction) AS staged
LEFT JOIN core.transaction AS known ON known.transaction_id = staged.transaction_id
GROUP BY staged.transaction_id;

-- The new rows, one per id. A resend has equal content; were it not so, the first loaded counts.
CREATE TEMP TABLE merge_transaction AS
SELECT staged.*
FROM staging.transaction AS staged
INNER JOIN merge_id AS new_id ON new_id.transaction_id = staged.transaction_id AND new_id.is_known = 0
WHERE staged.transaction_id IS NOT NULL
QUALIFY ROW_NUMBER() OVER (
    PARTITION BY staged.transaction_id
    ORDER BY staged.loaded_at, ${STAGED_COLUMNS}
) = 1;

CREATE TEMP TABLE merge_count AS
SELECT
    (SELECT COUNT(*) FROM staging.transaction) AS staged,
    (SELECT COUNT(*) FROM merge_transaction) AS inserted,
    (SELECT MAX(occurred_at) FROM staging.transaction) AS newest_occurred_at,
    (SELECT DATEDIFF(second, MIN(loaded_at), GETDATE()) FROM staging.transaction) AS waited_seconds;

-- Customers.
CREATE TEMP TABLE merge_customer AS
SELECT latest.*, MIN(latest.occurred_at) OVER (PARTITION BY latest.customer_id) AS first_seen_at
FROM merge_transaction AS latest
WHERE latest.customer_id IS NOT NULL
QUALIFY ROW_NUMBER() OVER (
    PARTITION BY latest.customer_id ORDER BY latest.occurred_at DESC, latest.transaction_id DESC
) = 1;

UPDATE core.customer
SET first_seen_at = seen.first_seen_at
FROM merge_customer AS seen
WHERE core.customer.customer_id = seen.customer_id
    AND seen.first_seen_at < core.customer.first_seen_at;

UPDATE core.customer
SET first_name = seen.first_name,
    last_name = seen.last_name,
    gender = seen.gender,
    date_of_birth = seen.date_of_birth,
    street = seen.street,
    city = seen.city,
    state = seen.state,
    zip = seen.zip,
    latitude = seen.latitude,
    longitude = seen.longitude,
    city_population = seen.city_population,
    job = seen.job,
    last_seen_at = seen.occurred_at,
    last_transaction_id = seen.transaction_id
FROM merge_customer AS seen
WHERE core.customer.customer_id = seen.customer_id
    AND (
        seen.occurred_at > core.customer.last_seen_at
        OR (
            seen.occurred_at = core.customer.last_seen_at
            AND seen.transaction_id > core.customer.last_transaction_id
        )
    );

INSERT INTO core.customer (
    customer_id, first_name, last_name, gender, date_of_birth, street, city, state, zip, latitude, longitude,
    city_population, job, first_seen_at, last_seen_at, last_transaction_id
)
SELECT
    seen.customer_id, seen.first_name, seen.last_name, seen.gender, seen.date_of_birth, seen.street, seen.city,
    seen.state, seen.zip, seen.latitude, seen.longitude, seen.city_population, seen.job, seen.first_seen_at,
    seen.occurred_at, seen.transaction_id
FROM merge_customer AS seen
LEFT JOIN core.customer AS known ON known.customer_id = seen.customer_id
WHERE known.customer_id IS NULL;

-- Merchants.
CREATE TEMP TABLE merge_merchant AS
SELECT latest.*, MIN(latest.occurred_at) OVER (PARTITION BY latest.merchant_id) AS first_seen_at
FROM merge_transaction AS latest
WHERE latest.merchant_id IS NOT NULL
QUALIFY ROW_NUMBER() OVER (
    PARTITION BY latest.merchant_id ORDER BY latest.occurred_at DESC, latest.transaction_id DESC
) = 1;

UPDATE core.merchant
SET first_seen_at = seen.first_seen_at
FROM merge_merchant AS seen
WHERE core.merchant.merchant_id = seen.merchant_id
    AND seen.first_seen_at < core.merchant.first_seen_at;

UPDATE core.merchant
SET merchant = seen.merchant,
    category = seen.category,
    last_seen_at = seen.occurred_at,
    last_transaction_id = seen.transaction_id
FROM merge_merchant AS seen
WHERE core.merchant.merchant_id = seen.merchant_id
    AND (
        seen.occurred_at > core.merchant.last_seen_at
        OR (
            seen.occurred_at = core.merchant.last_seen_at
            AND seen.transaction_id > core.merchant.last_transaction_id
        )
    );

INSERT INTO core.merchant (merchant_id, merchant, category, first_seen_at, last_seen_at, last_transaction_id)
SELECT seen.merchant_id, seen.merchant, seen.category, seen.first_seen_at, seen.occurred_at, seen.transaction_id
FROM merge_merchant AS seen
LEFT JOIN core.merchant AS known ON known.merchant_id = seen.merchant_id
WHERE known.merchant_id IS NULL;

-- Facts.
INSERT INTO core.transaction (${FACTS}, merged_at)
SELECT ${FACTS}, GETDATE()
FROM merge_transaction;

-- Only what was merged. Not TRUNCATE: that would commit the transaction.
DELETE FROM staging.transaction
USING merge_id
WHERE staging.transaction.transaction_id = merge_id.transaction_id;

-- Fraud alerts: the first of each transaction.
LOCK staging.alert_event;

DROP TABLE IF EXISTS merge_alert;

DROP TABLE IF EXISTS merge_verdict;

CREATE TEMP TABLE merge_alert AS
SELECT staged.*, CASE WHEN known.transaction_id IS NULL THEN 0 ELSE 1 END AS is_known
FROM staging.alert_event AS staged
LEFT JOIN core.alert AS known ON known.transaction_id = staged.transaction_id
WHERE staged.transaction_id IS NOT NULL
QUALIFY ROW_NUMBER() OVER (
    PARTITION BY staged.transaction_id ORDER BY staged.alerted_at, staged.loaded_at, staged.model, staged.score
) = 1;

INSERT INTO core.alert (
    transaction_id, occurred_at, card_id, card_last4, merchant_id, category, amount, score, threshold, reasons, model,
    shadow_score, shadow_model, is_alert, alerted_at, merged_at
)
SELECT
    seen.transaction_id, seen.occurred_at, seen.card_id, seen.card_last4, seen.merchant_id, seen.category, seen.amount,
    seen.score, seen.threshold, seen.reasons, seen.model, seen.shadow_score, seen.shadow_model, seen.is_alert,
    seen.alerted_at, GETDATE()
FROM merge_alert AS seen
WHERE seen.is_known = 0;

-- Verdicts: each that was given, once.
CREATE TEMP TABLE merge_verdict AS
SELECT
    staged.transaction_id, staged.verdict, staged.judged_by, staged.judged_at,
    CASE WHEN known.transaction_id IS NULL THEN 0 ELSE 1 END AS is_known
FROM staging.alert_event AS staged
LEFT JOIN core.verdict AS known
    ON known.transaction_id = staged.transaction_id AND known.judged_at = staged.judged_at
WHERE staged.verdict IS NOT NULL
QUALIFY ROW_NUMBER() OVER (
    PARTITION BY staged.transaction_id, staged.judged_at
    ORDER BY staged.loaded_at, staged.verdict, staged.judged_by
) = 1;

INSERT INTO core.verdict (transaction_id, verdict, judged_by, judged_at, merged_at)
SELECT seen.transaction_id, seen.verdict, seen.judged_by, seen.judged_at, GETDATE()
FROM merge_verdict AS seen
WHERE seen.is_known = 0;

DELETE FROM staging.alert_event
USING merge_alert
WHERE staging.alert_event.transaction_id = merge_alert.transaction_id;

SELECT staged, inserted, staged - inserted AS duplicates, newest_occurred_at, waited_seconds
FROM merge_count;
