"""Compares each mart with a computation from the source files: other SQL, on the Kaggle columns, in DuckDB."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.warehouse import Own

# One row per purchase with what the marts group by, from the Kaggle columns. A customer is who has the same name,
# gender, birthday and address; of state and town the latest counts.
_SOURCE = """
CREATE TEMP TABLE raw AS
SELECT trans_num AS id, trans_date_trans_time::TIMESTAMP AS t, amt::DECIMAL(12,2) AS amount, gender, state,
       city_pop::BIGINT AS pop, dob::DATE AS dob, category, regexp_replace(merchant, '^fraud_', '') AS merchant,
       lat::DOUBLE AS lat, long::DOUBLE AS long, merch_lat::DOUBLE AS m_lat, merch_long::DOUBLE AS m_long, city,
       is_fraud::INT = 1 AS fraud, concat_ws(chr(31), first, last, gender, dob::TEXT, street, zip::TEXT) AS who
FROM {source};
CREATE TEMP TABLE p AS
WITH home AS (
  SELECT who, arg_max(state, {{'t': t, 'id': id}}) AS home_state, arg_max(pop, {{'t': t, 'id': id}}) AS home_pop,
         arg_max(city, {{'t': t, 'id': id}}) AS home_city, arg_max(lat, {{'t': t, 'id': id}}) AS h_lat,
         arg_max(long, {{'t': t, 'id': id}}) AS h_long
  FROM raw GROUP BY who
)
SELECT raw.*, home_state, home_city,
       sin(radians(h_lat)) * sin(radians(m_lat)) + cos(radians(h_lat)) * cos(radians(m_lat))
         * cos(radians(h_long - m_long)) AS dot,
       list_filter(
         [(2500, 'under 2,500'), (10000, '2,500-9,999'), (50000, '10,000-49,999'), (250000, '50,000-249,999'),
          (9223372036854775807, '250,000+')], lambda band: home_pop < band[1])[1][2] AS town,
       list_filter([(18, '0-17'), (25, '18-24'), (35, '25-34'), (45, '35-44'), (55, '45-54'), (65, '55-64'),
          (75, '65-74'), (999, '75+')],
         lambda band: year(t) - year(dob) - (strftime(t, '%m%d') < strftime(dob, '%m%d'))::INT < band[1])[1][2] AS band,
       isodow(t) AS dow, hour(t) AS hod, t::DATE AS day, id IN (SELECT id FROM alerted) AS alert
FROM raw JOIN home USING (who);
"""

_SPEND = "count(DISTINCT who), count(*), sum(amount), round(sum(amount)::DOUBLE / count(*), 2)"
_FRAUD = """count(*), count(*), count(*) FILTER (fraud),
  round(count(*) FILTER (fraud)::DOUBLE / count(*), 6), coalesce(sum(amount) FILTER (fraud), 0),
  count(*) FILTER (alert),
  count(*) FILTER (fraud AND alert), count(*) FILTER (alert AND NOT fraud), count(*) FILTER (fraud AND NOT alert),
  coalesce(sum(amount) FILTER (fraud AND alert), 0), coalesce(sum(amount) FILTER (fraud AND NOT alert), 0),
  round(count(*) FILTER (fraud AND alert)::DOUBLE / nullif(count(*) FILTER (alert), 0), 6),
  round(count(*) FILTER (fraud AND alert)::DOUBLE / nullif(count(*) FILTER (fraud), 0), 6)"""
_FIFTH = "5 - (5 * (SELECT count(*) FROM c AS o WHERE o.{0} > c.{0}) // (SELECT count(*) FROM c))"
_LIKES = """WITH g AS (SELECT {0} AS place, category, count(*) AS n, sum(amount)::DOUBLE AS a, sum(amount) AS exact
                  FROM p GROUP BY ALL)
SELECT place, category, n, exact, round(a / (SELECT sum(a) FROM g AS o WHERE o.place = g.place), 6),
  1 + (SELECT count(*) FROM g AS o WHERE o.place = g.place AND o.exact > g.exact),
  round(a / (SELECT sum(a) FROM g AS o WHERE o.place = g.place)
    / ((SELECT sum(a) FROM g AS o WHERE o.category = g.category) / (SELECT sum(a) FROM g)), 4)
