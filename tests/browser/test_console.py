"""The console in a browser, after a demo: no widget is empty, all alarms are OK; runbook, queries, traces, find."""

from __future__ import annotations

import csv
import json
import re
import signal
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, Page, expect

from client.console.widgets import is_one_number, metric_widget, whole_range
from local.tests.ports import free_port_pair
from tests.browser.chromium import Watch, chromium, context
from tests.e2e.conftest import stack
from tests.e2e.stack import Stack, wait_until

__all__ = ["stack"]  # the fixture
pytestmark = [pytest.mark.e2e, pytest.mark.slow]
ROWS, SECONDS = 2000, 20_000


@pytest.fixture(scope="module")
def demo(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file that went through the demo."""
    path = tmp_path_factory.mktemp("data") / "demo.csv"
    stack.run("generate", "--rows", str(ROWS), "--seed", "88", "--out", path)
    stack.run("demo", "--file", path, timeout=400)
    return path


@pytest.fixture(scope="module")
def address(stack: Stack, demo: Path) -> Iterator[str]:
    """Of the console, opened as an operator does."""
    port = free_port_pair()
    server = stack.start("console", "--no-open", "--port", str(port))
    found = f"http://127.0.0.1:{port}"
    try:
        wait_until(lambda: answers(found), 30, "the console answers")
        yield found
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait()


def answers(address: str) -> bool:
    try:
        with urlopen(f"{address}/api/stage") as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def api(address: str, path: str) -> Any:
    with urlopen(f"{address}/api/{path}") as answer:
        return json.load(answer)


def widgets_of(address: str) -> list[dict[str, Any]]:
    """The widgets of all dashboards."""
    boards = [api(address, f"dashboard?name={name}&seconds=900") for name in api(address, "dashboards")]
    return [widget for board in boards for widget in board["widgets"]]


def without_data(widget: dict[str, Any]) -> bool:
    return widget["type"] == "metric" and not any(one["points"] for one in widget.get("series", []))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture(params=["light", "dark"])
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page that must say nothing in its console, and ask nobody but this machine."""
    made = context(browser, mode=request.param)
    page = made.new_page()
    watch = Watch(page)
    yield page
    made.close()
    assert (watch.errors, watch.strangers) == ([], [])


def show(page: Page, address: str, place: str) -> None:
    page.goto(f"{address}/#/{place}")
    page.reload()
    expect(page.locator("body")).to_have_attribute("data-ready", "true", timeout=SECONDS)
    expect(page.locator("#trouble")).to_be_hidden()


def test_after_a_demo_no_widget_is_empty(page: Page, address: str) -> None:
    names = api(address, "dashboards")
    assert names
    # merge-warehouse reports its counts when its run of a minute ends.
    wait_until(lambda: not any(map(without_data, widgets_of(address))), 120, "every widget has data")
    for name in names:
        show(page, address, f"dashboards/{name}")
        widgets = page.locator(".widget")
        assert widgets.count() == len(api(address, f"dashboard?name={name}")["widgets"])
        wrong = page.locator(".widget:not([data-state=filled])")
        assert [wrong.nth(i).inner_text() for i in range(wrong.count())] == []
        lines = page.locator("svg.plot polyline, svg.plot circle, svg.plot rect, svg.plot polygon")
        assert lines.count() > 0


def test_each_number_is_what_cloudwatch_says_with_the_range_as_its_period(
    page: Page, address: str, stack: Stack
) -> None:
    cloudwatch, compared = stack.client("cloudwatch"), 0
    for name in api(address, "dashboards"):
        body = json.loads(cloudwatch.get_dashboard(DashboardName=name)["DashboardBody"])
        board = api(address, f"dashboard?name={name}&seconds=900")
        first, end = whole_range(board["start"], board["end"])
        for widget, shown in zip(body["widgets"], board["widgets"], strict=True):
            if not is_one_number(widget["properties"]):
                continue
            queries = metric_widget(widget["properties"], end - first).queries
            span = {"StartTime": datetime.fromtimestamp(first, UTC), "EndTime": datetime.fromtimestamp(end, UTC)}
            said = cloudwatch.get_metric_data(MetricDataQueries=queries, **span)["MetricDataResults"]
            assert all(len(one["Values"]) <= 1 for one in said), "one number for the range"
            for one, series in zip(said, shown["series"], strict=True):
                again = [point[1] for point in series["points"]]
                # What a function counted between the two questions is in the later answer alone.
                assert again == one["Values"] or 0 <= one["Values"][0] - (again or [0])[0] < 50, series["label"]
                compared += len(again)
    assert compared > 10


@pytest.mark.parametrize("width", [390, 768, 1440])
def test_a_page_of_any_width_scrolls_down_alone_and_says_which_clock_it_has(
    page: Page, address: str, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    for place in ("now", "dashboards", "alarms", "queries", "traces", "find"):
        show(page, address, place)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), f"{place} scrolls sideways"
    expect(page.get_by_text("Times are UTC")).to_be_visible()


def test_the_first_page_shows_what_the_doctor_finds_and_nothing_else(page: Page, address: str, stack: Stack) -> None:
    show(page, address, "")
    found = json.loads(stack.run("doctor", "--json", check=False).stdout)["findings"]
    shown = page.locator(".finding")
    expect(shown.first).to_be_visible(timeout=SECONDS)
    names = {one["name"] for one in found if one["state"] == "ok"}
    assert names <= {text.strip() for text in page.locator(".finding strong").all_inner_texts()}
    assert page.locator(".finding:not([data-state])").count() == 0


def test_a_problem_comes_with_its_command_and_its_runbook_entry(page: Page, address: str, stack: Stack) -> None:
    functions = stack.client("lambda")
    (mapping,) = functions.list_event_source_mappings(FunctionName=f"swipeline-{stack.stage}-write-to-s3")[
        "EventSourceMappings"
    ]
    functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
    try:
        problem = page.locator(".finding[data-state=problem]", has_text="write-to-s3").first
        wait_until(
            lambda: any(one["state"] == "problem" for one in api(address, "doctor")["findings"]), 60, "it is seen"
        )
        show(page, address, "now")
        expect(problem).to_contain_text(f"--uuid {mapping['UUID']} --enabled", timeout=SECONDS)
        problem.get_by_text("Runbook").click()
        expect(problem.locator(".markdown")).to_be_visible()
        expect(problem.get_by_role("button", name="Copy")).to_be_visible()
    finally:
        functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)


