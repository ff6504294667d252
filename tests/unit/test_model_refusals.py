"""What is refused, and the reason the sender gets."""

from __future__ import annotations

import copy
import pickle
from decimal import Decimal

import pytest
from pydantic_core import ValidationError

from shared.errors import RejectedError, TerminalError
from shared.transaction.engine import ROW
from shared.transaction.model import parse_many
from shared.transaction.schema import REQUIRED_SOURCES
from tests.rows import CARD_KEYS, CARD_NUMBER, CSV_ROW, JSON_ROW, NOW, findings, parse


@pytest.mark.parametrize(
    ("column", "value", "says"),
    [
        ("cc_num", "2.29E+15", '"2.29E+15" has lost digits: export the column as text'),
        ("cc_num", "2,29e+15", "lost digits"),
        ("cc_num", Decimal("2.29E+15"), "lost digits"),
        ("cc_num", 2.291163933867244e15, "decimals"),
        ("cc_num", "4111111111111111.0", "has decimals"),
        ("cc_num", "2291163933000000", "a spreadsheet rounded it"),
        ("cc_num", "4110000000000000000", "a spreadsheet rounded it"),
        ("cc_num", "4111111111", "too few digits"),
        ("cc_num", "41111111111111111111", "too many digits"),
        ("cc_num", "4111  1111 1111 1111", "11 to 19 digits"),
        ("cc_num", "****-****-****-1111", "not digits"),
        ("cc_num", "４１１１１１１１１１１１１１１１", "not digits"),
        ("cc_num", -4111111111111111, "has a sign"),
        ("cc_num", True, "is true"),
        ("cc_num", [4111111111111111], "is a list"),
        ("cc_num", "", "is empty"),
        ("cc_num", None, "is empty"),
        ("trans_date_trans_time", "6/21/20 12:14", "ambiguous"),
        ("trans_date_trans_time", "03/04/2020 12:14:25", "ambiguous"),
        ("trans_date_trans_time", "21.06.2020 12:14:25", "ambiguous"),
        ("trans_date_trans_time", "1371816865", "is a number"),
        ("trans_date_trans_time", 1371816865, "is a number"),
        ("trans_date_trans_time", Decimal("1371816.5"), "is a number"),
        ("trans_date_trans_time", "2020-02-30 12:14:25", "not a day of the calendar"),
        ("trans_date_trans_time", "2021-02-29T12:14:25Z", "not a day of the calendar"),
        ("trans_date_trans_time", "2020-13-01 12:14:25", "not a day of the calendar"),
        ("trans_date_trans_time", "2020-06-21 24:00:00", "expected a time in UTC"),
        ("trans_date_trans_time", "2020-06-21 12:14:60", "expected a time in UTC"),
        ("trans_date_trans_time", "2020-06-21", "no time of day"),
        ("trans_date_trans_time", "2020-06-21 12:14", "no seconds"),
        ("trans_date_trans_time", "2020-06-21T12:14:25.123456Z", "not milliseconds"),
        ("trans_date_trans_time", "2020-06-21T12:14:25,123Z", "not milliseconds"),
        ("trans_date_trans_time", "2020-06-21T12:14:25 PM", "expected a"),
        ("trans_date_trans_time", "2020-06-21T12:14:25+25:00", "expected a time in UTC"),
        ("trans_date_trans_time", "Jun 21, 2020", "expected a"),
        ("trans_date_trans_time", "1899-12-31 23:59:59", "before 1900"),
        ("trans_date_trans_time", "9999-12-31T23:59:59-01:00", "beyond the year 9999"),
        ("trans_date_trans_time", None, "is empty"),
        ("trans_date_trans_time", {}, "is an object"),
        ("dob", "3/19/68", "ambiguous"),
        ("dob", "19.03.1968", "ambiguous"),
        ("dob", "1968-03-19 00:00:00", "time of day"),
        ("dob", "1968-02-30", "not a day of the calendar"),
        ("dob", "1968-00-10", "not a day of the calendar"),
        ("dob", "1899-12-31", "before 1900"),
        ("dob", "2026-01-02", "in the future"),
        ("dob", "2020-07-02", "after the transaction"),
        ("dob", 25281, "is a number"),
        ("dob", "19680319", "is a number"),
        ("dob", "March 1968", "expected a"),
        ("amt", "-5.00", "refunds are not supported"),
        ("amt", Decimal("-0.01"), "refunds are not supported"),
        ("amt", "NaN", "not a finite number"),
        ("amt", "-Infinity", "not a finite number"),
        ("amt", Decimal("NaN"), "not a finite number"),
        ("amt", float("inf"), "not a finite number"),
        ("amt", "1.234", "more than two decimals"),
        ("amt", Decimal("0.0000001"), "more than two decimals"),
        ("amt", "1e2", "scientific notation"),
        ("amt", Decimal("1E+2"), "scientific notation"),
        ("amt", "10000000000.00", "DECIMAL(12,2)"),
        ("amt", "$1,234.50", "write a plain number"),
        ("amt", "12,50", "write a plain number"),
        ("amt", "twelve", "is not a number"),
        ("amt", ".5", "expected US dollars"),
        ("amt", "+5", "expected US dollars"),
        ("amt", False, "is false"),
        ("amt", "", "is empty"),
        ("lat", "90.000001", "off the globe"),
        ("lat", Decimal("-91"), "off the globe"),
        ("long", "180.5", "off the globe"),
        ("merch_lat", "1e999", "off the globe"),
        ("merch_long", "-Infinity", "not a finite number"),
        ("lat", "nan", "not a finite number"),
        ("lat", "40,6729", "decimal point"),
        ("lat", "40.6729 N", "is not a number"),
        ("lat", True, "is true"),
        ("city_pop", "-1", "is negative"),
        ("city_pop", "2147483648", "INTEGER"),
        ("city_pop", "99999999999", "INTEGER"),
        ("city_pop", "34496.0", "whole number"),
        ("city_pop", Decimal("3.4E+4"), "whole number"),
        ("city_pop", "34,496", "write a plain number"),
        ("zip", "2138.0", "taken for a number"),
        ("zip", "12", "too short"),
        ("zip", "021389", "five digits"),
        ("zip", "K1A 0B1", "five digits"),
        ("gender", "f", "F or M"),
        ("gender", "female", "F or M"),
        ("gender", 1, "F or M"),
        ("state", "Massachusetts", "two letters"),
        ("state", "M1", "two letters"),
        ("state", "ÄÖ", "two letters"),
        ("first", "x" * 101, "has 101 characters: expected at most 100"),
        ("category", "x" * 51, "at most 50"),
        ("street", "x" * 201, "at most 200"),
        ("merchant", "fraud_" + "x" * 101, "at most 100"),
        ("merchant", "fraud_  ", "no name after the prefix"),
        ("job", "a\x00b", "U+0000"),
        ("city", "a\nb", "U+000A"),
        ("street", "a\u2028b", "U+2028"),
        ("last", "a\ud800b", "U+D800"),
        ("last", "a\uffffb", "U+FFFF"),
        ("last", "a\U0001fffeb", "U+1FFFE"),
        ("first", 12, "is a number"),
        ("first", ["Ada"], "is a list"),
        ("job", " \t ", "is empty"),
        ("trans_num", "a b", "A-Z a-z 0-9 _ -"),
        ("trans_num", "x" * 65, "1 to 64"),
        ("trans_num", Decimal("1.5"), "1 to 64"),
        ("trans_num", "é", "1 to 64"),
        ("is_fraud", "maybe", "0, 1, true, false or empty"),
        ("is_fraud", 2, "0, 1, true, false or empty"),
        ("is_fraud", [], "0, 1, true, false or empty"),
    ],
)
def test_a_wrong_value_is_refused_and_the_reason_says_what_is_right(column, value, says):
    found = findings(**{column: value})
    assert list(found) == [column]
    assert says in found[column]


