"""A headless Chromium of this machine for tests and screenshots, which reports errors of the pages it showed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = [
    "--no-sandbox",  # CI runs as root
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
LAPTOP, TABLET, PHONE = (1440, 900), (768, 1024), (390, 844)
_PHONE_AGENT = (
    "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Mobile Safari/537.36"
)


def _path() -> str:
    """Raises RuntimeError where there is no Chromium: a test that did not run has not passed."""
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        raise RuntimeError("no Chromium on this machine: apt-get install chromium, or the like")
    return path


@contextmanager
def chromium(*arguments: str) -> Iterator[Browser]:
    """A browser; more command-line arguments may be given. Raises RuntimeError where there is none."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_path(), args=[*ARGUMENTS, *arguments])
        try:
            yield browser
        finally:
            browser.close()


def context(browser: Browser, size: tuple[int, int] = LAPTOP, mode: str = "light", zone: str = "UTC") -> BrowserContext:
    """A fresh profile: ``mode`` is light or dark, ``zone`` the reader's time zone."""
    phone = {"is_mobile": True, "has_touch": True, "user_agent": _PHONE_AGENT} if size == PHONE else {}
    viewport = {"width": size[0], "height": size[1]}
    return browser.new_context(viewport=viewport, color_scheme=mode, timezone_id=zone, locale="en-US", **phone)


class Watch:
    """What a page's console said, what it could not load, and whom it asked other than this machine."""

    def __init__(self, page: Page) -> None:
        self.errors: list[str] = []
        self.strangers: list[str] = []
        page.on("console", lambda message: self._said(message.type, message.text))
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("response", lambda answer: self._said("error", answer.url) if answer.status >= 400 else None)
        page.on("request", lambda request: self._asked(request.url))

    def _said(self, kind: str, text: str) -> None:
        if kind == "error":
            self.errors.append(text)

    def _asked(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("data", "blob") and parts.hostname != "127.0.0.1":
            self.strangers.append(url)