def test_a_link_has_the_range_in_it(page: Page, address: str) -> None:
    page.goto(f"{address}/?range=3600#/alarms")
    expect(page.locator("#range")).to_have_value("3600")
    page.locator("#range").select_option("10800")
    expect(page).to_have_url(re.compile(r"range=10800"))


def test_after_a_demo_all_alarms_are_ok_and_lead_to_the_runbook(page: Page, address: str) -> None:
    def not_ok() -> list[str]:
        return [f"{a['name']} {a['state']} {a['reason']}" for a in api(address, "alarms") if a["state"] != "OK"]

    wait_until(lambda: not not_ok(), 240, "all alarms are OK") if not_ok() else None
    show(page, address, "alarms")
    rows = page.locator("#alarms tbody tr")
    assert rows.count() == len(api(address, "alarms"))
    assert page.locator("#alarms tbody tr:not([data-state=OK])").count() == 0
    for alarm in api(address, "alarms"):
        assert api(address, f"alarm?name={alarm['name']}")["runbook"], f"no runbook entry for {alarm['name']}"
    rows.first.get_by_role("link").click()
    expect(page.locator("#runbook .markdown")).to_be_visible(timeout=SECONDS)
    # An alarm on what has not happened yet has no data: the widget says so.
    drawn = ".widget.metric[data-state=filled], .widget.metric[data-state=empty], pre"
    expect(page.locator(drawn).first).to_be_visible()


def test_every_saved_query_runs(page: Page, address: str) -> None:
    saved = api(address, "queries")["queries"]
    assert saved
    for number in range(len(saved)):
        show(page, address, f"queries/{number}")
        expect(page.locator("#rows .error")).to_have_count(0)
        expect(page.locator("#rows")).to_contain_text("events matched")


def test_a_request_is_seen_in_its_trace(page: Page, address: str) -> None:
    show(page, address, "traces")
    page.locator("#traces a").first.click()
    expect(page.locator("#trace .span").first).to_be_visible(timeout=SECONDS)
    assert page.locator("#trace .bar").count() >= 2


def test_a_transaction_is_found_by_its_id(page: Page, address: str, demo: Path) -> None:
    with demo.open() as lines:
        transaction_id = next(csv.DictReader(lines))["trans_num"]
    show(page, address, "find")
    page.locator("#transaction").fill(transaction_id)
    page.get_by_role("button", name="Find").click()
    expect(page.get_by_role("heading", name="stored", exact=True)).to_be_visible(timeout=SECONDS)
    expect(page.locator("main")).to_contain_text("batch archived")
    expect(page.locator("main")).to_contain_text("DynamoDB")
