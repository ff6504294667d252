"""Carries out scenarios on one stack, and counts the outcome of every transaction and every poison record."""

from __future__ import annotations

import base64
import csv
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from botocore.exceptions import BotoCoreError, ClientError

from client.send.run import Options, send_file
from shared.transaction.codec import encode_line
from shared.transaction.content import texts
from shared.transaction.model import parse_transaction
from shared.transaction.schema import Transaction
from tests.chaos import poison
from tests.chaos.faults import Plan
from tests.chaos.resharding import Resharding
from tests.chaos.scenarios import Scenario
from tests.chaos.stores import Content, Stores
from tests.chaos.target import Target
from tests.unit.fakes.rows import CARD_KEYS, transaction

# How long the faults of a scenario may wait for calls that they can hit. Firehose and the merge call every 5 s.
HIT_SECONDS, SLOW_HIT_SECONDS = 3.0, 9.0
FIRST_HIT_SECONDS = 20.0  # for the first of them: a function may be behind, or not have started yet
_SLOW = {"PutObject:delivery", "ExecuteStatement", "BatchExecuteStatement", "DescribeStatement", "GetStatementResult"}
MERGE_AFTER_SECONDS = 8.0
BALANCE_SECONDS = 180.0


@dataclass
class Result:
    """The outcome of one scenario."""

    scenario: Scenario
    ids: set[str]
    poison: dict[tuple[str, str], bytes] = field(default_factory=dict)
    hit: int = 0
    killed: int = 0
    seconds: float = 0.0
    lost: dict[str, int] = field(default_factory=dict)
    duplicated: dict[str, int] = field(default_factory=dict)
    different: dict[str, int] = field(default_factory=dict)  # not the content that counts, or not what was sent
    conflicts: int = 0  # contents in quarantine that do not count
    quarantined: int = 0
    problems: list[str] = field(default_factory=list)
    reshards: list[str] = field(default_factory=list)


