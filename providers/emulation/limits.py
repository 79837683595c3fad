"""Rate limits of emulated vendors: so many calls in so many seconds, beyond them the vendor's usual 429."""

import threading
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

MOST_REQUESTS = 1_000_000
LONGEST_SECONDS = 86_400


class BadLimit(ValueError):
    """A posted limit that cannot be read; `fields` names what is wrong."""

    def __init__(self, fields: dict[str, str]) -> None:
        self.fields = fields
        super().__init__(" ".join(f"{name}: {sentence}" for name, sentence in self.fields.items()))


@dataclass
class _Limit:
    requests: int
    seconds: float
    taken: deque[float] = field(default_factory=deque)
    refused: int = 0

    def passes(self, now: float) -> bool:
        while self.taken and self.taken[0] <= now - self.seconds:
            self.taken.popleft()
        if len(self.taken) >= self.requests:
            self.refused += 1
            return False
        self.taken.append(now)
        return True


class RateLimits:
    """A limit a vendor, over a rolling window that begins with each call's arrival. Safe for many threads."""

    def __init__(self) -> None:
        self._limits: dict[str, _Limit] = {}
        self._lock = threading.Lock()

    def post(self, wish: object, vendors: tuple[str, ...]) -> dict[str, Any]:
        """Set a vendor's limit, {"vendor", "requests", "seconds"}. Raises `BadLimit`."""
        given = wish if isinstance(wish, dict) else {}
        problems = {}
        if given.get("vendor") not in vendors:
            problems["vendor"] = f"Must be one of {', '.join(vendors)}."
        for name, most in (("requests", MOST_REQUESTS), ("seconds", LONGEST_SECONDS)):
            value = given.get(name)
            if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
                problems[name] = f"Must be a whole number from 1 to {most}."
        if problems:
            raise BadLimit(problems)
        with self._lock:
            self._limits[given["vendor"]] = _Limit(given["requests"], given["seconds"])
        return self.as_json()

    def passes(self, vendor: str) -> bool:
        """Whether the vendor takes one more call that its limit counts now; if so it counts."""
        with self._lock:
            limit = self._limits.get(vendor)
            return limit is None or limit.passes(time.monotonic())

    def clear(self) -> None:
        with self._lock:
            self._limits.clear()

    def as_json(self) -> dict[str, Any]:
        """Each vendor's limit, and how many calls it refused."""
        with self._lock:
            rows = [
                {"vendor": vendor, "requests": limit.requests, "seconds": limit.seconds, "refused": limit.refused}
                for vendor, limit in self._limits.items()
            ]
        return {"limits": rows}
