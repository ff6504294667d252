"""The checks of the acceptance test, in their order."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import partial

from client.verify import alarms, hops, observed, parts, poison, roles, warehouse
from client.verify.batch import Load
from client.verify.cleanup import Cleanup
from client.verify.line import FAILED, OK
from client.verify.run import Report, Run, chosen

STATIC = ("stack", "functions", "mappings", "streams", "stores", "schedules", "api-keys", "log-groups", "roles")
FLOW = ("migrations", "send", "table", "lake", "warehouse", "fraud", "read-api", "analyst", "poison")
OPERATION = ("failure-destination", "card-key", "alarms", "alarm-heard", "logs", "traces", "access-logs")
NAMES = (*STATIC, "workgroup", *FLOW, *OPERATION, "batch", "cleanup")


def verify(run: Run, report: Report, without: Collection[str] = ()) -> None:
    """Make all checks but some; each adds its line to the run. Raises ClientError for an unknown name.

    What is known to be broken makes the later ones wait less, and keeps none from being made: a run names every cause.
    """
    wanted = chosen(NAMES, without)
    deployed, sample = run.deployed, run.sample

    def check(name: str, ask: Callable[[], str]) -> bool:
        if not wanted(name):
            run.skip(name, "not asked for (--without)", report)
            return True
        return run.check(name, ask, report)

    static = (
        *(parts.stack, parts.functions, parts.mappings, parts.streams, parts.stores, parts.schedules),
        *(parts.api_keys, parts.log_groups, roles.roles),
    )
    for name, ask in zip(STATIC, static, strict=True):
        check(name, partial(ask, deployed))
    check("workgroup", lambda: parts.workgroup(deployed))
    check("failure-destination", lambda: observed.failure_destination(deployed))
    check("alarms", lambda: alarms.alarms(deployed))
    check("migrations", lambda: warehouse.migrated(run))
    rotation, load = observed.Rotation(run), Load(run)
    try:
        if wanted("send") and check("send", lambda: hops.send(run)):
            _flow(run, check, rotation, load)
        else:
            for name in (*FLOW[2:], "card-key", "logs", "traces", "access-logs", "batch"):
                run.skip(name, "nothing was sent", report)
        check("alarm-heard", lambda: alarms.heard(deployed, sample.run_id, min(run.wait_seconds, 60.0)))
    finally:
        check("cleanup", Cleanup(run, rotation, load).clean)


def _flow(run: Run, check: Callable[[str, Callable[[], str]], bool], rotation: observed.Rotation, load: Load) -> None:
    check("table", lambda: hops.table(run))
    check("lake", lambda: hops.lake(run))
    check("warehouse", lambda: hops.warehouse(run))
    check("fraud", lambda: hops.fraud(run))
    check("read-api", lambda: hops.read_api(run))
    check("analyst", lambda: warehouse.analyst(run))
    check("poison", lambda: poison.poison(run))
    check("card-key", rotation.check)
    check("logs", lambda: observed.logs(run))
    check("traces", lambda: observed.traces(run))
    check("access-logs", lambda: observed.access_logs(run))
    check("batch", load.check)


def counts(run: Run) -> tuple[int, int, int]:
    """How many lines are ok, failed, and were skipped."""
    good = sum(line.status == OK for line in run.lines)
    bad = sum(line.status == FAILED for line in run.lines)
    return good, bad, len(run.lines) - good - bad
