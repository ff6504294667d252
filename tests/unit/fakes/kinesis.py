"""A Kinesis stream in memory, with PutRecords' limits, partial failures and order per partition key."""

from __future__ import annotations

from typing import Any

from tests.unit.fakes.faults import Fault, Plan, client_error
from tests.unit.fakes.shapes import obeys


@obeys("kinesis")
class FakeKinesis:
    """Holds what was stored per partition key, in the order in which it was stored."""

    def __init__(self, faults: list[Fault] | None = None, always: Fault | None = None) -> None:
        self.plan = Plan(faults or [], always)
        self.calls: list[int] = []
        self.stored: dict[str, list[bytes]] = {}

    def put_records(self, *, StreamName: str, Records: list[dict[str, Any]]) -> dict[str, Any]:
        assert StreamName
        sizes = [len(record["Data"]) + len(record["PartitionKey"]) for record in Records]
        if not 1 <= len(Records) <= 500 or sum(sizes) > 5 * 2**20 or max(sizes) > 2**20:
            raise client_error("PutRecords", "ValidationException", 400)
        self.calls.append(len(Records))
        fault = self.plan.next("PutRecords")
        results: list[dict[str, Any]] = []
        for index, record in enumerate(Records):
            if fault.refuses(index):
                results.append({"ErrorCode": "ProvisionedThroughputExceededException", "ErrorMessage": "by plan"})
            else:
                self.stored.setdefault(record["PartitionKey"], []).append(record["Data"])
                results.append({"SequenceNumber": str(10**55 + len(self.calls)), "ShardId": "shardId-000000000000"})
        self.plan.end(fault)
        return {"FailedRecordCount": sum("ErrorCode" in result for result in results), "Records": results}
