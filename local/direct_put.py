"""Firehose's Direct PUT, which MiniStack takes and then forgets for a Redshift destination.

What is put is kept on a Kinesis stream that the account does not see, one per delivery stream: it is journaled as every
stream is, so that an acknowledged record outlives a kill, and local/firehose reads it as it reads a source stream.
"""

from __future__ import annotations

import base64
import json
import uuid
from typing import Any

from local.cloudwatch.replacing import replace

PREFIX = "firehose-direct-put."
REDSHIFT = "Redshift"
SOURCE_IS_KINESIS = "KinesisStreamAsSource"
NOT_PERMITTED = f"This operation is not permitted on {SOURCE_IS_KINESIS} delivery stream type."
# https://docs.aws.amazon.com/firehose/latest/dev/limits.html
MOST_RECORDS, MOST_RECORD_BYTES, MOST_BATCH_BYTES = 500, 1_024_000, 4 * 1024 * 1024
Answer = tuple[int, Any, bytes]


def buffer_arn(delivery_stream_arn: str) -> str:
    """The ARN of the stream on which a delivery stream's records wait: the same region and account."""
    _, _, _, region, account, resource = delivery_stream_arn.split(":", 5)
    return f"arn:aws:kinesis:{region}:{account}:stream/{PREFIX}{resource.partition('/')[2]}"


class DirectPut:
    """PutRecord and PutRecordBatch of MiniStack's module `firehose` for delivery streams into Redshift."""

    def __init__(self, firehose: Any, kinesis: Any) -> None:
        self._firehose, self._kinesis = firehose, kinesis
        self._real = {name: getattr(firehose, name) for name in ("_put_record", "_put_record_batch")}

    def install(self) -> None:
        """Patch the modules. Raises AttributeError when MiniStack has these functions no more."""
        create, remove = self._firehose._create_delivery_stream, self._firehose._delete_delivery_stream
        names = self._kinesis._list_streams

        def created(data: dict[str, Any]) -> Answer:
            answer: Answer = create(data)
            if answer[0] == 200 and self._is_ours(name := str(data["DeliveryStreamName"])):
                self._kinesis._create_stream({"StreamName": PREFIX + name, "ShardCount": 1})
            return answer

        def deleted(data: dict[str, Any]) -> Answer:
            ours = self._is_ours(name := str(data.get("DeliveryStreamName")))
            answer: Answer = remove(data)
            if answer[0] == 200 and ours:
                self._kinesis._delete_stream({"StreamName": PREFIX + name})
            return answer

        for operation, name, ours in (
            ("CreateDeliveryStream", "_create_delivery_stream", created),
            ("DeleteDeliveryStream", "_delete_delivery_stream", deleted),
            ("PutRecord", "_put_record", self.put_record),
            ("PutRecordBatch", "_put_record_batch", self.put_record_batch),
        ):
            replace(self._firehose, name, ours)  # CloudFormation calls the function, the API its table of operations
            self._firehose._HANDLERS[operation] = ours
        replace(self._kinesis, "_list_streams", lambda data: without_buffers(names(data)))

    def put_record(self, data: dict[str, Any]) -> Answer:
        """PutRecord."""
        if self._reads_a_stream(str(data.get("DeliveryStreamName"))):
            return self._error("InvalidArgumentException", NOT_PERMITTED, 400)
        if not self._is_ours(str(data.get("DeliveryStreamName"))):
            return self._done("_put_record", data)
        status, headers, body = self.put_record_batch(data | {"Records": [data.get("Record") or {}]})
        if status != 200:
            return status, headers, body
        [result] = json.loads(body)["RequestResponses"]
        if "ErrorCode" in result:
            return self._error(result["ErrorCode"], result["ErrorMessage"], 503)
        return self._answer({"RecordId": result["RecordId"], "Encrypted": True})

    def put_record_batch(self, data: dict[str, Any]) -> Answer:
        """PutRecordBatch: each record succeeds or fails on its own, as PutRecords on the stream behind it says."""
        name, records = str(data.get("DeliveryStreamName")), data.get("Records") or []
        if self._reads_a_stream(name):
            return self._error("InvalidArgumentException", NOT_PERMITTED, 400)
        if not self._is_ours(name):
            return self._done("_put_record_batch", data)
        sizes = [len(base64.b64decode(str(record.get("Data", "")))) for record in records]
        if not 1 <= len(records) <= MOST_RECORDS:
            return self._error("InvalidArgumentException", f"expected 1 to {MOST_RECORDS} records", 400)
        if max(sizes) > MOST_RECORD_BYTES or sum(sizes) > MOST_BATCH_BYTES:
            return self._error("InvalidArgumentException", "a record exceeds 1,000 KiB, or the batch 4 MiB", 400)
        put = {
            "StreamName": PREFIX + name,
            "Records": [{"Data": record["Data"], "PartitionKey": str(uuid.uuid4())} for record in records],
        }
        status, headers, body = self._kinesis._put_records(put)
        if status != 200:
            return status, headers, body
        results = [
            {"ErrorCode": "ServiceUnavailableException", "ErrorMessage": "Slow down."}
            if result.get("ErrorCode")
            else {"RecordId": f"{result['SequenceNumber']}{uuid.uuid4().hex}"}
            for result in json.loads(body)["Records"]
        ]
        failed = sum("ErrorCode" in result for result in results)
        return self._answer({"FailedPutCount": failed, "Encrypted": True, "RequestResponses": results})

    def _reads_a_stream(self, name: str) -> bool:
        """Firehose takes no records by hand for a delivery stream whose source is a Kinesis stream."""
        stream = self._firehose._streams.get(name)
        return bool(stream) and stream["type"] == SOURCE_IS_KINESIS

    def _is_ours(self, name: str) -> bool:
        stream = self._firehose._streams.get(name)
        return (
            bool(stream)
            and stream["type"] == "DirectPut"
            and any(destination["type"] == REDSHIFT for destination in stream["destinations"])
        )

    def _done(self, name: str, data: dict[str, Any]) -> Answer:
        answer: Answer = self._real[name](data)
        return answer

    def _answer(self, body: dict[str, Any]) -> Answer:
        answer: Answer = self._firehose.json_response(body)
        return answer

    def _error(self, code: str, message: str, status: int) -> Answer:
        answer: Answer = self._firehose.error_response_json(code, message, status)
        return answer


def without_buffers(answer: Answer) -> Answer:
    """An answer of ListStreams without the streams of this module."""
    status, headers, body = answer
    if status != 200:
        return answer
    listed = json.loads(body)
    listed["StreamNames"] = [name for name in listed["StreamNames"] if not name.startswith(PREFIX)]
    if "StreamSummaries" in listed:
        listed["StreamSummaries"] = [
            one for one in listed["StreamSummaries"] if not one["StreamName"].startswith(PREFIX)
        ]
    return status, headers, json.dumps(listed).encode()
