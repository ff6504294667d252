"""How long to wait before trying again."""

FIRST_SECONDS = 0.1
MOST_SECONDS = 10.0


def backoff(times: int, most: float = MOST_SECONDS) -> float:
    """Seconds to wait after this many consecutive failures: doubles up to a limit."""
    return min(most, FIRST_SECONDS * 2.0 ** min(times - 1, 20))