def test_a_long_run_of_combining_characters_does_not_keep_the_function_busy():
    # Composing it would take time that grows with the square of its length: minutes for these.
    marks = "\u0301\u0327" * 1_000_000
    assert set(findings(first=marks, merchant=marks)) == {"first", "merchant"}


def test_a_date_of_birth_is_compared_with_the_transactions_day_in_utc():
    assert "2020-06-30 in UTC" in findings(trans_date_trans_time="2020-07-01T01:00:00+02:00", dob="2020-07-01")["dob"]


def test_every_finding_of_a_row_is_reported_at_once():
    found = findings(amt="-1", gender="x", lat="99", cc_num="1E+15", extra="1", zip="1")
    assert set(found) == {"amt", "gender", "lat", "cc_num", "extra", "zip"}


@pytest.mark.parametrize("column", REQUIRED_SOURCES)
def test_a_missing_column_is_named(column):
    found = findings({k: v for k, v in CSV_ROW.items() if k != column})
    assert "missing" in found[column]
    assert len(found) == 1


def test_an_extra_column_is_named():
    assert "unknown column" in findings(currency="USD")["currency"]


def test_a_byte_order_mark_in_the_header_is_recognized():
    row = {k: v for k, v in JSON_ROW.items() if k != "cc_num"} | {"\ufeffcc_num": CARD_NUMBER}
    found = findings(row)
    assert "utf-8-sig" in found["\\ufeffcc_num"]
    assert "missing" in found["cc_num"]


