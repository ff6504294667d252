"""Starts the embedded warehouse: `python -m local.redshift`, until SIGTERM or SIGINT."""

from __future__ import annotations

import logging
import os
import signal
import threading

from local.private import private_umask
from local.project import current
from local.redshift.auth import EmulatorGate
from local.redshift.control import Installation
from local.redshift.s3 import RoleAccess
from local.redshift.server import DataApi
from local.redshift.wire.certificate import tls_context
from local.redshift.wire.owner import Owner
from local.redshift.wire.server import WireServer
from local.redshift.wire.users import Users
from local.settings import ACCOUNT_ID, HOST, REGION, Settings

NICENESS = 10  # a merge takes every core it gets; on a laptop the API and the stream go first


def main() -> None:
    os.nice(NICENESS)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    settings = Settings.from_environment()
    private_umask()
    home = settings.state / "redshift"
    ports = {settings.redshift_port, settings.behind_proxy().redshift_port}
    gate, objects = EmulatorGate(settings), RoleAccess(settings)
    named = current().warehouse
    users = Users(Owner(settings, named.owner_secret))
    installed = Installation(named.workgroup, named.database, HOST, settings.wire_port, named.owner)
    server = DataApi(home, settings.redshift_port, gate, objects, REGION, ACCOUNT_ID, ports, users, installed)
    tls = tls_context(settings.wire_certificate.parent, HOST)
    wire = WireServer(installed, server.runner, users, tls)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    for name, listener in (("http", server), ("wire", wire)):
        threading.Thread(target=listener.serve_forever, name=name, daemon=True).start()
    log = logging.getLogger("redshift")
    log.info("Redshift Data API on %s, databases in %s", server.endpoint, home)
    log.info("PostgreSQL's wire protocol on port %d", wire.port)
    stop.wait()
    wire.shutdown()
    wire.close()
    server.shutdown()
    server.close()


if __name__ == "__main__":
    main()
