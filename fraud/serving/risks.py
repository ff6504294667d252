"""The known frauds of cards and merchants, and the threshold in force: written by verdicts and people, read per batch.

A card's are an attribute of its profile, which the detector reads anyway and whose other attributes it writes. A
merchant's are an item of the risk table, under its ``merchant_id``, as is the policy under a name of its own. The
detector reads the items of a batch's merchants, eventually consistent (half a read unit per merchant and batch), and
writes none of them. A merchant that no verdict ever named has no item.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple, Protocol

from fraud.event import DAY
from fraud.judgment import Judgment
from fraud.policy import Policy, PolicyError
from fraud.risk import KEPT_DAYS, Risk
from fraud.serving.counting import CountClient, purchases_by_day
from fraud.serving.damaged import Damaged, risk_of
from fraud.stream import Surroundings
from shared.aws import error_code, is_transient, pages
from shared.errors import TransientError
from shared.retry import Budget
from shared.sinks.bulk_read import KEYS_PER_CALL, ReadClient, read_call
from shared.sinks.item import Item
from shared.telemetry import logger

POLICY = "policy"  # no merchant_id: those are 16 hex digits
DAMAGED = "damaged"  # the attribute that keeps what could not be read, once something else is in its place
ATTEMPTS = 5  # people who review alerts on one card or merchant in one moment


class KeeperClient(CountClient, Protocol):
    """The part of boto3's DynamoDB client that keeps risks."""

    def scan(self, **parameters: Any) -> dict[str, Any]:
        """Give items of a table."""

    def get_item(self, *, TableName: str, Key: Item, ConsistentRead: bool) -> dict[str, Any]:
        """Give one item, or none."""

    def update_item(self, **parameters: Any) -> dict[str, Any]:
        """Change one item, if its condition holds."""


class Around(NamedTuple):
    """What a batch meets beside its cards' states, and the merchants of which that could not be read in time.

    ``damaged`` are items that cannot be read: their merchants count as unknown, and the policy as it was read last.
    """

    surroundings: Surroundings
    damaged: dict[str, Damaged]
    unread: set[str]
    retried: int


class Risks:
    """The risk table, for the detector."""

    def __init__(self, client: ReadClient, name: str) -> None:
        self._client, self._name = client, name
        self._policy = ("", Policy())  # as it was read last

    def read(self, merchant_ids: Iterable[str], budget: Budget) -> Around:
        """Read the policy and what is known of merchants, no two the same. Raises ClientError on what no retry fixes.

        Where the policy could not be read, all merchants are unread.
        """
        wanted = [POLICY, *merchant_ids]
        items: dict[str, Item] = {}
        unread: set[str] = set()
        retried = 0
        for start in range(0, len(wanted), KEYS_PER_CALL):
            keys: list[Item] = [{"id": {"S": one}} for one in wanted[start : start + KEYS_PER_CALL]]
            found, left, repeats = read_call(self._client, self._name, keys, budget)
            items |= {item["id"]["S"]: item for item in found}
            unread |= {key["id"]["S"] for key in left}
            retried += repeats
        if POLICY in unread:
            unread = set(wanted)
        policy = items.pop(POLICY, None)
        damaged: dict[str, Damaged] = {}
        merchants: dict[str, Risk] = {}
        for merchant_id, item in items.items():
            risk, reason = risk_of(item)
            if reason:
                damaged[merchant_id] = Damaged(item, f"known frauds of merchant {merchant_id}: {reason}")
            else:
                merchants[merchant_id] = risk
        if policy is not None and (reason := self._parse(policy)):
            damaged[POLICY] = Damaged(policy, f"decisions on the threshold: {reason}")
        elif policy is None:
            self._policy = ("", Policy())
        return Around(Surroundings(merchants, self._policy[1]), damaged, unread - {POLICY}, retried)

    def _parse(self, item: Item) -> str:
        """Read the policy; give why it cannot be read. Then the one that was read last stays in force."""
        text = item.get("decisions", {}).get("S")
        if text is None:
            return "no text"
        if text != self._policy[0]:
            try:
                self._policy = (text, Policy.parse(text))
            except PolicyError as error:
                return str(error)
        return ""


