"""How a consumer reports a batch: its counts as metrics and in one log line, its age, and the traces it belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from shared.ledger import Ledger
from shared.sinks.consumer import Batch, Position, respond
from shared.telemetry import continue_trace, logger, metrics, tracer

# A batch can hold a thousand sampled requests; ten segments show what they all waited for.
MOST_TRACES = 10


def begin(batch: Batch[Any]) -> None:
    """Say in every line, and in the invocation's trace, which batch it is about."""
    logger.append_keys(**batch.describe())
    tracer.put_annotation("batch_id", batch.batch_id)
    tracer.put_annotation("shard_id", batch.first.shard_id)


def ledger_of(batch: Batch[Any]) -> Ledger:
    """Give the counts that every consumer begins with."""
    return Ledger(len(batch.lines) + len(batch.unreadable), len(batch.lines), len(batch.unreadable))


def end(
    hop: str,
    batch: Batch[Any],
    ledger: Ledger,
    failed: Sequence[Position],
    message: str,
    warn: bool = False,
    **more: Any,
) -> dict[str, list[dict[str, str]]]:
    """Report a batch whose records at ``failed`` are not stored; give Lambda's partial batch response."""
    now = datetime.now(UTC)
    counts = ledger.publish(metrics, hop)
    if not failed:
        # From the arrival on the stream until stored, of the oldest record: no record of the batch waited longer.
        metrics.add_metric(name="Latency", unit="Milliseconds", value=batch.waited_milliseconds(now))
        for header, position in list(batch.traces.items())[:MOST_TRACES]:
            continue_trace(header, position.arrived_at, now, batch_id=batch.batch_id, shard_id=position.shard_id)
    level = logger.warning if failed or batch.unreadable or warn else logger.info
    level(message, extra={**counts, "failed_records": len(set(failed)), **more})
    return respond(failed)
