"""What a scenario breaks, drawn from its seed: the same seed breaks the same calls in the same way."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from tests.chaos import poison
from tests.chaos.faults import Fault

_REFUSED = (Fault.THROTTLED, Fault.BROKEN, Fault.UNAVAILABLE)
_AMBIGUOUS = (Fault.RESET_AFTER, Fault.RESET_BEFORE, Fault.CUT, Fault.SLOW)
_POLLER_CALLS = ("GetRecords", "GetShardIterator", "Invoke")
_MERGE_CALLS = ("BatchExecuteStatement", "DescribeStatement", "GetStatementResult")
_FUNCTION_CALLS = ("PutRecords", "Statements:transactions", "PutObject:lake")


@dataclass
class Kill:
    """SIGKILL `target` before the n-th call of an operation, or after it where `number` is negative."""

    target: str  # a process of the supervisor's, or the short name of a function
    operation: str
    number: int


@dataclass
class Scenario:
    """One small file, how it is sent, and what goes wrong meanwhile."""

    seed: int
    kind: str
    faults: dict[str, list[Fault | None]] = field(default_factory=dict)
    shares: list[int] = field(default_factory=list)
    kills: list[Kill] = field(default_factory=list)
    poison: list[str] = field(default_factory=list)
    duplicates: int = 0  # rows of the file that are in it twice
    conflicts: int = 0  # rows that are in it again with another content
    resent: bool = False  # the whole file once more, as another request
    replayed: int = 0  # records of the stream that are put on it again
    reshards: list[str] = field(default_factory=list)  # split, merge, scale: while the file is sent
    shuffled: bool = False
    batch_size: int = 50
    workers: int = 2

    @property
    def troubles(self) -> int:
        """How many calls are to go wrong."""
        faults = sum(1 for faults in self.faults.values() for fault in faults if fault)
        return faults + len(self.kills) + len(self.reshards)


def _some(random: Random, faults: tuple[Fault, ...], calls: int) -> list[Fault | None]:
    """The fate of an operation's next calls: no more than three faults in a row."""
    drawn: list[Fault | None] = [random.choice(faults) if random.random() < 0.6 else None for _ in range(calls)]
    drawn[0] = random.choice(faults)  # so that at least one hits, however few calls there are
    for index in range(3, calls):
        if all(drawn[index - 3 : index]):
            drawn[index] = None
    return drawn


def _stream_refused(s: Scenario, random: Random) -> None:
    s.faults = {"PutRecords": _some(random, _REFUSED, 8)}


def _stream_partial(s: Scenario, random: Random) -> None:
    s.faults = {"PutRecords": _some(random, (Fault.PARTIAL,), 10)}


def _stream_ambiguous(s: Scenario, random: Random) -> None:
    s.faults = {"PutRecords": _some(random, _AMBIGUOUS, 8)}


def _stream_silent(s: Scenario, random: Random) -> None:
    s.faults = {"PutRecords": [random.choice([Fault.SILENT_AFTER, Fault.SILENT_BEFORE])]}


def _merchants(s: Scenario, random: Random) -> None:
    s.faults = {"BatchWriteItem:merchants": _some(random, (Fault.PARTIAL, *_REFUSED, *_AMBIGUOUS), 12)}
    # A function that has run for a while knows its merchants; a new one lists them again.
    s.kills = [Kill("write-to-dynamodb", "Statements:transactions", 1)]


def _table_refused(s: Scenario, random: Random) -> None:
    s.faults = {"Statements:transactions": _some(random, _REFUSED, 12)}


def _table_partial(s: Scenario, random: Random) -> None:
    s.faults = {"Statements:transactions": _some(random, (Fault.PARTIAL,), 12)}


def _table_ambiguous(s: Scenario, random: Random) -> None:
    s.faults = {"Statements:transactions": _some(random, _AMBIGUOUS, 12)}


def _table_silent(s: Scenario, random: Random) -> None:
    s.faults = {"Statements:transactions": [random.choice([Fault.SILENT_AFTER, Fault.SILENT_BEFORE])]}


def _profiles(s: Scenario, random: Random, faults: tuple[Fault, ...]) -> None:
    s.faults = {call: _some(random, faults, 8) for call in ("Statements:profiles", "Statements:alerts")}


