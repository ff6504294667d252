"""Runs a supervisor over one sleeper in a process of its own, so that a test can kill it."""

from local.process import start_logging, stop_signal
from local.processes import Process
from local.settings import Settings
from local.supervisor import supervise

SLEEPER = Process("sleeper", "local.tests.unit.sleeper", 5.0)

if __name__ == "__main__":
    start_logging()
    supervise(Settings.from_environment(), stop_signal(), [SLEEPER])
