"""What a run of the acceptance test has cost, by list prices: an estimate from its counts."""

from __future__ import annotations

from typing import Any

from client.cost.model import read_prices
from client.verify.run import Run

WRITE_UNITS_PER_ROW = 4  # the item, its two index entries, the card's profile
WAREHOUSE_SECONDS = 300.0  # awake for the run, on AWS
GLUE_DPU_HOURS = 0.25  # a crawl and the smallest run of the job


def spent(run: Run, batch: bool) -> dict[str, Any]:
    """Dollars in all and by part, as on AWS; stage local costs nothing, whatever is said here."""
    price = {name: float(value[0]) for name, value in read_prices()["prices"].items()}
    rows = run.acknowledged
    rpu = 8.0 if run.stage.local else _base_capacity(run)
    parts = {
        "DynamoDB writes": 2 * rows * WRITE_UNITS_PER_ROW * price["dynamodb_write_unit"],  # and deletes
        "API, Lambda, Kinesis, S3": rows * 2e-6,
        "Redshift": 0.0 if not rows else rpu * WAREHOUSE_SECONDS / 3600 * price["redshift_rpu_hour"],
        "Glue": GLUE_DPU_HOURS * price["glue_dpu_hour"] if batch else 0.0,
    }
    return {
        "dollars": round(sum(parts.values()), 4),
        "parts": {name: round(value, 4) for name, value in parts.items()},
        "paid": not run.stage.local,
    }


def _base_capacity(run: Run) -> float:
    for properties in run.deployed.of_type("AWS::RedshiftServerless::Workgroup").values():
        return float(properties.get("BaseCapacity", 8))
    return 8.0
