"""`python -m tests.chaos.mutations`: removes one guard at a time, in a copy of the tree; a test must notice.

Only fast tests are asked, so that a broken guard is noticed before anything is deployed. With words as arguments, only
the guards that have one of them; with --markdown, the table of docs/failure-tests.md is rewritten.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

REPO = Path(__file__).resolve().parents[2]
_COPIED = (
    "client",
    "docs",
    "fraud",
    "functions",
    "glue",
    "handlers",
    "local",
    "redshift",
    "resources",
    "shared",
    "tests",
)
_FILES = ("pyproject.toml", "serverless.yml", "constraints.txt", "requirements*.txt", "requirements.lock")
_LIMIT_SECONDS = 600
_BEGIN, _END = "<!-- mutations: make mutations -->", "<!-- end of mutations -->"

CONTRACT = "tests/property/test_consumer_contract.py"
WAREHOUSE = "tests/property/test_consumer_contract_warehouse.py"
MERGE = "tests/conformance/redshift/test_merge.py"
EVENT_SOURCES = "local/tests/conformance/event_sources/test_properties.py"
PROFILES = ("tests/unit/detect/test_detector.py", "tests/property/test_fraud_stream.py")
_PUT = '        self._clients.role("s3", stream.bucket_role_arn).put_object('
_PUT += "Bucket=stream.bucket, Key=key, Body=body)\n"


@dataclass(frozen=True)
class Mutation:
    """A guard, the code that is it, the same code without it, and the tests that are to notice."""

    guard: str
    folder: str
    code: str
    without: str
    tests: tuple[str, ...]


MUTATIONS = (
    Mutation(
        "PutRecords: look at each record's ErrorCode",
        "shared",
        'refused += [bool(result.get("ErrorCode")) for result in results]',
        "refused += [False for result in results]",
        ("tests/unit/test_stream.py", "tests/unit/test_ingest.py"),
    ),
    Mutation(
        "PutRecords: rows that stay refused are named to the sender",
        "functions",
        "        if unstored:\n",
        "        if False:\n",
        ("tests/unit/test_ingest.py",),
    ),
    Mutation(
        "BatchWriteItem: look at UnprocessedItems",
        "shared",
        'in answer.get("UnprocessedItems", {}).get(self._name, [])]',
        "in []]",
        ("tests/unit/test_merchants.py",),
    ),
    Mutation(
        "a content that does not count replaces none that does",
        "shared",
        "known != one and not counts_before(one, known)",
        "known != one and False",
        ("tests/unit/test_table.py",),
    ),
    Mutation(
        "a function reports its lowest failure, not a later one",
        "shared",
        "min(numbers, key=int)",
        "max(numbers, key=int)",
        ("tests/unit/test_consumer.py", CONTRACT),
    ),
    Mutation(
        "a timeout is transient",
        "shared",
        "    HTTPClientError,  # timeouts, resets, TLS\n",
        "",
        ("tests/unit/test_aws.py", "tests/unit/test_stream.py", CONTRACT),
    ),
    Mutation(
        "an Idempotency-Key that was answered puts nothing more on the stream",
        "functions",
        "        if earlier.answered:\n",
        "        if False:\n",
        ("tests/unit/test_ingest.py",),
    ),
    Mutation(
        "an Idempotency-Key belongs to one body",
        "functions",
        "        if earlier.had_another_body:\n",
        "        if False:\n",
        ("tests/unit/test_ingest.py",),
    ),
    Mutation(
        "a record begins on a line of its own",
        "shared",
        '_START = b"\\n"',
        '_START = b""',
        ("tests/unit/test_records.py",),
    ),
    Mutation(
        "the table's key holds the transaction's id",
        "shared",
        'return transaction.card_id, f"{transaction.occurred_at}#{transaction.transaction_id}"',
        "return transaction.card_id, transaction.occurred_at",
        ("tests/unit/test_table.py",),
    ),
    Mutation(
        "an object of the lake is named by its first and its last record",
        "shared",
        "-{last.sequence_number:0>{_SEQUENCE_DIGITS}}",
        "",
        ("tests/unit/test_lake.py", CONTRACT),
    ),
    Mutation(
        "bad lines are kept before the batch is claimed as done",
        "handlers",
        "    if objects:\n",
        "    if False:\n",
        (CONTRACT,),
    ),
    Mutation(
        "a bad line's object is named by its place in the stream alone",
        "shared",
        "-{number:04d}.json",
        "-{number:04d}-{datetime.now(UTC).timestamp()}.json",
        ("tests/unit/test_quarantine.py", CONTRACT),
    ),
    Mutation(
        "the checkpoint stops before the record that failed",
        "local/event_sources",
        "            batch.records[index:],\n",
        "            batch.records[index + 1 :] or batch.records[index:],\n",
        (EVENT_SOURCES, CONTRACT),
    ),
    Mutation(
        "the checkpoint waits for the lane that is behind",
        "local/event_sources",
        "            if not self._tracked[oldest]:\n                break\n",
        "",
        (EVENT_SOURCES, CONTRACT),
    ),
    Mutation(
        "a throttled invocation is no attempt and no success",
        "local/event_sources",
        "        if isinstance(outcome, NotInvoked):\n            batch.refusals += 1\n",
        "        if isinstance(outcome, NotInvoked):\n            return batch.records\n",
        (EVENT_SOURCES, CONTRACT),
    ),
    Mutation(
        "Firehose moves on in the stream only once the object is in S3",
        "local/firehose",
        _PUT + "        # Killed between",
        "        self._store.stored(stream.name, key, chunk.last)\n"
        + _PUT
        + "        return\n        # Killed between",
        (WAREHOUSE,),
    ),
    Mutation(
        "a COPY that fails is tried again until its time is over",
        "local/firehose",
        "        if time.time() + wait < copy.started_at + stream.retry_seconds:\n",
        "        if False:\n",
        (WAREHOUSE,),
    ),
    Mutation(
        "the merge takes an id once, however often it was staged",
        "redshift",
        ") AS found\nGROUP BY ${COLUMNS};",
        ") AS found\nGROUP BY ${COLUMNS}, on_stream, in_core, is_superseded;",
        (MERGE, WAREHOUSE),
    ),
    Mutation(
        "the merge leaves out what core has",
        "redshift",
        "WHERE staged.in_core = 0 AND ranked.transaction_id IS NULL",
        "WHERE ranked.transaction_id IS NULL",
        (MERGE, WAREHOUSE),
    ),
    Mutation(
        "the merge leaves out an unknown schema version",
        "redshift",
        "WHERE schema_version < 1;",
        "WHERE schema_version < schema_version;",
        (MERGE, WAREHOUSE),
    ),
    Mutation(
        "one bad line does not keep a whole COPY back",
        "redshift",
        " MAXERROR 100000",
        "",
        (MERGE, WAREHOUSE, "tests/unit/test_redshift_files.py"),
    ),
    Mutation(
        "a card's profile is replaced only by a writer that read its last version",
        "fraud",
        '("scored", {"N": str(state.scored_before)}) if',
        '("card_id", item["card_id"]) if',
        PROFILES,
    ),
    Mutation(
        "a first profile that meets another one is refused",
        "shared/sinks",
        'frozenset({"ConditionalCheckFailed", "DuplicateItem"})',
        'frozenset({"ConditionalCheckFailed"})',
        PROFILES,
    ),
    Mutation(
        "a terminal error of a statement fails the batch",
        "shared/sinks",
        "if code is not None and code not in _REFUSED | _NOT_NOW:",
        "if False:",
        PROFILES,
    ),
    Mutation(
        "a statement that cannot be carried out now is repeated",
        "shared/sinks",
        "puts = [put for put, code in ended if code in _NOT_NOW]",
        "puts = []",
        PROFILES,
    ),
    Mutation(
        "a conditional put that was refused is no success",
        "shared/sinks",
        "refused += [put for put, code in ended if code in _REFUSED]",
        "refused += []",
        PROFILES,
    ),
    Mutation(
        "a record that is in its card's profile is passed over",
        "fraud",
        "number <= before.sequence_number and not redriven:",
        "number < number and not redriven:",
        PROFILES,
    ),
    Mutation(
        "a file of the raw zone counts as loaded only when its run is",
        "glue",
        " if status.get(run_key(run)) == LOADED}",
        "}",
        ("tests/unit/glue/test_run.py",),
    ),
    Mutation(
        "the sender believes an answer only for the rows that it names",
        "client",
        "        if open_rows - set(unstored):\n",
        "        if False:\n",
        ("tests/unit/client/test_send_failures.py", "tests/unit/client/test_send.py"),
    ),
)


def copy_tree(to: Path) -> None:
    """What the tests need, without what git ignores."""
    leave = shutil.ignore_patterns("__pycache__", "*.pyc", "results", "models", "build")
    for name in _COPIED:
        if (REPO / name).exists():
            shutil.copytree(REPO / name, to / name, ignore=leave)
    for path in (path for pattern in _FILES for path in REPO.glob(pattern)):
        shutil.copy(path, to / path.name)


def find(tree: Path, mutation: Mutation) -> Path:
    """The one file of the folder that has the guard. Raises LookupError when it moved: then this list is stale."""
    files = [p for p in (tree / mutation.folder).rglob("*") if p.is_file() and "__pycache__" not in p.parts]
    found = [p for p in files if p.read_bytes().count(mutation.code.encode()) == 1]
    if len(found) != 1:
        raise LookupError(f"{mutation.guard}: its code is in {len(found)} files of {mutation.folder}/, expected 1")
    return found[0]


def run_tests(tree: Path, tests: tuple[str, ...]) -> tuple[bool, str]:
    """Whether all pass, and the first that does not. No shrinking: that one fails is enough."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-x",
        "-q",
        "--no-header",
        "-p",
        "no:cacheprovider",
        "-m",
        "not e2e",
        *tests,
    ]
    done = subprocess.run(
        command, cwd=tree, capture_output=True, text=True, timeout=_LIMIT_SECONDS, check=False, env=_environment(tree)
    )
    failed = [line for line in done.stdout.splitlines() if line.startswith(("FAILED tests", "ERROR tests"))]
    said = (done.stdout + done.stderr)[-500:]
    name = failed[0].split(" ", 1)[1].split(" - ")[0].rsplit("::", 1)[-1] if failed else said
    return done.returncode == 0, name


