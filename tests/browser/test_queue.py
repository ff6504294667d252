"""The alert queue in a browser: a hundred alerts reviewed with a key each, and the precision is what SQL says."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from local.tests.ports import free_port_pair
from tests.browser.chromium import Watch, chromium, context
from tests.browser.dashboard import SECONDS, Dashboard
from tests.e2e.conftest import stack
from tests.e2e.stack import Stack, wait_until

__all__ = ["stack"]  # the fixture
pytestmark = [pytest.mark.e2e, pytest.mark.slow]
ROWS, REVIEWED = 4000, 100


@pytest.fixture(scope="module")
def address(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Of the page, over a stage with more than a hundred alerts."""
    path = tmp_path_factory.mktemp("data") / "sent.csv"
    stack.run("generate", "--rows", str(ROWS), "--seed", "79", "--fraud-rate", "0.08", "--out", path)
    stack.run("send", path)
    wait_until(lambda: stack.sql("SELECT transactions FROM mart.overview")[0][0] == ROWS, 90, "the marts have all")
    wait_until(lambda: len(queue(stack)) > REVIEWED, 60, "there are enough alerts")
    port = free_port_pair()
    server = stack.start("dashboard", "--no-open", "--port", str(port), "--refresh", "0")
    try:
        from client.dashboard.serve import answers

        wait_until(lambda: answers(port), 60, "the dashboard is up")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


def queue(stack: Stack) -> list[dict[str, object]]:
    """As the command shows it."""
    found: list[dict[str, object]] = json.loads(stack.run("alerts", "queue", "--limit", "1000", "--json").stdout)[
        "alerts"
    ]
    return found


def test_a_hundred_alerts_are_reviewed_by_key_and_the_precision_is_what_sql_says(
    browser: Browser, address: str, stack: Stack
) -> None:
    with context(browser) as profile:
        tab = profile.new_page()
        watch, page = Watch(tab), Dashboard(tab, address)
        listed = queue(stack)
        page.open("Alert queue")
        page.expect_figure("Open alerts", f"{len(listed):,}")
        _press(tab, "f", page, "Reviewed", "1")  # the first is reviewed with one key
        _press(tab, "u", page, "Reviewed", "0")
        assert [one["transaction_id"] for one in queue(stack)] == [one["transaction_id"] for one in listed]
        for number in range(1, REVIEWED + 1):
            _press(tab, "g" if number % 4 == 0 else "f", page, "Reviewed", f"{number:,}")
        page.expect_figure("Precision so far", "75.0%")
        page.expect_figure("Open alerts", f"{len(listed) - REVIEWED:,}")
        assert watch.errors == []
    counts = "SELECT COUNT(*), SUM(CASE WHEN verdict = 'fraud' THEN 1 ELSE 0 END) FROM mart.verdict"
    wait_until(lambda: stack.sql(counts)[0][0] == REVIEWED, 60, "the verdicts are in the marts")
    assert stack.sql(counts) == [[REVIEWED, 75]] or stack.sql(counts) == [(REVIEWED, 75)]
    reviewed = {one["transaction_id"] for one in listed[:REVIEWED]}
    assert {row[0] for row in stack.sql("SELECT transaction_id FROM mart.verdict")} == reviewed
    assert [one["transaction_id"] for one in queue(stack)] == [one["transaction_id"] for one in listed[REVIEWED:]]


def test_an_alert_is_taken_with_a_key_and_the_command_sees_it(browser: Browser, address: str, stack: Stack) -> None:
    with context(browser) as profile:
        page = Dashboard(profile.new_page(), address)
        page.open("Alert queue")
        page.page.get_by_label("Reviewer").fill("Nora")
        page.page.get_by_label("Reviewer").press("Tab")
        page.wait_until_idle()
        page.page.keyboard.press("Escape")
        page.page.get_by_role("heading", name="Alert queue").click()
        page.page.keyboard.press("a")
        wait_until(lambda: queue(stack)[0].get("assigned_to") == "Nora", 20, "the alert is assigned")


def _press(tab: Page, key: str, page: Dashboard, figure: str, text: str) -> None:
    tab.keyboard.press(key)
    page.expect_figure(figure, text)
    expect(tab.get_by_test_id("stException")).to_have_count(0, timeout=SECONDS * 1000)