def _profiles_refused(s: Scenario, random: Random) -> None:
    _profiles(s, random, (Fault.PARTIAL, *_REFUSED))
    s.faults["BatchGetItem"] = _some(random, _REFUSED, 4)


def _profiles_ambiguous(s: Scenario, random: Random) -> None:
    _profiles(s, random, _AMBIGUOUS)


def _lake_refused(s: Scenario, random: Random) -> None:
    s.faults = {"PutObject:lake": _some(random, _REFUSED, 5)}


def _lake_ambiguous(s: Scenario, random: Random) -> None:
    s.faults = {"PutObject:lake": _some(random, _AMBIGUOUS, 5)}


def _lake_silent(s: Scenario, random: Random) -> None:
    s.faults = {"PutObject:lake": [random.choice([Fault.SILENT_AFTER, Fault.SILENT_BEFORE])]}


def _expired(s: Scenario, random: Random) -> None:
    calls = (*_FUNCTION_CALLS, "GetItem", "PutItem", *_POLLER_CALLS[:2], "PutObject:delivery", "BatchExecuteStatement")
    s.faults = {call: _some(random, (Fault.EXPIRED,), 3) for call in random.sample(calls, 4)}


def _edge_tables(s: Scenario, random: Random) -> None:
    faults = (*_REFUSED, *_AMBIGUOUS)
    s.faults = {"GetItem": _some(random, faults, 8), "PutItem": _some(random, faults, 8)}


def _api_refused(s: Scenario, random: Random) -> None:
    s.faults = {"Post": _some(random, _REFUSED, 8)}


def _api_lost(s: Scenario, random: Random) -> None:
    s.faults = {"Post": _some(random, (Fault.RESET_AFTER, Fault.GATEWAY_TIMEOUT, Fault.CUT, Fault.RESET_BEFORE), 8)}


def _pollers(s: Scenario, random: Random) -> None:
    s.faults = {call: _some(random, (*_REFUSED, Fault.RESET_BEFORE, Fault.RESET_AFTER), 4) for call in _POLLER_CALLS}


def _delivery(s: Scenario, random: Random) -> None:
    faults = (*_REFUSED, *_AMBIGUOUS)
    s.faults = {call: _some(random, faults, 3) for call in ("PutObject:delivery", "ExecuteStatement")}
    s.faults["DescribeStatement"] = _some(random, faults, 4)


def _merge(s: Scenario, random: Random) -> None:
    s.faults = {call: _some(random, (*_REFUSED, *_AMBIGUOUS), 3) for call in _MERGE_CALLS}


def _kill_function(s: Scenario, random: Random) -> None:
    target, operation = random.choice(
        [
            ("write-to-kinesis", "PutRecords"),
            ("write-to-dynamodb", "Statements:transactions"),
            ("write-to-s3", "PutObject:lake"),
            ("detect-fraud", "Statements:profiles"),
            ("merge-warehouse", "DescribeStatement"),
        ]
    )
    s.kills = [Kill(target, operation, random.choice([-1, 1]) * random.randint(1, 2))]


def _kill_event_sources(s: Scenario, random: Random) -> None:
    s.kills = [Kill("event-sources", random.choice(["Invoke", "GetRecords"]), random.choice([1, -1, 2, -2]))]


def _kill_firehose(s: Scenario, random: Random) -> None:
    operation = random.choice(["PutObject:delivery", "ExecuteStatement", "GetRecords"])
    s.kills = [Kill("firehose", operation, random.choice([1, -1]))]


def _kill_redshift(s: Scenario, random: Random) -> None:
    operation = random.choice(["ExecuteStatement", "BatchExecuteStatement", "DescribeStatement"])
    s.kills = [Kill("redshift", operation, random.choice([1, -1]))]


def _kill_emulator(s: Scenario, random: Random) -> None:
    s.kills = [
        Kill("emulator", random.choice(["Post", "PutRecords", "Statements:transactions"]), random.choice([1, -2, 3]))
    ]


def _poison(s: Scenario, random: Random) -> None:
    s.poison = random.sample(sorted(poison.KINDS), 4)