class RiskKeeper:
    """Writes what verdicts and labels say. Doing it again changes nothing."""

    def __init__(self, client: KeeperClient, profiles_table: str, risk_table: str, transactions_table: str) -> None:
        self._client, self._profiles, self._risks = client, profiles_table, risk_table
        self._transactions = transactions_table

    def record(self, judgment: Judgment) -> None:
        """Keep a judgment for its card and its merchant. Raises TransientError, or ClientError for a permanent failure.

        A card without a profile is left alone: nothing of it was ever scored. A merchant's purchases are counted when
        its first fraud becomes known.
        """
        self._change(self._profiles, {"card_id": {"S": judgment.card_id}}, judgment.apply, needed="profile")

        def reviewed(risk: Risk) -> bool:
            changed = judgment.apply(risk)
            if changed and judgment.is_fraud:
                risk.count(self._counted(judgment.merchant_id, judgment.fraud.at // DAY))
            return changed

        self._change(self._risks, {"id": {"S": judgment.merchant_id}}, reviewed)

    def recount(self, today: int) -> int:
        """Count the purchases of all merchants with known frauds again, up to a day since 1970; says of how many.

        Of a merchant whose last fraud is longer ago, as in a history that was sent later, up to what features read of
        it."""
        merchants = [one for one in self._ids() if one != POLICY]
        for merchant_id in merchants:

            def counted(risk: Risk, of: str = merchant_id) -> bool:
                before = dict(risk.days or {})
                if risk.frauds:
                    risk.count(self._counted(of, min(today, risk.frauds[-1].at // DAY + KEPT_DAYS)))
                return (risk.days or {}) != before

            self._change(self._risks, {"id": {"S": merchant_id}}, counted)
        return len(merchants)

    def _counted(self, merchant_id: str, last: int) -> dict[int, int]:
        try:
            return purchases_by_day(self._client, self._transactions, merchant_id, last)
        except Exception as error:
            if is_transient(error):
                raise TransientError("the table of transactions does not answer") from error
            raise

    def _ids(self) -> Iterator[str]:
        for page in pages(self._client.scan, TableName=self._risks, ProjectionExpression="id"):
            yield from (item["id"]["S"] for item in page["Items"])

    def policy(self) -> Policy:
        """The decisions on the threshold so far. Raises PolicyError when the item that has them is damaged."""
        return _policy_of(self._get(self._risks, {"id": {"S": POLICY}}))

    def decide(self, change: Callable[[Policy], Policy]) -> Policy:
        """Add a decision, unless somebody else does at the same time: then on top of theirs.

        In place of decisions that cannot be read the list begins again; what was there is kept beside it.
        """
        for _ in range(ATTEMPTS):
            item = self._get(self._risks, {"id": {"S": POLICY}})
            there = (item or {}).get("decisions")
            condition = "decisions = :before" if there else "attribute_not_exists(decisions)"
            values = {":before": there} if there else {}
            expression = "SET decisions = :decisions"
            try:
                after = change(_policy_of(item))
            except PolicyError as error:
                logger.warning("damaged item replaced", extra={"item": POLICY, "reason": str(error)})
                after = change(Policy())
                expression += f", {DAMAGED} = :before" if there else ""
            values |= {":decisions": {"S": after.text()}}
            if self._update(self._risks, {"id": {"S": POLICY}}, expression, condition, values):
                return after
        raise TransientError("others change the threshold at the same time")

    def _change(self, table: str, key: Item, change: Callable[[Risk], bool], needed: str = "") -> None:
        for _ in range(ATTEMPTS):
            item = self._get(table, key)
            if (item is None and needed) or (item is not None and needed and needed not in item):
                return
            risk, reason = risk_of(item or {})
            if not change(risk) and not reason:
                return
            version = item["risk_version"] if item and "risk_version" in item else None
            condition = "risk_version = :before" if version else "attribute_not_exists(risk_version)"
            values = {":risk": {"B": risk.pack()}, ":version": {"N": str(_number(version) + 1)}}
            values |= {":before": version} if version else {}
            expression = "SET risk = :risk, risk_version = :version"
            if reason and item:
                logger.warning("damaged item replaced", extra={"item": key, "reason": reason})
                expression, condition = f"{expression}, {DAMAGED} = :damaged", f"{condition} AND risk = :damaged"
                values |= {":damaged": item["risk"]}
            if self._update(table, key, expression, condition, values):
                return
        raise TransientError("others change this card or merchant at the same time")

    def _get(self, table: str, key: Item) -> Item | None:
        try:
            found: Item | None = self._client.get_item(TableName=table, Key=key, ConsistentRead=True).get("Item")
        except Exception as error:
            if is_transient(error):
                raise TransientError(f"the table {table} does not answer") from error
            raise
        return found

    def _update(self, table: str, key: Item, expression: str, condition: str, values: dict[str, Any]) -> bool:
        try:
            self._client.update_item(
                TableName=table,
                Key=key,
                UpdateExpression=expression,
                ConditionExpression=condition,
                ExpressionAttributeValues=values,
            )
        except Exception as error:
            if is_transient(error):
                raise TransientError(f"the table {table} does not answer") from error
            if error_code(error) != "ConditionalCheckFailedException":
                raise
            return False
        return True


def _policy_of(item: Item | None) -> Policy:
    if item is None:
        return Policy()
    text = item.get("decisions", {}).get("S")
    if text is None:
        raise PolicyError("the item has no text of decisions")
    return Policy.parse(text)


def _number(version: dict[str, Any] | None) -> int:
    """Give a version's number; one of another type, which somebody changed, counts as none."""
    try:
        return int(version["N"]) if version else 0
    except (KeyError, ValueError):
        return 0
