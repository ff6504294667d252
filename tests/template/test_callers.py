"""Every key of the template on every route and method of it: only what :mod:`shared.http.callers` names is let in."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest

from functions.query_transactions.routes import METHODS
from functions.write_to_kinesis.request import Ingest
from shared.http.callers import ALLOWED, Callers
from shared.stream.writer import Stream
from tests.template.template import Template, text
from tests.template.test_api import methods
from tests.unit.fakes.api_events import read_event
from tests.unit.fakes.clock import FakeClock
from tests.unit.fakes.events import Context
from tests.unit.fakes.kinesis import FakeKinesis
from tests.unit.fakes.query_api import make_api
from tests.unit.fakes.query_table import FakeTables
from tests.unit.test_ingest import Key, Memory

KEYS = {"ApiGatewayApiKey1": "sender", "ReaderApiKey": "reader", "ReviewerApiKey": "reviewer", "a-new-key": None}
VERBS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


def answer(template: Template, key: str, verb: str, path: str) -> int:
    """The status of a call, as the function that the template sends it to answers with the template's own keys."""
    found = methods(template)
    method = found.get((path, verb)) or found[(path, "ANY")]
    ids = {
        name.removesuffix("_API_KEY_ID").lower(): text(value)
        for function in template.functions().values()
        for name, value in function["Environment"]["Variables"].items()
        if name.endswith("_API_KEY_ID") and "WriteDashtoDash" in text(method["Integration"]["Uri"])
        if function["FunctionName"].endswith("write-to-kinesis")
    }
    event: dict[str, Any] = read_event(path.replace("{", "").replace("}", ""), verb, key, body={})
    if ids:
        ingest = Ingest(Stream(FakeKinesis(), "stream"), Memory(), Key(), Callers(**ids))
        return ingest.answer(event, "r", FakeClock().budget(8)).status
    known = template.functions()["query-transactions"]["Environment"]["Variables"]
    api = make_api(FakeTables(), text(known["READER_API_KEY_ID"]), text(known["REVIEWER_API_KEY_ID"]))
    return int(api.respond(event, "r", Context())[0]["statusCode"])


def routes(template: Template) -> set[str]:
    return {path for path, _ in methods(template)}


def test_the_table_of_callers_knows_every_key_and_route_of_the_template(template: Template) -> None:
    assert set(template.of_type("AWS::ApiGateway::ApiKey")) == {key for key, caller in KEYS.items() if caller}
    assert {path for _, path in ALLOWED} == routes(template)
    assert {(verb, path) for path, verbs in METHODS.items() for verb in verbs} == set(ALLOWED)
    assert all(method["ApiKeyRequired"] for method in methods(template).values())


@pytest.mark.parametrize("key", KEYS)
def test_each_key_gets_in_where_it_is_named_and_nowhere_else(dev: Template, key: str) -> None:
    wrong = []
    for path, verb in itertools.product(sorted(routes(dev)), VERBS):
        status = answer(dev, key, verb, path)
        allowed = KEYS[key] in ALLOWED.get((verb, path), frozenset())
        # A method that no route has is 405 for who may read, and nothing for anybody.
        if (status in (403, 405)) == allowed or status >= 500:
            wrong.append((verb, path, status))
    assert not wrong, json.dumps(wrong)


def test_a_route_that_is_not_named_is_closed_to_every_key() -> None:
    callers = Callers(sender="s", reader="r", reviewer="v")
    for key in "srv":
        assert not callers.may(read_event("/new", key=key), "GET", "/new")
        assert not callers.may(read_event("/alerts", key=key), "DELETE", "/alerts")
    assert not callers.may(read_event("/alerts", key=""), "GET", "/alerts")
    assert not Callers(sender="").may(read_event("/transactions", "POST", key=""), "POST", "/transactions")