def _duplicates(s: Scenario, random: Random) -> None:
    s.duplicates, s.resent, s.replayed = random.randint(1, 40), True, random.randint(1, 5)


def _out_of_order(s: Scenario, random: Random) -> None:
    s.shuffled, s.batch_size = True, random.choice([7, 25])


def _conflicts(s: Scenario, random: Random) -> None:
    s.conflicts, s.shuffled, s.batch_size = random.randint(10, 40), True, random.choice([7, 25, 50])


def _conflicts_in_trouble(s: Scenario, random: Random) -> None:
    random.choice([_table_ambiguous, _table_partial, _merge, _kill_function, _lake_ambiguous])(s, random)
    _conflicts(s, random)


def _conflicts_resharded(s: Scenario, random: Random) -> None:
    _resharded_and_killed(s, random)
    _conflicts(s, random)
    s.resent = True


def _resharded(s: Scenario, random: Random) -> None:
    s.reshards = random.choices(["split", "merge", "scale"], [4, 4, 1], k=random.randint(1, 4))
    s.batch_size, s.workers = 25, random.choice([1, 2])


def _resharded_and_killed(s: Scenario, random: Random) -> None:
    random.choice([_kill_event_sources, _kill_firehose, _pollers])(s, random)
    kept = s.faults, s.kills
    _resharded(s, random)
    s.faults, s.kills = kept


def _everything(s: Scenario, random: Random) -> None:
    stores = (_table_partial, _profiles_refused, _lake_refused, _delivery, _merge)
    for part in (_stream_partial, _api_lost, _pollers, *stores):
        kept = dict(s.faults)
        part(s, random)
        s.faults = kept | s.faults
    _duplicates(s, random)
    s.conflicts = 10
    s.shuffled, s.poison = True, random.sample(sorted(poison.KINDS), 2)
    s.reshards = ["split", "merge"]
    s.kills = [Kill("write-to-dynamodb", "Statements:transactions", random.choice([3, -3]))]


KINDS = {
    "stream refuses": _stream_refused,
    "stream takes a part": _stream_partial,
    "stream, outcome unknown": _stream_ambiguous,
    "stream does not answer": _stream_silent,
    "table refuses": _table_refused,
    "table takes a part": _table_partial,
    "table, outcome unknown": _table_ambiguous,
    "table does not answer": _table_silent,
    "merchants' table away": _merchants,
    "profiles and alerts refused": _profiles_refused,
    "profiles and alerts, outcome unknown": _profiles_ambiguous,
    "lake refuses": _lake_refused,
    "lake, outcome unknown": _lake_ambiguous,
    "lake does not answer": _lake_silent,
    "credentials expire": _expired,
    "idempotency table away": _edge_tables,
    "API refuses": _api_refused,
    "API's answers are lost": _api_lost,
    "pollers are refused": _pollers,
    "delivery is refused": _delivery,
    "merge is refused": _merge,
    "kill a function": _kill_function,
    "kill event-sources": _kill_event_sources,
    "kill firehose": _kill_firehose,
    "kill redshift": _kill_redshift,
    "poison": _poison,
    "duplicates and replays": _duplicates,
    "out of order": _out_of_order,
    "resharding": _resharded,
    "resharding, and a consumer in trouble": _resharded_and_killed,
    "conflicts and late labels": _conflicts,
    "conflicts, and a store in trouble": _conflicts_in_trouble,
    "conflicts, while the stream is resharded": _conflicts_resharded,
    "everything at once": _everything,
}
# Needs an emulator whose state outlives kill -9.
DURABLE_KINDS = {"kill the emulator": _kill_emulator}


def draw(seed: int, number: int, *, durable: bool = False) -> Scenario:
    """The `number`-th scenario of a run: the kinds take turns, all else is drawn."""
    kinds = KINDS | DURABLE_KINDS if durable else KINDS
    kind = list(kinds)[number % len(kinds)]
    random = Random(f"{seed}/{number}")
    scenario = Scenario(number, kind, batch_size=random.choice([25, 50, 100]), workers=random.choice([1, 2, 4]))
    scenario.shares = [random.getrandbits(16) | 1 << random.randrange(16) for _ in range(7)]
    kinds[kind](scenario, random)
    return scenario
