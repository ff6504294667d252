"""What a reader calls the columns of a download: their titles with units, and how their values are written."""

from __future__ import annotations

import pandas as pd

TITLES = {
    "begin": "From",
    "end": "Until before",
    "occurred_at": "Time, UTC",
    "purchase_date": "Day, UTC",
    "hour_of_day": "Hour, UTC",
    "weekday": "Weekday, 1 is Monday",
    "alerted_at": "Alerted at, UTC",
    "first_date": "First day, UTC",
    "last_date": "Last day, UTC",
    "cohort": "First month",
    "months": "Months since",
    "category": "Category code",
    "Category": "Category",
    "state": "State code",
    "State": "State",
    "city": "City",
    "city_size": "Inhabitants of the town",
    "gender": "Gender code",
    "Gender": "Gender",
    "birth_year": "Year of birth",
    "age_band": "Age at the purchase",
    "merchant": "Merchant",
    "merchant_id": "Merchant id",
    "customer_id": "Customer id",
    "transaction_id": "Transaction id",
    "card_id": "Card id",
    "card_last4": "Last four digits",
    "segment": "Segment code",
    "Segment": "Segment",
    "amount_band": "Amount band, US dollars",
    "distance_band": "Distance from home, km",
    "distance_km": "Distance, km",
    "amount": "Spend, US dollars",
    "transactions": "Purchases",
    "customers": "Customers",
    "categories": "Categories",
    "merchants": "Merchants",
    "average_amount": "Average purchase, US dollars",
    "amount_per_customer": "Spend per customer, US dollars",
    "share": "Share of the state's spend",
    "preference": "Share against all states, times",
    "retention": "Customers who came back, share",
    "labelled": "Purchases with a label",
    "frauds": "Frauds",
    "fraud_rate": "Fraud rate, share of labelled purchases",
    "fraud_rate_low": "Fraud rate, 95% from",
    "fraud_rate_high": "Fraud rate, 95% to",
    "fraud_amount": "Fraud, US dollars",
    "alerts": "Alerts",
    "caught": "Frauds with an alert",
    "missed": "Frauds without an alert",
    "false_alerts": "False alarms",
    "caught_amount": "Fraud with an alert, US dollars",
    "missed_amount": "Fraud without an alert, US dollars",
    "Outcome": "Outcome",
    "count": "Number",
    "is_fraud": "Fraud",
    "is_alert": "Alert",
    "score": "Score",
    "reasons": "Reasons",
    "at_risk": "At risk, US dollars",
    "assigned_to": "Assigned to",
    "recency_days": "Days since the last purchase",
    "frequency": "Number of purchases",
    "monetary": "Total spend, US dollars",
    "recency_score": "Recency score",
    "frequency_score": "Frequency score",
    "monetary_score": "Money score",
}
MONEY = frozenset(name for name, title in TITLES.items() if title.endswith("US dollars") and name != "amount_band")
SHARES = frozenset({"share", "retention", "fraud_rate", "fraud_rate_low", "fraud_rate_high"})
COUNTS = frozenset(
    {"transactions", "customers", "merchants", "frauds", "labelled", "alerts", "frequency", "recency_days"}
)


# Columns whose values are written to the cent, or in per cent, by name and by title.
IN_CENTS = MONEY | {TITLES[name] for name in MONEY}
IN_PERCENT = SHARES | {TITLES[name] for name in SHARES}
DAYS = frozenset({"begin", "end", "purchase_date", "first_date", "last_date", "cohort"})
IN_DAYS = DAYS | {TITLES[name] for name in DAYS}


def titled(data: pd.DataFrame) -> pd.DataFrame:
    """With the titles as the names of the columns, for a file."""
    return data.rename(columns=title)


def title(name: str) -> str:
    """A column's title in a file; a name that is not known with blanks for underscores."""
    return TITLES.get(name) or name.replace("_", " ").capitalize()
