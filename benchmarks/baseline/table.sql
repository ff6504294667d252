CREATE TABLE IF NOT EXISTS baseline.transaction (
    trans_num VARCHAR(64), trans_date_trans_time TIMESTAMP, cc_num VARCHAR(19), merchant VARCHAR(100),
    category VARCHAR(50), amt DECIMAL(12, 2), first VARCHAR(50), last VARCHAR(50), gender CHAR(1), street VARCHAR(100),
    city VARCHAR(60), state CHAR(2), zip VARCHAR(5), lat DECIMAL(9, 6), long DECIMAL(9, 6), city_pop INTEGER,
    job VARCHAR(100), dob DATE, merch_lat DECIMAL(9, 6), merch_long DECIMAL(9, 6), is_fraud VARCHAR(5)
)
