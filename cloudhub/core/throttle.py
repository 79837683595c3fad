"""How often something may be done: counted in the cache that all processes share (CACHE_URL), else in this process."""

import time
from math import ceil

from django.core.cache import cache

# A count is kept for each of so many slots. More of them would give a steady caller more of the limit than 12 of 13.
SLOTS = 12


def take(subject: str, limit: int, seconds: int) -> int:
    """Count one more of `subject` when fewer than `limit` were counted in the last `seconds`; then 0.

    Otherwise nothing is counted, and the whole seconds until it is worth asking again come back. Never more than
    `limit` pass within any `seconds`: the slot in which they begin counts whole, so who is refused waits up to a slot
    (a twelfth of `seconds`) longer than need be.
    """
    now = time.time()
    slot = int(now * SLOTS // seconds)
    # One slot ahead: a rival who read the clock after the next slot's beginning may have counted first.
    names = {number: f"throttle:{subject}:{seconds}:{number}" for number in range(slot - SLOTS, slot + 2)}
    if sum(_counts(names).values()) < limit:
        # Counting first and looking then: of rivals at the last place only one may have it.
        cache.add(names[slot], 0, timeout=2 * seconds + 1)
        own = cache.incr(names[slot])
        others = sum(count for number, count in _counts(names).items() if number != slot)
        if own + others <= limit:
            return 0
        cache.decr(names[slot])
    return max(1, ceil(_free_from(_counts(names), slot, limit) * seconds / SLOTS - now))


def _counts(names: dict[int, str]) -> dict[int, int]:
    found = cache.get_many(names.values())
    return {number: found[name] for number, name in names.items() if name in found}


def _free_from(counts: dict[int, int], slot: int, limit: int) -> int:
    """The slot in which so many of those counted are out of sight that one more may pass."""
    left = sum(counts.values())
    for number, count in counts.items():
        left -= count
        if left < limit:
            return number + SLOTS + 1
    return slot + SLOTS + 1
