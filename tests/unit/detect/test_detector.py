"""A batch through fraud detection, on stores that obey DynamoDB's rules: retries, kills, replays, redrives."""

from __future__ import annotations

import base64
import json

import pytest
from botocore.exceptions import ClientError

from fraud.profile import PROFILE_VERSION, Profile
from fraud.serving.detector import Detected
from tests.unit.fakes.clock import FakeClock
from tests.unit.fakes.detection import FakeStores, KilledError
from tests.unit.fakes.events import FIRST_SEQUENCE_NUMBER
from tests.unit.fakes.faults import Fault, Kind
from tests.unit.fakes.lines import lines
from tests.unit.fraud.made import expected, model, purchase, split

BY_AMOUNT = [split(0, 500.0, -4.0, 1.0)]
MODEL = model(trees=BY_AMOUNT, fixture=expected(BY_AMOUNT))
DAY = [
    purchase("2024-05-10 09:00:00", "25.00", card_id="a"),
    purchase("2024-05-10 12:00:00", "900.00", card_id="a"),
    purchase("2024-05-10 13:00:00", "700.00", card_id="b"),
    purchase("2024-05-10 14:00:00", "30.00", card_id="b"),
    purchase("2024-05-10 15:00:00", "20.00", card_id="c"),
]
FLAGGED = {DAY[1].transaction_id, DAY[2].transaction_id}


def run(stores: FakeStores, batch: list, redriven: bool = False, seconds: float = 30) -> Detected:
    clock = FakeClock(reading=0.001)
    return stores.detector(MODEL).run(batch, clock.budget(seconds), redriven)


def test_profiles_are_kept_per_card_and_alerts_per_transaction() -> None:
    stores = FakeStores()
    done = run(stores, lines(DAY))
    assert (done.scored, done.skipped, done.alerts, done.failed) == (5, 0, 2, [])
    assert set(stores.tables["alerts"]) == FLAGGED
    assert {card: scored for card, (*_, scored) in stores.profiles().items()} == {"a": 2, "b": 2, "c": 1}
    alert = stores.tables["alerts"][DAY[1].transaction_id]
    assert alert["reasons"]["L"]
    assert float(alert["score"]["N"]) >= float(alert["threshold"]["N"])
    assert alert["day"]["S"] == "2024-06-01"


def test_a_batch_takes_a_read_a_write_per_25_cards_and_one_count_whatever_its_size() -> None:
    stores = FakeStores()
    quiet = [purchase(f"2024-05-10 10:{n % 60:02d}:{n // 60:02d}", "10.00", card_id=f"c{n % 90}") for n in range(1000)]
    run(stores, lines(quiet))
    assert stores.requests == [
        "BatchGetItem profiles",
        "BatchGetItem risk",
        *["BatchExecuteStatement profiles"] * 4,
        "UpdateItem drift",
    ]


def test_each_alert_is_sent_to_the_warehouse_and_in_one_message_without_names() -> None:
    stores = FakeStores()
    run(stores, lines([transaction._replace(first_name="Nora", street="Elm") for transaction in DAY]))
    (message,) = stores.messages
    assert {alert["transaction_id"] for alert in json.loads(message)["alerts"]} == FLAGGED
    streamed = [json.loads(line) for line in b"".join(stores.streamed).splitlines()]
    assert {line["transaction_id"] for line in streamed} == FLAGGED
    assert all(line["is_alert"] for line in streamed)
    for secret in ("Nora", "Elm"):
        assert secret not in message
        assert secret not in str(streamed)


def test_a_replay_is_passed_over() -> None:
    stores = FakeStores()
    run(stores, lines(DAY))
    before = (stores.profiles(), dict(stores.tables["alerts"]))
    again = run(stores, lines(DAY))
    assert (again.scored, again.skipped, again.alerts) == (0, 5, 0)
    assert (stores.profiles(), stores.tables["alerts"]) == before


