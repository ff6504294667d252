"""What an event source mapping is made of, and what is refused."""

from __future__ import annotations

from collections.abc import Mapping as Dict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from local.kinesis_reader import stream_arn_of

ENDLESS = -1
MAX_BATCH_SIZE = 10_000
MAX_PARALLELIZATION = 10
DESTINATION_SERVICES = ("s3", "sqs", "sns")


class UnsupportedMappingError(ValueError):
    """A mapping asks for something this poller does not do: it is refused, never half done."""


@dataclass(frozen=True)
class Rules:
    """How a mapping batches, retries and gives up. `max_retries` and `max_age_seconds` are None for endless."""

    batch_size: int = 100
    window_seconds: float = 0
    max_retries: int | None = None
    max_age_seconds: float | None = None
    bisect: bool = False
    partial_response: bool = False
    parallelization: int = 1


@dataclass(frozen=True)
class Mapping:
    """An event source mapping as deployed."""

    uuid: str
    function_arn: str
    source_arn: str  # of the stream, or of a consumer with enhanced fan-out
    starting_position: str
    starting_timestamp: float | None
    destination_arn: str | None
    rules: Rules

    @property
    def stream_arn(self) -> str:
        return stream_arn_of(self.source_arn)

    @property
    def consumer_arn(self) -> str | None:
        """The consumer with enhanced fan-out that the mapping reads as, if it does."""
        return self.source_arn if self.source_arn != self.stream_arn else None

    @property
    def function_name(self) -> str:
        return self.function_arn.split(":")[6]


def is_kinesis(api: Dict[str, Any]) -> bool:
    """True for a mapping whose source is a Kinesis stream or one of its consumers."""
    return str(api.get("EventSourceArn", "")).split(":")[2:3] == ["kinesis"]


def parse_mapping(api: Dict[str, Any]) -> Mapping:
    """Read one item of ListEventSourceMappings. Raises UnsupportedMappingError for what cannot be honored."""
    if (api.get("FilterCriteria") or {}).get("Filters"):
        raise UnsupportedMappingError("FilterCriteria is not supported")
    if api.get("TumblingWindowInSeconds"):
        raise UnsupportedMappingError("TumblingWindowInSeconds is not supported")
    position, timestamp = api.get("StartingPosition"), api.get("StartingPositionTimestamp")
    if position not in ("TRIM_HORIZON", "LATEST", "AT_TIMESTAMP"):
        raise UnsupportedMappingError(
            f"StartingPosition is {position!r}, expected TRIM_HORIZON, LATEST or AT_TIMESTAMP"
        )
    if position == "AT_TIMESTAMP" and timestamp is None:
        raise UnsupportedMappingError("StartingPosition AT_TIMESTAMP needs StartingPositionTimestamp")
    unknown = set(api.get("FunctionResponseTypes") or []) - {"ReportBatchItemFailures"}
    if unknown:
        raise UnsupportedMappingError(f"FunctionResponseTypes {sorted(unknown)} are not supported")
    destination = ((api.get("DestinationConfig") or {}).get("OnFailure") or {}).get("Destination")
    if destination and destination.split(":")[2] not in DESTINATION_SERVICES:
        raise UnsupportedMappingError(
            f"on-failure destination {destination} is none of {', '.join(DESTINATION_SERVICES)}"
        )
    return Mapping(
        uuid=api["UUID"],
        function_arn=api["FunctionArn"],
        source_arn=api["EventSourceArn"],
        starting_position=position,
        starting_timestamp=timestamp.timestamp() if isinstance(timestamp, datetime) else timestamp,
        destination_arn=destination or None,
        rules=Rules(
            batch_size=_within("BatchSize", api.get("BatchSize", 100), MAX_BATCH_SIZE),
            window_seconds=float(api.get("MaximumBatchingWindowInSeconds") or 0),
            max_retries=_limit(api.get("MaximumRetryAttempts")),
            max_age_seconds=_limit(api.get("MaximumRecordAgeInSeconds")),
            bisect=bool(api.get("BisectBatchOnFunctionError")),
            partial_response="ReportBatchItemFailures" in (api.get("FunctionResponseTypes") or []),
            parallelization=_within(
                "ParallelizationFactor", api.get("ParallelizationFactor") or 1, MAX_PARALLELIZATION
            ),
        ),
    )


def _limit(value: int | None) -> int | None:
    return None if value is None or value == ENDLESS else int(value)


def _within(name: str, value: int, most: int) -> int:
    if not 1 <= int(value) <= most:
        raise UnsupportedMappingError(f"{name} is {value}, expected 1 to {most}")
    return int(value)
