"""The transactions by which a loaded model is checked: one invented card, quiet days, then two bad nights."""

from __future__ import annotations

from fraud.event import CATEGORIES

# (month and day, time, category, amount): small change, a usual week, a burst, a repeat of an id, a late one.
_BURST = (
    ("03-11", "22:14:07", "shopping_net", "1012.40"),
    ("03-11", "22:51:30", "misc_net", "803.11"),
    ("03-11", "23:05:59", "grocery_pos", "318.77"),
    ("03-11", "23:58:01", "gas_transport", "9.95"),
    ("03-12", "00:20:00", "shopping_pos", "915.00"),
    ("03-12", "01:45:12", "entertainment", "512.30"),
    ("03-12", "13:10:00", "grocery_pos", "95.20"),
    ("03-12", "22:30:44", "travel", "8.80"),
    ("03-12", "23:40:00", "a category of the future", "77.00"),
    ("03-11", "23:30:00", "home", "260.00"),
    ("03-15", "09:00:00", "grocery_net", "48.60"),
)
_HOLDER = ("F", "1979-05-23")


def fixture() -> list[list[str]]:
    """The transactions, each as ``fraud.model.FIXTURE_FIELDS``."""
    quiet = [
        (
            f"{2 + i // 20:02d}-{1 + i % 20:02d}",
            f"{(7 + 5 * i) % 24:02d}:{(13 * i) % 60:02d}:00",
            category,
            f"{3 + 11 * i % 160}.25",
        )
        for i, category in enumerate(CATEGORIES * 2)
    ]
    return [
        [f"fixture-{i}", f"2023-{day}T{time}.000Z", category, amount, *_HOLDER]
        for i, (day, time, category, amount) in enumerate((*quiet, *_BURST))
    ]
