"""What `swipeline doctor` makes of what AWS says: nothing is green that is not known to be."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError as AwsError
from botocore.exceptions import EndpointConnectionError

from client.doctor import alarms, backlog, balance, delivery, deploy, mappings, processes, quarantine
from client.doctor.backlog import OnStream, Waiting
from client.doctor.finding import OK, PROBLEM, UNKNOWN, WARNING, Finding, Report, duration
from client.doctor.run import checked
from client.quarantine.entries import KINDS, Entry
from local.stack import ProcessStatus, Status

NOW = datetime(2026, 11, 30, 3, 0, tzinfo=UTC)
LATE = timedelta(seconds=300)


def alarm(name: str, state: str, **more: Any) -> dict[str, Any]:
    return {
        "AlarmName": f"swipeline-dev-{name}",
        "StateValue": state,
        "StateUpdatedTimestamp": NOW - timedelta(minutes=12),
        "AlarmDescription": f"{name} is wrong. No data is normal (idle). docs/runbook.md#{name}",
    } | more


def of_alarms(*found: dict[str, Any]) -> dict[str, Finding]:
    return {one.name: one for one in alarms.assess(list(found), "swipeline-dev-", NOW)}


def test_an_alarm_that_rings_has_its_severity_its_meaning_and_its_runbook_entry() -> None:
    found = of_alarms(alarm("write-to-s3-backlog", "ALARM"), alarm("api-slow", "ALARM"), alarm("throttles", "OK"))
    ringing = found["write-to-s3-backlog"]
    assert (ringing.state, ringing.runbook) == (PROBLEM, "write-to-s3-backlog")
    assert ringing.text == "Rings for 12 min. write-to-s3-backlog is wrong."
    assert found["api-slow"].state == WARNING
    assert found["OK"].text == "1 of 3 alarms are OK."


def test_an_alarm_without_data_is_unknown_and_so_is_a_stage_without_alarms() -> None:
    assert of_alarms(alarm("api-5xx", "INSUFFICIENT_DATA"))["api-5xx"].state == UNKNOWN
    assert of_alarms()["alarms"].state == UNKNOWN


def test_an_alarm_that_notifies_nobody_is_a_warning_though_it_is_ok() -> None:
    assert of_alarms(alarm("api-5xx", "OK", ActionsEnabled=False))["api-5xx"].state == WARNING


def mapping(state: str = "Enabled", result: str | None = "OK", source: str = "kinesis") -> Finding:
    return mappings.assess(
        {
            "UUID": "u-1",
            "FunctionArn": "arn:aws:lambda:us-east-1:000000000000:function:swipeline-dev-write-to-s3",
            "EventSourceArn": f"arn:aws:{source}:us-east-1:000000000000:x",
            "State": state,
            "StateTransitionReason": "USER_INITIATED",
            "LastProcessingResult": result,
        },
        "swipeline-dev-",
    )


@pytest.mark.parametrize(
    ("state", "result", "expected"),
    [
        ("Enabled", "OK", OK),
        ("Enabled", "No records processed", OK),
        ("Enabled", "PROBLEM: Function call failed", PROBLEM),
        ("Enabled", None, UNKNOWN),
        ("Disabled", "OK", PROBLEM),
        ("Creating", None, WARNING),
    ],
)
def test_a_mapping_is_reported_by_its_state_and_its_last_result(state: str, result: str | None, expected: str) -> None:
    assert mapping(state, result).state == expected


def test_a_disabled_mapping_comes_with_the_command_that_enables_it() -> None:
    assert mapping("Disabled").help == "aws lambda update-event-source-mapping --uuid u-1 --enabled"
    assert "USER_INITIATED" in mapping("Disabled").text


def test_a_mapping_that_cannot_read_the_stream_leads_to_the_roles() -> None:
    assert mapping(result="PROBLEM: Cannot access stream x").help == "swipeline repair-roles"


def test_a_queue_s_mapping_has_no_result_to_show() -> None:
    assert mapping(result=None, source="sqs").state == OK


def stream(*ages: int, complete: bool = True) -> OnStream:
    """Records 0, 1, ... of a shard, each of its age in seconds."""
    return OnStream([Waiting("s", n, NOW - timedelta(seconds=age)) for n, age in enumerate(ages)], complete)


def behind(done: int | None, found: OnStream) -> Finding:
    return backlog.assess("write-to-s3", {} if done is None else {"s": done}, found, NOW, LATE)


def test_a_consumer_that_has_processed_everything_has_no_backlog() -> None:
    assert behind(2, stream(900, 800, 700)).state == OK


def test_records_behind_the_last_processed_one_wait_and_the_oldest_says_for_how_long() -> None:
    late = behind(0, stream(900, 800, 700))
    assert (late.state, late.text) == (PROBLEM, "2 records wait, the oldest for 13 min 20 s.")
    assert behind(0, stream(900, 8, 7)).state == OK


def test_a_consumer_that_never_processed_anything_has_all_of_the_stream_before_it() -> None:
    assert behind(None, stream(900, 800)).text.startswith("2 records wait")
    assert behind(None, stream()).state == OK


def test_a_stream_that_was_not_read_to_its_end_is_never_green() -> None:
    assert behind(2, stream(9, 8, 7, complete=False)).state == UNKNOWN
    assert behind(0, stream(9, 8, 7, complete=False)).state == UNKNOWN
    assert behind(0, stream(900, 800, complete=False)).text.startswith("1 or more records wait")


def test_the_place_of_a_consumer_is_the_last_batch_that_it_processed_or_that_was_given_up() -> None:
    assert backlog.latest([("a", 5), ("a", 3)], [("a", 4), ("b", 9)]) == {"a": 5, "b": 9}


def test_merges_are_reported_by_the_age_of_the_oldest_and_are_unknown_without_it() -> None:
    assert delivery.merges(0, None, 900).state == OK
    assert delivery.merges(3, 5.0, 900).state == OK
    assert delivery.merges(3, 901.0, 900).state == PROBLEM
    assert delivery.merges(3, None, 900).state == UNKNOWN


def test_quarantine_counts_each_kind_and_says_since_when() -> None:
    entries = [Entry("lines", f"quarantine/{n}", 1, NOW - timedelta(hours=n)) for n in (1, 50)]
    found = quarantine.assess("lines", entries, NOW)
    assert (found.state, found.help) == (PROBLEM, "swipeline quarantine list --kind lines")
    assert found.text == f"2 {KINDS['lines'].title}, the oldest for 2 d 2 h."
    assert quarantine.assess("lines", [], NOW).state == OK
    assert quarantine.assess("conflicts", [Entry("conflicts", "c", 1, NOW)], NOW).state == WARNING


def of_balance(accepted: float | None, early: float | None, **done: float | None) -> dict[str, Finding]:
    return {one.name: one for one in balance.assess(accepted, early, done)}


def test_a_hop_that_processed_less_than_had_time_to_arrive_misses_rows() -> None:
    found = of_balance(100, 80, lake=70, table=100, fraud=85)
    assert (found["lake"].state, found["lake"].text) == (
        PROBLEM,
        "70 rows processed, 10 missing that had time to arrive.",
    )
    assert found["table"].state == OK
    assert found["fraud"].text == "85 rows processed, 15 still arriving."


def test_a_hop_that_counted_nothing_of_rows_that_were_accepted_misses_all_of_them() -> None:
    assert of_balance(100, 100, lake=None)["lake"].state == PROBLEM
    assert of_balance(None, None, lake=None).keys() == {"API"}


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("UPDATE_COMPLETE", OK),
        ("UPDATE_IN_PROGRESS", WARNING),
        ("UPDATE_ROLLBACK_COMPLETE", PROBLEM),
        ("UPDATE_ROLLBACK_IN_PROGRESS", PROBLEM),
        ("CREATE_FAILED", PROBLEM),
    ],
)
def test_a_deploy_that_was_rolled_back_is_a_problem(status: str, expected: str) -> None:
    stack = {"StackStatus": status, "CreationTime": NOW - timedelta(days=2)}
    found = deploy.assess(stack, "run `swipeline deploy`", NOW)
    assert found.state == expected
    assert "2026-11-28 03:00:00 UTC, 2 d ago" in found.text


def process(name: str, pid: int | None, healthy: bool, restarts: int = 0) -> ProcessStatus:
    return ProcessStatus(name, pid, None, None, 0, healthy, restarts)


def test_a_process_that_is_stopped_or_does_not_answer_is_a_problem() -> None:
    status = Status("h", "e", "r", 1, [process("a", 1, True), process("b", None, False), process("c", 3, False)])
    found = {one.name: one.state for one in processes.assess(status)}
    assert found == {"a": OK, "b": PROBLEM, "c": PROBLEM, "disk": OK}


def test_what_cannot_be_asked_is_unknown_and_what_was_found_before_stays() -> None:
    def refused() -> Any:
        yield Finding("A", "first", OK, "fine")
        raise AwsError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "ListShards")

    def away() -> Any:
        raise EndpointConnectionError(endpoint_url="http://127.0.0.1:9")
        yield

    first, second = checked("A", refused, "swipeline up")
    assert (first.state, second.state) == (OK, UNKNOWN)
    assert second.text == "ListShards was refused: AccessDenied: no"
    (found,) = checked("A", away, "swipeline up")
    assert (found.state, found.help) == (UNKNOWN, "swipeline up")


def test_a_check_that_finds_nothing_at_all_is_unknown() -> None:
    assert [one.state for one in checked("A", lambda: iter(()), "")] == [UNKNOWN]


def test_a_report_is_as_bad_as_its_worst_finding_and_unknown_is_not_ok() -> None:
    def report(*states: str) -> str:
        return Report("dev", tuple(Finding("a", s, s, "") for s in states)).state

    assert report(OK, WARNING) == WARNING
    assert report(OK, WARNING, UNKNOWN) == UNKNOWN
    assert report(UNKNOWN, PROBLEM) == PROBLEM
    assert report() == UNKNOWN


def test_a_program_reads_the_findings_the_worst_of_an_area_first() -> None:
    made = Report("dev", (Finding("a", "x", OK, ""), Finding("a", "y", PROBLEM, "")), NOW).as_json()
    assert [one["name"] for one in made["findings"]] == ["y", "x"]
    assert (made["state"], made["at"]) == (PROBLEM, "2026-11-30T03:00:00+00:00")
    assert made["counts"] == {PROBLEM: 1, UNKNOWN: 0, WARNING: 0, OK: 1}


def test_a_time_span_is_given_in_its_two_largest_units() -> None:
    assert [duration(s) for s in (0, 59, 61, 3600, 90_061)] == ["0 s", "59 s", "1 min 1 s", "1 h", "1 d 1 h"]
