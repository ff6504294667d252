"""Starts the Redshift Data API of the embedded AWS: `python -m local.redshift`, until SIGTERM or SIGINT."""

from __future__ import annotations

import logging
import os
import signal
import threading

from local.private import private_umask
from local.redshift.auth import EmulatorGate
from local.redshift.s3 import RoleAccess
from local.redshift.server import DataApi
from local.settings import ACCOUNT_ID, REGION, Settings

NICENESS = 10  # a merge takes every core it gets; on a laptop the API and the stream go first


def main() -> None:
    os.nice(NICENESS)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    settings = Settings.from_environment()
    private_umask()
    home = settings.state / "redshift"
    ports = {settings.redshift_port, settings.behind_proxy().redshift_port}
    gate, objects = EmulatorGate(settings), RoleAccess(settings)
    server = DataApi(home, settings.redshift_port, gate, objects, REGION, ACCOUNT_ID, ports)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    thread = threading.Thread(target=server.serve_forever, name="http", daemon=True)
    thread.start()
    logging.getLogger("redshift").info("Redshift Data API on %s, databases in %s", server.endpoint, home)
    stop.wait()
    server.shutdown()
    server.close()


if __name__ == "__main__":
    main()
