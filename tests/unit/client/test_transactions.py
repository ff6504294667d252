"""`swipeline transactions` against the function's own code over HTTP: pages, formats, refusals, and no number shown."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator

import pytest
from typer.testing import CliRunner, Result

from client.aws import Stage
from client.cli import app
from client.errors import ClientError
from client.query.api import Question, ReadApi
from tests.unit.client.query_server import KEY, reading_api
from tests.unit.fakes.rows import CARD_NUMBER, transaction

MANY = [
    transaction(n, cc_num=CARD_NUMBER, trans_date_trans_time=f"2020-0{1 + n % 9}-01 00:00:{n % 60:02d}")
    for n in range(1_205)
]
Run = Callable[..., Result]


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[str, list[str]]]:
    with reading_api(MANY) as served:
        yield served


@pytest.fixture
def run(server: tuple[str, list[str]], monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setattr(Stage, "api_url", server[0])
    monkeypatch.setattr(Stage, "reader_api_key", KEY)

    def invoke(*arguments: str, text: str | None = None) -> Result:
        return CliRunner().invoke(app, ["transactions", *arguments], input=text)

    return invoke


def test_all_of_a_merchants_transactions_come_page_by_page_in_order(server: tuple[str, list[str]]) -> None:
    question = Question(merchant=MANY[0].merchant, newest_first=False)
    found = list(ReadApi(server[0], KEY).transactions(question, 5_000))
    assert [row["occurred_at"] for row in found] == sorted(one.occurred_at for one in MANY)


def test_a_card_number_from_standard_input_is_in_no_address_and_no_output(
    run: Run, server: tuple[str, list[str]]
) -> None:
    spaced = " ".join(CARD_NUMBER[i : i + 4] for i in range(0, len(CARD_NUMBER), 4))
    result = run("--card-number", "-", "--limit", "1100", "--csv", text=spaced + "\n")
    assert result.exit_code == 0, result.output
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert len(rows) == 1100
    assert (rows[0]["amount"], rows[0]["is_fraud"]) == ("2.86", "0")
    assert CARD_NUMBER not in result.output
    assert not [line for line in server[1] if CARD_NUMBER in line]


def test_json_has_the_newest_first_within_the_window(run: Run) -> None:
    result = run("--card-id", MANY[0].card_id, "--from", "2020-03-01", "--to", "2020-04-01", "--limit", "3", "--json")
    times = [row["occurred_at"] for row in json.loads(result.stdout)["transactions"]]
    assert times == sorted(times, reverse=True)
    assert {time[:7] for time in times} == {"2020-03"}
    assert len(times) == 3


def test_a_table_shows_when_where_and_how_much_and_never_more_than_the_last_four_digits(run: Run) -> None:
    result = run("--merchant", "fraud_oak & SONS hardware", "--limit", "2")
    assert result.exit_code == 0
    assert f"…{CARD_NUMBER[-4:]}" in result.stdout
    assert "2.86" in result.stdout
    assert "Oak & Sons" in result.stdout


def test_nothing_found_is_said(run: Run) -> None:
    assert run("--merchant", "nobody").stdout.strip() == "no transactions"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "exactly one of"),
        (["--merchant", "x", "--card-id", "0" * 32], "exactly one of"),
        (["--merchant", "x", "--json", "--csv"], "not both"),
        (["--card-number", "-"], "11 to 19 digits"),
        (["--merchant", "x", "--from", "June"], "400.*from must be a date"),
        (["--card-id", "nonsense"], "400.*card_id"),
    ],
)
def test_wrong_usage_is_one_line_that_says_what_is_right(run: Run, arguments: list[str], said: str) -> None:
    result = run(*arguments, text="not a number\n")
    assert isinstance(result.exception, ClientError)
    with pytest.raises(ClientError, match=said):
        raise result.exception


def test_an_api_that_is_busy_is_asked_again_and_one_that_refuses_is_not() -> None:
    with reading_api(MANY[:3], refusals=[429, 503]) as (url, asked):
        assert len(list(ReadApi(url, KEY).transactions(Question(card_id=MANY[0].card_id), 10))) == 3
        assert len(asked) == 3
    with reading_api(MANY[:3]) as (url, asked), pytest.raises(ClientError, match=r"403.*may not read"):
        list(ReadApi(url, "another-key").transactions(Question(card_id=MANY[0].card_id), 10))
    assert len(asked) == 1


def test_an_api_that_is_gone_is_said_without_what_was_asked() -> None:
    with reading_api([]) as (url, _):
        pass
    with pytest.raises(ClientError, match="does not answer") as raised:
        ReadApi(url, KEY).page(Question(merchant="A Secret Shop"), 1, None)
    assert "Secret" not in str(raised.value)


def test_a_merchants_beginning_names_those_that_begin_so_and_fails(run: Run) -> None:
    result = run("--merchant", MANY[0].merchant[:4])
    assert result.exit_code == 1
    assert MANY[0].merchant in result.stderr


def test_a_table_has_a_line_a_row_with_the_id_whole(run: Run) -> None:
    lines = run("--merchant", MANY[0].merchant, "--limit", "5").stdout.splitlines()
    ids = {one.transaction_id for one in MANY}
    assert len([line for line in lines if any(word in ids for word in line.split())]) == 5
