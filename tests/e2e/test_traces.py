"""A request that is traced is seen whole: from the API through the stream into each consumer's own segment."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from local.xray.header import new_root
from tests.e2e.stack import Stack, wait_until

CONSUMERS = {f"swipeline-local-{name}" for name in ("write-to-dynamodb", "write-to-s3", "detect-fraud")}


def segments(stack: Stack, root: str) -> list[dict[str, Any]]:
    """The trace's segments, as documents."""
    traces = stack.client("xray").batch_get_traces(TraceIds=[root])["Traces"]
    return [json.loads(segment["Document"]) for trace in traces for segment in trace["Segments"]]


def post(stack: Stack, path: Path, sampled: int) -> tuple[str, str]:
    """Post a file's one row in a new trace; the trace's id and the transaction's."""
    with path.open(newline="") as lines:
        row = next(csv.DictReader(lines))
    row.pop("")
    root = new_root()
    answer = stack.post([row], **{"X-Amzn-Trace-Id": f"Root={root};Sampled={sampled}"})
    assert answer.status_code == 202, answer.text
    return root, row["trans_num"]


def test_a_traced_request_has_segments_of_the_api_its_function_and_every_consumer_of_the_stream(
    stack: Stack, csv_file: Callable[..., Path]
) -> None:
    root, _ = post(stack, csv_file(rows=1), sampled=1)

    def of_consumers() -> dict[str, dict[str, Any]]:
        found = [s for s in segments(stack, root) if s["name"] in CONSUMERS]
        return {s["name"]: s for s in found}

    wait_until(
        lambda: set(of_consumers()) == CONSUMERS, 30, "every consumer's segment", lambda: str(segments(stack, root))
    )
    whole = segments(stack, root)
    [gateway] = [s for s in whole if s.get("origin") == "AWS::ApiGateway::Stage"]
    [function] = [s for s in whole if s.get("origin") == "AWS::Lambda::Function"]
    assert function["name"] == "swipeline-local-write-to-kinesis"
    ids = {s["id"] for s in whole} | {sub["id"] for s in whole for sub in s.get("subsegments", ())}
    for name, segment in of_consumers().items():
        assert segment["parent_id"] in ids, f"{name} hangs below nothing of the trace"
        assert segment["annotations"]["shard_id"].startswith("shardId-"), name
        # From the arrival on the stream until stored: within the life of nothing before the request.
        assert gateway["start_time"] - 1 < segment["start_time"] <= segment["end_time"], name


def test_a_request_that_is_not_sampled_leaves_no_trace_at_any_hop(stack: Stack, csv_file: Callable[..., Path]) -> None:
    root, identity = post(stack, csv_file(rows=1), sampled=0)
    wait_until(lambda: any(i["transaction_id"]["S"] == identity for i in stack.items()), 30, "it is in the table")
    assert segments(stack, root) == []
