"""What do verdicts on the first half of a file bring on its second half, with the shipped model?

Method: as `swipeline demo` does, with its settings, for several seeds: 10,000 simulated transactions, of which two
fifths of the frauds are at compromised merchants. The first half is scored; its alerts get the right verdicts, and its
other frauds are reported. The second half is scored with what is then known of cards and merchants, and without. A
merchant's purchases are known up to the day of its last known fraud, as a verdict counts them. In one process, by the
stream function's own loop, without a stage.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path
from statistics import mean

from benchmarks.frame import Report, parser
from benchmarks.fraud_cost import transactions_of
from client.demo.learning import Found, settings_of
from fraud.batch import score
from fraud.event import DAY, event_of
from fraud.features import is_plain
from fraud.model import SHIPPED, Model, load
from fraud.profile import Profile
from fraud.risk import Fraud, Risk
from fraud.scoring import Known, Scored
from shared.transaction.schema import Transaction

NOTHING = Known(cards={}, merchants={})


def compared(model: Model, seed: int) -> tuple[Found, Found]:
    """What is found in the second half of a seed's transactions: without verdicts, and with those on the first."""
    transactions = sorted(transactions_of(settings_of(seed)), key=lambda t: (t.occurred_at, t.transaction_id))
    first, second = transactions[: len(transactions) // 2], transactions[len(transactions) // 2 :]
    profiles: dict[str, Profile] = {}
    known = reviewed(first, [result for _, result in score(model, first, profiles, known=NOTHING)])
    without, after = (found(model, second, deepcopy(profiles), what) for what in (NOTHING, known))
    return without, after


def reviewed(transactions: Sequence[Transaction], results: Sequence[Scored]) -> Known:
    """What is known once each alert has its verdict and the other frauds are reported."""
    cards: dict[str, Risk] = defaultdict(Risk)
    merchants: dict[str, Risk] = defaultdict(Risk)
    for transaction, result in zip(transactions, results, strict=True):
        if transaction.is_fraud:
            event = event_of(transaction)
            # A fraud that raised no alert counts as plain, as in client.alerts.labels.
            fraud = Fraud(event.at, event.at, event.check, is_plain(result.row) if result.alert else True)
            cards[transaction.card_id].mark(fraud)
            merchants[transaction.merchant_id].mark(fraud)
    for transaction in transactions:
        risk = merchants.get(transaction.merchant_id)
        day = event_of(transaction).at // DAY
        if risk is not None and day <= risk.frauds[-1].at // DAY:
            risk.purchase(day)
    return Known(cards=dict(cards), merchants=dict(merchants))


def found(model: Model, transactions: Sequence[Transaction], profiles: dict[str, Profile], known: Known) -> Found:
    """The alerts on transactions against their labels."""
    alerts = {number for number, result in score(model, transactions, profiles, known=known) if result.alert}
    caught = sum(one.transaction_id in alerts for one in transactions if one.is_fraud)
    return Found(len(alerts), caught, sum(bool(one.is_fraud) for one in transactions))


def main() -> int:
    """Compare and publish."""
    arguments = parser(__doc__)
    arguments.add_argument("--seeds", type=int)
    arguments.add_argument("--model", type=Path, default=SHIPPED)
    options = arguments.parse_args()
    report = Report.begin(__file__, __doc__, options)
    model = load(options.model)
    pairs = {seed: compared(model, seed) for seed in range(1, 1 + (options.seeds or (3 if options.quick else 20)))}
    report.table(
        "On the second half, without verdicts and with those on the first",
        ["seed", "frauds", "alerts", "precision", "recall", "with: alerts", "with: precision", "with: recall"],
        [[seed, before.frauds, *_cells(before), *_cells(after)] for seed, (before, after) in pairs.items()],
    )
    gains = [_recall(after) - _recall(before) for before, after in pairs.values()]
    precision = mean(after.precision or 0.0 for _, after in pairs.values())
    report.target("recall gained, mean over seeds", round(mean(gains), 4), at_least=0.03)
    report.target("precision with verdicts, mean over seeds", round(precision, 4), at_least=0.9)
    rises = sum(gain > 0 for gain in gains)
    report.note(
        f"Recall rises with {rises} of {len(gains)} seeds; the changes are {min(gains):+.3f} to {max(gains):+.3f}."
    )
    report.figures = {
        "gain_of_recall": {seed: round(gain, 4) for seed, gain in zip(pairs, gains, strict=True)},
        "mean_gain_of_recall": mean(gains),
        "mean_precision_without": mean(before.precision or 0.0 for before, _ in pairs.values()),
        "mean_precision_with": precision,
    }
    return report.publish()


def _recall(one: Found) -> float:
    return one.recall or 0.0


def _cells(one: Found) -> list[str | int]:
    return [one.alerts, f"{one.precision or 0:.3f}", f"{_recall(one):.3f}"]


if __name__ == "__main__":
    raise SystemExit(main())
