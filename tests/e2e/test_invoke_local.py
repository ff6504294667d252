"""`sls invoke local` with the sample events, as the README shows it."""

from __future__ import annotations

import json
import os
import subprocess
from typing import Any

import pytest

from local.settings import Settings
from tests.e2e.stack import REPO, Stack


def invoke(stack: Stack, function: str, event: str, *more: str) -> Any:
    env = Settings(stack.home, stack.port).environment(stack.env) | {
        "PATH": f"{REPO / '.venv/bin'}:{os.environ['PATH']}",
    }
    command = ["node_modules/.bin/sls", "invoke", "local", "--stage", "local", "-f", function, "-p", event, *more]
    done = subprocess.run(command, cwd=REPO, env=env, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return json.loads(done.stdout[done.stdout.index("\n{\n") if "\n{\n" in done.stdout else 0 :])


def test_write_to_kinesis(stack: Stack) -> None:
    answer = invoke(stack, "write-to-kinesis", "tests/events/write-to-kinesis.json")
    assert answer["statusCode"] == 207
    body = json.loads(answer["body"])
    assert (body["accepted"], body["rejected"]) == (2, 1)


@pytest.mark.parametrize("function", ["write-to-dynamodb", "write-to-s3", "detect-fraud"])
def test_the_consumers(stack: Stack, function: str) -> None:
    assert invoke(stack, function, f"tests/events/{function}.json") == {"batchItemFailures": []}


def test_query_transactions(stack: Stack) -> None:
    """The sample's key is no stage's: without its ID, the function refuses."""
    event = "tests/events/query-transactions.json"
    assert invoke(stack, "query-transactions", event)["statusCode"] == 403
    assert invoke(stack, "write-to-dynamodb", "tests/events/write-to-dynamodb.json") == {"batchItemFailures": []}
    answer = invoke(stack, "query-transactions", event, "-e", "READER_API_KEY_ID=sample-reader")
    assert answer["statusCode"] == 200
    (found,) = json.loads(answer["body"])["transactions"]
    assert (found["transaction_id"], found["amount"]) == ("00000000000000000000000000000001", "2.86")


def test_measure_fraud(stack: Stack) -> None:
    assert invoke(stack, "measure-fraud", "tests/events/measure-fraud.json")["rows"] >= 0
