"""Whether the stage can be operated: logs and traces of the run, the card key's rotation, the failure destination."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

from client.card_key import rotate
from client.query.api import Question, ReadApi
from client.verify.deployed import Deployed
from client.verify.line import CheckFailedError, NotAvailableError, listed
from client.verify.parts import redeploy
from client.verify.run import Run

FUNCTIONS = ("write-to-kinesis", "write-to-dynamodb", "write-to-s3", "detect-fraud", "merge-warehouse")
CURRENT = "AWSCURRENT"


def logs(run: Run) -> str:
    """Every function of the run's way has logged since it began."""
    client, silent = run.stage.client("logs"), list(FUNCTIONS)
    since = int(run.sample.began.timestamp() * 1000)

    def all_logged() -> bool:
        for name in list(silent):
            group = f"/aws/lambda/{run.deployed.function(name)}"
            if client.filter_log_events(logGroupName=group, startTime=since, limit=1)["events"]:
                silent.remove(name)
        return not silent

    if not run.wait(all_logged, min(run.wait_seconds, 120.0)):
        raise CheckFailedError(
            f"no log lines of {', '.join(silent)} since the run began",
            "a role without logs:PutLogEvents, or a log group that is gone: " + redeploy(run.deployed),
        )
    return f"log lines of {len(FUNCTIONS)} functions"


def traces(run: Run) -> str:
    """X-Ray has traces of the run."""
    client = run.stage.client("xray")

    def found() -> bool:
        answer = client.get_trace_summaries(StartTime=run.sample.began, EndTime=datetime.now(UTC))
        return bool(answer["TraceSummaries"])

    if not run.wait(found, 20.0 if run.stage.local else 180.0):
        raise CheckFailedError("X-Ray has no trace since the run began", "a role without xray:PutTraceSegments?")
    return "traces of the run in X-Ray"


def access_logs(run: Run) -> str:
    """API Gateway has written access logs of the run."""
    if run.stage.local:
        raise NotAvailableError("not available on stage local: the embedded API Gateway writes no access logs")
    group = f"/aws/api-gateway/{run.deployed.stack}"
    since = int(run.sample.began.timestamp() * 1000)
    client = run.stage.client("logs")
    if not run.wait(
        lambda: bool(client.filter_log_events(logGroupName=group, startTime=since, limit=1)["events"]), 180.0
    ):
        raise CheckFailedError(
            f"no access logs in {group}", "does the account's API Gateway setting name a role for logs? docs/deploy.md"
        )
    return f"access logs in {group}"


def failure_destination(deployed: Deployed) -> str:
    """What a consumer gives up is kept: a role may put it to quarantine, or the queue has a dead-letter queue."""
    client, problems = deployed.stage.client("lambda"), []
    mappings = [
        client.get_event_source_mapping(UUID=uid) for uid in deployed.of_type("AWS::Lambda::EventSourceMapping")
    ]
    for mapping in mappings:
        name, source = mapping["FunctionArn"].split(":")[6], mapping["EventSourceArn"].split(":")
        if source[2] == "sqs" and not _dead_letters(deployed, source[5]):
            problems.append(f"the queue {source[5]} of {name} has no dead-letter queue: what it gives up is lost")
        elif source[2] != "sqs" and not _may_quarantine(deployed, name):
            problems.append(f"the role of {name} may not put to aws/lambda/ of quarantine: what it gives up is lost")
    if problems:
        raise CheckFailedError(listed(problems), redeploy(deployed))
    return f"what {len(mappings)} consumers give up is kept in quarantine or a dead-letter queue"


def _dead_letters(deployed: Deployed, queue: str) -> bool:
    sqs = deployed.stage.client("sqs")
    url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
    return "Attributes" in sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["RedrivePolicy"])


def _may_quarantine(deployed: Deployed, function: str) -> bool:
    role = deployed.stage.client("lambda").get_function_configuration(FunctionName=function)["Role"]
    target = f"arn:aws:s3:::{deployed.stage.output('QuarantineBucket')}/aws/lambda/verify"
    answer = deployed.stage.client("iam").simulate_principal_policy(
        PolicySourceArn=role, ActionNames=["s3:PutObject"], ResourceArns=[target]
    )
    return answer["EvaluationResults"][0]["EvalDecision"] == "allowed"


class Rotation:
    """A rotation of the card key that is taken back: the new key is for times an hour ahead, so no row has it yet."""

    def __init__(self, run: Run) -> None:
        self._run, self._secret = run, run.stage.output("CardKeySecretArn")
        self._before = ""

    def check(self) -> str:
        """Rotate; the rows must still be found by card number, under the old key."""
        self._before = self._current()
        done = rotate(self._run.stage, {"token": str(uuid.uuid4()), "from": None, "early": False})
        if self._current() == self._before:
            raise CheckFailedError("the secret's current version is the one before the rotation", "look at its log")
        stage, sample = self._run.stage, self._run.sample
        reader = ReadApi(stage.api_url, stage.reader_api_key, trust_environment=not stage.local, auth=stage.api_auth)
        found = list(reader.transactions(Question(card_number=sample.cards[0]), sample.count))
        if not found:
            raise CheckFailedError(
                "after the rotation no row is found by its card number",
                "the ring lost a key: restore the secret's version",
            )
        return f"card key {done['key_id']} added, and rows under the old ones found; taken back afterwards"

    def take_back(self) -> None:
        """Make the version before the rotation the current one again."""
        after = self._current() if self._before else ""
        if after != self._before:
            self._run.stage.client("secretsmanager").update_secret_version_stage(
                SecretId=self._secret, VersionStage=CURRENT, MoveToVersionId=self._before, RemoveFromVersionId=after
            )

    def _current(self) -> str:
        described: dict[str, Any] = self._run.stage.client("secretsmanager").describe_secret(SecretId=self._secret)
        versions = described["VersionIdsToStages"]
        return next(version for version, stages in versions.items() if CURRENT in stages)
