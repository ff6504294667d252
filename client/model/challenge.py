"""Trains a challenger on what a stage stored, and measures it beside the champion on later time."""

from __future__ import annotations

import time
from pathlib import Path

from client.errors import ClientError
from client.model.compare import Measured, measure
from client.model.exchange import PARTS, note
from fraud import card as model_card
from fraud.evaluate import measure as figures
from fraud.event import DAY
from fraud.history import History
from fraud.labels import HistoryError
from fraud.model import SHIPPED, load, parse
from fraud.stored import split
from fraud.train import Options, learn

CHALLENGER = SHIPPED.with_name("challenger.json")
LATER = 0.2  # of the time, the last part: the challenger does not learn from it


def challenge(
    history: History, name: str, options: Options, by: str, out: Path = CHALLENGER, champion: Path = SHIPPED
) -> dict[str, Measured]:
    """Learn from the first four fifths of the time, write model and card, and measure both models on the last fifth.

    Raises
    ------
    ClientError
        If the history has too few labels to learn from, or to measure by.

    """
    at = history.events["at"]
    before, later = split(history, int(at[0] + (1 - LATER) * (at[-1] - at[0])))
    if not 0 < later.fraud.sum() < len(later):
        raise ClientError(
            f"The last fifth of the time has {int(later.fraud.sum())} frauds in {len(later):,} transactions: expected "
            "both kinds. Give verdicts or labels, or look further back with --days."
        )
    try:
        trained = learn(before, name, options)
    except (HistoryError, ValueError) as error:
        raise ClientError(f"Nothing can be learned from this history: {error}.") from error
    model = parse(trained.data)
    trained.card["test"] = {"sha256": later.sha256} | figures(model, before, later, options.knowledge)
    model_card.write(out.parent, out.stem, trained.data, trained.card)
    of_champion = load(champion)
    note(champion, "trained", by, challenger=model.version, champion=of_champion.version)
    both = {"champion": of_champion, "challenger": model}
    return {key: measure(one, later, before, options.knowledge) for key, one in both.items()}


def seconds_until_due(every_days: float, now: float | None = None, challenger: Path = CHALLENGER) -> float:
    """Give how long the last challenger stays young enough; 0 if there is none, or it is too old."""
    if not challenger.exists():
        return 0.0
    written = challenger.with_name(challenger.stem + PARTS[-1]).stat().st_mtime  # the card, which is written last
    return max(0.0, written + every_days * DAY - (time.time() if now is None else now))