def test_values_beyond_the_header_are_noticed():
    assert "more values" in findings(**{}, row=CSV_ROW | {None: ["x"]})["row"]


def test_thousands_of_unknown_columns_do_not_make_thousands_of_reasons():
    found = findings(**{f"c{n}": n for n in range(5000)})
    assert len(found) < 30
    assert "5000 unknown columns" in found["row"]


def test_a_file_without_a_header_line_is_recognized():
    found = findings(dict.fromkeys(["0", CARD_NUMBER, "Ada"], "x"))
    assert list(found) == ["row"]
    assert "header line" in found["row"]


@pytest.mark.parametrize(
    ("row", "says"), [(None, "null"), ([], "a list"), ("x", "text"), (5, "a number"), (True, "true")]
)
def test_a_row_that_is_no_object_is_refused(row, says):
    (error,) = parse_many([row], CARD_KEYS, NOW)
    assert error.errors[0][0] == "row"
    assert says in error.errors[0][1]


def test_an_integer_beyond_pythons_limit_is_refused_like_any_other():
    huge = 10**5000
    assert set(findings(cc_num=huge, amt=huge, zip=huge)) == {"cc_num", "amt", "zip"}


@pytest.mark.parametrize("column", ["merchant", "category", "first", "last", "street", "city", "job"])
@pytest.mark.parametrize(
    "written",
    [CARD_NUMBER, f"x {CARD_NUMBER} y", f"123456789012{CARD_NUMBER}", "4111-1111-1111-1111", "5500 0055 5555 5559"],
)
def test_a_card_number_in_the_wrong_column_is_refused_lest_it_be_stored(column, written):
    found = findings(**{column: written})
    assert list(found) == [column]
    assert "cc_num only" in found[column]


@pytest.mark.parametrize("written", [CARD_NUMBER, "4111-1111-1111-1111", f"t-{CARD_NUMBER}", "5500005555555559"])
def test_a_card_number_is_no_trans_num(written):
    assert "cc_num only" in findings(trans_num=written)["trans_num"]


@pytest.mark.parametrize("number", ["", "x", None])
def test_a_card_number_as_trans_num_is_found_in_a_row_without_a_valid_cc_num(number):
    found = findings(cc_num=number, trans_num=CARD_NUMBER)
    assert set(found) == {"cc_num", "trans_num"}
    assert "cc_num only" in found["trans_num"]


def test_long_numbers_that_are_no_card_numbers_are_left_alone():
    luhn_valid_but_too_short = "60420207185"
    assert parse(street=f"Lot {luhn_valid_but_too_short}, Unit 2", trans_num="a5500005555555559")
    assert parse(street="Parcel 5510005555555550")


@pytest.mark.parametrize(
    "changes",
    [
        {"first": CARD_NUMBER},
        {CARD_NUMBER: "x"},
        {"amt": CARD_NUMBER},
        {"amt": int(CARD_NUMBER)},
        {"gender": CARD_NUMBER},
        {"zip": "4111-1111-1111-1111"},
        {"dob": "4111 1111 1111 1111"},
        {"cc_num": "x4111111111111111"},
        {"cc_num": "4111 1111 1111 1111 ?"},
        {"is_fraud": "4x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x"},
        {"cc_num": "4.111111111111111E+15"},
    ],
)
def test_no_reason_shows_a_card_number(changes):
    found = findings(**changes)
    assert found
    for column, reason in found.items():
        assert sum(map(str.isdigit, column)) < 11
        assert "4111" not in reason.replace("-", "").replace(" ", "")
        assert "4x1x1x1" not in reason


def test_nothing_behind_a_refusal_shows_the_row_either():
    with pytest.raises(RejectedError) as refusal:
        parse(gender=CARD_NUMBER)
    assert refusal.value.__context__ is None  # a logged traceback would print it
    with pytest.raises(ValidationError) as invalid:
        ROW.validate_python(CSV_ROW | {"gender": CARD_NUMBER})
    assert CARD_NUMBER not in str(invalid.value)


def test_a_refusal_is_terminal_and_carries_all_it_knows():
    error = RejectedError.of([("amt", "is empty"), ("zip", "is empty")])
    assert isinstance(error, TerminalError)
    assert str(error) == "amt: is empty; zip: is empty"
    for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert (twin.field, twin.reason, twin.errors) == (error.field, error.reason, error.errors)


def test_a_refusal_with_one_finding_is_made_from_it():
    assert RejectedError("amt", "is empty").errors == [("amt", "is empty")]
