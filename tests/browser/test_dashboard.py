"""The dashboard in a browser, over the embedded AWS's warehouse: it shows what SQL says, and what the file says."""

from __future__ import annotations

import json
import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import duckdb
import pandas as pd
import psutil
import pytest
import requests
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from local.tests.ports import free_port_pair
from tests.browser.chromium import LAPTOP, PHONE, TABLET, Watch, chromium, context
from tests.browser.dashboard import PAGES, SECONDS, Dashboard
from tests.e2e.conftest import stack
from tests.e2e.stack import Stack, wait_until

__all__ = ["stack"]  # the fixture
pytestmark = [pytest.mark.e2e, pytest.mark.slow]
ROWS = 3000


@pytest.fixture(scope="module")
def file(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file that was sent, and has reached the marts."""
    path = tmp_path_factory.mktemp("data") / "sent.csv"
    stack.run("generate", "--rows", str(ROWS), "--seed", "77", "--out", path)
    stack.run("send", path)
    in_the_marts = "SELECT transactions FROM mart.overview"
    wait_until(lambda: stack.sql(in_the_marts)[0][0] == ROWS, 90, "the marts have every row")
    return path


@pytest.fixture(scope="module")
def address(stack: Stack, file: Path) -> Iterator[str]:
    """Of the page, opened as a reader does."""
    port = free_port_pair()
    server = stack.start("dashboard", "--no-open", "--port", str(port), "--refresh", "1")
    try:
        from client.dashboard.serve import answers

        wait_until(lambda: answers(port), 60, "the dashboard is up")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()
        assert not answers(port), "the page's server outlives its command"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Dashboard]:
    """A tab; a test that ends well has no error in its console, and asked nobody but this machine."""
    with context(browser) as profile:
        tab = profile.new_page()
        watch = Watch(tab)
        yield Dashboard(tab, address)
        assert (watch.errors, watch.strangers) == ([], [])


@pytest.fixture
def rows(file: Path) -> Callable[[str], list[tuple[Any, ...]]]:
    """SQL over the file that was sent: an account of its own, that knows nothing of the warehouse."""
    return lambda sql: duckdb.sql(sql.replace("FILE", f"read_csv('{file}', types={{'cc_num': 'VARCHAR'}})")).fetchall()


@pytest.mark.parametrize(
    ("size", "mode"), [(LAPTOP, "light"), (TABLET, "dark"), (PHONE, "dark")], ids=["laptop", "tablet", "phone"]
)
def test_every_page_is_complete_without_an_error_in_the_console(
    browser: Browser, address: str, size: tuple[int, int], mode: str
) -> None:
    with context(browser, size, mode, zone="America/Los_Angeles") as profile:
        tab = profile.new_page()
        watch = Watch(tab)
        page = Dashboard(tab, address)
        for name in PAGES:
            page.open(name)
            expect(tab.get_by_role("heading", name=name, exact=True)).to_be_visible()
            assert tab.get_by_test_id("stException").count() == 0
            assert tab.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "scrolls sideways"
        assert (watch.errors, watch.strangers) == ([], [])


def test_filters_combine_and_change_the_numbers_to_what_sql_says(page: Dashboard, stack: Stack) -> None:
    page.open()
    page.expect_figure("Purchases", f"{ROWS:,}")
    state, category = stack.sql(
        "SELECT state, category FROM mart.purchase WHERE gender = 'F' "
        "GROUP BY 1, 2 ORDER BY COUNT(*) DESC, 1, 2 LIMIT 1"
    )[0]
    from dashboard.states import state_name
    from dashboard.words import category_name

    where = ""
    for key, column, value, name in (
        ("gender", "gender", "F", "Women"),
        ("state", "state", state, state_name(state)),
        ("category", "category", category, category_name(category)),
    ):
        page.choose(key, name)
        where += f"{' AND' if where else 'WHERE'} {column} = '{value}'"
        count, customers = stack.sql(f"SELECT COUNT(*), COUNT(DISTINCT customer_id) FROM mart.purchase {where}")[0]
        page.expect_figure("Purchases", f"{count:,}")
        page.expect_figure("Customers", f"{customers:,}")
    page.go("Customers")  # and they stay from page to page
    ages = page.download("spend-by-age")
    by_age = stack.sql(f"SELECT age_band, SUM(amount) FROM mart.purchase {where} GROUP BY 1 ORDER BY 1")
    assert [(age, f"{amount:.2f}") for age, amount in zip(ages["age_band"], ages["amount"], strict=True)] == [
        tuple(row) for row in by_age
    ]
    clear = page.page.get_by_role("button", name="Clear the filters")
    clear.click()
    expect(clear).to_be_hidden(timeout=SECONDS * 1000)  # it goes when there is nothing to clear any more
    page.go("Overview")
    page.expect_figure("Purchases", f"{ROWS:,}")


def test_an_address_with_filters_shows_those_days_and_ages_alone(page: Dashboard, stack: Stack) -> None:
    first, last = stack.sql("SELECT first_date + 3, last_date - 3 FROM mart.overview")[0]
    first, last = first[:10], last[:10]
    page.open("Overview", **{"from": first, "to": last, "age": "25-34"})
    where = f"purchase_date BETWEEN '{first}' AND '{last}' AND age_band = '25-34'"
    ((count,),) = stack.sql(f"SELECT COUNT(*) FROM mart.purchase WHERE {where}")
    page.expect_figure("Purchases", f"{count:,}")


def test_back_and_forward_go_through_the_pages_with_their_filters_and_titles(page: Dashboard) -> None:
    page.open("Overview", gender="Men")
    page.go("Regions")
    page.go("Fraud")
    expect(page.page).to_have_title("Fraud · Swipeline")
    page.page.go_back()
    expect(page.page).to_have_title("Regions · Swipeline", timeout=SECONDS * 1000)
    page.wait_until_idle()
    assert "gender=Men" in page.page.url
    expect(page.page.locator(".st-key-gender")).to_contain_text("Men")
    page.page.go_back()
    expect(page.page).to_have_title("Overview · Swipeline", timeout=SECONDS * 1000)
    page.page.go_forward()
    expect(page.page).to_have_title("Regions · Swipeline", timeout=SECONDS * 1000)
    page.page.reload()
    expect(page.page).to_have_title("Regions · Swipeline", timeout=SECONDS * 1000)
    page.wait_until_idle()
    expect(page.page.locator(".st-key-gender")).to_contain_text("Men")


def test_a_page_is_a_link_that_keeps_the_filters(page: Dashboard) -> None:
    page.open("Overview", gender="Men")
    link = page.page.get_by_role("navigation").get_by_role("link", name="Merchants")
    assert link.get_attribute("href") == "?page=Merchants&gender=Men"
    link.focus()
    page.page.keyboard.press("Enter")
    expect(page.page).to_have_title("Merchants · Swipeline", timeout=SECONDS * 1000)
    page.wait_until_idle()
    expect(page.page.get_by_role("link", name="Merchants")).to_have_attribute("aria-current", "page")


def test_typing_men_chooses_men_alone(page: Dashboard) -> None:
    page.open("Overview")
    page.page.locator(".st-key-gender input").fill("Men")
    page.page.keyboard.press("Enter")
    page.page.keyboard.press("Escape")
    page.wait_until_idle()
    expect(page.page).to_have_url(re.compile("gender=Men(&|$)"))


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_axe_finds_nothing(browser: Browser, address: str, mode: str) -> None:
    found = []
    with context(browser, LAPTOP, mode) as profile:
        page = Dashboard(profile.new_page(), address)
        for name in PAGES:
            page.open(name, gender="Men")
            violations = Axe().run(page.page).response["violations"]
            found += [(name, one["id"], one["nodes"][0]["html"][:200]) for one in violations]
    assert found == []


def test_a_page_prints_whole_without_its_controls(browser: Browser, address: str, tmp_path: Path) -> None:
    with context(browser) as profile:
        page = Dashboard(profile.new_page(), address)
        page.open("Overview", gender="Men")
        page.page.emulate_media(media="print")
        expect(page.page.get_by_test_id("stSidebar")).to_be_hidden()
        expect(page.page.get_by_text("Gender: Men")).to_be_visible()
        printed = page.page.pdf(path=tmp_path / "page.pdf", format="A4")
        assert printed.count(b"/Type /Page\n") >= 1


def test_a_chart_is_a_picture_and_a_table_a_workbook_with_its_filters(page: Dashboard, tmp_path: Path) -> None:
    page.open("Overview", gender="Men")
    for ending, begin in (("png", b"\x89PNG"), ("xlsx", b"PK")):
        with page.page.expect_download() as event:
            page.page.locator(f".st-key-download-spend-by-category-{ending}").get_by_role("button").click()
        assert event.value.path().read_bytes()[: len(begin)] == begin
        assert re.fullmatch(rf"swipeline-local spend-by-category .* Men\.{ending}", event.value.suggested_filename)


def test_a_click_on_a_bar_shows_that_category_alone(page: Dashboard, stack: Stack) -> None:
    page.open("Overview")
    chart = page.page.locator(".st-key-panel-spend-by-category [data-testid=stVegaLiteChart]")
    chart.scroll_into_view_if_needed()
    box = chart.bounding_box()
    assert box
    page.page.mouse.click(box["x"] + box["width"] * 0.35, box["y"] + 20)  # the longest bar is the first
    (top,) = stack.sql("SELECT category, COUNT(*) FROM mart.purchase GROUP BY 1 ORDER BY SUM(amount) DESC LIMIT 1")
    page.expect_figure("Purchases", f"{top[1]:,}")
    page.go("Purchases")
    page.expect_figure("Purchases", f"{top[1]:,}")


def test_a_click_on_a_bar_over_time_shows_its_days_alone(page: Dashboard, stack: Stack) -> None:
    page.open("Overview", by="Day")
    chart = page.page.locator(".st-key-panel-spend-over-time [data-testid=stVegaLiteChart]")
    chart.scroll_into_view_if_needed()
    box = chart.bounding_box()
    assert box
    page.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 250)  # just above the axis
    expect(page.page).to_have_url(re.compile("from=.*to=|to=.*from="), timeout=SECONDS * 1000)
    page.wait_until_idle()
    asked = parse_qs(urlsplit(page.page.url).query)
    assert asked["from"] == asked["to"]
    ((count,),) = stack.sql(f"SELECT COUNT(*) FROM mart.purchase WHERE purchase_date = '{asked['from'][0]}'")
    page.expect_figure("Purchases", f"{count:,}")


def test_a_link_shows_one_hour_one_band_and_one_merchant(page: Dashboard, stack: Stack) -> None:
    named = "FROM mart.purchase AS p JOIN mart.merchant AS m ON m.merchant_id = p.merchant_id"
    hour, merchant = stack.sql(
        f"SELECT p.hour_of_day, m.merchant {named} GROUP BY 1, 2 ORDER BY COUNT(*) DESC, 1, 2 LIMIT 1"
    )[0]
    where = f"p.hour_of_day = {hour} AND m.merchant = '{str(merchant).replace(chr(39), chr(39) * 2)}'"
    ((count,),) = stack.sql(f"SELECT COUNT(*) {named} WHERE {where}")
    page.open("Purchases", hour=str(hour), **{"sold-by": str(merchant)})
    page.expect_figure("Purchases", f"{count:,}")
    page.go("Fraud")  # and the choice stays
    assert f"hour={hour}" in page.page.url
    for key, value, where in (
        ("amount", "under 10", "amount < 10"),
        ("distance", "50-74", "distance_km >= 50 AND distance_km < 75"),
        ("town", "under 2,500", "city_size = 'under 2,500'"),
    ):
        ((count,),) = stack.sql(f"SELECT COUNT(*) FROM mart.purchase WHERE {where}")
        page.open("Purchases", **{key: value})
        page.expect_figure("Purchases", f"{count:,}")


def test_the_keyboard_alone_reaches_a_page_and_a_filter(page: Dashboard) -> None:
    page.open("Overview")
    tab = page.page
    for _ in range(40):
        tab.keyboard.press("Tab")
        if (
            tab.evaluate("document.activeElement?.innerText") == "Regions"
            or tab.evaluate("document.activeElement?.shadowRoot?.activeElement?.innerText") == "Regions"
        ):
            break
    else:
        raise AssertionError("Tab does not reach the page Regions")
    tab.keyboard.press("Enter")
    expect(tab).to_have_title("Regions · Swipeline", timeout=SECONDS * 1000)
    page.wait_until_idle()
    for _ in range(80):
        if tab.evaluate("document.activeElement?.closest('.st-key-gender') !== null"):
            break
        tab.keyboard.press("Tab")
    else:
        raise AssertionError("Tab does not reach the filter Gender")
    tab.keyboard.type("Men")
    tab.keyboard.press("Enter")
    tab.keyboard.press("Escape")
    page.wait_until_idle()
    expect(tab).to_have_url(re.compile("gender=Men(&|$)"))


def test_a_choice_that_nothing_matches_says_so(page: Dashboard) -> None:
    page.open("Overview", age="0-17", gender="Men", state="Hawaii", category="Travel")
    expect(page.body.get_by_text("No purchases match these filters.")).to_be_visible()


@pytest.mark.parametrize(
    ("name", "keys", "sql"),
    [
        ("spend-by-gender-and-state", ["state", "gender"], "state, gender"),
        ("spend-by-gender-and-category", ["category", "gender"], "category, gender"),
        ("spend-by-birth-year", ["birth_year", "gender"], "year(CAST(dob AS DATE)), gender"),
    ],
)
def test_the_three_charts_say_what_the_file_says(
    page: Dashboard, rows: Callable[[str], list[tuple[Any, ...]]], name: str, keys: list[str], sql: str
) -> None:
    page.open("Customers")
    data = page.download(name)
    shown = sorted(
        zip(*(data[key] for key in keys), data["amount"].map("{:.2f}".format), data["transactions"], strict=True)
    )
    direct = rows(
        f"SELECT {sql}, CAST(SUM(CAST(amt AS DECIMAL(12,2))) AS VARCHAR), COUNT(*) FROM FILE GROUP BY ALL ORDER BY ALL"
    )
    assert shown == sorted(direct)


def test_the_download_holds_the_rows_that_are_shown(page: Dashboard, stack: Stack) -> None:
    page.open("Merchants")
    data = page.download("merchants")
    league = stack.sql(
        "SELECT merchant, amount, transactions, customers FROM mart.merchant_league "
        "ORDER BY amount DESC, merchant, category"
    )
    columns = ["merchant", "amount", "transactions", "customers"]
    expected = pd.DataFrame(league, columns=columns).astype({"amount": float})
    pd.testing.assert_frame_equal(data[columns], expected, check_dtype=False)


def test_a_verdict_is_shown_without_a_click(page: Dashboard, stack: Stack) -> None:
    page.open("Fraud")
    expect(page.body.get_by_text("No alert reviewed yet.")).to_be_visible()
    listed = [json.loads(line) for line in stack.run("alerts", "--limit", "1000", "--json").stdout.splitlines()]
    for alert, finding in zip(listed[:4], ("fraud", "fraud", "fraud", "genuine"), strict=True):
        stack.run("verdict", alert["transaction_id"], finding, "--by", "a reviewer")
    wait_until(lambda: len(stack.sql("SELECT verdict FROM mart.verdict")) == 4, 60, "the verdicts are in the marts")
    expect(page.body.get_by_text("75.0% of the 4 reviewed were fraud.")).to_be_visible(timeout=SECONDS * 1000)
    _expect_current(page, stack)
    data = page.download("verdicts-by-category").groupby("Outcome")["alerts"].sum()
    assert data.to_dict() == {"Fraud": 3, "Genuine": 1, "Open": len(listed) - 4}


def _expect_current(page: Dashboard, stack: Stack) -> None:
    """Until the page shows the marts as they are: a file that is asked for while it is redrawn is not there."""
    refreshed = datetime.fromisoformat(str(stack.sql("SELECT refreshed_at FROM mart.overview")[0][0]))
    text = f"Refreshed {refreshed:%-d %b %Y %H:%M:%S} UTC."
    expect(page.page.get_by_test_id("stSidebar").get_by_text(text)).to_be_visible(timeout=SECONDS * 1000)


def test_the_lookup_finds_a_known_card_and_its_purchases(page: Dashboard, file: Path) -> None:
    sent = pd.read_csv(file, dtype=str)
    number = sent["cc_num"].iloc[0]
    of_the_card = sent[sent["cc_num"] == number]
    page.open("Card lookup")
    page.page.get_by_label("Last four digits, or the card's id").fill(number[-4:])
    page.page.get_by_role("button", name="Find").click()
    page.expect_figure("Purchases", f"{len(of_the_card):,}")
    data = page.download("card-purchases")
    assert sorted(data["transaction_id"]) == sorted(of_the_card["trans_num"])
    assert sorted(data["amount"].map("{:.2f}".format)) == sorted(
        of_the_card["amt"].map(lambda text: f"{float(text):.2f}")
    )
    times = of_the_card.sort_values("trans_date_trans_time", ascending=False)["trans_date_trans_time"]
    assert list(data["occurred_at"]) == list(times)
    card_id = re.search(r"[0-9a-f]{32}", page.body.inner_text())
    assert card_id
    page.page.get_by_label("Last four digits, or the card's id").fill(card_id[0])
    page.page.get_by_role("button", name="Find").click()
    page.wait_until_idle()
    page.expect_figure("Purchases", f"{len(of_the_card):,}")


def test_a_full_card_number_is_refused_and_goes_nowhere(page: Dashboard, file: Path, stack: Stack) -> None:
    number = pd.read_csv(file, dtype=str)["cc_num"].iloc[0]
    page.open("Card lookup")
    page.page.get_by_label("Last four digits, or the card's id").fill(number)
    page.page.get_by_role("button", name="Find").click()
    expect(page.body.get_by_text("That looks like a full card number")).to_be_visible()
    assert number not in page.page.url
    assert number not in page.body.inner_text()
    written = [path for path in (stack.home / "logs").rglob("*") if path.is_file()]
    assert not [path for path in written if number.encode() in path.read_bytes()]


def test_a_stranger_s_page_whose_name_points_here_gets_no_data(address: str) -> None:
    def upgrade(host: str) -> int:
        headers = {
            "Host": host,
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": "c3dpcGVsaW5lLXRlc3RzIQ==",
        }
        with requests.get(f"{address}/_stcore/stream", headers=headers, stream=True, timeout=10) as answer:
            return answer.status_code

    assert upgrade(address.removeprefix("http://")) == 101
    assert upgrade("stranger.example") == 403


def test_a_merchant_of_a_strange_name_is_a_value_and_never_sql(page: Dashboard) -> None:
    page.open("Merchants")
    field = page.page.get_by_role("textbox", name="Merchant", exact=True)
    for text in ("' OR 1=1 --", "%", "_", "\\"):
        field.fill(text)
        field.press("Enter")
        page.wait_until_idle()
        expect(page.body.get_by_text("No purchases match these filters.").first).to_be_visible()


def test_a_stopped_warehouse_is_reported_and_the_page_recovers_by_itself(page: Dashboard, stack: Stack) -> None:
    page.open()
    with stopped_warehouse(stack):
        expect(page.body.get_by_text("Can't reach the warehouse.")).to_be_visible(timeout=SECONDS * 1000)
        expect(page.body.get_by_text("swipeline up")).to_be_visible()
    expect(page.body.get_by_text("Can't reach the warehouse.")).not_to_be_visible(timeout=SECONDS * 1000)
    page.wait_until_idle()
    page.expect_figure("Purchases", f"{ROWS:,}")


class stopped_warehouse:
    """The warehouse killed, and its supervisor held so that it does not come back before the block ends."""

    def __init__(self, stack: Stack) -> None:
        status = json.loads(stack.run("status", "--json").stdout)
        self.supervisor = psutil.Process(status["supervisor_pid"])
        (self.warehouse,) = [p["pid"] for p in status["processes"] if p["name"] == "redshift"]

    def __enter__(self) -> None:
        self.supervisor.suspend()
        os.kill(self.warehouse, signal.SIGKILL)

    def __exit__(self, *_: object) -> None:
        self.supervisor.resume()


def test_what_arrives_is_shown_without_a_click(page: Dashboard, stack: Stack, tmp_path: Path) -> None:
    page.open()
    path = tmp_path / "more.csv"
    stack.run("generate", "--rows", "100", "--seed", "78", "--out", path)
    stack.run("send", path)
    deadline = time.monotonic() + 60
    while page.figure("Purchases") != f"{ROWS + 100:,}":
        assert time.monotonic() < deadline, page.figure("Purchases")
        page.page.wait_for_timeout(200)
