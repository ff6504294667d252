"""A stack to break: the embedded AWS with the fault proxy between it and everything that calls it."""

from __future__ import annotations

import os
import signal
import tempfile
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import psutil

from client.aws import Stage
from local.tests.ports import free_port_pair
from tests.chaos.faults import Plan
from tests.chaos.killer import Killer
from tests.chaos.partial import Refusals
from tests.chaos.proxy import FaultProxy
from tests.e2e.stack import Stack

FUNCTIONS = ("write-to-kinesis", "write-to-dynamodb", "write-to-s3", "detect-fraud", "merge-warehouse")


@dataclass
class Target(Stack):
    """A stack whose functions, pollers and delivery streams reach AWS through the proxy; tests reach it directly."""

    proxy_port: int = 0
    proxies: list[FaultProxy] = field(default_factory=list)

    @classmethod
    def make(cls, home: Path | None = None) -> Target:
        """Choose the ports; nothing is started yet."""
        home = home or Path(tempfile.mkdtemp(prefix="swipeline-chaos-"))
        port = free_port_pair()
        proxy_port = free_port_pair()
        while abs(proxy_port - port) < 2:
            proxy_port = free_port_pair()
        return cls(home, port, proxy_port=proxy_port)

    @property
    def env(self) -> dict[str, str]:
        return super().env | {"SWIPELINE_PROXY_PORT": str(self.proxy_port)}

    def up(self) -> None:
        """Start the proxy and the stack, deploy, and lead the functions through the proxy."""
        refusals = Refusals(self.client("kinesis"), self.client("dynamodb"))
        self.proxies.append(FaultProxy(self.proxy_port, self.port, refusals))
        self.proxies.append(FaultProxy(self.proxy_port + 1, self.port + 1))
        self.run("up")
        functions = self.client("lambda")
        for name in FUNCTIONS:
            name = f"swipeline-{self.stage}-{name}"
            variables = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
            variables["AWS_ENDPOINT_URL"], variables["AWS_ENDPOINT_URL_REDSHIFT_DATA"] = (p.url for p in self.proxies)
            functions.update_function_configuration(FunctionName=name, Environment={"Variables": variables})

    def down(self) -> None:
        """Stop everything, also what hangs."""
        try:
            self.run("down", check=False, timeout=150)
        finally:
            for proxy in self.proxies:
                proxy.stop()
            self._kill_leftovers()

    def break_by(self, plan: Plan) -> None:
        """From now on, this plan holds for every call."""
        for proxy in self.proxies:
            proxy.plan = plan

    def revive(self) -> None:
        """Bring an emulator that was killed back; the supervisor restarts it, `up` deploys what it has lost."""
        self.run("up")

    @cached_property
    def killer(self) -> Killer:
        return Killer(self.home)

    @cached_property
    def sender(self) -> Stage:
        """The stage as `swipeline send` sees it, the API by way of the proxy."""
        return _Sender(self)

    def _kill_leftovers(self) -> None:
        for process in psutil.process_iter(["pid", "cmdline"]):
            if "local.supervisor" in (process.info["cmdline"] or []):
                try:
                    mine = process.environ().get("SWIPELINE_HOME") == str(self.home)
                except psutil.Error:
                    continue
                if mine:
                    os.kill(process.pid, signal.SIGTERM)


class _Sender(Stage):
    def __init__(self, target: Target) -> None:
        super().__init__(target.stage)
        self._target = target

    def client(self, service: str) -> Any:
        return self._target.client(service)

    @property
    def journals(self) -> Path:
        return self._target.home / "chaos-sends"

    @property
    def transactions_url(self) -> str:  # type: ignore[override]
        return self._target.url.replace(f":{self._target.port}/", f":{self._target.proxy_port}/", 1)
