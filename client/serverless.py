"""Runs the Serverless Framework that this repository pins, and says where the repository is."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from client.errors import ClientError

REPOSITORY = Path(__file__).resolve().parent.parent


def serverless(
    arguments: Sequence[str], environment: Mapping[str, str] = os.environ, **options: Any
) -> subprocess.CompletedProcess[str]:
    """Run `sls` with some arguments in the repository; options are subprocess.run's. Raises ClientError without it."""
    command = REPOSITORY / "node_modules" / ".bin" / "sls"
    if not command.exists():
        raise ClientError("The Serverless Framework is missing: run `make setup`.")
    path = os.pathsep.join([str(Path(sys.executable).parent), environment.get("PATH", "")])
    own = {"PATH": path, "SWIPELINE_PYTHON": sys.executable, "SLS_TELEMETRY_DISABLED": "1", "NODE_NO_WARNINGS": "1"}
    return subprocess.run(
        [str(command), *arguments],
        cwd=REPOSITORY,
        env={**environment, **own},
        stdin=subprocess.DEVNULL,
        text=True,
        check=False,
        **options,
    )
