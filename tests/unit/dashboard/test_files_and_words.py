"""What is downloaded, and how numbers are written."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import datetime

import pandas as pd
import pytest

from dashboard.columns import TITLES, titled
from dashboard.csv_file import to_csv
from dashboard.excel_file import to_excel
from dashboard.figures.parts import SPEND, bars
from dashboard.png_file import to_png
from dashboard.states import STATES, outlines, state_name
from dashboard.theme import LIGHT
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


def test_the_map_has_every_state_once_and_its_neighbors_share_borders() -> None:
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


def test_a_file_has_titles_with_units_cents_and_days() -> None:
    data = pd.DataFrame(
        {
            "category": ["home"],
            "Category": ["Home"],
            "amount": [12.5],
            "fraud_rate": [0.12345678],
            "begin": pd.to_datetime(["2020-01-06"]),
            "occurred_at": pd.to_datetime(["2020-01-06 10:11:12"]),
        }
    )
    head, row = to_csv(titled(data)).decode("utf-8-sig").splitlines()
    assert head == (
        '"Category code","Category","Spend, US dollars","Fraud rate, share of labelled purchases","From","Time, UTC"'
    )
    assert row == '"home","Home","12.50",0.12345678,"2020-01-06","2020-01-06 10:11:12"'


def test_titles_are_of_one_column_each() -> None:
    assert len(set(TITLES.values())) == len(TITLES)


def test_a_workbook_says_what_it_is_of_and_runs_nothing() -> None:
    data = pd.DataFrame({"merchant": ["=1+1", "http://example.com"], "amount": [1.25, None], "begin": _days()})
    book = zipfile.ZipFile(io.BytesIO(to_excel(titled(data), {"Filters": "State: NY", "Stage": "local"})))
    assert re.findall(r'<sheet name="(\w+)"', book.read("xl/workbook.xml").decode()) == ["About", "Data"]
    texts = book.read("xl/sharedStrings.xml").decode()
    assert {"State: NY", "Spend, US dollars", "=1+1"} <= set(re.findall(r"<t>([^<]*)</t>", texts))
    rows = book.read("xl/worksheets/sheet2.xml").decode()
    assert "<f>" not in rows
    assert "<v>1.25</v>" in rows


def _days() -> list[datetime]:
    return [datetime(1800, 1, 1), datetime(9999, 12, 31)]  # noqa: DTZ001 - as the warehouse has them, without a zone


def test_a_chart_is_a_picture_without_the_network() -> None:
    chart = bars(pd.DataFrame({"Category": ["Home"], "amount": [1.0]}), "Category", SPEND, LIGHT)
    assert to_png(chart, "Title", "Note", LIGHT).startswith(b"\x89PNG")
