"""One request from body to answer: each row is accepted, rejected or unstored, and the answer says which."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.write_to_kinesis.request import Answer, Ingest, internal_error
from shared.card_keys.ring import CardKeys
from shared.errors import TransientError
from shared.http.callers import Callers
from shared.stream.writer import Stream
from shared.transaction.codec import BadLine, decode_record
from tests.unit.fakes.clock import FakeClock
from tests.unit.fakes.events import api_event
from tests.unit.fakes.faults import Fault, Kind
from tests.unit.fakes.kinesis import FakeKinesis
from tests.unit.fakes.rows import CARD_KEYS, CARD_NUMBER, raw_row, transaction


class Key:
    """A card key that can be away."""

    def __init__(self) -> None:
        self.away = False

    def get(self) -> CardKeys:
        if self.away:
            raise TransientError("away")
        return CARD_KEYS


class Memory:
    """The answered requests, in memory; can be away."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}
        self.away = False

    def find(self, sender: str, key: str) -> str | None:
        if self.away:
            raise TransientError("away")
        return self.kept.get((sender, key))

    def keep(self, sender: str, key: str, body_fingerprint: str) -> None:
        if self.away:
            raise TransientError("away")
        self.kept.setdefault((sender, key), body_fingerprint)


class Api:
    """The operation on fakes."""

    def __init__(self, faults: list[Fault] | None = None, always: Fault | None = None) -> None:
        self.kinesis = FakeKinesis(faults, always)
        self.memory = Memory()
        self.key = Key()
        self.ingest = Ingest(Stream(self.kinesis, "stream"), self.memory, self.key, Callers(sender="sender-1"))

    def post(self, body: Any, **headers: str) -> Answer:
        return self.ingest.answer(api_event(body, **headers), "request-1", FakeClock(0.01).budget(8))

    @property
    def stored_ids(self) -> list[str]:
        lines = [line for of_key in self.kinesis.stored.values() for data in of_key for line in decode_record(data)]
        assert not any(isinstance(line, BadLine) for line in lines)
        return sorted(line.transaction_id for line in lines if not isinstance(line, BadLine))


def test_valid_rows_are_accepted_and_on_the_stream() -> None:
    api = Api()
    answer = api.post([raw_row(0), raw_row(1)])
    assert answer.status == 202
    assert answer.body == {
        "request_id": "request-1",
        "accepted": 2,
        "rejected": 0,
        "transaction_ids": [transaction(0).transaction_id, transaction(1).transaction_id],
        "errors": [],
    }
    assert api.stored_ids == answer.body["transaction_ids"]


def test_json_numbers_and_text_give_the_same_transaction() -> None:
    api = Api()
    body = json.dumps(raw_row(0, amt=2.86, lat=44.0462, city_pop=61851, is_fraud=0))
    assert api.post(body).status == 202
    (line,) = (data for of_key in api.kinesis.stored.values() for data in of_key)
    assert decode_record(line) == [transaction(0)]


def test_a_bad_row_is_named_and_the_others_are_stored() -> None:
    api = Api()
    answer = api.post([raw_row(0), raw_row(1, amt="-5"), "no object", raw_row(3)])
    assert answer.status == 207
    assert (answer.body["accepted"], answer.body["rejected"]) == (2, 2)
    assert answer.body["transaction_ids"] == [f"{0:032x}", None, None, f"{3:032x}"]
    assert [(error["index"], error["field"]) for error in answer.body["errors"]] == [(1, "amt"), (2, "")]
    assert api.stored_ids == [f"{0:032x}", f"{3:032x}"]
    assert (answer.ledger.received, answer.ledger.accepted, answer.ledger.rejected, answer.ledger.written) == (
        4,
        2,
        2,
        2,
    )


def test_two_findings_in_one_row_are_one_rejected_row() -> None:
    answer = Api().post([raw_row(0), raw_row(1, amt="-5", state="Oregon")])
    assert answer.body["rejected"] == 1
    assert len(answer.body["errors"]) == 2


@pytest.mark.parametrize(("rows", "each"), [(3, 14), (1000, 1)])
def test_an_answer_fits_what_lambda_takes_however_many_rows_are_wrong(rows: int, each: int) -> None:
    body = json.dumps([dict.fromkeys(raw_row(0), "\U0001f600" * 50)] * rows, ensure_ascii=False)
    answer = Api().post(body)
    assert answer.status == 400
    assert len(json.dumps(answer.response())) < 6 * 10**6
    assert [error["index"] for error in answer.body["errors"]] == [row for row in range(rows) for _ in range(each)]
    assert ("each row's first" in answer.body.get("message", "")) == (each == 1)


def test_when_no_row_is_valid_nothing_is_put() -> None:
    api = Api()
    answer = api.post([raw_row(0, amt="nan")], idempotency_key="k")
    assert answer.status == 400
    assert (answer.body["accepted"], answer.body["rejected"]) == (0, 1)
    assert api.kinesis.calls == []
    assert api.memory.kept == {}


@pytest.mark.parametrize(("body", "status"), [("", 400), ("[]", 400), ("3", 400), ("[" + "{}," * 1000 + "{}]", 413)])
def test_a_body_without_usable_rows_has_a_message(body: str, status: int) -> None:
    answer = Api().post(body)
    assert answer.status == status
    assert set(answer.body) == {"request_id", "message"}


