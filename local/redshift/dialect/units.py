"""Parts of dates and times, by all the names that Redshift has for them.

https://docs.aws.amazon.com/redshift/latest/dg/r_Dateparts_for_datetime_functions.html
"""

from __future__ import annotations

UNITS = {
    "millennium": "millennium", "millennia": "millennium", "mil": "millennium", "mils": "millennium",
    "century": "century", "centuries": "century", "c": "century", "cent": "century", "cents": "century",
    "decade": "decade", "decades": "decade", "dec": "decade", "decs": "decade",
    "year": "year", "years": "year", "y": "year", "yr": "year", "yrs": "year",
    "quarter": "quarter", "quarters": "quarter", "qtr": "quarter", "qtrs": "quarter",
    "month": "month", "months": "month", "mon": "month", "mons": "month",
    "week": "week", "weeks": "week", "w": "week",
    "day": "day", "days": "day", "d": "day",
    "dayofweek": "dow", "dow": "dow", "dw": "dow", "weekday": "dow",
    "dayofyear": "doy", "doy": "doy", "dy": "doy", "yearday": "doy",
    "hour": "hour", "hours": "hour", "h": "hour", "hr": "hour", "hrs": "hour",
    "minute": "minute", "minutes": "minute", "m": "minute", "min": "minute", "mins": "minute",
    "second": "second", "seconds": "second", "s": "second", "sec": "second", "secs": "second",
    "millisecond": "millisecond", "milliseconds": "millisecond", "ms": "millisecond", "msec": "millisecond",
    "msecs": "millisecond", "msecond": "millisecond", "mseconds": "millisecond", "millisec": "millisecond",
    "millisecs": "millisecond", "millisecon": "millisecond",
    "microsecond": "microsecond", "microseconds": "microsecond", "us": "microsecond", "usec": "microsecond",
    "usecs": "microsecond", "usecond": "microsecond", "useconds": "microsecond", "microsec": "microsecond",
    "microsecs": "microsecond", "microsecon": "microsecond",
    "epoch": "epoch", "timezone": "timezone", "timezone_hour": "timezone_hour",
    "timezone_minute": "timezone_minute",
}  # fmt: skip
