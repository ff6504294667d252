"""Runs all checks side by side. What cannot be asked is a finding of its own, unknown: never left out, never green."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

from botocore.exceptions import BotoCoreError
from botocore.exceptions import ClientError as AwsError

from client.aws import Stage
from client.doctor import alarms, backlog, balance, cost, delivery, deploy, mappings, processes, quarantine
from client.doctor.finding import UNKNOWN, Finding, Report
from client.errors import ClientError
from client.verify.deployed import Deployed

Check = Callable[[], Iterator[Finding]]
AT_ONCE = 6
_SERVICES = ("cloudformation", "cloudwatch", "lambda", "logs", "kinesis", "s3", "sqs", "firehose", "iam")


def diagnose(stage: Stage) -> Report:
    """Look at everything once. Raises nothing that a stage can do: what does not answer is unknown."""
    for service in _SERVICES:
        stage.client(service)  # boto3 makes clients in one thread only
    deployed = Deployed(stage)
    checks: dict[str, Check] = {
        **({processes.AREA: processes.processes} if stage.local else {}),
        alarms.AREA: lambda: alarms.alarms(stage),
        backlog.AREA: lambda: backlog.backlog(deployed),
        mappings.AREA: lambda: mappings.mappings(deployed),
        delivery.AREA: lambda: delivery.deliveries(deployed),
        quarantine.AREA: lambda: quarantine.quarantine(stage),
        balance.AREA: lambda: balance.balance(stage),
        deploy.AREA: lambda: deploy.deploy(deployed),
        cost.AREA: lambda: cost.cost(deployed),
    }
    hint = stage.how_to_deploy.removeprefix("run ").strip("`")
    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = list(pool.map(lambda area: checked(area, checks[area], hint), checks))
    return Report(stage.name, tuple(finding for findings in found for finding in findings))


def checked(area: str, check: Check, hint: str) -> list[Finding]:
    """The findings of a check; the rest of one that fails is unknown."""
    found: list[Finding] = []
    try:
        found.extend(check())
    except AwsError as error:
        detail = error.response.get("Error", {})
        text = f"{error.operation_name} was refused: {detail.get('Code', 'error')}: {detail.get('Message', '')}"
        found.append(Finding(area, "check", UNKNOWN, text))
    except BotoCoreError as error:
        found.append(Finding(area, "check", UNKNOWN, f"The stage does not answer: {error}", hint))
    except (ClientError, OSError, ValueError, KeyError) as error:
        found.append(Finding(area, "check", UNKNOWN, f"{error}", hint))
    return found or [Finding(area, "check", UNKNOWN, "The check found nothing at all.")]
