"""A card's profile: adding, lateness, repeats, packing."""

from __future__ import annotations

import pytest

from fraud.event import OTHER
from fraud.profile import (
    MAX_BYTES,
    MAX_RECENT,
    PROFILE_VERSION,
    Added,
    Profile,
    ProfileError,
    ProfileVersionError,
    rebuild,
)
from tests.unit.fraud.made import event


def of(*times: str) -> Profile:
    profile = Profile()
    for time in times:
        profile.add(event(time))
    return profile


def test_purchases_of_three_days_are_kept_and_older_ones_become_habits() -> None:
    profile = of("2024-05-07 09:00:00", "2024-05-08 09:00:00", "2024-05-09 23:59:59", "2024-05-10 00:00:00")
    assert len(profile.recent) == 3
    assert list(profile.habits.values()) == [[1, 0, 7824]]  # thousandths of log 2500 cents
    assert (profile.before_noon, profile.after_noon) == (1, 0)


def test_a_repeat_changes_nothing() -> None:
    profile = of("2024-05-10 09:00:00")
    before = profile.pack()
    assert profile.add(event("2024-05-10 09:00:00")) is Added.REPEAT
    assert profile.pack() == before


def test_two_purchases_in_the_same_second_are_two() -> None:
    profile = of("2024-05-10 09:00:00")
    assert profile.add(event("2024-05-10 09:00:00", transaction_id="another")) is Added.NEW
    assert len(profile.recent) == 2


def test_a_purchase_of_yesterday_is_put_in_its_place() -> None:
    late = of("2024-05-10 09:00:00", "2024-05-09 22:00:00")
    assert late.pack() == of("2024-05-09 22:00:00", "2024-05-10 09:00:00").pack()


def test_a_purchase_from_before_yesterday_is_late_and_changes_nothing() -> None:
    profile = of("2024-05-10 09:00:00")
    before = profile.pack()
    assert profile.add(event("2024-05-08 23:59:59")) is Added.LATE
    assert profile.pack() == before


def test_a_repeat_of_what_has_become_a_habit_is_late() -> None:
    profile = of("2024-05-01 09:00:00", "2024-05-10 09:00:00")
    before = profile.pack()
    assert profile.add(event("2024-05-01 09:00:00")) is Added.LATE
    assert profile.pack() == before


def test_an_overfull_profile_lets_go_of_the_oldest_and_of_its_repeats() -> None:
    profile = Profile()
    times = [f"2024-05-10 {i // 60:02d}:{i % 60:02d}:00" for i in range(MAX_RECENT + 4)]
    for time in times:
        profile.add(event(time))
    assert len(profile.recent) == MAX_RECENT
    assert profile.before_noon == 4
    before = profile.pack()
    assert [profile.add(event(time)) for time in times[:4]] == [Added.LATE] * 4
    assert profile.add(event(times[4])) is Added.REPEAT
    assert profile.pack() == before


def test_more_purchases_in_one_second_than_a_profile_holds_do_not_break_it() -> None:
    profile = Profile()
    for i in range(MAX_RECENT + 1):
        profile.add(event(transaction_id=str(i)))
    assert profile.recent == []
    assert profile.add(event(transaction_id="one more")) is Added.LATE
    assert profile.add(event("2024-05-10 12:00:01")) is Added.NEW


def test_counts_stay_within_16_bits_and_keep_their_proportion() -> None:
    profile = Profile()
    profile.habits[3] = [45_000, 15_000, 60_000 * 7_000]
    profile.recent = [event(category="grocery_net")[:4]]
    profile.add(event("2024-06-10 12:00:00"))
    assert profile.habits[3] == [22_500, 7_500, (60_000 * 7_000 + 7_824) // 2]
    assert Profile.unpack(profile.pack()).habits == profile.habits


def test_packing_and_unpacking_give_the_same_profile() -> None:
    profile = of("2024-05-01 09:00:00", "2024-05-01 15:00:00", "2024-05-10 09:00:00", "2024-05-09 22:00:00")
    again = Profile.unpack(profile.pack())
    assert again.pack() == profile.pack()
    assert (again.before_noon, again.after_noon) == (1, 1)


def test_the_fullest_profile_fits() -> None:
    profile = Profile()
    profile.habits = {category: [60_000, 0, 2**31 - 1] for category in range(OTHER + 1)}
    for i in range(MAX_RECENT):
        profile.add(event(f"2024-05-10 12:{i // 60:02d}:{i % 60:02d}"))
    assert len(profile.pack()) <= MAX_BYTES


def test_a_usual_card_takes_a_few_hundred_bytes() -> None:
    profile = Profile()
    for day in range(1, 29):
        for hour, category in ((9, "home"), (13, "travel"), (20, "grocery_pos")):
            profile.add(event(f"2024-05-{day:02d} {hour:02d}:00:00", category=category))
    assert len(profile.pack()) < 250


def test_a_profile_from_before_the_days_were_kept_is_read_and_fills_within_a_week() -> None:
    profile = Profile()
    for day in range(1, 29):
        profile.add(event(f"2024-05-{day:02d} 09:00:00"))
    old = bytes([PROFILE_VERSION - 1]) + profile.pack()[1 : -8 * len(profile.days)]
    read = Profile.unpack(old)
    assert (read.recent, read.habits, read.days) == (profile.recent, profile.habits, {})
    assert Profile.unpack(read.pack()).habits == profile.habits


def test_bytes_of_another_version_are_distinguished() -> None:
    data = bytes([PROFILE_VERSION + 1]) + of("2024-05-10 09:00:00").pack()[1:]
    with pytest.raises(ProfileVersionError, match=f"version {PROFILE_VERSION + 1}, expected {PROFILE_VERSION}"):
        Profile.unpack(data)


@pytest.mark.parametrize("damage", [lambda d: b"", lambda d: d[:3], lambda d: d[:-1], lambda d: d + b"\0"])
def test_damaged_bytes_are_refused(damage: object) -> None:
    data = damage(of("2024-05-01 09:00:00", "2024-05-10 09:00:00").pack())  # type: ignore[operator]
    with pytest.raises(ProfileError):
        Profile.unpack(data)


def test_a_cell_or_category_that_does_not_exist_is_refused() -> None:
    profile = of("2024-05-10 09:00:00")
    profile.habits[OTHER + 1] = [1, 0, 0]
    with pytest.raises(ProfileError, match="category"):
        Profile.unpack(profile.pack())
    profile = of("2024-05-10 09:00:00")
    profile.recent.append((2**32 - 1, 0, 0, 65_535))
    with pytest.raises(ProfileError, match="cell"):
        Profile.unpack(profile.pack())


def test_a_profile_is_rebuilt_from_its_purchases_in_any_order() -> None:
    times = ["2024-05-01 09:00:00", "2024-05-09 22:00:00", "2024-05-10 09:00:00", "2024-05-10 09:30:00"]
    assert rebuild(event(time) for time in reversed(times)).pack() == of(*times).pack()
