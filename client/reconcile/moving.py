"""What is still on its way into the stores: as long as that is anything, a row that is missing may only be late."""

from __future__ import annotations

from botocore.exceptions import BotoCoreError
from botocore.exceptions import ClientError as AwsError

from client.aws import Stage
from client.doctor import backlog, delivery
from client.doctor.finding import OK
from client.errors import ClientError
from client.verify.deployed import Deployed


def moving(stage: Stage) -> list[str]:
    """One line for each consumer, and for the merges, for which something waits and which is not late with it."""
    deployed = Deployed(stage)
    try:
        found = [*backlog.backlog(deployed), *delivery.deliveries(deployed)]
    except (AwsError, BotoCoreError, ClientError, ValueError):
        return []  # nothing is known to move
    return [f"{one.name}: {one.text.rstrip('.')}" for one in found if one.waiting and one.state == OK]
