"""The filter expressions of GetTraceSummaries, as far as they are supported: comparisons joined by AND.

https://docs.aws.amazon.com/xray/latest/devguide/aws-xray-interface-console.html#xray-console-filters
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import Any

from local.xray.store import flattened

Summary = dict[str, Any]
Predicate = Callable[[Summary, list[dict[str, Any]]], bool]
_NUMBERS = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "=": operator.eq}
_TERM = re.compile(
    r"""(?P<not>!)?\s*(?:
      (?P<flag>error|fault|throttle|ok)\b(?!\s*[=<>])
    | service\(\s*"(?P<service>[^"]+)"\s*\)
    | annotation[.\[](?P<key>[\w.-]+)\]?\s*(?P<compared>!?=)\s*(?P<value>"[^"]*"|[\w.-]+)
    | (?P<number>responsetime|duration)\s*(?P<sign><=|>=|<|>|=)\s*(?P<seconds>\d+(?:\.\d+)?)
    | http\.status\s*(?P<httpsign><=|>=|<|>|=)\s*(?P<status>\d+)
    )""",
    re.VERBOSE,
)


def compiled(expression: str | None) -> Predicate:
    """A predicate over a trace's summary and segments. Raises ValueError for what is not supported."""
    text = (expression or "").strip()
    if not text:
        return lambda summary, segments: True
    terms = [_term(part) for part in re.split(r"\s+AND\s+", text)]
    return lambda summary, segments: all(term(summary, segments) for term in terms)


def _term(text: str) -> Predicate:
    match = _TERM.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"The embedded X-Ray can't filter by '{text}'")
    predicate = _positive(match)
    if match["not"]:
        return lambda summary, segments: not predicate(summary, segments)
    return predicate


def _positive(match: re.Match[str]) -> Predicate:
    if match["flag"]:
        names = {"error": "HasError", "fault": "HasFault", "throttle": "HasThrottle"}
        if match["flag"] == "ok":
            return lambda summary, segments: not any(summary[name] for name in names.values())
        return lambda summary, segments: bool(summary[names[match["flag"]]])
    if match["service"]:
        return lambda summary, segments: any(s.get("name") == match["service"] for s in segments)
    if match["key"]:
        wanted, equal = match["value"].strip('"'), match["compared"] == "="
        return lambda summary, segments: (wanted in _annotated(segments, match["key"])) == equal
    if match["number"]:
        name = {"responsetime": "ResponseTime", "duration": "Duration"}[match["number"]]
        compare, seconds = _NUMBERS[match["sign"]], float(match["seconds"])
        return lambda summary, segments: bool(compare(summary[name], seconds))
    compare, status = _NUMBERS[match["httpsign"]], int(match["status"])
    return lambda summary, segments: (
        "HttpStatus" in summary["Http"] and bool(compare(summary["Http"]["HttpStatus"], status))
    )


def _annotated(segments: list[dict[str, Any]], key: str) -> set[str]:
    nodes = flattened(segments)
    return {str(node["annotations"][key]) for node in nodes if key in (node.get("annotations") or {})}
