"""How a process ends: the first Ctrl-C or SIGTERM stops gracefully, a second one at once, with the same result."""

import os
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType

from cloudhub.generations.engine import Engine


class StopSignals:
    """Waits for SIGINT or SIGTERM in the main thread and counts them."""

    def __init__(self) -> None:
        self._first = threading.Event()
        self._second = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._note)

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self._first.is_set():
            self._second.set()
        self._first.set()

    def wait(self) -> None:
        """Return at the first signal."""
        while not self._first.wait(1.0):
            pass

    def stop_engine(
        self, engine: Engine, grace: float, say: Callable[[str], object], last: Callable[[], object] = lambda: None
    ) -> None:
        """Stop the engine, do `last` and end the process; a second signal cuts the grace short.

        Threads in a vendor call cannot be interrupted, so the process leaves them: what they sent stays `sent`
        with its lease ended, for the next start.
        """
        if engine.in_flight:
            say(f"Stopping: {engine.in_flight} calls under way get up to {grace:g} seconds. Ctrl-C again ends at once.")
        done = threading.Event()

        def stop() -> None:
            engine.stop(grace)
            last()
            done.set()

        threading.Thread(target=stop, name="stop", daemon=True).start()
        while not done.wait(0.1):
            if self._second.is_set():
                engine.abandon()
                break
        left = engine.in_flight
        say(f"Stopped; {left} calls stay sent and are settled at the next start." if left else "Stopped.")
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)
