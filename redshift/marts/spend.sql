-- Marts of who spends where, on what and when. Views over mart.purchase: sums of it by definition.

DROP VIEW IF EXISTS mart.spend_by_state;

CREATE VIEW mart.spend_by_state AS
SELECT
    state,
    COUNT(DISTINCT customer_id) AS customers,
    COUNT(*) AS transactions,
    SUM(amount) AS amount,
    CAST(SUM(amount) / COUNT(*) AS DECIMAL(14,2)) AS average_amount,
    CAST(SUM(amount) / COUNT(DISTINCT customer_id) AS DECIMAL(18,2)) AS amount_per_customer
FROM mart.purchase
GROUP BY state;

DROP VIEW IF EXISTS mart.spend_by_city_size;

CREATE VIEW mart.spend_by_city_size AS
SELECT
    city_size,
    CASE city_size
        WHEN 'under 2,500' THEN 1
        WHEN '2,500-9,999' THEN 2
        WHEN '10,000-49,999' THEN 3
        WHEN '50,000-249,999' THEN 4
        ELSE 5
    END AS city_size_rank,
    COUNT(DISTINCT customer_id) AS customers,
    COUNT(*) AS transactions,
    SUM(amount) AS amount,
    CAST(SUM(amount) / COUNT(*) AS DECIMAL(14,2)) AS average_amount,
    CAST(SUM(amount) / COUNT(DISTINCT customer_id) AS DECIMAL(18,2)) AS amount_per_customer
FROM mart.purchase
GROUP BY city_size;

DROP VIEW IF EXISTS mart.category_by_state;

CREATE VIEW mart.category_by_state AS
SELECT
    state, category, transactions, amount,
    CAST(amount / of_state AS DECIMAL(9,6)) AS share,
    RANK() OVER (PARTITION BY state ORDER BY amount DESC) AS category_rank,
    CAST(amount / of_state / (of_category / of_all) AS DECIMAL(12,4)) AS preference
FROM (
    SELECT
        state, category, transactions, amount,
        NULLIF(CAST(SUM(amount) OVER (PARTITION BY state) AS DOUBLE PRECISION), 0) AS of_state,
        NULLIF(CAST(SUM(amount) OVER (PARTITION BY category) AS DOUBLE PRECISION), 0) AS of_category,
        NULLIF(CAST(SUM(amount) OVER () AS DOUBLE PRECISION), 0) AS of_all
    FROM (
        SELECT state, category, COUNT(*) AS transactions, SUM(amount) AS amount
        FROM mart.purchase
        GROUP BY state, category
    ) AS grouped
) AS compared;

DROP VIEW IF EXISTS mart.category_by_city_size;

CREATE VIEW mart.category_by_city_size AS
SELECT
    city_size,
    CASE city_size
        WHEN 'under 2,500' THEN 1
        WHEN '2,500-9,999' THEN 2
        WHEN '10,000-49,999' THEN 3
        WHEN '50,000-249,999' THEN 4
        ELSE 5
    END AS city_size_rank,
    category, transactions, amount,
    CAST(amount / of_city_size AS DECIMAL(9,6)) AS share,
    RANK() OVER (PARTITION BY city_size ORDER BY amount DESC) AS category_rank,
    CAST(amount / of_city_size / (of_category / of_all) AS DECIMAL(12,4)) AS preference
FROM (
    SELECT
        city_size, category, transactions, amount,
        NULLIF(CAST(SUM(amount) OVER (PARTITION BY city_size) AS DOUBLE PRECISION), 0) AS of_city_size,
        NULLIF(CAST(SUM(amount) OVER (PARTITION BY category) AS DOUBLE PRECISION), 0) AS of_category,
        NULLIF(CAST(SUM(amount) OVER () AS DOUBLE PRECISION), 0) AS of_all
    FROM (
        SELECT city_size, category, COUNT(*) AS transactions, SUM(amount) AS amount
        FROM mart.purchase
        GROUP BY city_size, category
    ) AS grouped
) AS compared;

DROP VIEW IF EXISTS mart.spend_by_gender_and_state;

CREATE VIEW mart.spend_by_gender_and_state AS
SELECT
    gender, state,
    COUNT(DISTINCT customer_id) AS customers,
    COUNT(*) AS transactions,
    SUM(amount) AS amount,
    CAST(SUM(amount) / COUNT(*) AS DECIMAL(14,2)) AS average_amount
FROM mart.purchase
GROUP BY gender, state;

DROP VIEW IF EXISTS mart.spend_by_gender_and_category;

CREATE VIEW mart.spend_by_gender_and_category AS
SELECT
    gender, category,
    COUNT(DISTINCT customer_id) AS customers,
    COUNT(*) AS transactions,
    SUM(amount) AS amount,
    CAST(SUM(amount) / COUNT(*) AS DECIMAL(14,2)) AS average_amount
FROM mart.purchase
GROUP BY gender, category;

DROP VIEW IF EXISTS mart.spend_by_birth_year;

CREATE VIEW mart.spend_by_birth_year AS
SELECT
    birth_year,
    COUNT(DISTINCT customer_id) AS customers,
    COUNT(*) AS transactions,
    SUM(amount) AS amount,
    CAST(SUM(amount) / COUNT(*) AS DECIMAL(14,2)) AS average_amount
FROM mart.purchase
GROUP BY birth_year;

DROP VIEW IF EXISTS mart.rhythm;

CREATE VIEW mart.rhythm AS
SELECT
    weekday, hour_of_day,
    COUNT(*) AS transactions,
    SUM(amount) AS amount,
    CAST(SUM(amount) / COUNT(*) AS DECIMAL(14,2)) AS average_amount
FROM mart.purchase
GROUP BY weekday, hour_of_day;
