"""Ids are derived: the same input gives the same id, everywhere and for ever."""

from __future__ import annotations

import hashlib
import hmac

import pytest

from shared.transaction.ids import card_id, content_id, customer_id, merchant_id, merchant_name

KEY = b"k" * 64
WHO = ("Ada", "Okafor", "F", "1971-02-28", "12 Harbour Lane", "02138")


@pytest.mark.parametrize("length", [1, 32, 63, 64, 65, 200])  # HMAC hashes a key longer than a block first
def test_a_card_id_is_the_first_half_of_hmac_sha256(length):
    key = bytes(range(256))[-length:]
    expected = hmac.new(key, b"4111111111111111", hashlib.sha256).hexdigest()[:32]
    assert card_id(key, "4111111111111111") == expected


def test_stages_with_different_keys_have_different_ids():
    assert card_id(KEY, "4111111111111111") != card_id(b"other", "4111111111111111")
    assert customer_id(KEY, *WHO) != customer_id(b"other", *WHO)


@pytest.mark.parametrize("key", [b"", "text", None])
def test_without_a_key_there_is_no_id(key):
    with pytest.raises(ValueError, match="card key"):
        card_id(key, "4111111111111111")


def test_ids_are_those_of_the_first_release():
    # If this fails, every row that is already stored would get another id: that needs a migration, not a new test.
    assert card_id(KEY, "4111111111111111") == "76ad1eeb92c171636a105b7c2174ad5c"
    assert customer_id(KEY, *WHO) == "a54fb40b8011ddd0"
    assert merchant_id("Quill, Marsh and Daughters") == "7d7d2258dcc548b3"
    assert content_id("a", "b") == "98c82f8e5b3bc334279c6a8085576d23"


def test_every_part_of_who_a_customer_is_matters():
    ids = {customer_id(KEY, *WHO)}
    for index in range(len(WHO)):
        ids.add(customer_id(KEY, *(value + "x" if i == index else value for i, value in enumerate(WHO))))
    assert len(ids) == len(WHO) + 1


def test_values_do_not_run_into_each_other():
    assert customer_id(KEY, "ab", "c", *WHO[2:]) != customer_id(KEY, "a", "bc", *WHO[2:])
    assert content_id("ab", "c") != content_id("a", "bc")


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("fraud_Tern & Sons", "Tern & Sons"),
        ("  fraud_ Tern & Sons ", "Tern & Sons"),
        ("fraud_fraud_Tern & Sons", "Tern & Sons"),
        ("Tern & Sons", "Tern & Sons"),
        ("The fraud_ Shop", "The fraud_ Shop"),
        ("Cafe\u0301", "Caf\u00e9"),
        ("fraud_", ""),
    ],
)
def test_a_merchants_name_comes_without_the_data_sets_prefix(raw, name):
    assert merchant_name(raw) == name


@pytest.mark.parametrize("variant", ["fraud_Café Lumière", "CAFÉ LUMIÈRE", " Café  Lumière ", "Cafe\u0301 Lumière"])
def test_spellings_of_one_merchant_have_one_id(variant):
    assert merchant_id(variant) == merchant_id("Café Lumière")


def test_ids_have_their_lengths():
    assert [len(card_id(KEY, "4")), len(customer_id(KEY, *WHO)), len(merchant_id("x")), len(content_id("x"))] == [
        32, 16, 16, 32,
    ]  # fmt: skip
