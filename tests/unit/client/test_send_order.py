"""`send` with several workers: each card's rows reach the stream in the file's order, whatever is repeated."""

from __future__ import annotations

import json
import tempfile
from collections import defaultdict
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from client.errors import ClientError
from client.send.run import Options, send_file
from client.send.sender import worker_of
from tests.unit.client.conftest import HEADER, FakeStage, line
from tests.unit.client.fake_api import FakeApi, Fault, serve

FIRST_CARD = 499234639806500  # 15 digits: a longer one that ends in zeros looks rounded by a spreadsheet


class OrderKeepingApi(FakeApi):
    """What it leaves unstored of a request is, per card, the last rows: as write-to-kinesis promises."""

    most_rows = 1000

    def answer(self, key: str, body: bytes, fault: Fault | None) -> tuple[int, dict[str, str], Any]:
        cards = [row["cc_num"] for row in json.loads(body)]
        if len(cards) > self.most_rows:
            return 413, {}, {"message": "too many"}
        if fault and fault.unstored:
            stuck = {card for card in cards if int(card) % 3 == 0}
            seen: dict[str, int] = defaultdict(int)
            late = []
            for i, card in enumerate(cards):
                seen[card] += 1
                if card in stuck and seen[card] > 1:
                    late.append(i)
            fault = Fault(unstored=lambda good: [i for i in late if i in good])
        return super().answer(key, body, fault)


FAULTS = [
    Fault(status=500),
    Fault(status=429),
    Fault(reset_before=True),
    Fault(reset_after=True),
    Fault(unstored=lambda good: good),
]


def write_file(path: Path, random: Random, rows: int, cards: int) -> dict[str, list[str]]:
    """A file of rows of drawn cards; gives each card's transactions in the file's order."""
    order: dict[str, list[str]] = defaultdict(list)
    lines = []
    for number in range(rows):
        card = str(FIRST_CARD + int(cards * random.random() ** 3))  # some pay often
        order[card].append(f"t{number:06d}")
        lines.append(line(number, card=f"{card[:4]} {card[4:]}" if random.random() < 0.2 else card))
    path.write_text("\n".join([HEADER, *lines]) + "\n")
    return order


def card_of(row: dict[str, Any]) -> str:
    return str(row["cc_num"]).replace(" ", "")


@settings(max_examples=20, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    workers=st.integers(1, 8),
    batch_size=st.integers(1, 60),
    rate=st.floats(0, 0.5),
    interrupted=st.booleans(),
)
def test_each_cards_order_on_the_stream_is_the_files(
    seed: int, workers: int, batch_size: int, rate: float, interrupted: bool
) -> None:
    random = Random(seed)
    plan = [random.choice(FAULTS) if random.random() < rate else None for _ in range(997)]
    down_at = random.randrange(12) if interrupted else 10**9
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as name, serve(OrderKeepingApi()) as api:
        patch.setattr("client.send.api.RETRY_CAP_SECONDS", 0.0)
        folder = Path(name)
        api.most_rows = random.choice([1000, 7])
        order = write_file(folder / "file.csv", random, rows=random.randrange(1, 200), cards=random.randrange(1, 40))
        stage: Any = FakeStage(api.url, folder)
        quick = {"rejected": folder / "rejected.csv", "workers": workers, "batch_size": batch_size}
        if interrupted:  # everything fails from some request on; what is left is sent by another run
            api.fault = lambda number: plan[number % 997] if number < down_at else Fault(status=403)
            send_file(stage, str(folder / "file.csv"), Options(**quick))
        api.fault = lambda number: plan[number % 997] if number % 2 else None
        quick["workers"] = random.randrange(1, 8) if interrupted else workers
        summary = send_file(stage, str(folder / "file.csv"), Options(**quick, resume=interrupted))
        assert (summary.error, summary.accepted) == (None, sum(map(len, order.values())))
        stored: dict[str, dict[str, None]] = defaultdict(dict)
        cards = {one: card for card, ids in order.items() for one in ids}
        for identity in api.stored:  # the first time counts: every sink ignores a duplicate
            stored[cards[identity]][identity] = None
        assert {card: list(ids) for card, ids in stored.items()} == order


def test_requests_are_full_whatever_the_number_of_workers() -> None:
    with tempfile.TemporaryDirectory() as name, serve(FakeApi()) as api:
        write_file(Path(name) / "file.csv", Random(3), rows=3_000, cards=500)
        stage: Any = FakeStage(api.url, Path(name))
        for workers in (1, 3, 8):
            api.requests.clear()
            send_file(stage, str(Path(name) / "file.csv"), Options(workers=workers, batch_size=100))
            sizes = sorted(len(rows) for _, rows in api.requests)
            assert sum(sizes) == 3_000
            assert sizes[workers:] == [100] * (len(sizes) - workers), "only each worker's last one is not full"
            assert {len({worker_of(card_of(row), workers) for row in rows}) for _, rows in api.requests} == {1}


def test_the_same_send_again_makes_the_same_requests() -> None:
    with tempfile.TemporaryDirectory() as name, serve(FakeApi()) as api:
        write_file(Path(name) / "file.csv", Random(4), rows=500, cards=30)
        stage: Any = FakeStage(api.url, Path(name))
        for _ in range(2):
            summary = send_file(stage, str(Path(name) / "file.csv"), Options(workers=4, batch_size=20))
        assert summary.resent == 500, "the API knows every request by its Idempotency-Key"
        assert len(api.stored) == 500


def test_a_failure_in_a_worker_is_raised_not_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ClientError("broken")

    monkeypatch.setattr("client.send.api.Api.send", broken)
    write_file(tmp_path / "file.csv", Random(5), rows=50, cards=5)
    stage: Any = FakeStage("http://127.0.0.1:9/", tmp_path)
    with pytest.raises(ClientError, match="broken"):
        send_file(stage, str(tmp_path / "file.csv"), Options(workers=3, batch_size=5))
