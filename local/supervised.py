"""`python -m local.supervised MODULE`: runs a module as `python -m MODULE` would, and ends it with its supervisor.

A supervisor that is killed cannot stop its processes; orphans would keep the ports.
"""

import os
import runpy
import signal
import sys
import threading

LOOK_EVERY_SECONDS = 0.5


def _end_with_parent() -> None:
    parent = os.getppid()
    wait = threading.Event()
    while os.getppid() == parent:
        wait.wait(LOOK_EVERY_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    module = sys.argv[1]
    del sys.argv[1]
    threading.Thread(target=_end_with_parent, name="end-with-parent", daemon=True).start()
    runpy.run_module(module, run_name="__main__", alter_sys=True)
