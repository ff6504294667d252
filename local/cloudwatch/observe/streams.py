"""AWS/Kinesis: what was put, what was read and how old it was, what was refused.

https://docs.aws.amazon.com/streams/latest/dev/monitoring-with-cloudwatch.html
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

import orjson

from local.cloudwatch.faults import Faults
from local.cloudwatch.observe.recorder import Recorder, count, milliseconds
from local.cloudwatch.replacing import replace
from local.kinesis.iterators import stream_of

Answer = tuple[int, Any, bytes]
_BEHIND = re.compile(rb'"MillisBehindLatest":\s*(\d+)')
_THROTTLE = b"ProvisionedThroughputExceededException"


class Streams:
    """Watches PutRecord, PutRecords and GetRecords."""

    def __init__(self, kinesis: Any, recorder: Recorder, faults: Faults) -> None:
        self._kinesis, self._recorder, self._faults = kinesis, recorder, faults

    def observe(self) -> None:
        """Put it in place."""
        for name, seen in {
            "_put_record": self._put_record,
            "_put_records": self._put_records,
            "_get_records": self._get_records,
        }.items():
            replace(self._kinesis, name, self._watched(getattr(self._kinesis, name), name, seen))

    def _watched(
        self, call: Callable[[Any], Answer], name: str, seen: Callable[[Any, Answer, str, float], None]
    ) -> Callable[[Any], Answer]:
        operation = "".join(part.title() for part in name.split("_"))

        def watched(data: Any) -> Answer:
            stream, start = stream_of(data), time.perf_counter()
            answer = self._faults.answer("kinesis", operation) or call(data)
            if stream:
                seen(data, answer, stream, time.perf_counter() - start)
            return answer

        return watched

    def _put_record(self, data: Any, answer: Answer, stream: str, took: float) -> None:
        self._put([data], answer, stream, took, "PutRecord")

    def _put_records(self, data: Any, answer: Answer, stream: str, took: float) -> None:
        self._put(data.get("Records") or [], answer, stream, took, "PutRecords")

    def _put(self, records: list[Any], answer: Answer, stream: str, took: float, name: str) -> None:
        good, throttled = len(records), 0
        if answer[0] != 200:
            good, throttled = 0, len(records) if _THROTTLE in answer[2] else 0
        elif name == "PutRecords" and b'"FailedRecordCount":0,' not in answer[2]:
            results = orjson.loads(answer[2])["Records"]
            throttled = sum(one.get("ErrorCode") == _THROTTLE.decode() for one in results)
            good = sum("ErrorCode" not in one for one in results)
        size = sum(len(record.get("Data") or "") for record in records) * 3 // 4
        values = {
            "WriteProvisionedThroughputExceeded": count(throttled),
            f"{name}.Success": count(good > 0),
            f"{name}.Latency": milliseconds(took),
            f"{name}.Bytes": (float(size), "Bytes"),
        }
        if good:
            share = good / len(records)
            values |= {"IncomingRecords": count(good), "IncomingBytes": (size * share, "Bytes")}
        if name == "PutRecords":
            values |= {
                "PutRecords.TotalRecords": count(len(records)),
                "PutRecords.SuccessfulRecords": count(good),
                "PutRecords.ThrottledRecords": count(throttled),
                "PutRecords.FailedRecords": count(len(records) - good - throttled),
            }
        self._recorder.record(values, {"StreamName": stream})

    def _get_records(self, data: Any, answer: Answer, stream: str, took: float) -> None:
        exceeded = answer[0] != 200 and _THROTTLE in answer[2]
        values = {
            "ReadProvisionedThroughputExceeded": count(exceeded),
            "GetRecords.Success": count(answer[0] == 200),
            "GetRecords.Latency": milliseconds(took),
        }
        if answer[0] == 200:
            behind = _BEHIND.search(answer[2], max(0, len(answer[2]) - 300))
            values |= {
                "GetRecords.Records": count(answer[2].count(b'"SequenceNumber"')),
                "GetRecords.Bytes": (float(len(answer[2]) * 3 // 4), "Bytes"),
                "GetRecords.IteratorAgeMilliseconds": milliseconds(int(behind.group(1)) / 1000 if behind else 0.0),
            }
        self._recorder.record(values, {"StreamName": stream})
