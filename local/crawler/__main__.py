"""`python -m local.crawler`, its order on standard input: one crawl, as the crawler's role."""

from __future__ import annotations

import json
import sys

from local.clients import Clients
from local.crawler.crawl import crawl
from local.settings import Settings


def main() -> None:
    """Crawl, and print the outcome of each target. Exits with a traceback when the crawl fails."""
    name = json.load(sys.stdin)["name"]
    clients = Clients(Settings.from_environment(), "AWS-Crawler", "glue.amazonaws.com")
    crawler = clients.root("glue").get_crawler(Name=name)["Crawler"]
    role = crawler["Role"]
    print(json.dumps(crawl(crawler, clients.role("s3", role), clients.role("glue", role))))  # noqa: T201


if __name__ == "__main__":
    main()
