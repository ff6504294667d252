"""Hides card numbers in rows, sends them to a running stage, then searches every byte that the stage and its home hold.

`python -m tests.fuzz.cards --probes 100000` on stage local as it runs (`make fuzz-cards`); exits 1 on any leak, or on a
good row refused. One row in fifty is good, so that something goes through the pipeline that is searched.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

from local.settings import Settings
from shared.card_numbers.digits import normalized
from tests.e2e.stack import Stack, wait_until
from tests.fuzz.hiding import card_number, hide_in_id, hide_in_text, hide_own_in_id
from tests.unit.fakes.rows import raw_row

TEXTS = ("merchant", "category", "first", "last", "street", "city", "job")
MARK = "zqprobe"  # in a text of every row that must be refused: nothing of it may be anywhere
BATCH = 1000
ONE_GOOD_IN = 50
_LENGTHS = range(13, 20)
_RUN = re.compile(r"[0-9]{13,}")


class Probe(NamedTuple):
    """A row with a hidden number, how it is hidden, and the number; a good row has none."""

    row: dict[str, Any]
    number: str
    hidden: str | None


class Findings(NamedTuple):
    """What went wrong, and how many bytes were searched."""

    accepted: list[str]  # hidden numbers that got in
    refused: list[str]  # reasons of good rows that did not
    leaks: list[tuple[str, str]]  # place, what
    searched: int


def probes(count: int, seed: int) -> Iterator[Probe]:
    """Give so many rows with a hidden number, and the good ones between them."""
    rng = random.Random(seed)
    for at in range(count):
        if at % ONE_GOOD_IN == 0:
            own = card_number(rng)
            yield Probe(raw_row(at, cc_num=own, trans_num=f"good-{seed:x}-{at:x}-{rng.getrandbits(40):x}"), own, None)
        yield _probe(at, rng)


def _probe(at: int, rng: random.Random) -> Probe:
    own, other = card_number(rng), card_number(rng)
    number = rng.choice((own, other))
    column = rng.choice((*TEXTS, "trans_num"))
    if column == "trans_num":
        hidden = hide_own_in_id(number, rng) if number == own else hide_in_id(number, rng)
    else:
        hidden = hide_in_text(number, rng)
    mark = {"job" if column != "job" else "city": f"{MARK} {at:x}"}
    return Probe(raw_row(at, cc_num=own, **{column: hidden}, **mark), number, hidden)


def run(stack: Stack, count: int, seed: int) -> Findings:
    """Send the probes and search the stage."""
    accepted, refused, numbers = list[str](), list[str](), set[str]()
    batch: list[Probe] = []
    good = set[str]()
    for probe in probes(count, seed):
        numbers |= {probe.number, str(probe.row["cc_num"])}
        good |= {probe.row["trans_num"]} if probe.hidden is None else set()
        batch.append(probe)
        if len(batch) == BATCH:
            _send(stack, batch, accepted, refused)
            batch = []
    _send(stack, batch, accepted, refused)
    last = next(iter(good))
    wait_until(lambda: any(last in json.dumps(item) for item in stack.items()), 120, "a good row is stored")
    found, searched = list[tuple[str, str]](), 0
    for place, data in places(stack):
        searched += len(data)
        if MARK.encode() in data:
            found.append((place, f"a refused row: ...{data[data.index(MARK.encode()) :][:60]!r}"))
        found += [(place, number[-4:]) for number in leaks(data, numbers)]
    return Findings(accepted, refused, found, searched)


def _send(stack: Stack, batch: list[Probe], accepted: list[str], refused: list[str]) -> None:
    if not batch:
        return
    key = card_number(random.Random(str(batch[0].row)))
    answer = stack.post([probe.row for probe in batch], **{"Idempotency-Key": key, "User-Agent": f"x/{key}"})
    assert answer.status_code in (202, 207, 400), answer.text[:300]
    body = answer.json()
    reasons = {error["index"]: error["reason"] for error in body["errors"]}
    for index, (probe, identifier) in enumerate(zip(batch, body["transaction_ids"], strict=True)):
        if probe.hidden is not None and identifier is not None:
            accepted.append(f"{probe.number} as {probe.hidden!r}")
        if probe.hidden is None and identifier is None:
            refused.append(reasons[index])
        if probe.number in answer.text:
            accepted.append(f"{probe.number} in the answer")


def leaks(data: bytes, numbers: set[str]) -> set[str]:
    """Give the numbers that stand in some bytes: as they are, and between what is no letter in each line."""
    text = data.decode("utf-8", "replace")
    runs = set(_RUN.findall(text))
    if len(data) < 20_000_000:  # of a line of data the digits of all fields would be one run: of texts alone
        for quoted in re.findall(r'"((?:[^"\\]|\\.){13,})"', text):
            runs |= set(_RUN.findall(normalized(quoted)))
    return {
        run[at : at + length]
        for run in runs
        for length in _LENGTHS
        for at in range(len(run) - length + 1)
        if run[at : at + length] in numbers
    }


def places(stack: Stack) -> Iterator[tuple[str, bytes]]:
    """Give all bytes past the edge: stores, logs, traces, requests, and every file of the home."""
    from tests.e2e.test_security import everything_stored

    yield from everything_stored(stack).items()
    requests = stack.client("dynamodb").scan(TableName=stack.outputs["RequestsTableName"])["Items"]
    yield "requests", json.dumps(requests).encode()
    xray, now = stack.client("xray"), time.time()
    summaries = xray.get_trace_summaries(StartTime=now - 3600, EndTime=now + 60)["TraceSummaries"]
    ids = [summary["Id"] for summary in summaries]
    for at in range(0, len(ids), 5):
        traces = xray.batch_get_traces(TraceIds=ids[at : at + 5])["Traces"]
        yield "traces", json.dumps(traces, default=str).encode()
    for file in sorted(stack.home.rglob("*")):
        if file.is_file() and not file.is_symlink():
            yield str(file.relative_to(stack.home)), file.read_bytes()


def main() -> None:
    """Probe stage local as it runs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--probes", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    settings = Settings.from_environment()
    found = run(Stack(settings.home, settings.port), given.probes, given.seed)
    wrong = found.accepted + found.refused + [f"{place}: {what}" for place, what in found.leaks]
    for line in wrong[:50]:
        print(line)
    print(
        f"{given.probes:,} hidden card numbers: {len(found.accepted)} past the edge, {len(found.leaks)} leaks in "
        f"{found.searched:,} bytes; {len(found.refused)} good rows refused"
    )
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
