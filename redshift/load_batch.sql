-- One run of the batch path into the warehouse, in one transaction: all of it is in core, or nothing of it is anywhere.
-- The state machine (resources/batch-machine.yml) runs these statements with merge.sql's before the last one.
-- COPY from Parquet goes by position and takes no defaults, hence a table of exactly the files' columns.

-- First, as in merge.sql: its holder is the only writer, and two loads cannot wait for each other.
LOCK staging.transaction;

DROP TABLE IF EXISTS batch_transaction;

DROP TABLE IF EXISTS batch_known;

CREATE TEMP TABLE batch_transaction AS
SELECT ${COLUMNS}
FROM staging.transaction
WHERE 1 = 0;

COPY batch_transaction FROM '${MANIFEST}' IAM_ROLE '${COPY_ROLE_ARN}' FORMAT AS PARQUET MANIFEST;

-- Parquet's timestamps are INT64 microseconds. Were they read in another unit, the bounds would differ from the job's own:
-- then the cast of a text that is no number fails ("Invalid digit, Value 'o', Pos 0, Type: Integer") and rolls all of it back.
-- https://docs.aws.amazon.com/redshift/latest/dg/copy-usage_notes-copy-from-columnar.html
SELECT CASE
    WHEN oldest = ${OLDEST} AND newest = ${NEWEST} THEN 0
    ELSE CAST('occurred_at is from ' || CAST(oldest AS VARCHAR(20)) || ' to ' || CAST(newest AS VARCHAR(20)) AS INTEGER)
END AS mistaken
FROM (
    SELECT
        DATEDIFF(second, CAST('1970-01-01' AS TIMESTAMP), MIN(occurred_at)) AS oldest,
        DATEDIFF(second, CAST('1970-01-01' AS TIMESTAMP), MAX(occurred_at)) AS newest
    FROM batch_transaction
) AS bounds;

-- What the stream, or an earlier run, has brought already.
CREATE TEMP TABLE batch_known AS
SELECT COUNT(*) AS known
FROM batch_transaction AS batch
INNER JOIN core.transaction AS fact ON fact.transaction_id = batch.transaction_id;

INSERT INTO staging.transaction (${COLUMNS})
SELECT ${COLUMNS}
FROM batch_transaction;

-- The reconciliation: what was copied must be what the job wrote, and all of it must now be in core.
SELECT
    (SELECT COUNT(*) FROM batch_transaction) AS copied,
    (SELECT known FROM batch_known) AS known,
    (
        SELECT COUNT(*)
        FROM batch_transaction AS batch
        INNER JOIN core.transaction AS fact ON fact.transaction_id = batch.transaction_id
    ) AS stored;
