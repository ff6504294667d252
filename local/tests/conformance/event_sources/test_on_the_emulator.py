"""The event source mappings over a real emulator: what the pure parts cannot show."""

from __future__ import annotations

import json

from local.tests.conformance.emulator import wait_until
from local.tests.conformance.event_sources.conftest import READ, Consumer


def test_records_put_before_and_after_the_start_are_processed_in_order(emulator, consumer, poller) -> None:  # type: ignore[no-untyped-def]
    mapped = consumer()
    emulator.put(mapped.stream, *(b"before-%03d" % n for n in range(250)))
    poller()
    wait_until(lambda: len(mapped.done()) == 250, "the records from before are done")
    emulator.put(mapped.stream, b"after")
    wait_until(lambda: len(mapped.done()) == 251, "the record from after is done")
    assert mapped.done() == [f"before-{n:03d}" for n in range(250)] + ["after"]
    assert max(len(batch) for batch in mapped.batches()) <= 100


def test_a_reported_record_is_kept_in_s3_with_its_event_and_the_rest_is_done(emulator, consumer, poller) -> None:  # type: ignore[no-untyped-def]
    mapped = consumer(BisectBatchOnFunctionError=True)
    emulator.put(mapped.stream, b"a", b"b", b"report", b"c", b"raise", b"d")
    poller()
    wait_until(lambda: len(mapped.given_up()) == 2, "both bad records are given up")
    wait_until(lambda: set(mapped.done()) == {"a", "b", "c", "d"}, "the good records are done")
    reported, raised = sorted(mapped.given_up(), key=lambda record: record["KinesisBatchInfo"]["startSequenceNumber"])
    assert reported["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert "functionError" not in reported["responseContext"]
    assert raised["responseContext"]["functionError"] == "Unhandled"
    event = json.loads(reported["payload"])
    assert [record["kinesis"]["data"] for record in event["Records"]] == ["cmVwb3J0"]
    assert reported["KinesisBatchInfo"]["startSequenceNumber"] == event["Records"][0]["kinesis"]["sequenceNumber"]


def test_without_the_permission_to_read_nothing_is_read_until_it_is_granted(emulator, consumer, poller) -> None:  # type: ignore[no-untyped-def]
    mapped = consumer(allowed=False)
    emulator.put(mapped.stream, b"a")
    poller()
    log = emulator.settings.home / "local.event_sources.log"
    wait_until(lambda: f"{mapped.name}: Waiting" in log.read_text(), "the poller says that it may not read")
    assert "AccessDenied" in log.read_text()
    assert mapped.done() == []
    emulator.grant(mapped.role, "read", READ, mapped.stream)
    wait_until(lambda: mapped.done() == ["a"], "the record is done")


def test_a_slow_consumer_does_not_delay_another(emulator, consumer, poller) -> None:  # type: ignore[no-untyped-def]
    slow = consumer("-1", BatchSize=1, pause=3)
    quick = consumer("-2", stream=slow.stream, BatchSize=1)
    emulator.put(slow.stream, b"a", b"b", b"c", b"d")
    poller()
    wait_until(lambda: len(quick.done()) == 4, "the quick one is done")
    assert len(slow.done()) < 4


def test_a_throttled_function_loses_nothing_and_uses_no_attempt(emulator, consumer, poller) -> None:  # type: ignore[no-untyped-def]
    mapped = consumer(MaximumRetryAttempts=0)
    emulator.client("lambda").put_function_concurrency(FunctionName=mapped.name, ReservedConcurrentExecutions=0)
    emulator.put(mapped.stream, b"a")
    poller()
    log = emulator.settings.home / "local.event_sources.log"
    wait_until(lambda: log.read_text().count(f"{mapped.name}/shardId-000000000000: 1 records") > 3, "it is throttled")
    emulator.client("lambda").delete_function_concurrency(FunctionName=mapped.name)
    wait_until(lambda: mapped.done() == ["a"], "the record is done")
    assert mapped.given_up() == []


def test_a_killed_poller_continues_where_it_was(emulator, consumer, poller) -> None:  # type: ignore[no-untyped-def]
    mapped = consumer(BatchSize=10, pause=0.1)  # six seconds of work: enough to be killed in
    emulator.put(mapped.stream, *(b"%04d" % n for n in range(600)))
    process = poller()
    wait_until(lambda: len(mapped.done()) >= 100, "some records are done")
    process.kill()
    process.wait()
    before = len(mapped.done())
    poller()
    wait_until(lambda: len(set(mapped.done())) == 600, "every record is done")
    # At least once: what was running when it was killed is done again, what was done before is not.
    assert len(mapped.done()) - 600 <= 20
    assert before < 600


def test_a_mapping_that_asks_for_what_is_missing_is_refused(emulator, consumer, poller) -> None:  # type: ignore[no-untyped-def]
    mapped = consumer(FilterCriteria={"Filters": [{"Pattern": "{}"}]})
    emulator.put(mapped.stream, b"a")
    poller()
    log = emulator.settings.home / "local.event_sources.log"
    wait_until(lambda: f"mapping {mapped.uuid} is refused: FilterCriteria" in log.read_text(), "it is refused")
    assert mapped.done() == []


def state_and_result(mapped: Consumer) -> tuple[str, str]:
    """What Lambda's API says of the mapping."""
    found = mapped.emulator.client("lambda").get_event_source_mapping(UUID=mapped.uuid)
    return found["State"], found["LastProcessingResult"]


def test_the_api_shows_whether_a_mapping_is_on_and_the_result_of_its_last_batch(emulator, consumer, poller) -> None:  # type: ignore[no-untyped-def]
    mapped = consumer(MaximumRetryAttempts=1000)
    assert state_and_result(mapped) == ("Enabled", "No records processed")
    poller()
    emulator.put(mapped.stream, b"a")
    wait_until(lambda: state_and_result(mapped) == ("Enabled", "OK"), "the batch was processed")
    assert mapped.done() == ["a"], "once: the emulator's own poller stays out"
    emulator.put(mapped.stream, b"raise")
    wait_until(lambda: state_and_result(mapped) == ("Enabled", "PROBLEM: Function call failed"), "it failed")


def test_a_mapping_whose_role_may_not_read_says_so_until_it_may(emulator, consumer, poller) -> None:  # type: ignore[no-untyped-def]
    mapped = consumer(allowed=False)
    poller()
    wait_until(lambda: state_and_result(mapped)[1].startswith("PROBLEM: Cannot access stream"), "it cannot read")
    emulator.grant(mapped.role, "read", READ, mapped.stream)
    wait_until(lambda: state_and_result(mapped) == ("Enabled", "OK"), "it reads again")


def test_a_disabled_mapping_reads_nothing_and_continues_where_it_stopped(emulator, consumer, poller) -> None:  # type: ignore[no-untyped-def]
    mapped, switch = consumer(), emulator.client("lambda").update_event_source_mapping
    poller()
    emulator.put(mapped.stream, b"a")
    wait_until(lambda: mapped.done() == ["a"], "the first is done")
    switch(UUID=mapped.uuid, Enabled=False)
    assert state_and_result(mapped)[0] == "Disabled"
    log = emulator.settings.home / "local.event_sources.log"
    wait_until(lambda: "the mapping is gone" in log.read_text(), "it is no longer driven")
    emulator.put(mapped.stream, b"b")
    switch(UUID=mapped.uuid, Enabled=True)
    wait_until(lambda: mapped.done() == ["a", "b"], "the second is done, and the first not again")


def test_splits_and_merges_lose_nothing_and_keep_the_order_of_each_key(emulator, consumer, poller) -> None:  # type: ignore[no-untyped-def]
    mapped = consumer(ParallelizationFactor=2, BatchSize=10)
    keys = [f"card-{number}" for number in range(8)]
    changes = ["split", "split", "merge", "split", "merge"]
    poller()
    for number, change in enumerate([*changes, ""]):
        for key in keys:
            emulator.put(mapped.stream, *(b"%s %d" % (key.encode(), 10 * number + at) for at in range(10)), key=key)
        if change:
            emulator.reshard(mapped.stream, change)
    each = 10 * (len(changes) + 1)
    wait_until(lambda: len(mapped.done()) >= each * len(keys), "all records are processed", 60)
    done = mapped.done()
    assert len(done) == each * len(keys)
    for key in keys:
        assert [one for one in done if one.startswith(f"{key} ")] == [f"{key} {at}" for at in range(each)]
