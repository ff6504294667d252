"""Public card data sets are read with the mappings of docs/how-to/bring-your-own-data.md, and with suggested ones."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from client.files.expand import Named
from client.files.mapping import Reading, parse
from client.files.stream import open_input
from client.files.table import Table
from client.inspect.report import inspect, propose
from shared.card_numbers.search import luhn_valid
from shared.errors import RejectedError
from shared.transaction.model import parse_many
from tests.rows import CARD_KEYS

ROOT = Path(__file__).resolve().parents[4]
DATA = ROOT / "tests" / "data" / "public"
PAGE = (ROOT / "docs" / "how-to" / "bring-your-own-data.md").read_text(encoding="utf-8")
SETS = {"handbook": "Fraud Detection Handbook", "tabformer": "IBM TabFormer", "paysim": "PaySim"}


def documented(name: str) -> Reading:
    section = PAGE.split(f"### {SETS[name]}", 1)[1]
    found = re.search(r"```toml\n(.*?)```", section, re.DOTALL)
    assert found
    return parse(tomllib.loads(found[1]))


def records(name: str, reading: Reading) -> list[dict[str, str]]:
    table = Table(open_input(str(DATA / f"{name}.csv")), reading)
    found = list(table)
    assert [row.problem for row in found] == [None] * len(found)
    return [table.plan.record(row) for row in found]


@pytest.mark.parametrize(("name", "refunds"), [("handbook", 0), ("tabformer", 1), ("paysim", 0)])
@pytest.mark.parametrize("how", ["documented", "suggested"])
def test_every_row_is_a_transaction_but_for_refunds(name: str, refunds: int, how: str) -> None:
    reading = documented(name) if how == "documented" else propose(Named(str(DATA / f"{name}.csv")), Reading()).reading
    parsed = list(parse_many(records(name, reading), CARD_KEYS))
    refused = [one for one in parsed if isinstance(one, RejectedError)]
    assert [error.errors[0][0] for error in refused] == ["amt"] * refunds
    assert {one.is_fraud for one in parsed if not isinstance(one, RejectedError)} == {True, False}


def test_the_values_are_those_of_the_data() -> None:
    handbook, tabformer, paysim = (records(name, documented(name)) for name in SETS)
    assert (handbook[1]["trans_date_trans_time"], handbook[1]["amt"]) == ("2018-04-01 00:02:10", "81.51")
    assert (tabformer[0]["trans_date_trans_time"], tabformer[0]["amt"]) == ("2002-09-01 06:21:00", "134.09")
    assert tabformer[2]["is_fraud"] == "1"
    assert [row["trans_date_trans_time"] for row in paysim] == [
        "2020-01-01 01:00:00",
        "2020-01-01 01:00:00",
        "2020-01-02 01:00:00",
        "2020-01-31 23:00:00",
    ]


def test_stand_in_cards_are_the_same_for_the_same_id_and_no_issuers() -> None:
    handbook = records("handbook", documented("handbook"))
    cards = [row["cc_num"] for row in handbook]
    assert cards[0] == cards[3] != cards[1]
    assert all(len(card) == 19 and card.startswith("9999") and luhn_valid(card) for card in cards)
    tabformer = [row["cc_num"] for row in records("tabformer", documented("tabformer"))]
    assert tabformer[0] == tabformer[1] != tabformer[2]


def test_a_mapping_beside_the_file_is_used_by_itself(tmp_path: Path) -> None:
    path = tmp_path / "handbook.csv"
    path.write_bytes((DATA / "handbook.csv").read_bytes())
    assert inspect(Named(str(path)), Reading()).refusals
    (tmp_path / "handbook.csv.swipeline.toml").write_text(documented("handbook").toml())
    report = inspect(Named(str(path)), Reading())
    assert (report.refusals, report.rows, report.refused) == ([], 4, 0)
    assert report.command == f"swipeline send {path}"


@pytest.mark.parametrize("name", SETS)
def test_a_mapping_is_the_same_once_written_and_read(name: str) -> None:
    made: Any = documented(name)
    assert parse(tomllib.loads(made.toml())) == made
