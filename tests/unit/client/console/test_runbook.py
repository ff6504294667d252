"""An alarm leads to its entry of the runbook, by the link in its description or by its name."""

from __future__ import annotations

from pathlib import Path

import pytest

from client.console.runbook import entry, entry_for

TEXT = """# Runbook
## Alarms
### api-5xx
Cause.
```
# not a heading
```
#### Check
Look.
### `write-to-s3-late`
Other.
### a, b

<a id="a"></a><a id="b"></a>
Both.
## After
"""


@pytest.fixture
def book(tmp_path: Path) -> Path:
    path = tmp_path / "runbook.md"
    path.write_text(TEXT)
    return path


def test_an_entry_ends_where_the_next_of_its_level_begins(book: Path) -> None:
    assert entry("api-5xx", book) == "### api-5xx\nCause.\n```\n# not a heading\n```\n#### Check\nLook."
    assert entry("write-to-s3-late", book) == "### `write-to-s3-late`\nOther."
    assert entry("b", book) == "### a, b\n\nBoth."
    assert entry("nothing", book) is None


def test_an_alarm_is_found_by_its_link_or_by_its_name(book: Path) -> None:
    assert entry_for("swipeline-dev-api-5xx", "swipeline-dev", "", book)[0] == "api-5xx"
    name, text = entry_for("swipeline-dev-x", "swipeline-dev", "Late. docs/runbook.md#write-to-s3-late", book)
    assert (name, text) == ("write-to-s3-late", "### `write-to-s3-late`\nOther.")


def test_an_entry_names_the_stage_whose_alarm_it_is() -> None:
    name, text = entry_for("swipeline-try-out-throttles", "swipeline-try-out", "")
    assert (name, "STAGE" in (text or "")) == ("throttles", False)
    assert "swipeline-try-out-" in (text or "")