@pytest.mark.parametrize("calls", range(8))
def test_killed_between_any_two_writes_the_retry_ends_as_one_run(calls: int) -> None:
    whole, stores = FakeStores(), FakeStores()
    run(whole, lines(DAY))
    stores.kill_before = calls
    try:
        run(stores, lines(DAY))
    except KilledError:
        assert calls < 7
    else:
        assert calls == 7, (
            "seven calls: read profiles, read risks, alerts, their stream, their topic, profiles, the drift's counts"
        )
    stores.kill_before = None
    run(stores, lines(DAY))
    assert stores.profiles() == whole.profiles()
    assert stores.tables["alerts"] == whole.tables["alerts"]
    # Counts are not idempotent: a kill just before them loses them, and no retry counts a row twice.
    assert stores.tables["drift"] == ({} if calls == 6 else whole.tables["drift"])


def test_alerts_are_stored_before_the_profile_that_would_hide_them() -> None:
    stores = FakeStores()
    run(stores, lines(DAY))
    assert stores.requests == [
        "BatchGetItem profiles",
        "BatchGetItem risk",
        "BatchExecuteStatement alerts",
        "PutRecords alerts",
        "Publish topic",
        "BatchExecuteStatement profiles",
        "UpdateItem drift",
    ]


def test_a_bisected_batch_ends_as_one_run() -> None:
    whole, halves = FakeStores(), FakeStores()
    run(whole, lines(DAY))
    for part in (lines(DAY)[:2], lines(DAY)[2:]):
        run(halves, part)
    assert halves.profiles() == whole.profiles()
    assert halves.tables["alerts"] == whole.tables["alerts"]


def test_a_profile_that_changed_since_it_was_read_is_not_replaced_and_its_first_record_is_reported() -> None:
    stores = FakeStores()
    run(stores, lines(DAY[:1]))
    stale = stores.tables["profiles"]["a"]

    class Racing(FakeStores):
        def batch_get_item(self, **request: object) -> dict:  # type: ignore[override]
            answer = super().batch_get_item(**request)  # type: ignore[arg-type]
            self.tables["profiles"]["a"] = stale | {"scored": {"N": "7"}}  # another invocation was faster
            return answer

    racing = Racing()
    racing.tables = stores.tables
    done = run(racing, lines(DAY)[1:])
    assert [position.sequence_number for position in done.failed] == [str(FIRST_SEQUENCE_NUMBER + 1)]
    assert racing.tables["profiles"]["a"]["scored"] == {"N": "7"}
    assert set(racing.tables["profiles"]) == {"a", "b", "c"}


def test_of_two_that_find_a_card_without_a_profile_only_one_puts_the_first() -> None:
    class Racing(FakeStores):
        def batch_get_item(self, **request: object) -> dict:  # type: ignore[override]
            answer = super().batch_get_item(**request)  # type: ignore[arg-type]
            self.tables["profiles"]["a"] = {"scored": {"N": "3"}, "card_id": {"S": "a"}}  # another one was faster
            return answer

    racing = Racing()
    done = run(racing, lines(DAY))
    assert [position.sequence_number for position in done.failed] == [str(FIRST_SEQUENCE_NUMBER)]
    assert racing.tables["profiles"]["a"]["scored"] == {"N": "3"}
    assert set(racing.tables["profiles"]) == {"a", "b", "c"}


def test_keys_that_come_back_unprocessed_are_asked_for_again() -> None:
    stores = FakeStores()
    run(stores, lines(DAY))
    stores.unprocessed = [2, 1]
    later = [transaction._replace(transaction_id=f"x{n}") for n, transaction in enumerate(DAY)]
    done = run(stores, lines(later, start=10))
    assert (done.retried, done.failed) == (3, [])
    assert {card: scored for card, (*_, scored) in stores.profiles().items()} == {"a": 4, "b": 4, "c": 2}


def test_cards_that_cannot_be_read_in_time_are_reported_and_nothing_is_written_for_them() -> None:
    stores = FakeStores(always=Fault(Kind.THROTTLED))
    done = run(stores, lines(DAY), seconds=1)
    assert len(done.failed) == 5
    assert stores.tables == {"profiles": {}, "alerts": {}, "drift": {}, "risk": {}}


