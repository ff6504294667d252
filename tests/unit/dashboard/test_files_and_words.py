"""What is downloaded, and how numbers are written."""

from __future__ import annotations

import io

import pandas as pd
import pytest

from dashboard.csv_file import to_csv
from dashboard.states import STATES, outlines, state_name
from dashboard.words import category_name, percent, short


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_a_text_that_a_spreadsheet_would_run_is_kept_from_it(begin: str) -> None:
    data = pd.DataFrame({"merchant": [f"{begin}HYPERLINK(1)", "plain"], "amount": [-1.5, 2.0]})
    back = pd.read_csv(io.BytesIO(to_csv(data)), encoding="utf-8-sig")
    assert list(back["merchant"]) == [f"'{begin}HYPERLINK(1)", "plain"]
    assert list(back["amount"]) == [-1.5, 2.0]


def test_a_file_holds_every_digit_and_sign() -> None:
    data = pd.DataFrame({"amount": [123456789012.34, 0.1], "name": ['Zoë, "Ltd"', "line\nbreak"]})
    back = pd.read_csv(io.BytesIO(to_csv(data)), encoding="utf-8-sig")
    pd.testing.assert_frame_equal(back, data, check_dtype=False)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"), (999, "999"), (9999, "9,999"), (10_000, "10.0K"), (99_940, "99.9K"), (99_960, "100K"),
        (999_499, "999K"),
        (999_500, "1.00M"), (1_851_291, "1.85M"), (131_000_000, "131M"), (2_500_000_000, "2.50B"),
        (float("nan"), "–"), (None, "–"),
    ],
)  # fmt: skip
def test_a_number_is_short(value: float | None, text: str) -> None:
    assert short(value) == text


def test_dollars_and_shares() -> None:
    assert (short(70.954, "$"), short(131_123_456, "$"), percent(0.00521), percent(None)) == (
        "$70.95", "$131M", "0.52%", "–",
    )  # fmt: skip


def test_what_is_not_known_is_shown_as_it_is() -> None:
    assert (category_name("pet_insurance"), state_name("PR")) == ("Pet insurance", "PR")


def test_the_map_has_every_state_once_and_its_neighbours_share_borders() -> None:
    features = outlines({"NY": {"amount": 1}})
    assert sorted(feature["id"] for feature in features) == sorted(STATES)
    assert [feature["properties"] for feature in features if feature["id"] == "NY"] == [{"amount": 1}]
    points = {
        feature["id"]: {
            tuple(point) for shape in feature["geometry"]["coordinates"] for ring in shape for point in ring
        }
        for feature in features
    }
    assert len(points["CO"] & points["UT"]) >= 2
    assert not points["CO"] & points["NY"]
