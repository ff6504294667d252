"""`python -m local up|down|status|env|reset`: an embedded AWS for the Serverless project in a folder."""

from __future__ import annotations

import argparse
import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from local import project


def main(arguments: list[str] | None = None) -> int:
    """Run one command; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    parser.add_argument("command", choices=("up", "down", "status", "env", "reset"))
    place = f"folder with {project.FILE} (default: {project.VARIABLE}, or the folder around local/)"
    parser.add_argument("--project", type=Path, help=place)
    options = parser.parse_args(arguments)
    if options.project:
        os.environ[project.VARIABLE] = str(options.project.resolve())
    from local import stack
    from local.settings import Settings

    try:
        if options.command == "up":
            _print(asdict(stack.up(report=lambda text: print(text, file=sys.stderr))))
        elif options.command == "status":
            _print(asdict(stack.status()))
        elif options.command == "env":
            _print(Settings.from_environment().environment({}))
        elif options.command == "reset":
            stack.reset()
        else:
            stack.down()
    except (stack.StackError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _print(answer: dict[str, Any]) -> None:
    print(json.dumps(answer, indent=2))


if __name__ == "__main__":
    sys.exit(main())
