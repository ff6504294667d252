"""The installed command `swipeline`: runs the command line of the checkout that it was installed from.

The code's own top-level folders (client, local, shared, ...) are on the path of this process alone, so that installing
Swipeline shadows no other package's names.
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def main() -> None:
    """Run the command line and exit with its code."""
    if not (ROOT / "serverless.yml").exists():  # `sls deploy` needs the checkout, so a copy of the code is no use
        sys.exit("Error: swipeline runs from its checkout. Install it with: pip install -e '.[cli,local]'")
    sys.path.insert(0, str(ROOT))
    from client.cli import main as command_line

    command_line()