@pytest.mark.parametrize(
    "code",
    [
        "TransactionConflict",
        "ThrottlingError",
        "ProvisionedThroughputExceeded",
        "RequestLimitExceeded",
        "InternalServerError",
    ],
)
def test_a_put_that_cannot_be_stored_now_is_tried_again_alone(code: str) -> None:
    stores = FakeStores([Fault(), Fault(), Fault(Kind.PART, 1)])
    stores.refusals = code
    done = run(stores, lines(DAY))
    assert (done.failed, done.retried, done.alerts) == ([], 1, 2)
    assert set(stores.tables["alerts"]) == FLAGGED


@pytest.mark.parametrize("code", ["AccessDenied", "ResourceNotFound", "ValidationError", "of tomorrow"])
def test_a_put_that_no_retry_can_fix_fails_the_batch(code: str) -> None:
    stores = FakeStores([Fault(), Fault(), Fault(Kind.PART, 0b10)])
    stores.refusals = code
    with pytest.raises(ClientError, match=code):
        run(stores, lines(DAY))
    assert not stores.tables["profiles"]


@pytest.mark.parametrize("calls", [2, 5])  # the alerts, the profiles
def test_a_lost_answer_neither_loses_nor_doubles_anything(calls: int) -> None:
    whole, stores = FakeStores(), FakeStores([Fault()] * calls + [Fault(Kind.LOST_ANSWER)])
    run(whole, lines(DAY))
    first = run(stores, lines(DAY))
    assert len(first.failed) == (3 if calls == 5 else 0), "profiles that meet themselves count as not stored"
    again = run(stores, lines(DAY))
    assert (again.scored, again.skipped) == (0, 5)
    assert stores.profiles() == whole.profiles()
    assert stores.tables["alerts"] == whole.tables["alerts"]


def test_an_alert_that_is_not_published_keeps_its_cards_profile_back() -> None:
    stores = FakeStores([Fault(), Fault(), Fault(), Fault(), Fault(Kind.BROKEN)])  # the topic
    done = run(stores, lines(DAY))
    assert set(stores.tables["profiles"]) == {"c"}
    assert sorted(int(p.sequence_number) - FIRST_SEQUENCE_NUMBER for p in done.failed) == [0, 2]
    run(stores, lines(DAY))
    assert set(stores.tables["profiles"]) == {"a", "b", "c"}
    assert len(stores.messages) == 1


@pytest.mark.parametrize("at", range(5))
def test_without_permission_or_table_the_batch_fails_as_a_whole_and_is_there_to_be_retried(at: int) -> None:
    stores = FakeStores([Fault()] * at + [Fault(Kind.DENIED)])
    with pytest.raises(ClientError):
        run(stores, lines(DAY))
    whole = FakeStores()
    run(whole, lines(DAY))
    run(stores, lines(DAY))
    assert stores.profiles() == whole.profiles()


def test_a_verdict_outlives_a_replay() -> None:
    stores = FakeStores()
    run(stores, lines(DAY))
    stores.tables["alerts"][DAY[1].transaction_id]["verdict"] = {"S": "genuine"}
    stores.tables["profiles"].clear()  # as if the table had been lost
    run(stores, lines(DAY))
    assert stores.tables["alerts"][DAY[1].transaction_id]["verdict"] == {"S": "genuine"}


@pytest.mark.parametrize("wrong", [bytes([PROFILE_VERSION + 1]) + Profile().pack()[1:], b"", b"\x01\x02"])
def test_a_profile_of_another_version_or_damaged_is_reset_and_counted(wrong: bytes) -> None:
    stores = FakeStores()
    run(stores, lines(DAY))
    stores.tables["profiles"]["a"]["profile"] = {"B": wrong}
    later = purchase("2024-05-11 09:00:00", "40.00", card_id="a")
    done = run(stores, lines([later], start=10))
    assert (done.reset, done.failed) == (1, [])
    recent, _, _, scored = stores.profiles()["a"]
    assert (len(recent), scored) == (1, 3)


def test_late_and_early_purchases_are_scored_and_leave_the_profile_alone() -> None:
    stores = FakeStores()
    run(stores, lines(DAY))
    recent = stores.profiles()["a"][0]
    late = purchase("2024-05-01 09:00:00", "950.00", card_id="a")
    early = purchase("2031-05-01 09:00:00", "950.00", card_id="a")
    done = run(stores, lines([late, early], start=10))
    assert (done.late, done.early, done.alerts) == (1, 1, 2)
    assert stores.profiles()["a"][0] == recent


