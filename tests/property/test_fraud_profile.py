"""For any purchases: the order of arrival, repeats, retries and cuts of batches change neither profiles nor scores."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from fraud.event import CATEGORIES, DAY, Event, event_of
from fraud.features import features
from fraud.profile import MAX_BYTES, MAX_RECENT, Added, Profile, ProfileError, rebuild
from fraud.scoring import score_batch
from shared.transaction.schema import Transaction
from tests.unit.fraud.made import TABLES, model, purchase

MODEL = model()
START = datetime(2024, 1, 1, tzinfo=UTC)


@st.composite
def purchases(draw: st.DrawFn, cards: int = 1, most: int = 40) -> list[Transaction]:
    """Purchases in order of time, some in the same second, some days apart."""
    steps = st.one_of(st.integers(0, 3), st.integers(0, 20_000), st.integers(0, 5 * DAY))
    at, made = START, []
    for number, step in enumerate(draw(st.lists(steps, max_size=most))):
        at += timedelta(seconds=step)
        made.append(
            purchase(
                at.strftime("%Y-%m-%d %H:%M:%S"),
                f"{draw(st.integers(0, 500_000)) / 100:.2f}",
                transaction_id=str(number),
                card_id=str(draw(st.integers(1, cards))),
                category=draw(st.sampled_from([*CATEGORIES, "new"])),
            )
        )
    return made


def profile_of(events: list[Event]) -> Profile:
    profile = Profile()
    for event in events:
        profile.add(event)
    return profile


@given(purchases(), st.randoms(use_true_random=False))
def test_arrival_out_of_order_within_a_day_gives_the_same_profile(
    made: list[Transaction], chance: random.Random
) -> None:
    events = [event_of(transaction) for transaction in made]
    late = sorted(events, key=lambda event: event.at + chance.uniform(0, DAY))
    assert profile_of(late).pack() == profile_of(events).pack()


@given(purchases(), st.data())
def test_a_purchase_up_to_a_day_late_gets_the_features_it_would_have_had_in_order(
    made: list[Transaction], data: Any
) -> None:
    events = [event_of(transaction) for transaction in made]
    if not events:
        return
    one = data.draw(st.integers(0, len(events) - 1))
    newest = events[one].at + DAY
    after = [event for event in events[one + 1 :] if event.at <= newest]
    in_order = features(profile_of(events[:one]), events[one], TABLES)
    assert features(profile_of([*events[:one], *after]), events[one], TABLES) == in_order


@given(purchases(), st.data())
def test_adding_any_of_its_purchases_again_changes_nothing(made: list[Transaction], data: Any) -> None:
    events = [event_of(transaction) for transaction in made]
    profile = profile_of(events)
    before = profile.pack()
    for event in data.draw(st.permutations(events)):
        assert profile.add(event) is not Added.NEW
    assert profile.pack() == before


@given(purchases())
def test_a_profile_rebuilt_from_its_purchases_is_the_same(made: list[Transaction]) -> None:
    events = [event_of(transaction) for transaction in made]
    assert rebuild(reversed(events)).pack() == profile_of(events).pack()


@given(purchases(most=200))
@settings(max_examples=30)
def test_packed_profiles_are_small_and_come_back_as_they_were(made: list[Transaction]) -> None:
    profile = profile_of([event_of(transaction) for transaction in made])
    data = profile.pack()
    assert len(data) <= MAX_BYTES
    assert len(profile.recent) <= MAX_RECENT
    again = Profile.unpack(data)
    assert [getattr(again, name) for name in Profile.__slots__] == [
        getattr(profile, name) for name in Profile.__slots__
    ]


@given(st.binary(max_size=200))
def test_any_bytes_are_a_profile_or_a_defined_error(data: bytes) -> None:
    try:
        profile = Profile.unpack(data)
    except ProfileError:
        return
    features(profile, event_of(purchase()), TABLES)


@given(purchases(cards=3), st.data())
def test_cuts_retries_and_packing_between_batches_change_no_score(made: list[Transaction], data: Any) -> None:
    together: dict[str, Profile] = {}
    expected = [result.score for result in score_batch(MODEL, together, made)]
    apart: dict[str, bytes] = {}
    scores: list[float] = []
    while len(scores) < len(made):
        batch = made[len(scores) : len(scores) + data.draw(st.integers(1, 10))]
        for _attempt in range(data.draw(st.integers(1, 2))):
            profiles = {card: Profile.unpack(packed) for card, packed in apart.items()}
            results = score_batch(MODEL, profiles, batch)
        apart = {card: profile.pack() for card, profile in profiles.items()}
        scores += [result.score for result in results]
    assert scores == expected
    assert apart == {card: profile.pack() for card, profile in together.items()}
