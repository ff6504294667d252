"""The batch path as it is deployed: the Glue job's package and size, the machine's steps, limits and way out."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from shared.warehouse.sql import read_statements
from tests.template.measures import watched
from tests.template.packaging import ROOT
from tests.template.template import Template, as_list, text


def job(template: Template) -> dict[str, Any]:
    (found,) = template.of_type("AWS::Glue::Job").values()
    return found


def machine(template: Template) -> dict[str, Any]:
    (found,) = template.of_type("AWS::StepFunctions::StateMachine").values()
    return dict(found["Definition"])


def tasks(template: Template) -> dict[str, dict[str, Any]]:
    return {name: state for name, state in machine(template)["States"].items() if state["Type"] == "Task"}


def role_of(template: Template, name: str) -> dict[str, set[str]]:
    """Each resource that a role may touch, with the actions."""
    found: dict[str, set[str]] = {}
    for policy in template.resources[name]["Properties"]["Policies"]:
        for statement in policy["PolicyDocument"]["Statement"]:
            for resource in map(text, as_list(statement["Resource"])):
                found.setdefault(resource, set()).update(as_list(statement["Action"]))
    return found


def test_the_job_is_a_spark_job_of_glue_5_that_grows_with_its_work(template: Template) -> None:
    found = job(template)
    assert (found["GlueVersion"], found["Command"]["Name"]) == ("5.0", "glueetl")
    assert re.fullmatch(r"G\.[1-8]X", found["WorkerType"])
    assert found["NumberOfWorkers"] >= 2
    assert found["DefaultArguments"]["--enable-auto-scaling"] == "true"
    assert 0 < found["Timeout"] <= 480
    assert found["MaxRetries"] == 0


def test_production_has_more_and_larger_workers(prod: Template, dev: Template) -> None:
    assert (job(dev)["WorkerType"], job(dev)["NumberOfWorkers"]) == ("G.1X", 10)
    assert (job(prod)["WorkerType"], job(prod)["NumberOfWorkers"]) == ("G.2X", 50)


def test_script_and_modules_are_where_migrate_warehouse_publishes_them(template: Template) -> None:
    from functions.migrate_warehouse.glue_package import ARCHIVE, SCRIPT

    assert text(job(template)["Command"]["ScriptLocation"]) == f"s3://${{DeliveryBucket}}/{SCRIPT}"
    assert text(job(template)["DefaultArguments"]["--extra-py-files"]) == f"s3://${{DeliveryBucket}}/{ARCHIVE}"


def test_the_job_has_every_argument_that_it_asks_for(template: Template) -> None:
    from dataclasses import fields

    from glue.arguments import Arguments

    given = set(job(template)["DefaultArguments"]) | set(tasks(template)["Transform"]["Arguments"]["Arguments"])
    asked = {f"--{field.name}" for field in fields(Arguments)} - {"--JOB_NAME", "--s3_mount"}
    assert asked <= given


def test_the_job_s_modules_are_pinned_as_the_functions_have_them(template: Template) -> None:
    pins = (ROOT / "requirements.txt").read_text().splitlines()
    modules = job(template)["DefaultArguments"]["--additional-python-modules"].split(",")
    assert modules
    assert all(module in pins for module in modules)


def test_every_step_has_a_timeout_retries_and_a_way_to_the_alarm(template: Template) -> None:
    assert (
        machine(template)["TimeoutSeconds"]
        > tasks(template)["Transform"]["TimeoutSeconds"]
        > 60 * job(template)["Timeout"]
    )
    for name, state in tasks(template).items():
        assert state["TimeoutSeconds"] > 0, name
        assert state["Retry"], name
        assert all(rule["BackoffRate"] > 1 for rule in state["Retry"]), name
        last = state["Catch"][-1]
        assert last["ErrorEquals"] == ["States.ALL"], name
        way_out = {"Alarm": "Failed", "CrawlAlarm": "Transform", "Crawl": "CrawlAlarm", "LookAtCrawl": "CrawlAlarm"}
        way_out |= {"CrawlLake": "CrawlLakeAlarm", "CrawlLakeAlarm": "WasAllTaken"}
        assert last["Next"] == way_out.get(name, "Alarm"), name


def test_a_crawl_that_fails_is_heard_and_keeps_no_load_back(template: Template) -> None:
    """The load lists the raw zone by itself: nothing of it is read from the catalog."""
    states = machine(template)["States"]
    ends = [choice["Next"] for choice in states["IsCrawled"]["Choices"]]
    assert ends == ["Transform", "CrawlAlarm", "CrawlAlarm"]
    assert text(states["CrawlAlarm"]["Arguments"]["TopicArn"]) == "AlarmTopic"
    assert states["CrawlAlarm"]["Next"] == "Transform"


def test_a_run_that_left_no_note_is_lost_and_breaks_no_expression(template: Template) -> None:
    """DynamoDB gives no Item then, and an undefined value in Assign fails the state before its Choice."""
    for name, state in machine(template)["States"].items():
        for value in state.get("Assign", {}).values():
            if isinstance(value, str) and "$states.result.Item" in value:
                assert "$exists($states.result.Item)" in value, name


def test_the_load_compares_the_bounds_of_its_times_with_the_job_s_before_it_is_merged(template: Template) -> None:
    statements = tasks(template)["Load"]["Arguments"]["Sqls"]
    (check,) = [number for number, sql in enumerate(statements) if "$run.oldest.N" in sql and "$run.newest.N" in sql]
    (copy,) = [number for number, sql in enumerate(statements) if "COPY batch_transaction" in sql]
    assert copy < check < statements.index(read_statements("merge.sql")[1])


def test_a_poll_has_an_end(template: Template) -> None:
    for name in ("IsCrawled", "IsLoaded"):
        conditions = [choice["Condition"] for choice in machine(template)["States"][name]["Choices"]]
        assert any("$polls >=" in condition for condition in conditions), name


def test_the_steps_come_in_order_and_a_failure_ends_as_one(template: Template) -> None:
    states = machine(template)["States"]
    order = [
        "Crawl",
        "Transform",
        "ReadRun",
        "Load",
        "ReadCounts",
        "Reconcile",
        "Note",
        "Announce",
        "CrawlLake",
        "Done",
    ]
    assert [name for name in states if name in order] == order
    assert states["Transform"]["Resource"] == "arn:aws:states:::glue:startJobRun.sync"
    assert states["Alarm"]["Resource"] == "arn:aws:states:::sns:publish"
    assert text(states["Alarm"]["Arguments"]["TopicArn"]) == "AlarmTopic"
    assert states["Failed"]["Type"] == "Fail"


def test_a_file_that_was_refused_among_others_is_reported_after_they_are_noted_as_loaded(template: Template) -> None:
    states = machine(template)["States"]
    assert [states[name]["Next"] for name in ("Note", "Announce", "CrawlLake", "CrawlLakeAlarm")] == [
        *("HasChanged", "CrawlLake", "WasAllTaken", "WasAllTaken")
    ]
    changed = states["HasChanged"]
    assert {changed["Default"], *(choice["Next"] for choice in changed["Choices"])} == {"CrawlLake", "Announce"}
    (refused,) = states["WasAllTaken"]["Choices"]
    assert "$run.refused_files.N" in refused["Condition"]
    assert (refused["Next"], refused["Assign"]["failure"]["Error"]) == ("Alarm", "InputRefused")
    assert states["WasAllTaken"]["Default"] == "Done"


def test_load_merge_and_count_are_one_transaction(template: Template) -> None:
    statements = tasks(template)["Load"]["Arguments"]["Sqls"]
    assert statements[0] == "LOCK staging.transaction"
    merge = read_statements("merge.sql")
    start = statements.index(merge[1])
    assert statements[start - 1 : start - 1 + len(merge)] == merge
    assert statements[-1].startswith("SELECT")
    assert len(statements) <= 40
    (copy,) = [statement for statement in statements if "COPY" in statement.split("'")[0]]
    assert copy.startswith('{% "COPY batch_transaction FROM \'" & $run.manifest.S')
    assert "FORMAT AS PARQUET MANIFEST" in copy


def test_only_csv_files_of_the_raw_zone_start_a_run(template: Template) -> None:
    rule = template.of_type("AWS::Events::Rule")["RawArrived"]
    pattern = rule["EventPattern"]
    assert [text(name) for name in pattern["detail"]["bucket"]["name"]] == ["RawBucket"]
    assert pattern["detail"]["object"]["key"] == [
        {"wildcard": "transactions/*.csv"},
        {"wildcard": "transactions/*.csv.gz"},
    ]
    bucket = template.of_type("AWS::S3::Bucket")["RawBucket"]
    assert bucket["NotificationConfiguration"] == {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}


@pytest.mark.parametrize("name", ["RawArrived", "BatchSchedule"])
def test_an_event_that_starts_nothing_is_kept_and_reported(template: Template, name: str) -> None:
    rule = template.of_type("AWS::Events::Rule")[name]
    (target,) = rule["Targets"]
    assert text(target["Arn"]) == "BatchMachine"
    assert text(target["DeadLetterConfig"]["Arn"]) == "BatchNotStarted.Arn"


def test_production_looks_every_night_for_what_was_missed(prod: Template, dev: Template) -> None:
    states = [t.of_type("AWS::Events::Rule")["BatchSchedule"]["State"] for t in (prod, dev)]
    assert states == ["ENABLED", "DISABLED"]
    target = prod.of_type("AWS::Events::Rule")["BatchSchedule"]["Targets"][0]
    assert json.loads(text(target["Input"])) == {"raw_path": "s3://${RawBucket}/transactions/"}


def test_the_raw_zone_forgets_its_card_numbers_within_a_week(template: Template) -> None:
    bucket = template.of_type("AWS::S3::Bucket")["RawBucket"]
    rules = {rule["Id"]: rule for rule in bucket["LifecycleConfiguration"]["Rules"]}
    assert rules["raw"]["ExpirationInDays"] == 7
    assert "Prefix" not in rules["raw"]
    assert bucket.get("VersioningConfiguration", {}).get("Status") != "Enabled"


def test_nobody_but_the_job_and_the_crawler_reads_the_raw_zone(template: Template) -> None:
    readers = {
        role
        for role, statement in template.statements()
        if any("RawBucket" in text(resource) for resource in as_list(statement["Resource"]))
    }
    assert readers == {"TransformRole", "CrawlerRole"}


def test_the_job_reads_the_raw_zone_and_writes_the_lake_and_no_more(template: Template) -> None:
    may = role_of(template, "TransformRole")
    assert may["${RawBucket.Arn}/transactions/*"] == {"s3:GetObject"}
    assert may["CardKeySecret.Id"] == {"secretsmanager:GetSecretValue"}
    writes = {resource for resource, actions in may.items() if "s3:PutObject" in actions}
    folders = ("batch", "batch-rejects", "batch-manifests")
    # Glue's S3 file system marks a folder with an object beside it.
    assert writes == {f"${{LakeBucket.Arn}}/{name}{rest}" for name in folders for rest in ("/*", "_$folder$")}


def test_the_crawler_may_do_what_aws_lists_for_one(template: Template) -> None:
    may = role_of(template, "CrawlerRole")
    of_glue = set().union(*(actions for actions in may.values() if any(a.startswith("glue:") for a in actions)))
    assert of_glue >= {
        f"glue:{verb}Partition" for verb in ("Get", "Create", "Update", "Delete", "BatchGet", "BatchCreate")
    } | {"glue:BatchUpdatePartition", "glue:BatchDeletePartition", "glue:GetPartitions", "glue:DeleteTable"}
    for bucket in ("RawBucket.Arn", "LakeBucket.Arn"):
        assert may[bucket] == {"s3:GetBucketAcl", "s3:GetBucketLocation", "s3:ListBucket"}


def test_the_machine_may_send_its_traces_as_x_ray_asks(template: Template) -> None:
    assert role_of(template, "BatchMachineRole")["*"] >= {
        *("xray:PutTraceSegments", "xray:PutTelemetryRecords", "xray:GetSamplingRules", "xray:GetSamplingTargets")
    }


def test_the_job_logs_to_groups_of_its_stage(template: Template) -> None:
    assert job(template)["DefaultArguments"]["--custom-logGroup-prefix"] == f"/aws-glue/swipeline-{template.stage}"


def test_the_machine_starts_this_job_and_this_crawler_alone(template: Template) -> None:
    may = role_of(template, "BatchMachineRole")
    of_glue = {
        resource.rsplit(":", 1)[1] for resource, actions in may.items() if any(a.startswith("glue:") for a in actions)
    }
    assert of_glue == {"crawler/${Crawler}", "job/${TransformJob}"}
    assert may["AlarmTopic"] == {"sns:Publish"}


def test_failures_and_timeouts_raise_an_alarm(full: Template) -> None:
    """Where only the essential alarms are, a run that fails still says so itself: its state Alarm publishes."""
    (failed,) = [a for a in full.of_type("AWS::CloudWatch::Alarm").values() if a["AlarmName"].endswith("-batch-failed")]
    assert {metric for _, metric, _ in watched(failed)} == {"ExecutionsFailed", "ExecutionsTimedOut"}


def test_events_without_a_run_raise_an_alarm_on_every_stage(template: Template) -> None:
    queue = ("AWS/SQS", "ApproximateNumberOfMessagesVisible", frozenset({("QueueName", "BatchNotStarted.QueueName")}))
    alarms = template.of_type("AWS::CloudWatch::Alarm").values()
    assert queue in {metric for alarm in alarms for metric in watched(alarm)}


def test_the_machine_follows_its_role_s_statements_whatever_the_session_is_called(on_aws: Template) -> None:
    policy = on_aws.of_type("AWS::IAM::Policy")["BatchFollowPolicy"]
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert set(statement["Action"]) == {"redshift-data:DescribeStatement", "redshift-data:GetStatementResult"}
    ((key, owner),) = statement["Condition"]["StringLike"].items()
    assert (key, text(owner)) == ("redshift-data:statement-owner-iam-userid", "${BatchMachineRole.RoleId}:*")
