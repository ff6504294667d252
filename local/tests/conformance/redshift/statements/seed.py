"""Rows without which some cases would say nothing: one merchant, one customer, one transaction."""

SEED = [
    "INSERT INTO core.merchant (merchant_id, merchant, category, first_seen_at, last_seen_at, last_transaction_id)"
    " VALUES ('0123456789abcdef', 'Shop', 'misc', '2020-01-01', '2020-01-02', 't1')",
    "INSERT INTO core.transaction (transaction_id, occurred_at, card_id, card_key_id, card_last4, customer_id,"
    " merchant_id, category, amount, merchant_latitude, merchant_longitude, is_fraud, merged_at)"
    " VALUES ('t1', '2020-01-02', '0123456789abcdef0123456789abcdef', 'k1', '1234', '0123456789abcdef',"
    " '0123456789abcdef', 'misc', 10.50, 1, 2, 0, GETDATE())",
]
