"""The stores of fraud detection in memory, with DynamoDB's rules for conditions and limits, and a switch that kills."""

from __future__ import annotations

import re
from threading import Lock
from typing import Any

from fraud.model import Model
from fraud.profile import Profile
from fraud.serving.alerts import Alerts, Topic
from fraud.serving.detector import Detector
from fraud.serving.drift import DriftCounts
from fraud.serving.profiles import Profiles
from fraud.serving.risks import Risks
from shared.sinks.conditional import ConditionalWriter
from shared.stream.writer import Stream
from tests.unit.fakes.faults import Fault, Kind, Plan, client_error
from tests.unit.fakes.shapes import obeys
from tests.unit.fakes.statements import INSERT, UPDATE

_TABLE = re.compile(r'(?:INSERT INTO|UPDATE) "(\w+)"')
KEYS = {"profiles": "card_id", "alerts": "transaction_id", "risk": "id"}


class KilledError(BaseException):
    """The function's process is gone: nothing of it catches this."""


@obeys("dynamodb")
@obeys("kinesis")
@obeys("sns")
class FakeStores:
    """Both tables, the alert stream and the topic. ``kill_before`` counts down the calls that are still carried out."""

    def __init__(self, faults: list[Fault] | None = None, always: Fault | None = None) -> None:
        self.plan = Plan(faults or [], always)
        self.tables: dict[str, dict[str, Any]] = {"profiles": {}, "alerts": {}, "drift": {}, "risk": {}}
        self.messages: list[str] = []
        self.streamed: list[bytes] = []
        self.requests: list[str] = []
        self.kill_before: int | None = None
        self.refusals = "TransactionConflict"  # the code of the statements that a fault refuses
        self.unprocessed: list[int] = []  # per BatchGetItem: how many keys come back
        self._lock = Lock()

    def batch_get_item(self, *, RequestItems: dict[str, Any]) -> dict[str, Any]:
        ((table, request),) = RequestItems.items()
        name = KEYS[table]
        keys = [key[name]["S"] for key in request["Keys"]]
        # Merchants' risks settle for seconds before they count; a profile must be the last one written.
        assert request.get("ConsistentRead", False) is (table == "profiles")
        if not 1 <= len(keys) <= 100 or len(set(keys)) < len(keys):
            raise client_error("BatchGetItem", "ValidationException", 400)
        fault = self._begin("BatchGetItem", table)
        with self._lock:
            left = keys[len(keys) - (self.unprocessed.pop(0) if self.unprocessed else 0) :]
            items = [self.tables[table][key] for key in keys if key in self.tables[table] and key not in left]
        self.plan.end(fault)
        again = {table: {"Keys": [{name: {"S": key}} for key in left]}} if left else {}
        return {"Responses": {table: items}, "UnprocessedKeys": again}

    def batch_execute_statement(self, *, Statements: list[dict[str, Any]]) -> dict[str, Any]:
        """INSERT and UPDATE as shared.sinks.conditional writes them, each for itself."""
        tables = {match[1] for one in Statements if (match := _TABLE.match(one["Statement"]))}
        if not 1 <= len(Statements) <= 25 or len(tables) != 1:
            raise client_error("BatchExecuteStatement", "ValidationException", 400)
        fault = self._begin("BatchExecuteStatement", min(tables))
        with self._lock:
            codes = [
                self.refusals if fault.refuses(number) else self._execute(one["Statement"], list(one["Parameters"]))
                for number, one in enumerate(Statements)
            ]
        self.plan.end(fault)
        return {"Responses": [{"Error": {"Code": code}} if code else {} for code in codes]}

    def update_item(self, **asked: Any) -> dict[str, Any]:
        """ADD and SET of one item, as fraud.serving.drift asks for them."""
        fault = self._begin("UpdateItem", asked["TableName"])
        added = asked["UpdateExpression"].partition(" ADD ")[2]
        names, values = asked["ExpressionAttributeNames"], asked["ExpressionAttributeValues"]
        assert len(asked["UpdateExpression"]) <= 4096, "DynamoDB: the expression is over 4 KB"
        with self._lock:
            key = f"{asked['Key']['day']['S']} {asked['Key']['part']['S']}"
            item = self.tables["drift"].setdefault(key, {})
            for pair in added.split(", "):
                name, value = pair.split()
                item[names[name]] = item.get(names[name], 0) + int(values[value]["N"])
        self.plan.end(fault)
        return {}

    def query(self, **asked: Any) -> dict[str, Any]:
        """The counts of a day and a model."""
        day, model = (asked["ExpressionAttributeValues"][name]["S"] for name in (":day", ":model"))
        found = [item for key, item in self.tables["drift"].items() if key.startswith(f"{day} {model}")]
        return {"Items": [{name: {"N": str(count)} for name, count in item.items()} for item in found]}

    def _execute(self, statement: str, parameters: list[Any]) -> str | None:
        """Carry out a statement; give the code of its error."""
        assert statement.count("?") == len(parameters), "DynamoDB: as many parameters as question marks"
        if inserted := INSERT.fullmatch(statement):
            table, names = self.tables[inserted[1]], re.findall(r"\w+", inserted[2])
            item = dict(zip(names, parameters, strict=True))
            key = item[KEYS[inserted[1]]]["S"]
            if key in table:
                return "DuplicateItem"
            table[key] = item
            return None
        updated = UPDATE.fullmatch(statement)
        assert updated, f"a statement that this fake does not know: {statement}"
        table, names = self.tables[updated[1]], re.findall(r'"(\w+)"', updated[2])
        assert updated[3] == KEYS[updated[1]], "DynamoDB: an equality on all key attributes"
        changes, (key, *values) = dict(zip(names, parameters, strict=False)), parameters[len(names) :]
        there = table.get(key["S"])
        conditions = zip(re.findall(r'"(\w+)"', updated[4]), values, strict=True)
        if there is None or any(there.get(name) != value for name, value in conditions):
            return "ConditionalCheckFailed"
        table[key["S"]] = there | changes
        return None

    def put_records(self, *, StreamName: str, Records: list[dict[str, Any]]) -> dict[str, Any]:
        fault = self._begin("PutRecords", StreamName)
        self.streamed += [record["Data"] for record in Records]
        self.plan.end(fault)
        return {"FailedRecordCount": 0, "Records": [{"SequenceNumber": "1", "ShardId": "0"} for _ in Records]}

    def publish(self, *, TopicArn: str, Subject: str, Message: str) -> dict[str, Any]:
        assert len(Subject) < 100
        assert len(Message.encode()) <= 262_144
        fault = self._begin("Publish", TopicArn)
        self.messages.append(Message)
        self.plan.end(fault)
        return {"MessageId": "1"}

    def _begin(self, operation: str, target: str) -> Fault:
        with self._lock:
            if self.kill_before is not None:
                if self.kill_before <= 0:
                    raise KilledError
                self.kill_before -= 1
            self.requests.append(f"{operation} {target}")
        fault = self.plan.next(operation)
        return fault if operation == "BatchExecuteStatement" or fault.kind is not Kind.PART else Fault()

    def detector(self, model: Model, shadow: Model | None = None, threads: int = 2) -> Detector:
        """A container that has just started."""
        alerts = Alerts(
            ConditionalWriter(self, "alerts", threads), Stream(self, "alerts"), Topic(self, "topic", "test")
        )
        profiles, drift = Profiles(self, "profiles", threads), DriftCounts(self, "drift")
        return Detector(model, shadow, profiles, alerts, drift, Risks(self, "risk"))

    def profiles(self) -> dict[str, tuple[list[Any], dict[int, list[int]], str, int]]:
        """What is known of each card."""
        found = {}
        for card_id, item in self.tables["profiles"].items():
            profile = Profile.unpack(item["profile"]["B"])
            found[card_id] = (profile.recent, profile.habits, item["seq"]["S"], int(item["scored"]["N"]))
        return found
