"""How often something may be done: counted in the cache that all processes share (CACHE_URL), else in this process."""

import time

from django.core.cache import cache


def take(subject: str, limit: int, seconds: int) -> int:
    """Count one more of `subject` when fewer than `limit` were counted in the last `seconds`; then 0.

    Otherwise nothing is counted, and the whole seconds until it is worth asking again come back. The count of the
    window before weighs by the part of it that still lies within `seconds`, so that no burst fits around a border.
    """
    now = time.time()
    window = int(now // seconds)
    current, previous = (f"throttle:{subject}:{seconds}:{number}" for number in (window, window - 1))
    passed = now / seconds - window
    cache.add(current, 0, timeout=2 * seconds + 1)
    if cache.get(previous, 0) * (1 - passed) + cache.get(current, 0) >= limit:
        return max(1, round(seconds * (1 - passed)))
    # Counting first and looking then: of rivals at the last place only one may have it.
    return 0 if cache.incr(current) <= limit else max(1, round(seconds * (1 - passed)))
