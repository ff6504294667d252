-- Moves staging.transaction into core, in one transaction: run all statements together (BatchExecuteStatement).
-- Idempotent, and the same whatever the order and the splitting of the loads: of several contents of a transaction_id the
-- one that docs/one-truth.md names is in core.transaction, each other one in core.superseded, once; a dimension's
-- attributes are those of its latest (occurred_at, transaction_id). Work grows with the rows staged.

-- COPY waits until this transaction is over, and what it then loads is left for the next one.
LOCK staging.transaction;

-- What has no version that any release writes: COPY takes it by position, every other sink quarantines it. An older or
-- newer release's line stays: a field that it lacks is null, and one that this release does not know was not loaded.
DELETE FROM staging.transaction
WHERE schema_version < 1;

DROP TABLE IF EXISTS merge_id;

DROP TABLE IF EXISTS merge_content;

DROP TABLE IF EXISTS merge_ranked;

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

-- Every content of these ids that was staged or is known, each once. A row of core from before whole contents were kept
-- (without a merchant's name) gives way to one that says the same of all that it has.
CREATE TEMP TABLE merge_content AS
SELECT ${COLUMNS}, MAX(in_core) AS in_core, MAX(is_superseded) AS is_superseded, MAX(on_stream) AS on_stream
FROM (
    SELECT
        ${STAGED_COLUMNS}, 0 AS in_core, 0 AS is_superseded,
        CASE WHEN staged.schema_version IS NULL THEN 0 ELSE 1 END AS on_stream
    FROM staging.transaction AS staged
    WHERE staged.transaction_id IS NOT NULL
    UNION ALL
    SELECT ${KNOWN_COLUMNS}, 1 AS in_core, 0 AS is_superseded, 0 AS on_stream
    FROM core.transaction AS known
    INNER JOIN merge_id AS wanted ON wanted.transaction_id = known.transaction_id AND wanted.is_known = 1
    LEFT JOIN staging.transaction AS whole
        ON known.merchant IS NULL
        AND whole.transaction_id = known.transaction_id
        AND whole.occurred_at = known.occurred_at
        AND whole.card_id = known.card_id
        AND whole.customer_id = known.customer_id
        AND whole.merchant_id = known.merchant_id
        AND whole.category = known.category
        AND whole.amount = known.amount
        AND (known.is_fraud IS NULL OR whole.is_fraud = known.is_fraud)
    WHERE whole.transaction_id IS NULL
    UNION ALL
    SELECT ${KNOWN_COLUMNS}, 0 AS in_core, 1 AS is_superseded, 0 AS on_stream
    FROM core.superseded AS known
    INNER JOIN merge_id AS wanted ON wanted.transaction_id = known.transaction_id AND wanted.is_known = 1
) AS found
GROUP BY ${COLUMNS};

-- Where an id has several: which one counts, and what each other one is. A content without a label is not in conflict
-- with the same one that has it. The order and the digest are those of shared/transaction/content.py.
CREATE TEMP TABLE merge_ranked AS
SELECT
    placed.*,
    CASE
        WHEN placed.place = 1 THEN 'counts'
        WHEN placed.is_fraud IS NULL AND placed.labelled = 1 THEN 'label'
        WHEN placed.place_among = 1 THEN 'corrected'
        ELSE 'conflict'
    END AS kind
FROM (
    SELECT
        content.*,
        ROW_NUMBER() OVER (
            PARTITION BY content.transaction_id
            ORDER BY
                CASE WHEN content.corrected_at IS NULL THEN 1 ELSE 0 END, content.corrected_at DESC,
                ${CONTENT_ORDER}
        ) AS place,
        ROW_NUMBER() OVER (
            PARTITION BY content.transaction_id, content.corrected_at
            ORDER BY ${CONTENT_ORDER}
        ) AS place_among,
        MAX(CASE WHEN content.is_fraud IS NULL THEN 0 ELSE 1 END) OVER (
            PARTITION BY content.transaction_id, content.base
        ) AS labelled
    FROM (
        SELECT content.*, MD5(${BASE_TEXT}) AS base, MD5(${CONTENT_TEXT}) AS digest
        FROM merge_content AS content
        INNER JOIN (
            SELECT transaction_id
            FROM merge_content
            GROUP BY transaction_id
            HAVING COUNT(*) > 1
        ) AS disputed ON disputed.transaction_id = content.transaction_id
    ) AS content
) AS placed;

-- The rows that core lacks, one per id: of new ids, and of those whose content is now another one.
CREATE TEMP TABLE merge_transaction AS
SELECT ${STAGED_COLUMNS}, wanted.is_known
FROM merge_content AS staged
INNER JOIN merge_id AS wanted ON wanted.transaction_id = staged.transaction_id
LEFT JOIN merge_ranked AS ranked ON ranked.transaction_id = staged.transaction_id AND ranked.place = 1
WHERE staged.in_core = 0 AND ranked.transaction_id IS NULL
UNION ALL
SELECT ${STAGED_COLUMNS}, wanted.is_known
FROM merge_ranked AS staged
INNER JOIN merge_id AS wanted ON wanted.transaction_id = staged.transaction_id
WHERE staged.place = 1 AND staged.in_core = 0;

CREATE TEMP TABLE merge_count AS
SELECT
    (SELECT COUNT(*) FROM staging.transaction) AS staged,
    (SELECT COUNT(*) FROM merge_transaction WHERE is_known = 0) AS inserted,
    (SELECT COUNT(*) FROM merge_transaction WHERE is_known = 1) AS replaced,
    (SELECT COUNT(*) FROM merge_ranked WHERE kind = 'conflict' AND is_superseded = 0) AS conflicts,
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
DELETE FROM core.transaction
USING merge_transaction
WHERE core.transaction.transaction_id = merge_transaction.transaction_id
    AND merge_transaction.is_known = 1;

INSERT INTO core.transaction (${COLUMNS}, merged_at)
SELECT ${COLUMNS}, GETDATE()
FROM merge_transaction;

-- What does not count. A kind changes where a content comes that was first of its correction until now.
UPDATE core.superseded
SET kind = ranked.kind, resolved_at = NULL
FROM merge_ranked AS ranked
WHERE core.superseded.transaction_id = ranked.transaction_id
    AND core.superseded.digest = ranked.digest
    AND core.superseded.kind <> ranked.kind
    AND ranked.place > 1;

-- Which other stores know: a label that came on the stream has reached them all, as what it completes has.
INSERT INTO core.superseded (${COLUMNS}, digest, kind, found_at, resolved_at)
SELECT
    ${STAGED_COLUMNS}, staged.digest, staged.kind, GETDATE(),
    CASE WHEN staged.kind = 'label' AND winner.on_stream = 1 THEN GETDATE() ELSE NULL END
FROM merge_ranked AS staged
INNER JOIN merge_ranked AS winner ON winner.transaction_id = staged.transaction_id AND winner.place = 1
WHERE staged.place > 1 AND staged.is_superseded = 0;

-- Only what was merged. Not TRUNCATE: that would commit the transaction.
DELETE FROM staging.transaction
USING merge_id
WHERE staging.transaction.transaction_id = merge_id.transaction_id;

SELECT
    staged, inserted, staged - inserted AS duplicates, replaced, conflicts, newest_occurred_at, waited_seconds,
    (SELECT COUNT(*) FROM core.superseded WHERE resolved_at IS NULL) AS unresolved
FROM merge_count;
