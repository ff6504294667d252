"""rotate-card-key: adds a card key, asked by an operator (`swipeline rotate-card-key`) or by Secrets Manager."""

from __future__ import annotations

from functools import cache
from typing import Any

from functions.rotate_card_key.rotation import Rotation
from shared import config
from shared.aws import client
from shared.telemetry import logger, metrics, observed


@cache
def secret() -> tuple[Any, str]:
    """Give the client and the secret's ARN, built once per container."""
    settings = config.read(config.Rotate)
    return client("secretsmanager", read_timeout=5, attempts=3), settings.card_key_secret_arn


@observed
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Do one step of Secrets Manager's rotation (``Step``, ``ClientRequestToken``), or all of them for an operator.

    The operator's event: ``token`` (a repeat with the same one changes nothing), ``from`` (event time) and ``early``.
    Raises RotationError, which says why nothing was changed. Only the function's own secret is ever touched.
    """
    secrets_manager, arn = secret()
    step = event.get("Step")
    if step is None:
        rotation = Rotation(secrets_manager, arn, event.get("token") or context.aws_request_id)
        done = rotation.run(event.get("from"), early=event.get("early") is True)
    else:
        rotation = Rotation(secrets_manager, arn, event["ClientRequestToken"])
        if step == "createSecret":
            rotation.create()
        elif step == "testSecret":
            rotation.test()
        if step != "finishSecret":
            return {}
        done = rotation.finish()
    metrics.add_metric(name="Rotated", unit="Count", value=1)
    logger.info("card key rotated", extra=done._asdict())
    return done._asdict()
