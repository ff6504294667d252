"""The dashboard as its reader has it: pages, filters, figures, downloads."""

from __future__ import annotations

import io
import time
from urllib.parse import urlencode

import pandas as pd
from playwright.sync_api import Locator, Page, expect

from dashboard.columns import TITLES

PAGES = ("Overview", "Regions", "Customers", "Merchants", "Fraud", "Purchases", "Alert queue", "Card lookup")
SECONDS = 30
# Streamlit says when its script has run; a chart that is drawn has marks; what is stale is on its way out.
_SETTLED = """() => {
  const app = document.querySelector('[data-testid=stApp]');
  return app && app.getAttribute('data-test-script-state') === 'notRunning'
    && app.getAttribute('data-test-connection-state') === 'CONNECTED'
    && document.querySelector('h1')
    && !document.querySelector('[data-stale=true]')
    && !document.querySelector('[data-testid=stSpinner], [data-testid=stSkeleton]')
    && [...document.querySelectorAll('[data-testid=stVegaLiteChart]')].every(
      (chart) => chart.querySelector('svg.marks, canvas.marks'));
}"""


class Dashboard:
    """Drives one browser tab."""

    def __init__(self, page: Page, address: str) -> None:
        self.page, self.address = page, address

    def open(self, name: str = "Overview", **query: str) -> None:
        """Load a page from its address."""
        self.page.goto(f"{self.address}/?{urlencode({'page': name, **query})}")
        self.wait_until_idle()

    def wait_until_idle(self) -> None:
        """Until the page is complete: charts drawn, nothing stale."""
        self.page.wait_for_function(_SETTLED, timeout=SECONDS * 1000)

    def go(self, name: str) -> float:
        """Click on a page; the seconds until it was complete."""
        began = time.perf_counter()
        self.page.get_by_role("navigation").get_by_role("link", name=name, exact=True).click()
        self.page.wait_for_function(
            "name => document.querySelector('h1')?.innerText.trim() === name", arg=name, timeout=SECONDS * 1000
        )
        self.wait_until_idle()
        return time.perf_counter() - began

    def figure(self, title: str) -> str:
        """The text of a figure, such as Purchases."""
        metric = self.page.get_by_test_id("stMetric").filter(
            has=self.page.get_by_test_id("stMetricLabel").get_by_text(title, exact=True)
        )
        return metric.get_by_test_id("stMetricValue").inner_text().strip()

    def expect_figure(self, title: str, text: str) -> None:
        """Wait until a figure reads so."""
        metric = self.page.get_by_test_id("stMetric").filter(
            has=self.page.get_by_test_id("stMetricLabel").get_by_text(title, exact=True)
        )
        expect(metric.get_by_test_id("stMetricValue")).to_have_text(text, timeout=SECONDS * 1000)

    def choose(self, key: str, *names: str) -> None:
        """Choose values of a filter, by typing them."""
        for name in names:
            field = self.page.locator(f".st-key-{key} input")
            field.fill(name)
            self.page.get_by_role("option", name=name, exact=True).click()
            self.page.keyboard.press("Escape")
        self.wait_until_idle()

    def download(self, name: str) -> pd.DataFrame:
        """The rows behind a chart, as the reader's file has them, under the names that the code has for the columns."""
        self.wait_until_idle()
        with self.page.expect_download() as event:
            self.page.locator(f".st-key-download-{name}").get_by_role("button", name="CSV").click()
        content = event.value.path().read_bytes()
        texts = {TITLES[name]: str for name in ("card_id", "transaction_id")}
        data = pd.read_csv(io.BytesIO(content), encoding="utf-8-sig", dtype=texts)
        return data.rename(columns={title: name for name, title in TITLES.items()})

    @property
    def body(self) -> Locator:
        return self.page.get_by_test_id("stMain")
