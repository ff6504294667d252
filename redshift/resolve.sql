-- Customers and merchants as the contents that count leave them, where one was replaced: run before the other stores are
-- informed of what core.superseded has with resolved_at null. Idempotent, one transaction. Looks at all of core, but only
-- when something was replaced or is in conflict.

LOCK staging.transaction;

DROP TABLE IF EXISTS resolve_customer;

DROP TABLE IF EXISTS resolve_merchant;

-- Not those with rows from before whole contents were kept: their attributes are in core.customer alone.
CREATE TEMP TABLE resolve_customer AS
SELECT changed.customer_id
FROM (SELECT DISTINCT customer_id FROM core.superseded WHERE resolved_at IS NULL AND kind <> 'label') AS changed
LEFT JOIN core.transaction AS earlier ON earlier.customer_id = changed.customer_id AND earlier.merchant IS NULL
WHERE earlier.customer_id IS NULL;

DELETE FROM core.customer
USING resolve_customer
WHERE core.customer.customer_id = resolve_customer.customer_id;

INSERT INTO core.customer (
    customer_id, first_name, last_name, gender, date_of_birth, street, city, state, zip, latitude, longitude,
    city_population, job, first_seen_at, last_seen_at, last_transaction_id
)
SELECT
    latest.customer_id, latest.first_name, latest.last_name, latest.gender, latest.date_of_birth, latest.street,
    latest.city, latest.state, latest.zip, latest.latitude, latest.longitude, latest.city_population, latest.job,
    latest.first_seen_at, latest.occurred_at, latest.transaction_id
FROM (
    SELECT
        fact.*, MIN(fact.occurred_at) OVER (PARTITION BY fact.customer_id) AS first_seen_at,
        ROW_NUMBER() OVER (
            PARTITION BY fact.customer_id ORDER BY fact.occurred_at DESC, fact.transaction_id DESC
        ) AS place
    FROM core.transaction AS fact
    INNER JOIN resolve_customer AS changed ON changed.customer_id = fact.customer_id
) AS latest
WHERE latest.place = 1;

CREATE TEMP TABLE resolve_merchant AS
SELECT changed.merchant_id
FROM (SELECT DISTINCT merchant_id FROM core.superseded WHERE resolved_at IS NULL AND kind <> 'label') AS changed
LEFT JOIN core.transaction AS earlier ON earlier.merchant_id = changed.merchant_id AND earlier.merchant IS NULL
WHERE earlier.merchant_id IS NULL;

DELETE FROM core.merchant
USING resolve_merchant
WHERE core.merchant.merchant_id = resolve_merchant.merchant_id;

INSERT INTO core.merchant (merchant_id, merchant, category, first_seen_at, last_seen_at, last_transaction_id)
SELECT
    latest.merchant_id, latest.merchant, latest.category, latest.first_seen_at, latest.occurred_at,
    latest.transaction_id
FROM (
    SELECT
        fact.*, MIN(fact.occurred_at) OVER (PARTITION BY fact.merchant_id) AS first_seen_at,
        ROW_NUMBER() OVER (
            PARTITION BY fact.merchant_id ORDER BY fact.occurred_at DESC, fact.transaction_id DESC
        ) AS place
    FROM core.transaction AS fact
    INNER JOIN resolve_merchant AS changed ON changed.merchant_id = fact.merchant_id
) AS latest
WHERE latest.place = 1;

UPDATE core.superseded
SET refreshed_at = NULL
WHERE resolved_at IS NULL;
