"""What a function imports before its first call: benchmarks/cold_start.py has the cost of each library."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HANDLERS = {path.stem for path in (ROOT / "handlers").glob("*_*.py")} - {"__init__"}
WITH_PYDANTIC = {"query_transactions"}
VALIDATING = {"check_delivery", "detect_fraud", "write_to_dynamodb", "write_to_kinesis", "write_to_s3"}
VALIDATING |= {"measure_fraud"}  # once a day, by what it shares with detect-fraud


def imported(handlers: set[str]) -> set[str]:
    program = f"import json, sys, {', '.join(f'handlers.{name}' for name in sorted(handlers))}; "
    program += "print(json.dumps(list(sys.modules)))"
    # As in Lambda: elsewhere the X-Ray SDK makes a client of its own.
    environment = {"LAMBDA_TASK_ROOT": "/var/task", "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout))


def test_no_function_imports_the_aws_sdk_before_it_makes_a_client() -> None:
    assert len(HANDLERS) == 10
    assert not imported(HANDLERS) & {"boto3", "botocore.parsers", "botocore.session", "urllib3"}


def test_only_what_answers_readers_imports_pydantic_and_only_what_validates_its_engine() -> None:
    assert not imported(HANDLERS - WITH_PYDANTIC) & {"pydantic"}
    assert not imported(HANDLERS - WITH_PYDANTIC - VALIDATING) & {"pydantic_core"}
