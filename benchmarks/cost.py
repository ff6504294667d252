"""What does a million transactions cost on AWS, by service, compared with the naive baseline, and what is the floor?

Method: the counts of benchmarks.end_to_end (the newest result: requests, bytes, write units, invocations and their
time) times the prices of client/cost/prices.json, which has a date and says how far to trust it; the model is
client/cost/model.py, as `swipeline cost` uses it. Fixed is what a month costs without a transaction: stage dev, one
region, Redshift Serverless awake all month at 8 RPU. Lambda's time is the embedded AWS's, on this machine's cores.
"""

from __future__ import annotations

from benchmarks.frame import QUICK_RESULTS, RESULTS, Report, parser
from client.commands.cost import read_runs
from client.cost.model import Assumptions, bill, profile_writes, read_prices

RATES = (1, 10, 100, 1_000)
MANY_CARDS = 1_000_000


def main() -> int:
    """Make the bills."""
    options = parser(__doc__).parse_args()
    folder = options.out or (QUICK_RESULTS if options.quick else RESULTS)
    runs, prices, given = read_runs(folder / "end_to_end.json"), read_prices(), Assumptions()
    report = Report.begin(__file__, __doc__, options)
    bills = {name: bill(run["usage"], prices, 100, given) for name, run in runs.items()}
    services = {name: one.services() for name, one in bills.items()}
    names = list(bills)
    parts = [(name, part) for name in names for part in ("variable", "fixed")]
    every = dict.fromkeys(service for of in services.values() for service in of)
    report.table(
        "Dollars by service: variable per million transactions, fixed per month at 100 transactions/s",
        ["service", *(f"{name}, {part}" for name, part in parts)],
        [
            *(
                [service, *(getattr(services[name].get(service), part, 0.0) for name, part in parts)]
                for service in every
            ),
            ["all", *(getattr(bills[name], part) for name, part in parts)],
        ],
    )
    ours = bills["Swipeline"]
    largest = sorted((line for line in ours.lines if line.variable), key=lambda line: -line.variable)[:8]
    report.table(
        "Where Swipeline's variable cost goes",
        ["service", "what", "per million", "share"],
        [[line.service, line.what, line.variable, f"{line.variable / ours.variable:.1%}"] for line in largest],
    )
    usage = runs["Swipeline"]["usage"]
    many = Assumptions(cards=MANY_CARDS)
    months = [
        [
            rate,
            *(bill(runs[name]["usage"], prices, rate, given).month for name in names),
            bill(usage, prices, rate, many).month,
        ]
        for rate in RATES
    ]
    report.table("Dollars a month by rate", ["per s", *names, "Swipeline, a million cards"], months)
    report.plot(
        "Dollars a month by rate",
        "transactions per second",
        "dollars",
        {name: [(row[0], row[1 + index]) for row in months] for index, name in enumerate(names)},
        log_x=True,
        log_y=True,
    )
    units = sum(line.variable for line in ours.lines if line.what == "write units, transactions")
    kept = ("write units, profiles", "write units, merchants", "write units, alerts")
    beside = sum(line.variable for line in ours.lines if line.what in kept)
    says = (
        f"DynamoDB's write units of the table and its two indexes are ${units:.3f} of it: the floor. Those of "
        f"profiles, merchants and alerts (${beside:.3f}) go with a batch's cards, the merchants' months, the frauds."
    )
    report.target("dollars per million transactions, variable", ours.variable, at_most=2.0, unit="$", says=says)
    report.target("share of the baseline's variable cost", ours.variable / bills["baseline"].variable, at_most=0.5)
    writes = profile_writes(MANY_CARDS, 100 * given.detect_seconds)
    report.target(
        "dollars per million transactions of a million cards, at 100 a second",
        bill(usage, prices, 100, many).variable,
        at_most=2.0,
        unit="$",
        says=f"There, {writes:.2f} profiles are written per transaction, a unit each. Right would be $2.60.",
    )
    report.note(f"Prices: {prices['region']}, {prices['as_of']}. {prices['source']}.")
    report.figures = {"dollars_per_million": {name: one.variable for name, one in bills.items()}}
    return report.publish()


if __name__ == "__main__":
    raise SystemExit(main())
