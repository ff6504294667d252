"""The job's arguments, as Glue gives them: `--name value` pairs, among others of Glue's own."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, fields


@dataclass(frozen=True)
class Arguments:
    """The arguments of a run. Paths are s3:// URLs."""

    JOB_NAME: str
    run_id: str
    raw_path: str  # an object, or a prefix that ends in /
    output_path: str  # ends in /; the run writes below run=<run_id>/
    rejects_path: str
    manifest_path: str
    loads_table: str
    card_key_secret_arn: str
    # A folder in which buckets lie as folders, for an engine without an S3 file system; "" where Spark reads s3://.
    s3_mount: str = ""


def read(argv: Sequence[str]) -> Arguments:
    """Read the arguments. Exits with a message that names what is missing; what it does not know is left alone."""
    parser = argparse.ArgumentParser("job.py", allow_abbrev=False)
    for field in fields(Arguments):
        parser.add_argument(f"--{field.name}", required=field.name != "s3_mount", default="")
    known, _ = parser.parse_known_args(list(argv))
    return Arguments(**vars(known))
