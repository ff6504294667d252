"""The functions' code before an implementation: each with the function's variables and a sample event.

An implementation without Docker runs no function itself, so the code runs here, in a process of its own, and all its
calls go to the implementation.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from collections.abc import Callable, Collection
from typing import Any, NamedTuple

from shared.sinks.item import to_item
from shared.transaction.codec import decode_record
from shared.transaction.schema import Transaction
from tests.events.make import HERE
from tests.template.packaging import ROOT

_PROGRAM = """
import importlib, json, sys
from tests.unit.fakes.events import Context
module, _, name = sys.argv[1].replace("/", ".").rpartition(".")
function = getattr(importlib.import_module(module), name)
sys.stderr.flush()
sys.stdout.write("\\nANSWER " + json.dumps(function(json.load(sys.stdin), Context())) + "\\n")
"""
# Who the samples say is asking; API keys are made by no implementation's CloudFormation.
_CALLERS = {"SENDER_API_KEY_ID": "sample-sender", "READER_API_KEY_ID": "sample-reader"}


WRITER = "write-to-dynamodb"  # whose sample the sample query asks for


class Invoked(NamedTuple):
    """A function and what it answered to its sample."""

    name: str
    answer: Any


def invoke_all(client: Callable[[str], Any], endpoint: str, without: Collection[str]) -> list[Invoked]:
    """Invoke every function that an implementation has made, but for some. Raises RuntimeError if one raises."""
    functions = client("lambda").list_functions()["Functions"]
    by_name = {one["FunctionName"].removeprefix("swipeline-dev-"): one for one in functions}
    # Readers after writers: the sample query asks for what the sample of write-to-dynamodb wrote.
    names = sorted(set(by_name) - set(without), key=lambda name: (not name.startswith("write"), name))
    if WRITER in without:
        _put_sample(client("dynamodb"), by_name[WRITER]["Environment"]["Variables"]["TABLE_NAME"])
    return [Invoked(name, _invoke(name, by_name[name], endpoint)) for name in names]


def _put_sample(dynamodb: Any, table: str) -> None:
    """Put what the sample of write-to-dynamodb holds, item by item, where the function cannot."""
    sample = json.loads((HERE / f"{WRITER}.json").read_text(encoding="utf-8"))
    for record in sample["Records"]:
        for transaction in decode_record(base64.b64decode(record["kinesis"]["data"])):
            assert isinstance(transaction, Transaction), transaction
            dynamodb.put_item(TableName=table, Item=to_item(transaction))


def _invoke(name: str, function: dict[str, Any], endpoint: str) -> Any:
    variables = function["Environment"]["Variables"] | _CALLERS
    made = {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "POWERTOOLS_TRACE_DISABLED": "true",
        "AWS_LAMBDA_FUNCTION_NAME": function["FunctionName"],
    }
    kept = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, function["Handler"]],
        input=(HERE / f"{name}.json").read_text(encoding="utf-8"),
        env=kept | variables | made,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{name} failed: {done.stderr[-2000:]}")
    (answer,) = [line for line in done.stdout.splitlines() if line.startswith("ANSWER ")]
    return json.loads(answer.removeprefix("ANSWER "))