class Harness:
    """One stack; `rows` is a file of simulated transactions of which each scenario takes its own slice."""

    def __init__(self, target: Target, rows: Path, per_scenario: int, report: Callable[[str], None]) -> None:
        self.target, self.report = target, report
        self.stores = Stores(target)
        self._per_scenario = per_scenario
        with rows.open(newline="") as file:
            self._header, *self._rows = csv.reader(file)
        self._id_column = self._header.index("trans_num")
        self._expected: dict[str, set[tuple[str, ...]]] = {}  # by id, what was sent of it
        self._poison: dict[tuple[str, str], bytes] = {}

    def wave(self, scenarios: Iterable[Scenario]) -> list[Result]:
        """Carry out scenarios one after the other, then wait until all that they sent is everywhere."""
        results = [self._carry_out(scenario) for scenario in scenarios]
        began = time.monotonic()
        content = self._settle()
        for result in results:
            self._evaluate(result, content)
            result.seconds += (time.monotonic() - began) / len(results)
        self._evaluate_all(results[-1], content)
        return results

    def _carry_out(self, scenario: Scenario) -> Result:
        began = time.monotonic()
        file, sent = self._write_file(scenario)
        plan = self._plan(scenario)
        result = Result(scenario, set(sent))
        self._expected |= sent
        self.target.break_by(plan)
        try:
            self._send(scenario, file, plan, result)
            seconds = SLOW_HIT_SECONDS if _SLOW & {*scenario.faults, *(k.operation for k in scenario.kills)} else None
            finished = time.monotonic()
            while plan.left and time.monotonic() < finished + (
                (seconds or HIT_SECONDS) if plan.done else FIRST_HIT_SECONDS
            ):
                time.sleep(0.05)
        finally:
            plan.clear()
        result.killed = plan.done.pop("KILL", 0)
        result.hit = plan.done.total()
        result.seconds = time.monotonic() - began
        if any(kill.target == "emulator" for kill in scenario.kills):
            self.target.revive()
        self.report(
            f"{scenario.seed:4} {scenario.kind}: {result.hit} faults, {result.killed} kills, "
            f"{len(result.reshards)} reshards, {result.seconds:.1f} s"
        )
        return result

    def _write_file(self, scenario: Scenario) -> tuple[Path, dict[str, set[tuple[str, ...]]]]:
        random = Random(scenario.seed)
        start = scenario.seed * self._per_scenario
        rows = self._rows[start : start + self._per_scenario]
        assert len(rows) == self._per_scenario, "the file of transactions is too short"
        sent = [*rows, *random.sample(rows, min(scenario.duplicates, len(rows)))]
        sent += [self._changed(row, random) for row in random.sample(rows, min(scenario.conflicts, len(rows)))]
        if scenario.shuffled:
            random.shuffle(sent)
        path = self.target.home / f"scenario-{scenario.seed}.csv"
        with path.open("w", newline="") as file:
            csv.writer(file).writerows([self._header, *sent])
        contents: dict[str, set[tuple[str, ...]]] = {}
        for row in sent:
            one = parse_transaction(dict(zip(self._header, row, strict=True)), CARD_KEYS)
            contents.setdefault(one.transaction_id, set()).add(_comparable(texts(one)))
        return path, contents

    def _changed(self, row: list[str], random: Random) -> list[str]:
        """Another content of a row: another amount, no label, or another time, hence another key of the table."""
        column, value = random.choice(
            [
                ("amt", f"{random.randint(1, 99_999) / 100:.2f}"),
                ("is_fraud", ""),
                ("is_fraud", "1"),
                ("trans_date_trans_time", f"2019-0{random.randint(1, 9)}-11 07:08:09"),
                ("city", "Elsewhere"),
            ]
        )
        return [value if name == column else old for name, old in zip(self._header, row, strict=True)]

    def _plan(self, scenario: Scenario) -> Plan:
        def killing(name: str) -> Callable[[], None]:
            return lambda: self.target.killer.kill(name)

        kills = {(kill.operation, kill.number): killing(kill.target) for kill in scenario.kills}
        faults = {operation: list(faults) for operation, faults in scenario.faults.items()}
        return Plan(faults, kills, scenario.shares)

    def _send(self, scenario: Scenario, file: Path, plan: Plan, result: Result) -> None:
        options = Options(batch_size=scenario.batch_size, workers=scenario.workers)
        random = Random(scenario.seed)
        poisoned = threading.Thread(target=self._put_poison, args=(scenario, random, result))
        poisoned.start()
        resharded = threading.Thread(target=self._reshard, args=(scenario, result))
        resharded.start()
        summary = send_file(self.target.sender, str(file), options)
        if summary.error:
            plan.clear()
            again = Options(batch_size=scenario.batch_size, workers=scenario.workers, resume=True)
            summary = send_file(self.target.sender, str(file), again)
        if summary.error or summary.rejected:
            result.problems.append(f"not sent: {summary.error or summary.reasons}")
        if scenario.resent:
            other = Options(batch_size=scenario.batch_size + 3, workers=scenario.workers)
            send_file(self.target.sender, str(file), other)
        if scenario.replayed:
            self._replay(scenario.replayed)
        poisoned.join()
        resharded.join()

    def _reshard(self, scenario: Scenario, result: Result) -> None:
        stream = Resharding(self.target.client("kinesis"), self.target.outputs["StreamName"])
        try:
            result.reshards = stream.run(scenario.reshards, Random(f"reshard {scenario.seed}"))
        except (ClientError, BotoCoreError, AssertionError) as error:
            result.problems.append(f"not resharded: {error}")

    def _put_poison(self, scenario: Scenario, random: Random, result: Result) -> None:
        good = encode_line(transaction(scenario.seed))[:-1]
        for kind in scenario.poison:
            data = poison.make(kind, random, good)
            position = self.stores.put_on_the_stream(data + b"\n" * random.choice([0, len(data) < 1_000_000]), "00")
            result.poison[position] = data
            self._poison[position] = data

    def _replay(self, count: int) -> None:
        kinesis, name = self.target.client("kinesis"), self.target.outputs["StreamName"]
        shard = kinesis.list_shards(StreamName=name, ShardFilter={"Type": "AT_LATEST"})["Shards"][0]["ShardId"]
        iterator = kinesis.get_shard_iterator(
            StreamName=name, ShardId=shard, ShardIteratorType="AT_TIMESTAMP", Timestamp=time.time() - 5
        )
        for record in kinesis.get_records(ShardIterator=iterator["ShardIterator"], Limit=50)["Records"][:count]:
            if (shard, record["SequenceNumber"]) not in self._poison:
                self.stores.put_on_the_stream(record["Data"], record["PartitionKey"])

    def _settle(self) -> Content:
        """Wait until nothing is missing, or the time is over; then whatever is there."""
        deadline = time.monotonic() + BALANCE_SECONDS
        asked = time.monotonic()
        content = Content()
        while time.monotonic() < deadline:
            try:
                core, staged = self.stores.merged()
                if core >= len(self._expected) and not staged:
                    content = self.stores.content()
                    if self._complete(content):
                        return content
            except (OSError, BotoCoreError, ClientError, AssertionError) as error:
                self.report(f"not to be read yet: {str(error)[:120]}")
            if time.monotonic() - asked > MERGE_AFTER_SECONDS:
                asked = time.monotonic()
                self._merge_now()
            time.sleep(0.3)
        try:
            return self.stores.content()
        except (OSError, BotoCoreError, AssertionError) as error:
            self.report(f"a store cannot be read, all of it counts as lost: {error}")
            return content

    def _complete(self, content: Content) -> bool:
        stored = all(self._expected.keys() <= found.keys() for found in content.by_store().values())
        if not stored or any(self._different(identity, content) for identity in self._expected):
            return False
        if sorted(content.conflicts) != sorted(self._conflicts(self._expected, content)):
            return False
        positions = {(one["shard_id"], one["sequence_number"]) for one in self.stores.quarantine().values()}
        return not content.unscored and self._poison.keys() <= positions

    def _different(self, identity: str, content: Content) -> list[str]:
        """Name the stores that do not have of an id what they should, the archive what was sent, and nothing else."""
        if identity not in content.lake:
            return []  # it counts as lost
        found = []
        if {_comparable(one.texts) for one in content.lake[identity].values()} != self._expected[identity]:
            found.append("lake")
        counts, _ = content.expected_of(identity)
        for store, digests in (("DynamoDB", content.dynamodb), ("warehouse", content.warehouse)):
            if identity in digests and counts not in digests[identity]:
                found.append(store)
        return found

    def _conflicts(self, identities: Iterable[str], content: Content) -> set[str]:
        return {one for identity in identities if identity in content.lake for one in content.expected_of(identity)[1]}

    def _merge_now(self) -> None:
        """The schedule would start a merge that was killed within a minute: 200 scenarios cannot wait for that."""
        self.target.client("lambda").invoke(
            FunctionName=f"swipeline-{self.target.stage}-merge-warehouse", InvocationType="Event", Payload=b"{}"
        )

    def _evaluate(self, result: Result, content: Content) -> None:
        different = Counter(store for identity in result.ids for store in self._different(identity, content))
        for store, found in content.by_store().items():
            result.lost[store] = sum(1 for identity in result.ids if identity not in found)
            result.different[store] = different[store]
            # The lake has what was sent, each once: as many contents as that.
            most = {one: len(self._expected[one]) if store == "lake" else 1 for one in result.ids & found.keys()}
            result.duplicated[store] = sum(max(0, len(found[one]) - count) for one, count in most.items())
        expected = self._conflicts(result.ids, content)
        kept_conflicts = [one for one in content.conflicts if one.rpartition("-")[0] in result.ids]
        result.conflicts = len(kept_conflicts)
        if sorted(kept_conflicts) != sorted(expected):
            lacking, more = sorted(expected - set(kept_conflicts)), sorted(set(kept_conflicts) - expected)
            result.problems.append(f"{len(lacking)} conflicts lack, {len(more)} too many: {lacking[:3]} {more[:3]}")
        kept = [one for one in self.stores.quarantine().values() if _position(one) in result.poison]
        result.quarantined = len(kept)
        wrong = sum(1 for one in kept if base64.b64decode(one["data"]) != result.poison[_position(one)])
        if wrong:
            result.problems.append(f"{wrong} in quarantine with other bytes than were sent")
        wrong_counts = [any(one.values()) for one in (result.lost, result.duplicated, result.different)]
        if any(wrong_counts) or result.quarantined != len(result.poison):
            result.problems.append(
                f"lost {result.lost}, duplicated {result.duplicated}, different {result.different}, "
                f"{result.quarantined} of {len(result.poison)} quarantined"
            )

    def _evaluate_all(self, last: Result, content: Content) -> None:
        """What belongs to no scenario is put down to the wave, at its last one."""
        for store, found in content.by_store().items():
            strangers = found.keys() - self._expected.keys()
            if strangers:
                last.problems.append(f"{store} holds {len(strangers)} that nobody sent, {sorted(strangers)[:3]}")
        strangers_in_quarantine = {_position(one) for one in self.stores.quarantine().values()} - self._poison.keys()
        if strangers_in_quarantine:
            last.problems.append(f"{len(strangers_in_quarantine)} good records in quarantine")
        if content.unscored:
            last.problems.append(f"by card, not scored (or, below 0, scored twice): {content.unscored.most_common(9)}")
        unlisted = self.stores.unlisted_merchants()
        if unlisted:
            last.problems.append(f"{unlisted} entries of merchants are missing")
        given_up = self.stores.given_up()
        if given_up:
            last.problems.append(f"{given_up} batches given up")


def _comparable(of_fields: Sequence[str]) -> tuple[str, ...]:
    """Give the canonical texts without the ids that a stage's own card key makes."""
    pairs = zip(Transaction._fields, of_fields, strict=True)
    return tuple(text for name, text in pairs if name not in ("card_id", "customer_id"))


def _position(entry: dict[str, str]) -> tuple[str, str]:
    return entry["shard_id"], entry["sequence_number"]
