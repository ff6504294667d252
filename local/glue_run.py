"""`python -m local.glue_run`, its order on standard input: one run of a Glue job on this machine's own Spark.

Does what Glue does around a script: takes on the job's role, fetches the script and its modules from S3, and hands it
its arguments. Spark has no S3 file system here (its jars are 300 MB), so the files that the job reads are copied to
a folder first, and what it wrote there is put to S3 at the end, by the same role: nothing is seen of a run that fails.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3

from local.clients import Clients
from local.private import private_umask
from local.settings import REGION, Settings
from local.spark import ensure_spark, java_home

INPUT = "--raw_path"
MEMORY = "2g"
SETTINGS = (
    "spark.ui.enabled=false",
    "spark.ui.showConsoleProgress=false",
    "spark.log.level=ERROR",
    "spark.sql.shuffle.partitions=4",
)
THREADS = 8


def main() -> None:
    """Run the order; exits as the script does."""
    private_umask()
    order = json.load(sys.stdin)
    settings = Settings.from_environment()
    scratch = settings.home / "tmp"
    scratch.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="glue-", dir=scratch) as folder:
        sys.exit(run(order, settings, Path(folder)))


def run(order: dict[str, Any], settings: Settings, folder: Path) -> int:
    """Run a script in a folder of its own; its exit code."""
    ensure_spark()
    session_name = f"GlueJobRunnerSession-{order['run'][:8]}"
    role = Clients(settings, session_name, "glue.amazonaws.com").credentials(order["role"])
    session = boto3.Session(**role, region_name=REGION)
    s3 = session.client("s3", endpoint_url=settings.endpoint)
    arguments: dict[str, str] = order["arguments"]
    script, modules = folder / "job.py", folder / "modules.zip"
    fetch(s3, order["script"], script)
    if "--extra-py-files" in arguments:
        fetch(s3, arguments["--extra-py-files"], modules)
    mount = folder / "s3"
    mount.mkdir()
    before = stage_in(s3, arguments[INPUT], mount) if INPUT in arguments else set()
    command = [sys.executable, str(script)]
    for name, value in arguments.items():
        command += [name, value]
    done = subprocess.run(
        [*command, "--s3_mount", str(mount)],
        cwd=folder,
        env=environment(settings, role, folder, modules),
        stdin=subprocess.DEVNULL,
        check=False,
    )
    if done.returncode == 0:
        stage_out(s3, mount, before)
    return done.returncode


def environment(settings: Settings, role: dict[str, str], folder: Path, modules: Path) -> dict[str, str]:
    """The script's environment: the role's credentials, Spark's settings for this machine, the modules."""
    submit = f"--master local[*] --driver-memory {MEMORY}"
    for setting in SETTINGS:
        submit += f" --conf {setting}"
    return settings.environment() | {
        "AWS_ACCESS_KEY_ID": role["aws_access_key_id"],
        "AWS_SECRET_ACCESS_KEY": role["aws_secret_access_key"],
        "AWS_SESSION_TOKEN": role["aws_session_token"],
        "JAVA_HOME": java_home(),
        "PYSPARK_PYTHON": sys.executable,
        "PYSPARK_SUBMIT_ARGS": f"{submit} pyspark-shell",
        "PYTHONPATH": str(modules),
        "SPARK_LOCAL_DIRS": str(folder),
        "SPARK_LOCAL_IP": "127.0.0.1",
    }


def fetch(s3: Any, url: str, path: Path) -> None:
    """Download an object to a file."""
    bucket, _, key = url.removeprefix("s3://").partition("/")
    path.parent.mkdir(parents=True, exist_ok=True)
    s3.download_file(bucket, key, str(path))


def stage_in(s3: Any, url: str, mount: Path) -> set[Path]:
    """Download everything at an address; the files."""
    bucket, _, prefix = url.removeprefix("s3://").partition("/")
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    keys = [item["Key"] for page in pages for item in page.get("Contents", []) if not item["Key"].endswith("/")]
    files = {mount / bucket / key: f"s3://{bucket}/{key}" for key in keys}
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(lambda one: fetch(s3, one[1], one[0]), files.items()))
    return set(files)


def stage_out(s3: Any, mount: Path, before: set[Path]) -> None:
    """Put what was written, in place of what an earlier try of the same run had put there."""
    written = [
        path
        for path in sorted(mount.rglob("*"))
        if path.is_file() and path not in before and not path.name.endswith(".crc")
    ]
    addresses = {path: path.relative_to(mount).as_posix().split("/", 1) for path in written}
    new = {(bucket, key) for bucket, key in addresses.values()}
    for bucket, folder in sorted({(b, k[: k.index("/", k.index("run=")) + 1]) for b, k in new if "run=" in k}):
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=folder):
            for item in page.get("Contents", []):
                if (bucket, item["Key"]) not in new:
                    s3.delete_object(Bucket=bucket, Key=item["Key"])
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(lambda path: s3.upload_file(str(path), *addresses[path]), written))


if __name__ == "__main__":
    main()
