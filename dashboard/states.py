"""The states of the USA: their names by postal code, and their outlines for the map."""

from __future__ import annotations

import copy
import json
from functools import cache
from pathlib import Path
from typing import Any

OUTLINES = Path(__file__).resolve().parent / "geo" / "us-states.json"

STATES = {
    **{"AL": "Alabama", "AK": "Alaska", "AZ": "Arizona", "AR": "Arkansas", "CA": "California", "CO": "Colorado"},
    **{"CT": "Connecticut", "DE": "Delaware", "DC": "District of Columbia", "FL": "Florida", "GA": "Georgia"},
    **{"HI": "Hawaii", "ID": "Idaho", "IL": "Illinois", "IN": "Indiana", "IA": "Iowa", "KS": "Kansas"},
    **{"KY": "Kentucky", "LA": "Louisiana", "ME": "Maine", "MD": "Maryland", "MA": "Massachusetts"},
    **{"MI": "Michigan", "MN": "Minnesota", "MS": "Mississippi", "MO": "Missouri", "MT": "Montana"},
    **{"NE": "Nebraska", "NV": "Nevada", "NH": "New Hampshire", "NJ": "New Jersey", "NM": "New Mexico"},
    **{"NY": "New York", "NC": "North Carolina", "ND": "North Dakota", "OH": "Ohio", "OK": "Oklahoma"},
    **{"OR": "Oregon", "PA": "Pennsylvania", "RI": "Rhode Island", "SC": "South Carolina", "SD": "South Dakota"},
    **{"TN": "Tennessee", "TX": "Texas", "UT": "Utah", "VT": "Vermont", "VA": "Virginia", "WA": "Washington"},
    **{"WV": "West Virginia", "WI": "Wisconsin", "WY": "Wyoming"},
}


def state_name(code: str) -> str:
    """The state's name; a code that is none of the fifty states or DC (a territory, a typing error) as it is."""
    return STATES.get(code, code)


def outlines(properties: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """GeoJSON features of all states, on a plane of 975 x 610 pixels, each with the properties of its code, if any."""
    features = copy.copy(_features())
    return [feature | {"properties": properties.get(feature["id"], {})} for feature in features]


@cache
def _features() -> list[dict[str, Any]]:
    features: list[dict[str, Any]] = json.loads(OUTLINES.read_text(encoding="utf-8"))["features"]
    return features
