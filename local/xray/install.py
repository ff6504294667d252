"""Puts X-Ray into the emulator: its API behind MiniStack's authentication, the daemon, the services' own segments."""

from __future__ import annotations

import threading

from local.settings import Settings
from local.xray.api import Api
from local.xray.daemon import Daemon
from local.xray.propagation import Propagation
from local.xray.store import Traces

WRITE_EVERY_SECONDS = 5.0


class XRay:
    """The traces and the threads around them."""

    def __init__(self, settings: Settings) -> None:
        self.traces = Traces(settings.state / "xray" / "segments.ndjson")
        self.traces.load()
        self._stopping = threading.Event()
        daemon = Daemon(self.traces, settings.port)
        self._threads = [
            threading.Thread(target=daemon.run, args=(self._stopping,), name="xray-daemon", daemon=True),
            threading.Thread(target=self._write, name="xray-writer", daemon=True),
        ]

    def install(self) -> None:
        """Make MiniStack know the service, and observe Lambda and API Gateway."""
        from ministack import app
        from ministack.core import iam_actions, router
        from ministack.services import apigateway_v1, lambda_svc

        router.SERVICE_PATTERNS["xray"] = {"host_patterns": [r"xray\."]}
        iam_actions.SERVICE_TO_IAM_NAMESPACE["xray"] = "xray"
        iam_actions._BOTOCORE_SERVICE_MAP["xray"] = ["xray"]
        app.SERVICE_HANDLERS["xray"] = Api(self.traces).handle
        Propagation(self.traces).install(apigateway_v1, lambda_svc)

    def start(self) -> None:
        """Begin to listen."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End the threads and keep what is there."""
        self._stopping.set()
        for thread in self._threads:
            thread.join()
        self.traces.write()

    def _write(self) -> None:
        while not self._stopping.wait(WRITE_EVERY_SECONDS):
            self.traces.write()
