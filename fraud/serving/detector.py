"""One batch through fraud detection: states and risks are read, the batch scored, alerts stored, then the profiles.

The order is what makes retries harmless. Killed before the profiles are written, the batch is retried, meets the same
profiles and makes the same alerts, which the table has already. A card whose alerts are not stored keeps its profile.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from fraud.model import Model
from fraud.scoring import Applied
from fraud.serving.alerts import Alerts
from fraud.serving.damage import Damage
from fraud.serving.damaged import Damaged
from fraud.serving.drift import DriftCounts
from fraud.serving.profiles import Profiles
from fraud.serving.risks import Around, Risks
from fraud.stream import Detection, detect
from shared.retry import Budget
from shared.sinks.consumer import Line, Position


class Detected(NamedTuple):
    """The result of a batch, in transactions, and the positions to start again from."""

    scored: int
    skipped: int  # were scored by an earlier attempt
    retried: int
    late: int
    early: int
    reset: int  # profiles reset
    alerts: int  # new ones
    uncounted: int  # not in the counts for the drift: their table was unavailable
    damaged: int  # profiles and risks set aside, which begin again
    failed: list[Position]

    def findings(self) -> dict[str, int]:
        """Give what is counted besides the ledger, by name."""
        return {name: getattr(self, name) for name in ("alerts", "late", "early", "reset", "uncounted", "damaged")}

    @property
    def restarts(self) -> bool:
        """Whether a card starts over."""
        return bool(self.reset or self.damaged)


class Detector:
    """Fraud detection on the stores of a stage."""

    def __init__(
        self,
        model: Model,
        shadow: Model | None,
        profiles: Profiles,
        alerts: Alerts,
        drift: DriftCounts,
        damage: Damage,
        risks: Risks,
    ) -> None:
        self._model, self._shadow, self._profiles, self._alerts = model, shadow, profiles, alerts
        self._drift, self._damage, self._risks = drift, damage, risks

    def run(self, lines: Sequence[Line], budget: Budget, redriven: bool = False) -> Detected:
        """Detect; a card fails from its first line not in its profile. Raises ClientError if retries are useless."""
        read = self._profiles.read(dict.fromkeys(line.transaction.card_id for line in lines), budget)
        around = self._risks.read(dict.fromkeys(line.transaction.merchant_id for line in lines), budget)
        unread = read.unread | self._not_set_aside(read.damaged, lines)
        # A card waits as a whole: its state says up to which line it was scored.
        waiting, kept = self._keep_risks(around, lines)
        unread |= {one.transaction.card_id for one in lines if one.transaction.merchant_id in waiting}
        known = [line for line in lines if line.transaction.card_id not in unread]
        found = detect(self._model, read.states, known, self._shadow, redriven, around.surroundings)
        published = self._alerts.publish(found.flagged, budget)
        ready = [state for state in found.states if state.card_id not in published.failed]
        written = self._profiles.write(ready, budget, read.damaged)
        failed = published.failed | written.failed
        done = [one for card_id, one in found.scored if card_id not in failed]  # the others are retried
        counted = not done or self._drift.add(self._model, done, lines[0].position)
        positions = [line.position for line in lines if line.transaction.card_id in unread]
        positions += [found.first_new[card_id].position for card_id in failed]
        retried = read.retried + around.retried + published.retried + written.retried
        detected = _detected(found, failed, positions, published.new, retried, 0 if counted else len(done))
        return detected._replace(damaged=len(read.damaged.keys() - unread) + kept)

    def _keep_risks(self, around: Around, lines: Sequence[Line]) -> tuple[set[str], int]:
        """Set damaged risks aside; give the merchants that wait for another attempt, and how many are kept for now."""
        if not around.damaged:
            return around.unread, 0
        kept = self._damage.keep_risks(around.damaged, lines[0].position)
        return (around.unread, kept) if kept is not None else ({line.transaction.merchant_id for line in lines}, 0)

    def _not_set_aside(self, damaged: Mapping[str, Damaged], lines: Sequence[Line]) -> set[str]:
        """Set damaged items aside; give their cards if that cannot be done now."""
        if not damaged:
            return set()
        first: dict[str, Position] = {}
        for line in lines:
            first.setdefault(line.transaction.card_id, line.position)
        return set() if self._damage.set_aside(damaged, first) else set(damaged)


def _detected(
    found: Detection, failed: set[str], positions: list[Position], new: int, retried: int, uncounted: int
) -> Detected:
    scored = sum(state.scored - state.scored_before for state in found.states if state.card_id not in failed)
    return Detected(
        scored=scored,
        skipped=found.skipped,
        retried=retried,
        late=found.counts[Applied.LATE],
        early=found.counts[Applied.EARLY],
        reset=found.reset,
        alerts=new,
        uncounted=uncounted,
        damaged=0,
        failed=positions,
    )