FROM g"""
_CUSTOMERS = f"""WITH c AS (SELECT who, max(day) AS day, count(*) AS n, sum(amount) AS spent,
    any_value(gender) AS gender, max(band) AS band FROM p GROUP BY who),
  s AS (SELECT *, {_FIFTH.format("day")} AS r, {_FIFTH.format("n")} AS f, {_FIFTH.format("spent")} AS m FROM c),
  seg AS (SELECT *, CASE WHEN least(r, f, m) >= 4 THEN 'champions' WHEN f >= 4 AND r >= 3 THEN 'loyal'
    WHEN r < 3 AND greatest(f, m) >= 4 THEN 'at risk' WHEN greatest(r, f) < 3 THEN 'dormant'
    WHEN r >= 4 AND f < 3 THEN 'occasional' ELSE 'regular' END AS segment FROM s)"""

_BETWEEN = "[band[2] FOR band IN [{0}] IF {1} < band[1]][1]"
_AMOUNT = _BETWEEN.format(
    "(10, 'under 10'), (25, '10-24'), (50, '25-49'), (100, '50-99'), (250, '100-249'), (500, '250-499'),"
    " (1000, '500-999'), (1e12, '1,000+')",
    "amount",
)
# Another way to the same distance: the angle between two vectors.
_EXACT = "round(6371.0088 * atan2(sqrt(least(1, greatest(0, 1 - dot * dot))), dot), 3)"
_KM = f"round({_EXACT}, 1)::DECIMAL(9,1)"
_DISTANCE = _BETWEEN.format(
    "(25, 'under 25'), (50, '25-49'), (75, '50-74'), (100, '75-99'), (150, '100-149'), (500, '150-499'), (1e9, '500+')",
    _EXACT,
)

# (what of the mart, the same from the source); both give sets of rows.
CHECKS: dict[str, tuple[str, str]] = {
    "purchase": (
        "SELECT transaction_id, purchase_date, hour_of_day, weekday, category, state, city_size, gender, birth_year,"
        " age_band, amount, is_fraud, is_alert FROM mart.purchase",
        "SELECT id, day, hod, dow, category, home_state, town, gender, year(dob), band, amount, fraud, alert FROM p",
    ),
    "purchase, by month and all filters": (
        "SELECT DATE_TRUNC('month', purchase_date), state, category, gender, age_band, city_size, COUNT(*), SUM(amount)"
        " FROM mart.purchase GROUP BY 1, 2, 3, 4, 5, 6",
        "SELECT date_trunc('month', t), home_state, category, gender, band, town, count(*), sum(amount)"
        " FROM p GROUP BY ALL",
    ),
    "spend_by_state": (
        "SELECT * FROM mart.spend_by_state",
        f"SELECT home_state, {_SPEND}, round(sum(amount)::DOUBLE / count(DISTINCT who), 2) FROM p GROUP BY home_state",
    ),
    "spend_by_city_size": (
        "SELECT city_size, customers, transactions, amount, average_amount, amount_per_customer"
        " FROM mart.spend_by_city_size",
        f"SELECT town, {_SPEND}, round(sum(amount)::DOUBLE / count(DISTINCT who), 2) FROM p GROUP BY town",
    ),
    "category_by_state": ("SELECT * FROM mart.category_by_state", _LIKES.format("home_state")),
    "category_by_city_size": (
        "SELECT city_size, category, transactions, amount, share, category_rank, preference"
        " FROM mart.category_by_city_size",
        _LIKES.format("town"),
    ),
    "spend_by_gender_and_state": (
        "SELECT * FROM mart.spend_by_gender_and_state",
        f"SELECT gender, home_state, {_SPEND} FROM p GROUP BY ALL",
    ),
    "spend_by_gender_and_category": (
        "SELECT * FROM mart.spend_by_gender_and_category",
        f"SELECT gender, category, {_SPEND} FROM p GROUP BY ALL",
    ),
    "spend_by_birth_year": (
        "SELECT * FROM mart.spend_by_birth_year",
        f"SELECT year(dob), {_SPEND} FROM p GROUP BY year(dob)",
    ),
    "rhythm": (
        "SELECT * FROM mart.rhythm",
        "SELECT dow, hod, count(*), sum(amount), round(sum(amount)::DOUBLE / count(*), 2) FROM p GROUP BY ALL",
    ),
    "customer_rfm": (
        "SELECT gender, age_band, last_date, recency_days, frequency, monetary, recency_score, frequency_score,"
        " monetary_score, segment FROM mart.customer_rfm",
        f"{_CUSTOMERS} SELECT gender, band, day, (SELECT max(day) FROM c) - day, n, spent, r, f, m, segment FROM seg",
    ),
    "customer_segment": (
        "SELECT * FROM mart.customer_segment",
        f"{_CUSTOMERS} SELECT gender, band, segment, count(*), sum(n), sum(spent) FROM seg GROUP BY ALL",
    ),
    "merchant_league": (
        "SELECT merchant, customers, transactions, amount, merchant_rank, frauds, fraud_rate FROM mart.merchant_league",
        "WITH m AS (SELECT merchant, count(DISTINCT who) AS c, count(*) AS n, sum(amount) AS a,"
        " count(*) FILTER (fraud) AS f FROM p GROUP BY merchant) SELECT merchant, c, n, a,"
        " 1 + (SELECT count(*) FROM m AS o WHERE o.a > m.a), f, round(f::DOUBLE / n, 6) FROM m",
    ),
    **{
        f"fraud_by_{name}": (
            f"SELECT * FROM mart.fraud_by_{name}",
            f"SELECT {column}, {_FRAUD} FROM p GROUP BY {column}",
        )
        for name, column in (("category", "category"), ("state", "home_state"), ("hour", "hod"), ("age_band", "band"))
    },
    "purchase_place": (
        "SELECT transaction_id, city, CAST(ROUND(distance_km, 1) AS DECIMAL(9,1)) FROM mart.purchase_place",
        f"SELECT id, home_city, {_KM} FROM p",
    ),
    "purchase, distances": (
        "SELECT transaction_id, CAST(ROUND(distance_km, 1) AS DECIMAL(9,1)), distance_band FROM mart.purchase",
        f"SELECT id, {_KM}, {_DISTANCE} FROM p",
    ),
    "customer_home": (
        "SELECT home.city, home.state, COUNT(*) FROM mart.purchase AS p"
        " INNER JOIN mart.customer_home AS home ON home.customer_id = p.customer_id"
        " GROUP BY home.customer_id, home.city, home.state",
        "SELECT any_value(home_city), any_value(home_state), count(*) FROM p GROUP BY who",
    ),
    "spend_by_city": (
        "SELECT * FROM mart.spend_by_city",
        f"SELECT home_state, home_city, {_SPEND}, round(sum(amount)::DOUBLE / count(DISTINCT who), 2) FROM p"
        " GROUP BY ALL",
    ),
    "spend_by_day": ("SELECT * FROM mart.spend_by_day", f"SELECT day, {_SPEND} FROM p GROUP BY day"),
    "amount_distribution": (
        "SELECT * FROM mart.amount_distribution",
        f"SELECT {_AMOUNT}, count(*), sum(amount), count(DISTINCT who) FROM p GROUP BY ALL",
    ),
    "fraud_by_amount_band": (
        "SELECT * FROM mart.fraud_by_amount_band",
        f"SELECT {_AMOUNT}, {_FRAUD} FROM p GROUP BY ALL",
    ),
    "fraud_by_distance": ("SELECT * FROM mart.fraud_by_distance", f"SELECT {_DISTANCE}, {_FRAUD} FROM p GROUP BY ALL"),
    "fraud_by_weekday_and_hour": (
        "SELECT * FROM mart.fraud_by_weekday_and_hour",
        f"SELECT dow, hod, {_FRAUD} FROM p GROUP BY ALL",
    ),
    "fraud_by_month": (
        "SELECT * FROM mart.fraud_by_month",
        f"SELECT date_trunc('month', day)::DATE, {_FRAUD} FROM p GROUP BY ALL",
    ),
    "merchant_by_category": (
        "SELECT merchant, category, customers, transactions, amount, rank_in_category, frauds, fraud_rate"
        " FROM mart.merchant_by_category",
        "WITH m AS (SELECT merchant, category, count(DISTINCT who) AS c, count(*) AS n, sum(amount) AS a,"
        " count(*) FILTER (fraud) AS f FROM p GROUP BY ALL) SELECT merchant, category, c, n, a, 1 + (SELECT count(*)"
        " FROM m AS o WHERE o.category = m.category AND o.a > m.a), f, round(f::DOUBLE / n, 6) FROM m",
    ),
    "cohort_retention": (
        "SELECT * FROM mart.cohort_retention",
        "WITH c AS (SELECT who, date_trunc('month', min(day))::DATE AS cohort FROM p GROUP BY who),"
        " s AS (SELECT cohort, count(*) AS size FROM c GROUP BY cohort)"
        " SELECT cohort, (year(day) - year(cohort)) * 12 + month(day) - month(cohort) AS months, size,"
        " count(DISTINCT who), count(*), sum(amount), round(count(DISTINCT who)::DOUBLE / size, 6)"
        " FROM p JOIN c USING (who) JOIN s USING (cohort) GROUP BY cohort, months, size",
    ),
    "overview": (
        "SELECT transactions, amount, customers, merchants, frauds, alerts, first_date, last_date, first_purchase_at,"
        " last_purchase_at, waiting FROM mart.overview",
        "SELECT count(*), sum(amount), count(DISTINCT who), count(DISTINCT merchant), count(*) FILTER (fraud),"
        " count(*) FILTER (alert), min(day), max(day), min(t), max(t), 0 FROM p",
    ),
    "card": (
        "SELECT card_last4, state, gender, birth_year, first_purchase_at, last_purchase_at, transactions, amount,"
        " frauds, alerts FROM mart.card",
        "SELECT right(card, 4), arg_max(home_state, {'t': t, 'id': id}), arg_max(gender, {'t': t, 'id': id}),"
        " arg_max(year(dob), {'t': t, 'id': id}), min(t), max(t), count(*), sum(amount), count(*) FILTER (fraud),"
        " count(*) FILTER (alert) FROM p JOIN card_of USING (id) GROUP BY card",
    ),
}


def differences(
    warehouse: Own, files: Sequence[Path], alerted: Sequence[str], skip: Collection[str] = ()
) -> dict[str, int]:
    """Per mart, the rows that are not equal; ``alerted`` are the ids of the transactions with an alert.

    Sums and counts must be equal to the cent; averages, shares and rates to the last digit but one.
    """
    names = ", ".join(f"'{path}'" for path in files)
    found: dict[str, int] = {}
    with duckdb.connect(config={"threads": "2", "memory_limit": "3GB"}) as database:
        database.execute("CREATE TEMP TABLE alerted (id VARCHAR)")
        if alerted:
            database.execute("INSERT INTO alerted SELECT unnest(?)", [list(alerted)])
        source = f"read_parquet([{names}])"
        database.execute(_SOURCE.format(source=source))
        database.execute(f"CREATE TEMP TABLE card_of AS SELECT trans_num AS id, cc_num::TEXT AS card FROM {source}")
        for name, (of_mart, of_source) in CHECKS.items():
            if name in skip:
                continue
            expected = sorted(database.execute(of_source).fetchall(), key=_exact)
            got = sorted((tuple(row.values()) for row in warehouse.run(of_mart)), key=_exact)
            wrong = sum(not _equal(*pair) for pair in zip(expected, got, strict=False))
            found[name] = wrong + abs(len(expected) - len(got))
    return found


def _value(value: Any) -> Any:
    """A value as both sides can have it: the Data API gives decimals and times as text."""
    if isinstance(value, bool) or value is None:
        return value
    try:
        return Decimal(str(value)).normalize()
    except ArithmeticError:
        return str(value)


def _exact(row: tuple[Any, ...]) -> list[str]:
    """A sort key: exact columns distinguish rows, so they come before rounded ones."""
    return [str(_value(value)) for value in row]


def _equal(expected: tuple[Any, ...], got: tuple[Any, ...]) -> bool:
    """Whether rows agree. A double of the source's was rounded by another engine: its last digit may differ by one."""
    for raw, given in zip(expected, got, strict=True):
        one, other = _value(raw), _value(given)
        if one == other:
            continue
        if not isinstance(raw, float) or not isinstance(other, Decimal):
            return False
        digits = max(-int(one.as_tuple().exponent), -int(other.as_tuple().exponent), 0)
        if not digits or abs(one - other) > Decimal(10) ** -digits:
            return False
    return True
