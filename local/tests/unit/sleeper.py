"""A process that shows that it is healthy and otherwise waits: what the supervisor's tests supervise."""

import sys
import time

from local.process import beat, stop_signal
from local.settings import Settings

if __name__ == "__main__":
    stopping = stop_signal()
    while not stopping.is_set():
        beat(Settings.from_environment(), "sleeper")
        sys.stdout.write(f"{time.time()}\n")
        sys.stdout.flush()
        stopping.wait(0.05)