def test_no_answer_holds_a_card_number_wherever_it_was_put() -> None:
    rows = [
        raw_row(0, cc_num=CARD_NUMBER + "99"),
        raw_row(1, state=CARD_NUMBER),
        raw_row(2, **{CARD_NUMBER: "1"}),
        raw_row(3, cc_num=CARD_NUMBER, trans_num=CARD_NUMBER),
        raw_row(4, amt=int(CARD_NUMBER)),
        raw_row(5, dob=CARD_NUMBER),
    ]
    response = Api().post(rows).response()
    assert CARD_NUMBER not in response["body"]


def test_rows_that_kinesis_keeps_refusing_are_named_and_the_rest_is_stored() -> None:
    api = Api([Fault(Kind.PART, 0b1)], always=Fault(Kind.PART, 0b1))
    rows = [raw_row(number) for number in range(5)] + [raw_row(5, amt="x")]
    answer = api.post(rows, idempotency_key="k")
    assert answer.status == 503
    assert int(answer.response()["headers"]["Retry-After"]) > 0
    unstored = answer.body["unstored"]
    assert unstored
    assert answer.body["accepted"] == 5 - len(unstored)
    assert answer.body["rejected"] == 1
    assert api.stored_ids == sorted(id for id in answer.body["transaction_ids"] if id)
    assert all(answer.body["transaction_ids"][row] is None for row in unstored)
    assert api.memory.kept == {}


def test_without_a_card_key_all_rows_are_unstored() -> None:
    api = Api()
    api.key.away = True
    answer = api.post([raw_row(0), raw_row(1)])
    assert answer.status == 503
    assert answer.body["unstored"] == [0, 1]
    assert "Retry-After" in answer.response()["headers"]
    assert api.kinesis.calls == []


def test_a_repeat_with_the_same_key_and_body_puts_nothing_and_gives_the_same_answer() -> None:
    api = Api()
    rows = [raw_row(0), raw_row(1, amt="x")]
    first = api.post(rows, idempotency_key="key-1")
    again = api.post(rows, idempotency_key="key-1")
    assert (first.status, again.status) == (207, 207)
    assert again.body == first.body | {"duplicate": True}
    assert len(api.kinesis.calls) == 1
    assert (again.ledger.duplicates, again.ledger.written) == (1, 0)


def test_a_repeat_with_another_body_is_422() -> None:
    api = Api()
    api.post([raw_row(0)], idempotency_key="key-1")
    answer = api.post([raw_row(1)], idempotency_key="key-1")
    assert answer.status == 422
    assert len(api.kinesis.calls) == 1


@pytest.mark.parametrize("key", ["", "a b", "x" * 129])
def test_an_idempotency_key_of_another_form_is_refused(key: str) -> None:
    assert Api().post([raw_row(0)], idempotency_key=key).status == 400


def test_rows_are_accepted_though_the_requests_table_is_away() -> None:
    api = Api()
    api.memory.away = True
    answer = api.post([raw_row(0)], idempotency_key="key-1")
    assert answer.status == 202
    assert answer.requests_table_away
    assert len(api.stored_ids) == 1


def test_the_answer_to_the_unforeseen_has_the_request_id_and_no_detail() -> None:
    response = internal_error("request-9")
    assert response["statusCode"] == 500
    assert json.loads(response["body"])["request_id"] == "request-9"


def test_an_answer_is_ascii_whatever_it_quotes() -> None:
    response = Api().post('[{"\\ud800": 1}]').response()
    assert response["body"].isascii()


row_kinds = st.lists(st.sampled_from(["good", "good", "good", "bad", "not an object"]), min_size=1, max_size=12)
faults = st.lists(
    st.builds(
        Fault, st.sampled_from([Kind.NONE, Kind.PART, Kind.THROTTLED, Kind.TIMED_OUT]), st.integers(0, 2**16 - 1)
    ),
    max_size=8,
)


@settings(max_examples=100, deadline=None)
@given(row_kinds, faults, st.booleans())
def test_under_any_faults_each_row_is_stored_rejected_or_unstored_and_the_answer_says_so(
    kinds: list[str], planned: list[Fault], forever: bool
) -> None:
    api = Api(planned, Fault(Kind.PART, 0b101) if forever else None)
    rows: list[Any] = [
        raw_row(n) if kind == "good" else raw_row(n, amt="x") if kind == "bad" else n for n, kind in enumerate(kinds)
    ]
    answer = api.post(rows)
    ids = answer.body["transaction_ids"]
    unstored = set(answer.body.get("unstored", ()))
    rejected = {error["index"] for error in answer.body["errors"]}
    assert api.stored_ids == sorted(id for id in ids if id is not None)
    for row, kind in enumerate(kinds):
        assert (row in rejected) == (kind != "good")
        assert (ids[row] is not None) + (row in rejected) + (row in unstored) == 1
    assert answer.body["accepted"] + answer.body["rejected"] + len(unstored) == len(rows)
    assert answer.status == (503 if unstored else 400 if "good" not in kinds else 207 if rejected else 202)
    # Sending the unstored rows again ends with every good row stored exactly once.
    if unstored:
        api.kinesis.plan = FakeKinesis().plan
        assert api.post([rows[row] for row in sorted(unstored)]).status == 202
    assert api.stored_ids == [f"{n:032x}" for n, kind in enumerate(kinds) if kind == "good"]
