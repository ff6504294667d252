"""Makes the shipped fraud model: simulates worlds and learns from them. `python -m scripts.shipped_model`.

The rows go from the simulator to training without a file. They are those that `swipeline generate` writes and
`fraud.history.read` reads, which takes several times as long as all else. The same arguments give the same bytes.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from zlib import crc32

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from client.simulator import Settings, batches
from fraud import card as model_card
from fraud.event import BAND_EDGES, BANDS, CATEGORIES, CELLS_PER_CATEGORY, DAY, PART_OF_HOUR
from fraud.history import History
from fraud.labelled import Knowledge
from fraud.model import SHIPPED
from fraud.progress import Lines
from fraud.train import Options, learn

ROWS, CUSTOMERS, DAYS, SEED = 900_000, 1_800, 200, 21
WORLDS = 6  # each has groups of customers of its own; rows and customers are shared out among them
START = date(2023, 1, 1)
SIMULATED_RATE, MEANT_RATE = 0.01, 0.005  # twice the frauds, so that more of them are learned from
# More than twice the simulator's share: with few compromised merchants nothing is learned from what is known of them.
AT_MERCHANTS = 0.15
# A third of the frauds is known within a day; of half of the cards nothing ever is, so that the model also serves
# where nobody gives verdicts.
KNOWLEDGE = Knowledge(fast=0.3, blind=0.5)
PRECISION = 0.94  # on the last tenth of the time


def worlds(settings: Settings, count: int) -> Iterator[Settings]:
    """Equal parts of a run as runs of seeds of their own."""
    for number in range(count):
        rows, customers = settings.rows // count, settings.customers // count
        yield replace(settings, rows=rows, customers=customers, seed=settings.seed + number)


def together(histories: Iterable[History]) -> History:
    """Histories of different cards and merchants as one, in order of time."""
    parts = list(histories)
    cards, merchants = (
        np.cumsum([0, *(numbers.max() + 1 for numbers in each)])
        for each in zip(*((one.card, one.merchant) for one in parts), strict=True)
    )
    order = np.lexsort([np.concatenate([one.events[name] for one in parts]) for name in ("check", "at")])
    return History(
        {name: np.concatenate([one.events[name] for one in parts])[order] for name in parts[0].events},
        np.concatenate([one.card + first for one, first in zip(parts, cards[:-1], strict=True)])[order],
        np.concatenate([one.merchant + first for one, first in zip(parts, merchants[:-1], strict=True)])[order],
        np.concatenate([one.fraud for one in parts])[order],
        np.concatenate([one.city_population for one in parts])[order],
        hashlib.sha256("".join(one.sha256 for one in parts).encode()).hexdigest(),
    )


def simulated(settings: Settings) -> History:
    """A run of the simulator as history."""
    table = pa.Table.from_batches(batches(settings))
    table = table.sort_by([("unix_time", "ascending"), ("trans_num", "ascending")])
    ids = table["trans_num"].to_pylist()
    at = table["unix_time"].to_numpy()
    cents = np.rint(table["amt"].to_numpy() * 100).astype(np.int64)
    category = pc.index_in(table["category"], value_set=pa.array(CATEGORIES)).to_numpy().astype(np.int64)
    hour = at // 3600 % 24
    part = np.array(PART_OF_HOUR)[hour]
    born = table["dob"].cast(pa.date32()).cast(pa.int32()).to_numpy()
    events = {
        "at": at,
        "check": np.array([crc32(one.encode()) for one in ids]),
        "cents": cents,
        "cell": category * CELLS_PER_CATEGORY + part * BANDS + np.searchsorted(BAND_EDGES, cents, side="right"),
        "category": category,
        "hour": hour,
        "amount": cents / 100,
        "age": (at // DAY - born) / 365.25,
        "male": pc.equal(table["gender"], "M").to_numpy().astype(float),
    }
    fraud = table["is_fraud"].to_numpy()
    digest = hashlib.sha256()
    for columns in (*events.values(), fraud):
        digest.update(np.ascontiguousarray(columns).tobytes())
    population = table["city_pop"].to_numpy()
    card, merchant = _numbers(table["cc_num"]), _numbers(table["merchant"])
    return History(events, card, merchant, fraud, population, digest.hexdigest())


def _numbers(column: pa.ChunkedArray) -> npt.NDArray[np.int64]:
    """Numbers in order of appearance."""
    encoded = column.combine_chunks().dictionary_encode()
    return encoded.indices.to_numpy().astype(np.int64)


def main(arguments: list[str] | None = None) -> int:
    """Simulate, learn, write."""
    parser = argparse.ArgumentParser(prog="python -m scripts.shipped_model", description=__doc__)
    parser.add_argument("--out", type=Path, default=SHIPPED.parent)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--customers", type=int, default=CUSTOMERS)
    parser.add_argument("--days", type=int, default=DAYS)
    parser.add_argument("--worlds", type=int, default=WORLDS)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args(arguments)
    settings = Settings.of(given.rows, given.seed, given.customers, START, given.days, SIMULATED_RATE)
    settings = replace(settings, at_merchants=AT_MERCHANTS)
    options = Options(
        precision=PRECISION,
        threads=given.threads,
        ablate=False,
        try_without_risk=False,
        source=(
            f"python -m scripts.shipped_model --rows {given.rows} --customers {given.customers} --days {given.days} "
            f"--worlds {given.worlds} --seed {given.seed}"
        ),
        knowledge=KNOWLEDGE,
        fraud_rate=MEANT_RATE,
        progress=Lines(),
    )
    history = together(map(simulated, worlds(settings, given.worlds)))
    trained = learn(history, "simulated", options)
    model_card.write(given.out, SHIPPED.stem, trained.data, trained.card)
    sys.stdout.write(model_card.headline(trained.card) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