def test_within_a_batch_purchases_are_scored_in_the_order_of_their_times() -> None:
    in_order, disordered = FakeStores(), FakeStores()
    run(in_order, lines(DAY))
    run(disordered, lines(DAY[::-1]))
    scores = [{i: item["score"] for i, item in s.tables["alerts"].items()} for s in (in_order, disordered)]
    assert scores[0] == scores[1]
    assert [p[:2] for p in in_order.profiles().values()] != []
    assert {c: p[:2] for c, p in in_order.profiles().items()} == {c: p[:2] for c, p in disordered.profiles().items()}


def test_a_batch_that_was_given_up_is_scored_when_it_is_redriven_after_later_ones() -> None:
    stores = FakeStores()
    run(stores, lines(DAY)[1:])
    assert run(stores, lines(DAY)[:1]).skipped == 1
    done = run(stores, lines(DAY)[:1], redriven=True)
    assert (done.scored, done.skipped) == (1, 0)
    assert len(stores.profiles()["a"][0]) == 2
    assert stores.profiles()["a"][2].endswith(str(FIRST_SEQUENCE_NUMBER + 1)), "the later record's number stays"
    redriven = stores.profiles()
    run(stores, lines(DAY)[:1], redriven=True)
    assert {c: p[:3] for c, p in stores.profiles().items()} == {c: p[:3] for c, p in redriven.items()}


def test_what_the_shadow_model_alone_flags_goes_to_the_warehouse_and_to_nobody_else() -> None:
    stores = FakeStores()
    shadow = model(version="next", threshold=0.01, trees=BY_AMOUNT, fixture=expected(BY_AMOUNT))
    stores.detector(MODEL, shadow).run(lines(DAY), FakeClock(reading=0.001).budget(30))
    assert set(stores.tables["alerts"]) == FLAGGED
    item = stores.tables["alerts"][DAY[1].transaction_id]
    assert (item["shadow_model"], item["shadow_score"]) == ({"S": "next"}, {"N": item["score"]["N"]})
    streamed = [json.loads(line) for line in b"".join(stores.streamed).splitlines()]
    assert [line["is_alert"] for line in streamed].count(False) > 0
    assert {line["shadow_model"] for line in streamed} == {"next"}
    assert len(json.loads(stores.messages[0])["alerts"]) == 2


DAMAGED = [
    {},
    {"profile": {"B": b"\x01"}},
    {"profile": {"S": "text"}, "seq": {"S": "1" * 56}, "scored": {"N": "1"}},
    {"profile": {"B": b"\x01"}, "seq": {"N": "1"}, "scored": {"N": "1"}},
    {"profile": {"B": b"\x01"}, "seq": {"S": "zzz"}, "scored": {"N": "1"}},
    {"profile": {"B": b"\x01"}, "seq": {"S": "1" * 56}, "scored": {"S": "many"}},
    {"profile": {"B": b"\x01"}, "seq": {"S": "1" * 56}, "scored": {"N": "1.5"}},
    {"profile": {"B": b"\x01"}, "seq": {"S": "1" * 56}, "scored": {"M": {}}},
]


@pytest.mark.parametrize("damaged", DAMAGED, ids=lambda item: " ".join(item) or "nothing but its key")
def test_a_damaged_profile_is_set_aside_and_its_card_and_the_others_continue(damaged: dict) -> None:
    stores = FakeStores()
    item = {"card_id": {"S": "a"}, **damaged}
    stores.tables["profiles"]["a"] = item
    done = run(stores, lines(DAY))
    assert (done.scored, done.alerts, done.damaged, done.failed) == (5, 2, 1, [])
    assert {card: scored for card, (*_, scored) in stores.profiles().items()} == {"a": 2, "b": 2, "c": 1}
    ((key, body),) = stores.objects.items()
    kept = json.loads(body)
    assert key.startswith("quarantine/detect-fraud/date=")
    assert "profile of card a" in kept["reason"]
    assert json.loads(base64.b64decode(kept["data"])).keys() == item.keys()
    again = run(stores, lines(DAY))
    assert (again.scored, again.skipped, again.damaged) == (0, 5, 0)


