"""Reviews of alerts: verdicts, which go into the alerts table, the risk states and Firehose; and assignments."""

from __future__ import annotations

from typing import Any, Protocol

from fraud.judgment import of_verdict
from fraud.serving.alert_item import COUNT, damage
from fraud.serving.risks import RiskKeeper
from fraud.verdict import MOST, Verdict, repeats, to_attribute, to_line, verdicts
from shared.aws import error_code, is_transient
from shared.card_numbers.masking import mask_text
from shared.errors import TerminalError, TransientError
from shared.retry import Budget
from shared.sinks.firehose import RecordSink
from shared.sinks.item import Item
from shared.stream.records import StreamRecord

ATTEMPTS = 4  # reviewers of one alert at the same moment


class NoAlertError(TerminalError):
    """There is no alert on this transaction."""


class VerdictLimitError(TerminalError):
    """The alert has as many verdicts as it may have."""


class DamagedAlertError(TerminalError):
    """The alert's item cannot be read: somebody changed it. The message says what is wrong."""


class VerdictClient(Protocol):
    """The part of boto3's DynamoDB client that is used here."""

    def get_item(self, *, TableName: str, Key: Item, ConsistentRead: bool) -> dict[str, Any]:
        """Give one item, or none."""

    def update_item(self, **parameters: Any) -> dict[str, Any]:
        """Change one item, if its condition holds."""


class Verdicts:
    """The verdicts of a stage."""

    def __init__(self, client: VerdictClient, table: str, stream: RecordSink, risks: RiskKeeper) -> None:
        self._client, self._table, self._stream, self._risks = client, table, stream, risks

    def give(self, alert_id: str, verdict: Verdict, budget: Budget) -> Item:
        """Keep a verdict and give the alert's item as it then is.

        The same word again by the same person changes nothing; any other is added to the history, and counts from then
        on. Either goes into the risk of card and merchant and to the delivery stream, so that repeating a call that
        failed half-way brings to both what the table has. Card numbers are masked: a note is free text.

        Raises NoAlertError, DamagedAlertError (nothing is kept then), VerdictLimitError, TransientError if a store is
        unavailable, ClientError on terminal errors.
        """
        said = verdict._replace(by=mask_text(verdict.by), note=mask_text(verdict.note))
        item, kept = self._keep(alert_id, said)
        self._risks.record(of_verdict(item, kept))
        record = StreamRecord(item["card_id"]["S"], to_line(item, kept), (0,))
        if self._stream.put([[record]], budget).unstored_rows:
            raise TransientError("the delivery stream does not take the verdict")
        return item

    def assign(self, alert_id: str, to: str, at: str) -> Item:
        """Record who works on an alert, nobody for an empty name; give the alert's item. Card numbers are masked.

        Raises NoAlertError, DamagedAlertError, TransientError if the table is unavailable, ClientError on what no retry
        can fix.
        """
        self._read(alert_id)
        who = mask_text(to.strip())
        change: dict[str, Any] = {"UpdateExpression": "REMOVE assigned_to, assigned_at"}
        if who:
            change = {
                "UpdateExpression": "SET assigned_to = :who, assigned_at = :at",
                "ExpressionAttributeValues": {":who": {"S": who}, ":at": {"S": at}},
            }
        try:
            answer = self._client.update_item(
                TableName=self._table,
                Key={"transaction_id": {"S": alert_id}},
                ConditionExpression="attribute_exists(transaction_id)",
                ReturnValues="ALL_NEW",
                **change,
            )
        except Exception as error:
            if is_transient(error):
                raise TransientError("the alerts table does not answer") from error
            if error_code(error) == "ConditionalCheckFailedException":
                raise NoAlertError("there is no alert of this id") from None
            raise
        item: Item = answer["Attributes"]
        return item

    def _keep(self, alert_id: str, said: Verdict) -> tuple[Item, Verdict]:
        for _ in range(ATTEMPTS):
            item = self._read(alert_id)
            again = repeats(item, said)
            if again:
                return item, again
            if len(verdicts(item)) >= MOST:
                raise VerdictLimitError(f"the alert has {MOST} verdicts, and no room for more")
            try:
                return self._add(alert_id, len(verdicts(item)), said), said
            except Exception as error:
                if is_transient(error):
                    raise TransientError("the alerts table does not answer") from error
                if error_code(error) != "ConditionalCheckFailedException":
                    raise
        raise TransientError("others are reviewing this alert at the same time")

    def _read(self, alert_id: str) -> Item:
        try:
            found = self._client.get_item(
                TableName=self._table, Key={"transaction_id": {"S": alert_id}}, ConsistentRead=True
            )
        except Exception as error:
            if is_transient(error):
                raise TransientError("the alerts table does not answer") from error
            raise
        if "Item" not in found:
            raise NoAlertError("no alert has this ID")
        item: Item = found["Item"]
        if reason := damage(item):
            raise DamagedAlertError(f"the stored alert {alert_id} cannot be read: {reason}")
        return item

    def _add(self, alert_id: str, known: int, said: Verdict) -> Item:
        """Add to the history, unless somebody else has since it was read."""
        answer = self._client.update_item(
            TableName=self._table,
            Key={"transaction_id": {"S": alert_id}},
            UpdateExpression="SET #status = :finding, verdict = :finding, verdict_at = :at, #count = :now, "
            "verdicts = list_append(if_not_exists(verdicts, :none), :said)",
            ConditionExpression="attribute_exists(transaction_id) AND "
            + ("#count = :known" if known else "attribute_not_exists(#count)"),
            ExpressionAttributeNames={"#status": "status", "#count": COUNT},
            ExpressionAttributeValues={
                ":finding": {"S": said.verdict},
                ":at": {"S": said.at},
                ":now": {"N": str(known + 1)},
                ":none": {"L": []},
                ":said": {"L": [to_attribute(said)]},
            }
            | ({":known": {"N": str(known)}} if known else {}),
            ReturnValues="ALL_NEW",
        )
        item: Item = answer["Attributes"]
        return item
