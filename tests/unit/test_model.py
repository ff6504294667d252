"""What a row becomes: the accepted forms, and the one canonical Transaction they share."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest

from shared.errors import RejectedError
from shared.transaction.ids import card_id, customer_id, merchant_id
from shared.transaction.model import parse_many, parse_transaction
from shared.transaction.schema import FIELDS, REQUIRED_SOURCES, SOURCES, Transaction
from tests.rows import CARD_KEY, CARD_KEYS, CARD_NUMBER, CSV_ROW, JSON_ROW, NOW, findings, parse

DATA = Path(__file__).parents[1] / "data"


def read_csv(name: str) -> list[dict]:
    with (DATA / name).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_a_row_of_the_kaggle_file_becomes_a_transaction():
    customer = customer_id(CARD_KEY, "Ada", "Okafor", "F", "1971-02-28", "12 Harbour Lane", "02138")
    assert parse() == Transaction(
        transaction_id="0a1b2c3d4e5f60718293a4b5c6d7e8f9",
        occurred_at="2020-07-01T08:00:00.000Z",
        card_id=card_id(CARD_KEY, CARD_NUMBER),
        card_key_id="1",
        card_last4="1111",
        customer_id=customer,
        merchant_id=merchant_id("Quill, Marsh and Daughters"),
        merchant="Quill, Marsh and Daughters",
        category="grocery_pos",
        amount=Decimal("41.07"),
        first_name="Ada",
        last_name="Okafor",
        gender="F",
        street="12 Harbour Lane",
        city="Cambridge",
        state="MA",
        zip="02138",
        latitude=42.3803,
        longitude=-71.1329,
        city_population=105162,
        job="Hydrologist",
        date_of_birth="1971-02-28",
        merchant_latitude=42.411002,
        merchant_longitude=-70.999123,
        is_fraud=False,
    )


def test_the_same_transaction_from_csv_and_from_json_is_equal():
    from_csv, from_json = parse(CSV_ROW), parse(JSON_ROW)
    assert from_csv == from_json
    assert list(map(type, from_csv)) == list(map(type, from_json))


def test_a_whole_file_in_the_kaggle_form_is_accepted():
    transactions = parse_many(read_csv("kaggle_form.csv"), CARD_KEYS, NOW)
    assert [t.zip for t in transactions] == ["02138", "84532", "00501"]
    assert [str(t.amount) for t in transactions] == ["41.07", "7.50", "1203.00"]
    assert [t.merchant_latitude for t in transactions] == [42.411002, 38.12, 40.9]
    assert [t.is_fraud for t in transactions] == [False, False, True]
    assert transactions[2].merchant == "Café Lumière"


def test_a_file_that_went_through_a_spreadsheet_is_refused_row_by_row():
    first, second = parse_many(read_csv("spreadsheet_form.csv"), CARD_KEYS, NOW)
    assert [column for column, _ in first.errors] == ["trans_date_trans_time", "cc_num", "dob"]
    assert dict(first.errors)["cc_num"] == '"4.11E+15" has lost digits: export the column as text'
    assert "rounded" in dict(second.errors)["cc_num"]


def test_a_bad_row_does_not_touch_its_neighbors():
    good, bad, same = parse_many([CSV_ROW, {**CSV_ROW, "amt": "-1"}, CSV_ROW], CARD_KEYS, NOW)
    assert good == same == parse()
    assert isinstance(bad, RejectedError)
    assert (bad.field, bad.reason) == bad.errors[0]


def test_numbers_of_a_json_body_are_read_without_floats():
    row = json.loads(
        json.dumps({**JSON_ROW, "amt": 0, "lat": 0, "long": 0, "merch_lat": 0, "merch_long": 0}, default=str)
    )
    row |= json.loads('{"amt": 9999999999.99, "lat": 1e1, "long": 0.0000001}', parse_float=Decimal)
    transaction = parse(row)
    assert transaction.amount == Decimal("9999999999.99")
    assert (transaction.latitude, transaction.longitude) == (10.0, 0.0)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("2020-07-01 08:00:00", "2020-07-01T08:00:00.000Z"),
        ("2020-07-01T08:00:00", "2020-07-01T08:00:00.000Z"),
        (" 2020-07-01 08:00:00 ", "2020-07-01T08:00:00.000Z"),
        ("2020-07-01T08:00:00Z", "2020-07-01T08:00:00.000Z"),
        ("2020-07-01 08:00:00.5", "2020-07-01T08:00:00.500Z"),
        ("2020-07-01T08:00:00.123Z", "2020-07-01T08:00:00.123Z"),
        ("2020-07-01T08:00:00+02:00", "2020-07-01T06:00:00.000Z"),
        ("2020-07-01T00:00:00.001+0530", "2020-06-30T18:30:00.001Z"),
        ("2020-12-31T20:00:00-08:00", "2021-01-01T04:00:00.000Z"),
        ("2020-02-29 23:59:59", "2020-02-29T23:59:59.000Z"),
    ],
)
def test_a_time_becomes_utc_with_milliseconds(text, canonical):
    assert parse(trans_date_trans_time=text).occurred_at == canonical


@pytest.mark.parametrize(
    "written", ["4111 1111 1111 1111", "4111-1111-1111-1111", " 4111111111111111 ", 4111111111111111]
)
def test_a_card_number_may_be_grouped_or_a_json_integer(written):
    assert parse(cc_num=written).card_id == card_id(CARD_KEY, CARD_NUMBER)


@pytest.mark.parametrize("number", ["60420207185", "4992346398065154184", "676173792455", "4111111111111112"])
def test_numbers_of_11_to_19_digits_are_accepted_and_their_check_digit_is_not_enforced(number):
    assert parse(cc_num=number).card_last4 == number[-4:]


def test_a_number_that_ends_in_zeros_is_accepted_if_its_check_digit_is_right():
    assert parse(cc_num="4000000000006000000").card_last4 == "0000"


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("02138", "02138"),
        ("2138", "02138"),
        (2138, "02138"),
        ("501", "00501"),
        ("84532-1234", "84532"),
        (84532, "84532"),
    ],
)
def test_a_zip_code_gets_its_leading_zeros_back_and_loses_its_plus_4(written, code):
    assert parse(zip=written).zip == code


@pytest.mark.parametrize(
    ("written", "label"),
    [
        (0, False), (1, True), ("0", False), ("1", True), (" 1 ", True), (True, True), (False, False),
        ("true", True), ("false", False), ("True", True),
        ("", None), (None, None), (Decimal("1.0"), True), ("1.0", True),
    ],
)  # fmt: skip
def test_the_label_may_be_written_in_several_ways_or_be_absent(written, label):
    assert parse(is_fraud=written).is_fraud is label


def test_columns_that_carry_nothing_are_dropped():
    row = {k: v for k, v in CSV_ROW.items() if k not in ("", "unix_time", "is_fraud")}
    assert parse(row) == parse()._replace(is_fraud=None)
    assert parse(row, **{"Unnamed: 0": "17", "unix_time": "no number"}) == parse(row)


@pytest.mark.parametrize(
    ("written", "amount"), [("0", "0.00"), ("0.00", "0.00"), ("5", "5.00"), ("007.5", "7.50"), (5, "5.00")]
)
def test_an_amount_has_two_decimals_and_may_be_zero(written, amount):
    assert str(parse(amt=written).amount) == amount


def test_coordinates_have_at_most_six_decimals_and_zero_has_no_sign():
    transaction = parse(lat="39.450497999999996", long="-0.00000004", merch_lat="-90", merch_long="180")
    assert transaction.latitude == 39.450498
    assert str(transaction.longitude) == "0.0"
    assert (transaction.merchant_latitude, transaction.merchant_longitude) == (-90.0, 180.0)


def test_text_is_trimmed_and_composed():
    transaction = parse(first="  Zoe\u0308 ", street="12  Harbour\u00a0Lane\u2003")
    assert transaction.first_name == "Zo\u00eb"
    assert transaction.street == "12  Harbour\u00a0Lane"


def test_a_state_is_in_capitals():
    assert parse(state="ma").state == "MA"


@pytest.mark.parametrize("missing", [{"trans_num": ""}, {"trans_num": None}])
def test_without_a_trans_num_the_id_comes_from_the_content(missing):
    one = parse(**missing)
    assert len(one.transaction_id) == 32
    assert one == parse(JSON_ROW, **missing)
    row = {k: v for k, v in CSV_ROW.items() if k != "trans_num"}
    assert parse(row) == one


def test_a_derived_id_depends_on_the_content_but_not_on_the_label():
    one = parse(trans_num="")
    assert parse(trans_num="", is_fraud="1").transaction_id == one.transaction_id
    others = {
        parse(trans_num="", **change).transaction_id
        for change in (
            {"amt": "41.08"},
            {"trans_date_trans_time": "2020-07-01 08:00:01"},
            {"cc_num": "4111111111111112"},
            {"merchant": "Other"},
            {"merch_lat": "42.5"},
        )
    }
    assert len(others | {one.transaction_id}) == 6


@pytest.mark.parametrize("trans_num", ["a", "A-b_9", "x" * 64, 17])
def test_a_trans_num_is_the_transactions_id(trans_num):
    assert parse(trans_num=trans_num).transaction_id == str(trans_num)


def test_text_may_be_as_long_as_its_limit_in_characters():
    longest = {f.source: "\u00e9" * f.kind.limit for f in FIELDS if f.source and f.kind.is_free_text}
    transaction = parse(**longest | {"merchant": "fraud_" + longest["merchant"]})
    assert transaction.street == "\u00e9" * 200
    assert transaction.merchant == "\u00e9" * 100


def test_the_limit_counts_characters_after_composition():
    assert parse(first="e\u0301" * 100).first_name == "\u00e9" * 100


def test_a_date_of_birth_may_be_today_but_not_tomorrow():
    late = {"trans_date_trans_time": "2030-01-01 00:00:00"}
    assert parse(dob="2026-01-01", **late).date_of_birth == "2026-01-01"
    assert "future" in findings(dob="2026-01-02", **late)["dob"]


def test_today_is_the_day_in_utc():
    row = CSV_ROW | {"trans_date_trans_time": "2030-01-01 00:00:00", "dob": "2026-01-02"}
    eastern = timezone(timedelta(hours=-5))
    assert parse_transaction(row, CARD_KEYS, datetime(2026, 1, 1, 19, 0, tzinfo=eastern)).date_of_birth == "2026-01-02"
    with pytest.raises(RejectedError, match="future"):
        parse_transaction(row, CARD_KEYS, datetime(2026, 1, 1, 18, 59, tzinfo=eastern))


def test_without_a_moment_given_the_clock_decides():
    far = {"trans_date_trans_time": "9000-01-01 00:00:00"}
    tomorrow = (datetime.now(UTC) + timedelta(days=2)).date().isoformat()
    yesterday = (datetime.now(UTC) - timedelta(days=1)).date().isoformat()
    assert parse_transaction(CSV_ROW | far | {"dob": yesterday}, CARD_KEYS)
    with pytest.raises(RejectedError, match="future"):
        parse_transaction(CSV_ROW | far | {"dob": tomorrow}, CARD_KEYS)


def test_what_a_sender_may_leave_out_is_what_the_description_says():
    optional = {"trans_num", "is_fraud"}
    assert set(REQUIRED_SOURCES) == SOURCES.keys() - optional
    assert parse({column: value for column, value in CSV_ROW.items() if column not in optional}).is_fraud is None


def test_the_row_that_was_given_is_left_as_it_was():
    row = dict(JSON_ROW)
    parse_transaction(row, CARD_KEYS, NOW)
    assert row == JSON_ROW