def test_a_damaged_profile_waits_while_the_quarantine_is_unavailable_and_no_other_card_does() -> None:
    stores = FakeStores([Fault(), Fault(), Fault(Kind.THROTTLED)])  # the risks are read before it is set aside
    stores.tables["profiles"]["a"] = {"card_id": {"S": "a"}}
    done = run(stores, lines(DAY))
    assert (done.scored, done.damaged) == (3, 0)
    assert [int(position.sequence_number) - int(FIRST_SEQUENCE_NUMBER) for position in done.failed] == [0, 1]
    assert stores.tables["profiles"]["a"] == {"card_id": {"S": "a"}}


DAMAGED_RISKS = [
    {"risk": {"B": b""}},
    {"risk": {"B": b"\x09\x00\x00"}},
    {"risk": {"B": b"\x01\x05\x00short"}},
    {"risk": {"S": "many"}},
    {"risk": {"NULL": True}},
]


@pytest.mark.parametrize("damaged", DAMAGED_RISKS, ids=str)
def test_damaged_frauds_of_a_merchant_are_set_aside_once_and_every_card_is_scored(damaged: dict) -> None:
    stores = FakeStores()
    merchant = DAY[0].merchant_id
    stores.tables["risk"][merchant] = {"id": {"S": merchant}, **damaged}
    detector = stores.detector(MODEL)
    first, second = lines(DAY)[:3], lines(DAY)[3:]
    done = detector.run(first, FakeClock(reading=0.001).budget(30))
    assert (done.scored, done.damaged, done.failed) == (3, 1, [])
    assert detector.run(second, FakeClock(reading=0.001).budget(30)).damaged == 0, "this container knows of it"
    assert run(stores, lines(DAY)).failed == [], "and another one keeps it under the same key"
    ((key, body),) = stores.objects.items()
    assert key.startswith("quarantine/detect-fraud/date=")
    assert f"known frauds of merchant {merchant}" in json.loads(body)["reason"]


@pytest.mark.parametrize("decisions", [{"decisions": {"S": "{"}}, {"decisions": {"N": "1"}}, {}], ids=str)
def test_a_damaged_threshold_is_set_aside_and_the_one_before_it_stays(decisions: dict) -> None:
    stores = FakeStores()
    low = {"id": {"S": "policy"}, "decisions": {"S": '[[0,"score",0.0,"all of them","ada"]]'}}
    stores.tables["risk"]["policy"] = low
    detector = stores.detector(MODEL)
    assert detector.run(lines(DAY)[:1], FakeClock(reading=0.001).budget(30)).alerts == 1
    stores.tables["risk"]["policy"] = {"id": {"S": "policy"}, **decisions}
    done = detector.run(lines(DAY)[1:], FakeClock(reading=0.001).budget(30))
    assert (done.scored, done.alerts, done.damaged, done.failed) == (4, 4, 1, [])
    ((_, body),) = stores.objects.items()
    assert "decisions on the threshold" in json.loads(body)["reason"]


def test_damaged_frauds_of_a_card_are_reset_and_its_profile_is_kept() -> None:
    stores = FakeStores()
    run(stores, lines(DAY))
    stores.tables["profiles"]["a"]["risk"] = {"B": b"\x09"}
    later = purchase("2024-05-11 09:00:00", "40.00", card_id="a")
    done = run(stores, lines([later], start=10))
    assert (done.scored, done.damaged, done.failed) == (1, 1, [])
    recent, _, _, scored = stores.profiles()["a"]
    assert (len(recent), scored) == (3, 3)
    assert run(stores, lines([later], start=10)).damaged == 0


def test_damaged_frauds_of_a_merchant_wait_while_the_quarantine_is_unavailable() -> None:
    stores = FakeStores([Fault(), Fault(), Fault(Kind.THROTTLED)])
    merchant = DAY[0].merchant_id
    stores.tables["risk"][merchant] = {"id": {"S": merchant}, "risk": {"B": b""}}
    done = run(stores, lines(DAY))
    assert (done.scored, done.damaged) == (0, 0)
    assert int(done.failed[0].sequence_number) == int(FIRST_SEQUENCE_NUMBER)
