"""What docs/how-to shows works: each page is applied to a copy of the code, which is then tested."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace

import pytest

from local import manifest, room
from local.settings import Settings
from tests.how_to.recipe import ROOT, apply, copy, run

PAGES = {path.name for path in (ROOT / "docs" / "how-to").glob("*.md")}
CONSUME = """
import json, os
from types import SimpleNamespace
import boto3
from moto import mock_aws
os.environ |= {"STAGE": "dev", "AWS_DEFAULT_REGION": "us-east-1", "POWERTOOLS_SERVICE_NAME": "swipeline",
               "POWERTOOLS_METRICS_NAMESPACE": "Swipeline", "POWERTOOLS_TRACE_DISABLED": "true",
               "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"}
with mock_aws():
    os.environ["TOPIC_ARN"] = boto3.client("sns").create_topic(Name="large")["TopicArn"]
    from handlers import notify_large_purchases as consumer
    consumer.LIMIT = 0
    context = SimpleNamespace(function_name="notify", memory_limit_in_mb=128, aws_request_id="1",
                              invoked_function_arn="arn:aws:lambda:us-east-1:1:function:notify")
    event = json.load(open("tests/events/write-to-s3.json"))
    print("answer", json.dumps(consumer.handler(event, context)))
    os.environ["TOPIC_ARN"] = "arn:aws:sns:us-east-1:123456789012:gone"
    consumer.topic.cache_clear()
    try:
        consumer.handler(event, context)
    except Exception as error:
        print("terminal", type(error).__name__)
"""
DRAW = """
import pandas as pd
from dashboard.figures.age_bands import by_age_band
from dashboard.theme import LIGHT
data = pd.DataFrame({"age_band": ["25-34", "18-24"], "amount": [2.0, 1.0], "transactions": [2, 1], "customers": [1, 1]})
print(by_age_band(data, LIGHT).to_json())
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    copy(tmp_path)
    return tmp_path


def test_every_page_is_tried_here_or_by_a_test_of_its_own() -> None:
    here = {"add-a-consumer.md", "add-an-alarm.md", "add-a-mart.md", "add-a-chart.md", "look-after-the-home.md"}
    # Only commands: tests/e2e/test_documented_commands.py runs them (those that deploy: test_deploy_page.py).
    commands = {"train-your-own-model.md", "deploy.md", "be-on-call.md"}
    # tests/evolution, tests/unit/client/files/test_public_data.py, tests/e2e/test_bi_tools.py
    elsewhere = {"add-a-field.md", "bring-your-own-data.md", "connect-a-bi-tool.md"}
    assert here | commands | elsewhere == PAGES


def test_the_consumer_publishes_a_batch_and_raises_on_a_terminal_error(tree: Path) -> None:
    apply(tree, "add-a-consumer.md")
    printed = run(tree, "-c", CONSUME)
    assert 'answer {"batchItemFailures": []}' in printed
    assert "terminal NotFoundException" in printed


def test_the_mart_installs_and_every_column_is_described(tree: Path) -> None:
    assert apply(tree, "add-a-mart.md") == ["redshift/marts/spend.sql", "redshift/marts/comments.sql"]
    run(tree, "-m", "scripts.marts_page")
    assert "| `amount_per_customer` | Average spend per customer in US dollars. |" in (
        tree / "docs" / "marts.md"
    ).read_text(encoding="utf-8")
    run(tree, "-m", "pytest", "-n", "0", "tests/conformance/redshift/test_marts.py", "-k", "installing_again")


def test_the_home_has_the_folders_the_limit_and_the_messages_of_its_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (ROOT / "docs" / "how-to" / "look-after-the-home.md").read_text(encoding="utf-8")
    settings = Settings.from_environment({"SWIPELINE_HOME": str(tmp_path)})
    for folder in (settings.state, settings.logs, settings.run, tmp_path / manifest.COPIES):
        assert f"`{folder.relative_to(tmp_path)}/`" in page
    assert f"`{manifest.NAME}`" in page
    [(variable, size)] = re.findall(r"`(\w+)=(\w+) swipeline up`", page)
    assert room.limit_from({variable: size}) == 20 * 2**30
    assert (
        f"Writes stop at {room.RESERVE_BYTES >> 20} MiB and resume by themselves at {room.RESUME_BYTES >> 20} MiB"
        in (page)
    )
    monkeypatch.setattr(room.shutil, "disk_usage", lambda _: SimpleNamespace(free=room.RESERVE_BYTES - 1))
    full, stop = re.findall(r'^- \*\*"([^"]+)"\*\*', page, re.MULTILINE)[:2]
    assert room.Room(tmp_path, None).problem().startswith(full)

    settings.state.mkdir()
    (settings.state / "object").write_text("whole")
    monkeypatch.setattr(manifest, "MOST_COPIED_BYTES", 0)
    manifest.write(tmp_path)
    (settings.state / "object").write_text("damaged")
    with pytest.raises(manifest.DamagedHomeError, match=f"{stop.replace('...', '.*')}, and nothing was changed"):
        manifest.check(tmp_path)


def test_the_chart_is_drawn(tree: Path) -> None:
    apply(tree, "add-a-chart.md")
    assert '"age_band"' in run(tree, "-c", DRAW)


@pytest.mark.slow
def test_the_template_takes_the_consumer_and_the_alarm(tree: Path) -> None:
    apply(tree, "add-a-consumer.md")
    apply(tree, "add-an-alarm.md")
    described = "description_says or runbook_entry or notifies or own_metrics"
    run(tree, "-m", "pytest", "-n", "0", "tests/template/test_alarms.py", "-k", described)
    rules = "every_knob or retries or bisected or given_up or bounded or count_what"
    run(tree, "-m", "pytest", "-n", "0", "tests/template/test_event_sources.py", "-k", rules)
