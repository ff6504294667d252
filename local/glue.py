"""What MiniStack's Glue lacks, put into it: Spark jobs and crawlers run, each as a process of its own.

MiniStack runs Spark jobs in Docker and calls them done where there is none, and a crawler is a timer. Both are states
that only it can change, so this is the one place where the embedded AWS reaches into the emulator (1.5.33), and not
through its API. What the processes do, they do through the public API, with the credentials of the job's role.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextvars import copy_context
from typing import IO, Any, NamedTuple

from local.processes import log_file
from local.project import ROOT
from local.settings import Settings

log = logging.getLogger(__name__)

LOOK_EVERY_SECONDS = 0.2
MOST_MESSAGE_CHARACTERS = 2000
CRAWL_SECONDS = 900.0
STOPPED = ("STOPPING", "STOPPED")


class Child(NamedTuple):
    """A process, and the file of what it says."""

    process: subprocess.Popen[bytes]
    said: IO[bytes]


class _NoImages:
    """Stands for Docker: every image is there, since none is used."""

    images: Any

    def __init__(self) -> None:
        self.images = self

    def get(self, _name: str) -> None:
        """Find an image."""


class GlueEngine:
    """Runs Spark jobs and crawlers for MiniStack's module `glue`."""

    def __init__(self, settings: Settings, glue: Any) -> None:
        self._settings, self._glue = settings, glue
        self._crawls: set[str] = set()
        self._jobs: set[str] = set()

    def install(self) -> None:
        """Take the place of Docker, of the crawler's timer, and of the job's start, which knows no limit of runs."""
        docker = _NoImages()
        self._start_job_run = self._glue._start_job_run
        self._glue._get_docker = lambda: docker
        self._glue._resolve_script = lambda location: location  # the run fetches it, as its role
        self._glue._execute_spark_docker = self.run_job
        self._glue._start_crawler = self.start_crawler
        self._glue._start_job_run = self.start_job_run

    def start_job_run(self, data: dict[str, Any]) -> Any:
        """StartJobRun, one at a time per job: one Spark is what a laptop has room for."""
        name = data.get("JobName", "")
        if name in self._jobs:
            message = f"Concurrent runs exceeded for {name}"
            return self._glue.error_response_json("ConcurrentRunsExceededException", message, 400)
        if name in self._glue._jobs:
            self._jobs.add(name)
        return self._start_job_run(data)

    def run_job(self, run: dict[str, Any], job: dict[str, Any], name: str, arguments: Any, script: str, _: Any) -> None:
        """Run a job to its end; of the run, its state and its error are changed and nothing else."""
        order = {"script": script, "role": job["Role"], "arguments": dict(arguments), "run": run["Id"]}
        try:
            child = self._start("local.glue_run", order)
            state = self._follow(child.process, run, 60.0 * float(job["Timeout"]))
            run["ErrorMessage"] = self._end(child, "glue")
            run["JobRunState"] = state
        except OSError as error:
            run["JobRunState"], run["ErrorMessage"] = "FAILED", str(error)
        finally:
            self._jobs.discard(name)
        log.info("run %s of %s: %s %s", run["Id"], name, run["JobRunState"], run["ErrorMessage"])

    def _follow(self, process: subprocess.Popen[bytes], run: dict[str, Any], seconds: float) -> str:
        deadline = time.monotonic() + seconds
        while process.poll() is None:
            if run["JobRunState"] in STOPPED or time.monotonic() > deadline:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                return "STOPPED" if run["JobRunState"] in STOPPED else "TIMEOUT"
            time.sleep(LOOK_EVERY_SECONDS)
        return "FAILED" if process.returncode else "SUCCEEDED"

    def start_crawler(self, data: dict[str, Any]) -> Any:
        """StartCrawler: RUNNING until the crawl's process has ended, LastCrawl says how."""
        name = data.get("Name", "")
        crawler = self._glue._crawlers.get(name)
        if crawler is None:
            return self._glue.error_response_json("EntityNotFoundException", f"Crawler {name} not found", 400)
        if name in self._crawls:
            message = f"Crawler with name {name} has already started"
            return self._glue.error_response_json("CrawlerRunningException", message, 400)
        self._crawls.add(name)
        crawler["State"] = "RUNNING"
        threading.Thread(target=copy_context().run, args=(self._crawl, name, crawler), daemon=True).start()
        return self._glue.json_response({})

    def _crawl(self, name: str, crawler: dict[str, Any]) -> None:
        began = time.time()
        ended: dict[str, Any] = {"Status": "SUCCEEDED", "LogGroup": "/aws-glue/crawlers", "LogStream": name}
        try:
            child = self._start("local.crawler", {"name": name})
            try:
                child.process.wait(CRAWL_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(child.process.pid, signal.SIGKILL)
                child.process.wait()
            if message := self._end(child, "crawler"):
                ended |= {"Status": "FAILED", "ErrorMessage": message}
        except OSError as error:
            ended |= {"Status": "FAILED", "ErrorMessage": str(error)}
        finally:
            ended |= {"MessagePrefix": name, "StartTime": began}
            crawler["LastCrawl"] = ended
            crawler["CrawlElapsedTime"] = int(1000 * (time.time() - began))
            crawler["State"] = "READY"
            self._crawls.discard(name)

    def _start(self, module: str, order: dict[str, Any]) -> Child:
        said = tempfile.TemporaryFile()  # noqa: SIM115  closed by _end
        process = subprocess.Popen(
            [sys.executable, "-m", "local.supervised", module],
            cwd=ROOT,
            env=self._settings.environment(),
            stdin=subprocess.PIPE,
            stdout=said,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        if process.stdin is not None:
            process.stdin.write(json.dumps(order).encode())
            process.stdin.close()
        return Child(process, said)

    def _end(self, child: Child, log_name: str) -> str:
        """Keep what a process said in the log of its kind; of one that failed, give the last words."""
        with child.said as said:
            said.seek(0)
            text = said.read()
        path = log_file(self._settings, log_name)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as log_of_kind:
            log_of_kind.write(text)
        code = child.process.returncode
        if code < 0:
            return f"killed by signal {-code}"
        lines = [line for line in text.decode(errors="replace").splitlines() if line.strip()]
        return (lines[-1][:MOST_MESSAGE_CHARACTERS] if lines else f"exit code {code}") if code else ""
