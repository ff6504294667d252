-- Marts of customer segments. The score: recency, frequency, monetary value, each from 1 to 5 by fifths of the customers.

DROP VIEW IF EXISTS mart.customer_segment;

DROP VIEW IF EXISTS mart.customer_rfm;

-- A score is 5 less the fifths of all customers who are strictly better: equal customers have equal scores.
CREATE VIEW mart.customer_rfm AS
SELECT
    customer_id, gender, state, city_size, birth_year, age_band, last_date, recency_days, frequency, monetary,
    recency_score, frequency_score, monetary_score,
    CASE
        WHEN recency_score >= 4 AND frequency_score >= 4 AND monetary_score >= 4 THEN 'champions'
        WHEN recency_score >= 3 AND frequency_score >= 4 THEN 'loyal'
        WHEN recency_score <= 2 AND (frequency_score >= 4 OR monetary_score >= 4) THEN 'at risk'
        WHEN recency_score <= 2 AND frequency_score <= 2 THEN 'dormant'
        WHEN recency_score >= 4 AND frequency_score <= 2 THEN 'occasional'
        ELSE 'regular'
    END AS segment
FROM (
    SELECT
        *,
        CAST(DATEDIFF(day, last_date, MAX(last_date) OVER ()) AS INTEGER) AS recency_days,
        CAST(5 - FLOOR(
            CAST(5 * (RANK() OVER (ORDER BY last_date DESC) - 1) AS DOUBLE PRECISION) / COUNT(*) OVER ()
        ) AS SMALLINT) AS recency_score,
        CAST(5 - FLOOR(
            CAST(5 * (RANK() OVER (ORDER BY frequency DESC) - 1) AS DOUBLE PRECISION) / COUNT(*) OVER ()
        ) AS SMALLINT) AS frequency_score,
        CAST(5 - FLOOR(
            CAST(5 * (RANK() OVER (ORDER BY monetary DESC) - 1) AS DOUBLE PRECISION) / COUNT(*) OVER ()
        ) AS SMALLINT) AS monetary_score
    FROM (
        SELECT
            customer_id,
            MAX(gender) AS gender, -- a customer has one of each
            MAX(state) AS state,
            MAX(city_size) AS city_size,
            MAX(birth_year) AS birth_year,
            MAX(age_band) AS age_band, -- sorts as text; of the last purchase, since nobody grows younger
            MAX(purchase_date) AS last_date,
            COUNT(*) AS frequency,
            SUM(amount) AS monetary
        FROM mart.purchase
        GROUP BY customer_id
    ) AS bought
) AS scored;

CREATE VIEW mart.customer_segment AS
SELECT
    gender, age_band, segment,
    COUNT(*) AS customers,
    SUM(frequency) AS transactions,
    SUM(monetary) AS amount
FROM mart.customer_rfm
GROUP BY gender, age_band, segment;
