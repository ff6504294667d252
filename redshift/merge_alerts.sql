-- Moves staging.alert_event into core: run before merge.sql's statements, in the same transaction. Idempotent.

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
