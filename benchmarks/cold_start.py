"""How much longer does a function take to start than an empty one with the same tools?

Method: stage local is packaged and its archive and layer are unpacked as Lambda does; each sample is a Python process
of its own that finds these two and boto3, nothing else of the virtual environment, with the function's variables set.
It imports the handler, then builds what the first call builds: AWS clients, and detect-fraud's model. Functions and the
empty handler (Powertools' Logger, Metrics and Tracer; its first call makes one boto3 client) take turns; CPU is the
process's, the smallest of the rounds counts. As packaged, sources are compiled at each start, for Lambda's folders are
read-only and the archives hold no byte code; boto3 and the standard library have theirs. The last columns are the same
with byte code beside each source. The floors are the empty handler with pydantic's engine (pydantic_core), which
whatever validates rows or lines needs; with one pydantic model of one field; and with Powertools' API resolver as well:
what a function that answers readers cannot do without.
"""

from __future__ import annotations

import compileall
import json
import subprocess
import sys
import tempfile
import zipfile
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.frame import REPOSITORY, Report, parser
from tests.template.template import Template, packaged

MOST = 1.5
EMPTY = "empty handler"
PYDANTIC = "empty, a pydantic model"
RESOLVER = "empty, a model, the resolver"
ENGINE = "empty, pydantic's engine"
VALIDATING = ("write-to-kinesis", "write-to-dynamodb", "write-to-s3", "detect-fraud", "check-delivery", "measure-fraud")
FLOORS = {"query-transactions": RESOLVER} | dict.fromkeys(VALIDATING, ENGINE)
LAMBDAS_OWN = ("boto3", "botocore", "s3transfer", "urllib3", "dateutil", "six")
ON_LAMBDA = {
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_REGION": "us-east-1",
    "AWS_LAMBDA_FUNCTION_NAME": "swipeline-cold-start",
    "LAMBDA_TASK_ROOT": "/var/task",
    "POWERTOOLS_TRACE_DISABLED": "false",
}
# Measures in the process itself: what Python takes to start is the same for all.
CHILD = """
import sys, time
first, then, *sys.path[:0] = sys.argv[1:]
def cost(code):
    began = time.perf_counter(), time.process_time()
    exec(code, globals())
    return [time.perf_counter() - began[0], time.process_time() - began[1]]
print([*cost(first), *cost(then)])
"""
BUILD = (
    "[made() for made in vars(module).values() if hasattr(made, 'cache_info') and made.__module__ == module.__name__]"
)

Probe = tuple[str, str, dict[str, str]]  # what is imported, what the first call builds, the environment


def probes(template: Template) -> dict[str, Probe]:
    """Every function of the template, the empty handler, and floors."""
    client = "import boto3; boto3.client('dynamodb')"
    model = "import empty_handler, pydantic\nclass Row(pydantic.BaseModel): amount: str\n"
    resolver = (
        "from aws_lambda_powertools.event_handler import APIGatewayRestResolver\n"
        "from aws_lambda_powertools.event_handler.openapi.params import Query\n"
    )
    found: dict[str, Probe] = {
        EMPTY: ("import empty_handler", client, {}),
        ENGINE: ("import empty_handler, pydantic_core", client, {}),
        PYDANTIC: (model, client, {}),
        RESOLVER: (model + resolver, client, {}),
    }
    for name, function in template.functions().items():
        variables = function["Environment"]["Variables"]
        environment = {key: value if isinstance(value, str) else "made-up" for key, value in variables.items()}
        module = function["Handler"].rpartition(".")[0].replace("/", ".")
        found[name] = (f"import {module} as module", BUILD, environment)
    return found


def unpack(template: Template, folder: Path) -> list[str]:
    """Lay out what Lambda has: /var/task, /opt/python and boto3's place, in this order."""
    task, layer, boto = (folder / name for name in ("task", "opt", "boto"))
    zipfile.ZipFile(template.folder / "swipeline.zip").extractall(task)
    zipfile.ZipFile(template.folder / "pythonRequirements.zip").extractall(layer)
    (task / "empty_handler.py").write_bytes((REPOSITORY / "benchmarks" / "empty_handler.py").read_bytes())
    boto.mkdir()
    for name in LAMBDAS_OWN:
        spec = find_spec(name)
        if spec is None or spec.origin is None:
            raise RuntimeError(f"{name} is not installed")
        origin = Path(spec.origin)
        where = origin.parent if origin.name == "__init__.py" else origin
        (boto / where.name).symlink_to(where)
        (compileall.compile_dir if where.is_dir() else compileall.compile_file)(where, quiet=2)
    return [str(task), str(layer / "python"), str(boto)]


