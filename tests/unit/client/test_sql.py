"""`swipeline sql` and `swipeline api`: rows as an analyst reads them, and calls as a person pastes them."""

from __future__ import annotations

import csv
import io
import json
import shlex

import pytest
from typer.testing import CliRunner

from client.aws import Stage
from client.cli import app
from client.commands.api import KEYS
from tests.unit.client.fake_warehouse import PAGE_ROWS, FakeDataApi

ROWS = 3 * PAGE_ROWS + 1
QUERY = "SELECT transaction_id, category, amount FROM core.transaction ORDER BY 1"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The roles that the command took."""
    api, roles = FakeDataApi(), []
    api.put(*(f"{number:03}" for number in range(ROWS)), category="=1+1", amount="-2.50")

    def client_as(_: Stage, service: str, role: str) -> FakeDataApi:
        assert service == "redshift-data"
        roles.append(role)
        return api

    outputs = {"WorkgroupName": "swipeline-local", "DatabaseName": "swipeline", "AnalystRoleArn": "the-analyst"}
    monkeypatch.setattr(Stage, "client_as", client_as)
    monkeypatch.setattr(Stage, "output", lambda _, key: outputs[key])
    return roles


def run(*arguments: str, text: str | None = None) -> str:
    result = CliRunner().invoke(app, list(arguments), input=text)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_all_pages_come_as_json_with_the_analysts_rights(asked: list[str]) -> None:
    rows = json.loads(run("sql", QUERY, "--json"))
    assert [row["transaction_id"] for row in rows] == [f"{number:03}" for number in range(ROWS)]
    assert asked == ["the-analyst"]


def test_csv_has_a_header_numbers_as_they_are_and_no_formula(asked: list[str]) -> None:
    rows = list(csv.DictReader(io.StringIO(run("sql", "-", "--csv", "--limit", "2", text=QUERY + ";\n"))))
    assert [row["amount"] for row in rows] == ["-2.50", "-2.50"]
    assert rows[0]["category"] == "'=1+1"


def test_a_table_shows_texts_as_they_are(asked: list[str]) -> None:
    assert "[red]x[/red]" in run("sql", "SELECT '[red]x[/red]' AS \"[b]name\"")


def test_each_call_is_a_curl_that_a_shell_takes_and_shows_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Stage, "api_url", "http://127.0.0.1:1/api")
    shown = json.loads(run("api", "--json"))
    assert set(shown["keys"]) == set(KEYS)
    for call in shown["calls"]:
        words = shlex.split(call["curl"])
        assert words[0] == "curl"
        assert words[-1].startswith("http://127.0.0.1:1/api/")
        assert "{" not in words[-1]
        assert f"x-api-key: $(swipeline api --key {call['key']})" in words
