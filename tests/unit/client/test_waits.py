"""Who proves a stage waits, by default, as long as a row of that stage takes at most."""

from __future__ import annotations

from typing import Any

import pytest
from typer.testing import CliRunner

from client import cli
from client.aws import Stage
from client.cost.assumptions import MERGE_SECONDS
from client.reconcile.ledger import Ledger
from client.verify.line import FAILED, OK, Line
from client.verify.run import Run
from tests.template.template import Template, packaged, text

STAGES = ("dev", "prod", "local")
COPY_SECONDS = 60.0  # of a full buffer, and the warehouse's way from sleep


def longest(template: Template) -> float:
    """From a row's arrival on the stream to core, in seconds, by the packaged template."""
    streams = template.of_type("AWS::KinesisFirehose::DeliveryStream").values()
    of_stream = (one for one in streams if one["DeliveryStreamType"] != "DirectPut")
    (hints,) = (one["RedshiftDestinationConfiguration"]["S3Configuration"]["BufferingHints"] for one in of_stream)
    queue = template.of_type("AWS::SQS::Queue")["MergeQueue"]
    window = max(
        one["MaximumBatchingWindowInSeconds"]
        for one in template.of_type("AWS::Lambda::EventSourceMapping").values()
        if text(one["EventSourceArn"]) == "MergeQueue.Arn"
    )
    on_aws = 0.0 if template.stage == "local" else COPY_SECONDS
    merge = 0.0 if template.stage == "local" else MERGE_SECONDS
    return float(hints["IntervalInSeconds"] + on_aws + queue["DelaySeconds"] + window + merge)


@pytest.mark.parametrize("stage", STAGES)
def test_the_default_of_reconcile_fits_a_stage(stage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []

    def compare(_: Stage, __: Any, wait: float, *___: Any) -> Ledger:
        waited.append(wait)
        return Ledger(stage, None, {})

    monkeypatch.setattr("client.reconcile.run.reconcile", compare)
    CliRunner().invoke(cli.app, ["reconcile", "--stage", stage, "--json"])
    assert waited, "reconcile compares"
    assert waited[0] == Stage(stage).delivery_seconds >= longest(packaged(stage))


@pytest.mark.parametrize("stage", STAGES)
def test_the_default_of_the_demo_fits_a_stage(stage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It also waits for fraud detection to have scored all of it."""
    waited: list[float] = []

    class DoneError(Exception):
        """Enough is seen."""

    def run(*given: Any) -> None:
        waited.append(given[4])
        raise DoneError

    monkeypatch.setattr("client.demo.run.run_demo", run)
    monkeypatch.setattr("client.commands.demo.stack.bring_up", lambda _: None)
    CliRunner().invoke(cli.app, ["demo", "--stage", stage])
    assert waited, "the demo runs"
    assert waited[0] >= longest(packaged(stage))


@pytest.mark.parametrize("stage", ["dev", "prod"])
@pytest.mark.parametrize("status", [OK, FAILED])
def test_verify_waits_as_long_even_where_a_check_failed_before(stage: str, status: str) -> None:
    """Or one thing that is broken would have every hop after it reported, too."""
    run = Run(Stage(stage))
    run.lines.append(Line("alarms", status, ""))
    assert run.wait_seconds >= longest(packaged(stage))


@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_what_is_not_deployed_is_deployed_by_the_command_that_migrates_too(stage: str) -> None:
    assert Stage(stage).how_to_deploy == f"run `swipeline deploy --stage {stage}`"
