"""A ring of card keys: which one is in force when, what stays the same across a rotation, and what is no ring."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.write_to_kinesis.idempotency import fingerprint, is_of
from shared.card_keys.ring import CardKey, CardKeys, CardKeysError
from shared.transaction.codec import decode_record, encode_record
from shared.transaction.model import parse_transaction
from tests.rows import CARD_KEYS, CARD_NUMBER, CSV_ROW, NOW

SINCE = "2020-07-01T08:00:00.000Z"  # the moment of CSV_ROW itself
ROTATED = CARD_KEYS.followed_by(b"n" * 64, SINCE)


def test_a_key_is_in_force_from_its_moment_on() -> None:
    assert ROTATED.at("2020-07-01T07:59:59.999Z").id == "1"
    assert ROTATED.at(SINCE).id == "2"
    assert ROTATED.at("2999-01-01T00:00:00.000Z") == ROTATED.newest


def test_the_secret_is_what_it_was_after_writing_and_reading() -> None:
    assert CardKeys.read(ROTATED.write()) == ROTATED
    assert CardKeys.read(CARD_KEYS.write()) == CARD_KEYS
    assert CardKeys.read("k" * 64) == CardKeys.of(b"k" * 64)


def test_a_card_has_another_id_under_another_key_and_all_of_them_can_be_asked_for() -> None:
    before = parse_transaction({**CSV_ROW, "trans_date_trans_time": "2020-07-01 07:59:59"}, ROTATED, NOW)
    after = parse_transaction(CSV_ROW, ROTATED, NOW)
    assert (before.card_key_id, after.card_key_id) == ("1", "2")
    assert [after.card_id, before.card_id] == list(ROTATED.card_ids(CARD_NUMBER))
    assert before.card_id != after.card_id
    assert decode_record(encode_record([before, after])) == [before, after]


def test_a_transaction_of_before_is_the_same_after_the_rotation() -> None:
    row = {**CSV_ROW, "trans_date_trans_time": "2020-07-01 07:59:59"}
    assert parse_transaction(row, ROTATED, NOW) == parse_transaction(row, CARD_KEYS, NOW)


@pytest.mark.parametrize("trans_num", ["", "a1"])
def test_who_it_is_and_which_transaction_it_is_do_not_change_with_the_key(trans_num: str) -> None:
    row = {**CSV_ROW, "trans_num": trans_num}
    under_old, under_new = parse_transaction(row, CARD_KEYS, NOW), parse_transaction(row, ROTATED, NOW)
    assert under_old.card_id != under_new.card_id
    assert under_old._replace(card_id="", card_key_id="") == under_new._replace(card_id="", card_key_id="")


def test_a_repeated_request_is_known_across_a_rotation() -> None:
    mark = fingerprint(CARD_KEYS.newest.secret, b"body")
    assert is_of(mark, ROTATED, b"body")
    assert not is_of(mark, ROTATED, b"another")
    assert not is_of(mark, CardKeys.of(b"x" * 64), b"body")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "short",
        "k" * 31,
        "{}",
        '{"1": "short"}',
        '{"1": ',
        '{"1": 5}',
        json.dumps({"one": "k" * 64}),
        json.dumps({"0": "k" * 64}),
        json.dumps({"1": "k" * 64, "2": "n" * 64}),
        json.dumps({"1": {"key": "k" * 64, "from": SINCE}}),
        json.dumps({"1": "k" * 64, "2": {"key": "n" * 64}}),
        json.dumps({"1": "k" * 64, "2": {"key": "n" * 64, "from": "2020-07-01"}}),
        json.dumps({"2": "k" * 64, "1": {"key": "n" * 64, "from": SINCE}}),
        json.dumps({"1": "k" * 64, "2": {"key": "n" * 64, "from": SINCE}, "3": {"key": "m" * 64, "from": SINCE}}),
        json.dumps(["k" * 64]).replace("[", "{", 1),
    ],
)
def test_what_is_no_ring_is_refused_without_quoting_it(text: str) -> None:
    with pytest.raises(CardKeysError) as caught:
        CardKeys.read(text)
    assert not any(letter * 8 in str(caught.value) for letter in "knm")


def test_a_key_is_not_shown() -> None:
    assert "nnnn" not in repr(ROTATED)
    assert "nnnn" not in repr(CardKey("2", b"n" * 64, SINCE))


moments = st.datetimes().map(lambda moment: moment.isoformat(timespec="milliseconds") + "Z")


@given(st.lists(moments, unique=True, max_size=5).map(sorted), moments)
def test_the_key_of_a_moment_is_the_last_one_that_began_before(begins: list[str], moment: str) -> None:
    ring = CARD_KEYS
    for number, since in enumerate(begins):
        ring = ring.followed_by(str(number).encode() * 64, since)
    assert ring.at(moment).id == str(1 + sum(since <= moment for since in begins))
    assert CardKeys.read(ring.write()) == ring