def _environment(tree: Path) -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1", "HYPOTHESIS_PROFILE": "unshrunk"}


def document(noticed: dict[str, str]) -> None:
    """Rewrite the table of docs/failure-tests.md between its two marks. Raises ValueError without them."""
    page = REPO / "docs" / "failure-tests.md"
    before, mark, rest = page.read_text(encoding="utf-8").partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not (mark and end):
        raise ValueError(f"{page} has no {_BEGIN} ... {_END}")
    rows = [f"| {guard} | `{test}` |" for guard, test in noticed.items()]
    table = "\n".join(["| guard removed | the first test that notices |", "|---|---|", *rows])
    page.write_text(f"{before}{mark}\n\n{table}\n\n{end}{after}", encoding="utf-8")


def main() -> int:
    """Print the table; 1 if a guard can be removed unnoticed, or the tests fail with all guards in place."""
    words = [word for word in sys.argv[1:] if word != "--markdown"]
    console = Console(width=max(150, Console().width))
    table = Table(title="Guards removed one at a time", box=SIMPLE_HEAD)
    for column in ("guard", "noticed by", "s"):
        table.add_column(column)
    noticed: dict[str, str] = {}
    wanted = [m for m in MUTATIONS if not words or any(word in m.guard for word in words)]
    with tempfile.TemporaryDirectory(prefix="swipeline-mutations-") as folder:
        tree = Path(folder)
        copy_tree(tree)
        passed, name = run_tests(tree, tuple(dict.fromkeys(test for m in wanted for test in m.tests)))
        if not passed:
            console.print(f"[red]with all guards in place, {name} fails[/red]")
            return 1
        for mutation in wanted:
            began = time.monotonic()
            path = find(tree, mutation)
            original = path.read_text(encoding="utf-8")
            path.write_text(original.replace(mutation.code, mutation.without), encoding="utf-8")
            passed, name = run_tests(tree, mutation.tests)
            path.write_text(original, encoding="utf-8")
            if not passed:
                noticed[mutation.guard] = name
            table.add_row(mutation.guard, "[red]nobody[/red]" if passed else name, f"{time.monotonic() - began:.0f}")
            console.print(f"{mutation.guard}: {'UNNOTICED' if passed else name}", soft_wrap=True)
    console.print(table)
    console.print(f"{len(noticed)} of {len(wanted)} noticed")
    if "--markdown" in sys.argv[1:] and not words and len(noticed) == len(wanted):
        document(noticed)
    return 0 if len(noticed) == len(wanted) else 1


if __name__ == "__main__":
    sys.exit(main())
