"""PutRecords, BatchWriteItem and PartiQL that are carried out in part: some entries really are, the others are refused.

The part that is carried out is another request than the one that the function has signed, so it is sent as root.
"""

from __future__ import annotations

import base64
import json
from typing import Any

from botocore.exceptions import ClientError


class Refusals:
    """Sends the part that is not refused, and composes the service's answer for the whole."""

    def __init__(self, kinesis: Any, dynamodb: Any) -> None:
        self._kinesis, self._dynamodb = kinesis, dynamodb

    def carry_out(self, operation: str, body: bytes, share: int) -> tuple[int, bytes]:
        """(status, body) of the answer; entry n is refused if bit n modulo 16 of `share` is set."""
        request = json.loads(body)
        kinds = {"PutRecords": self._put_records, "BatchWriteItem": self._batch_write, "Statements": self._statements}
        try:
            answer = kinds[operation.partition(":")[0]](request, share)
        except ClientError as error:
            content = {"__type": error.response["Error"]["Code"], "message": error.response["Error"]["Message"]}
            return int(error.response["ResponseMetadata"]["HTTPStatusCode"]), json.dumps(content).encode()
        return 200, json.dumps(answer).encode()

    def _put_records(self, request: dict[str, Any], share: int) -> dict[str, Any]:
        records = request["Records"]
        taken = [number for number in range(len(records)) if not _refused(number, share)]
        results: list[dict[str, Any]] = [
            {"ErrorCode": "ProvisionedThroughputExceededException", "ErrorMessage": "Rate exceeded for shard"}
            for _ in records
        ]
        if taken:
            entries = [records[n] | {"Data": base64.b64decode(records[n]["Data"])} for n in taken]
            target = {key: value for key, value in request.items() if key in ("StreamName", "StreamARN")}
            stored = self._kinesis.put_records(Records=entries, **target)["Records"]
            for number, result in zip(taken, stored, strict=True):
                results[number] = result
        return {"FailedRecordCount": sum("ErrorCode" in result for result in results), "Records": results}

    def _batch_write(self, request: dict[str, Any], share: int) -> dict[str, Any]:
        entries = [(table, entry) for table, of_table in request["RequestItems"].items() for entry in of_table]
        # "If none of the items can be processed, BatchWriteItem throws": the first one always is.
        refused = [number != 0 and _refused(number, share) for number in range(len(entries))]
        taken: dict[str, list[Any]] = {}
        for (table, entry), no in zip(entries, refused, strict=True):
            if not no:
                taken.setdefault(table, []).append(entry)
        left = dict(self._dynamodb.batch_write_item(RequestItems=taken).get("UnprocessedItems", {}))
        for (table, entry), no in zip(entries, refused, strict=True):
            if no:
                left.setdefault(table, []).append(entry)
        return {"UnprocessedItems": left}

    def _statements(self, request: dict[str, Any], share: int) -> dict[str, Any]:
        statements = request["Statements"]
        taken = [number for number in range(len(statements)) if not _refused(number, share)]
        refusal = {"Error": {"Code": "ThrottlingError", "Message": "by the fault proxy"}}
        results: list[dict[str, Any]] = [refusal for _ in statements]
        if taken:
            entries = [
                {**statements[n], "Parameters": [_with_bytes(value) for value in statements[n]["Parameters"]]}
                for n in taken
            ]
            carried_out = self._dynamodb.batch_execute_statement(Statements=entries)["Responses"]
            for number, result in zip(taken, carried_out, strict=True):
                results[number] = result
        return {"Responses": results}


def _with_bytes(value: dict[str, Any]) -> dict[str, Any]:
    """An attribute value as boto3 takes it."""
    return {"B": base64.b64decode(value["B"])} if "B" in value else value


def _refused(number: int, share: int) -> bool:
    return bool(share >> (number % 16) & 1)
