"""Takes the README's pictures from the running page, over whatever the stage holds: `make screenshots`.

    python -m scripts.screenshots [--stage STAGE] [--out FOLDER] [--all]

Without --all only the pictures that the README shows.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from playwright.sync_api import Browser

from client.dashboard import serve
from tests.browser.chromium import LAPTOP, PHONE, TABLET, chromium, context
from tests.browser.dashboard import PAGES, Dashboard

OUT = Path(__file__).resolve().parent.parent / "docs" / "images"
# file: (page, size, mode)
README = {
    "overview": ("Overview", LAPTOP, "light"),
    "regions": ("Regions", LAPTOP, "dark"),
    "customers": ("Customers", LAPTOP, "light"),
    "fraud": ("Fraud", LAPTOP, "light"),
    "phone": ("Overview", PHONE, "dark"),
}
HIGHEST = {LAPTOP: 1150, PHONE: 1300}  # pixels: what a reader of the README scrolls past
ALL = {
    f"{page.lower().replace(' ', '-')}-{mode}-{size[0]}": (page, size, mode)
    for page in PAGES
    for size in (PHONE, TABLET, LAPTOP)
    for mode in ("light", "dark")
}


def take(browser: Browser, address: str, page: str, size: tuple[int, int], mode: str, path: Path, whole: bool) -> None:
    """One picture, of the whole page or of its begin."""
    with context(browser, size, mode) as profile:
        tab = profile.new_page()
        dashboard = Dashboard(tab, address)
        dashboard.open(page)
        if tab.get_by_text("Can't reach the warehouse").count():
            raise SystemExit("Can't reach the warehouse: start it with `swipeline up`, and send something.")
        # The page scrolls inside the window: a picture of all of it needs a window that high.
        height = int(tab.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight"))
        tab.set_viewport_size({"width": size[0], "height": height if whole else min(height, HIGHEST[size])})
        dashboard.wait_until_idle()
        if size == LAPTOP:
            tab.get_by_role("button", name="Refresh").wait_for()
        tab.wait_for_timeout(500)  # the charts' resize transition has no end event
        tab.screenshot(path=path, animations="disabled")


def main() -> int:
    """Take them and print their sizes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stage", default="local")
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--all", action="store_true", help="each page, light and dark, 390, 768 and 1440 pixels wide")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    port = serve.port_for(None)
    server = serve.start(options.stage, port, 0)
    try:
        serve.wait(server, port)
        with chromium() as browser:
            for name, (page, size, mode) in (ALL if options.all else README).items():
                path = options.out / f"{name}.png"
                take(browser, serve.address(port), page, size, mode, path, options.all)
                sys.stdout.write(f"{path} {path.stat().st_size / 1024:.0f} KB\n")
    finally:
        server.terminate()
        server.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