def sample(probe: Probe, path: list[str]) -> list[float]:
    """Start once: seconds of wall and CPU of the import, then of what the first call builds.

    Raises RuntimeError with what Python said when the function cannot be started.
    """
    first, then, environment = probe
    command = [sys.executable, "-I", "-S", "-B", "-c", CHILD, first, then, *path]
    done = subprocess.run(command, env=environment | ON_LAMBDA, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{first!r} does not start: {done.stderr}")
    found: list[float] = json.loads(done.stdout.splitlines()[-1])
    return found


def measure(rounds: int) -> dict[str, dict[str, list[list[float]]]]:
    """Samples by probe, as packaged and with byte code."""
    template = packaged("local")
    of = probes(template)
    found: dict[str, dict[str, list[list[float]]]] = {name: {"packaged": [], "compiled": []} for name in of}
    with tempfile.TemporaryDirectory() as folder:
        paths = {}
        for kind in ("packaged", "compiled"):
            paths[kind] = unpack(template, Path(folder, kind))
        for place in paths["compiled"][:2]:
            compileall.compile_dir(place, quiet=2)
        for turn in range(rounds):
            for name in list(of)[:: -1 if turn % 2 else 1]:
                for kind, path in paths.items():
                    found[name][kind].append(sample(of[name], path))
    return found


def milliseconds(samples: list[list[float]], *which: int, pick: Any = min) -> float:
    """The smallest (or median) sum of some of the four figures."""
    return 1000 * float(pick(sum(one[index] for index in which) for one in samples))


def main() -> int:
    """Measure."""
    arguments = parser(__doc__)
    arguments.add_argument("--rounds", type=int)
    options = arguments.parse_args()
    report = Report.begin(__file__, __doc__, options)
    found = measure(options.rounds or (2 if options.quick else 15))
    base = {kind: milliseconds(samples, 1) for kind, samples in found[EMPTY].items()}
    rows: list[list[Any]] = []
    for name, kinds in found.items():
        cpu, compiled = milliseconds(kinds["packaged"], 1), milliseconds(kinds["compiled"], 1)
        rows.append(
            [
                name,
                cpu,
                cpu / base["packaged"],
                milliseconds(kinds["packaged"], 1, pick=median),
                milliseconds(kinds["packaged"], 0, pick=median),
                milliseconds(kinds["packaged"], 1, 3),
                compiled,
                compiled / base["compiled"],
                milliseconds(kinds["compiled"], 1, 3),
            ]
        )
    columns = ["CPU, ms", "x empty", "median", "wall, median", "and first call's clients"]
    columns += ["byte code: CPU, ms", "x empty", "and clients"]
    report.table("Import of the handler, and with what its first call builds", ["function", *columns], rows)
    times = {row[0]: row[2] for row in rows}
    for name, ratio in times.items():
        if name in (EMPTY, ENGINE, PYDANTIC, RESOLVER):
            continue
        floor = FLOORS.get(name)
        says = f"{floor!r} alone has {times[floor]:.2g}: the next line is what can be asked." if floor else ""
        report.target(f"import of {name}, times the empty handler's", ratio, at_most=MOST, unit="x", says=says)
        if floor:
            report.target(f"import of {name}, times {floor!r}", ratio / times[floor], at_most=MOST, unit="x")
    report.note(
        "Byte code in the zips would save more than any import left out, of every function and of the empty one: "
        "it has to be made by the runtime's own Python, which a machine that packages need not have."
    )
    report.figures = {"milliseconds": {row[0]: dict(zip(columns, row[1:], strict=True)) for row in rows}}
    return report.publish()


if __name__ == "__main__":
    sys.exit(main())
