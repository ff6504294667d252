"""What an answer says of refused rows, within what Lambda lets a function answer."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter

Finding = tuple[int, str, str]  # the row's index, the column, the reason

# Lambda's limit is 6 MB of the function's result, in which the body is a text: its quotes are escaped a second time.
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
MAX_BYTES = 5_000_000  # the names of 22,000 findings' properties, and the ids, come on top
_SURE_TO_FIT = 2000  # a finding is at most 1 KB


def fitting(findings: Sequence[Finding]) -> Sequence[Finding]:
    """Give the findings, which are in row order; each row's first alone where all are over ``MAX_BYTES``.

    A thousand rows of which every column is wrong are up to 9 MB of reasons: API Gateway would answer 502, and the
    sender would never learn why.
    """
    if len(findings) <= _SURE_TO_FIT or len(json.dumps(json.dumps(findings))) <= MAX_BYTES:
        return findings
    return [next(of_row) for _, of_row in groupby(findings, key=itemgetter(0))]
