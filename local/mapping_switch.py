"""Lets an event source mapping be switched off in the embedded AWS, as by UpdateEventSourceMapping Enabled=False.

There every mapping of Kinesis is Disabled for MiniStack's own poller, and local/event_sources drives it. So what a
person means by a call that only disables a mapping that is disabled already is kept in StateTransitionReason, which
local/event_sources obeys. Enabling it takes the mark off. A call that changes other settings leaves it.
"""

from __future__ import annotations

from typing import Any

SWITCHED_OFF = "User initiated: switched off"
_SWITCH = {"Enabled", "UUID"}


def install(lambda_svc: Any) -> None:
    """Put the switch into MiniStack's module `lambda_svc`."""
    update = lambda_svc._update_esm

    def switched(esm_id: str, data: dict[str, Any]) -> Any:
        mapping = lambda_svc._esms.get(esm_id)
        if mapping is not None and data.get("Enabled"):
            mapping.pop("StateTransitionReason", None)
        elif mapping is not None and set(data) <= _SWITCH and "Enabled" in data and mapping.get("State") == "Disabled":
            mapping["StateTransitionReason"] = SWITCHED_OFF
        return update(esm_id, data)

    lambda_svc._update_esm = switched


def is_switched_off(mapping: dict[str, Any]) -> bool:
    """Whether somebody switched a mapping of ListEventSourceMappings off."""
    return mapping.get("StateTransitionReason") == SWITCHED_OFF
