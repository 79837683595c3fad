"""This process's threads for vendor calls: started by a waiting door or by the runner's loop, stopped gracefully."""

import heapq
import logging
import threading
import time
from collections.abc import Callable
from uuid import UUID

from django.conf import settings

from cloudhub.core.database import release_connection
from cloudhub.core.errors import HubError, Unavailable
from cloudhub.generations import wake
from cloudhub.generations.claim import claim_generation, open_steps
from cloudhub.generations.models import Generation
from cloudhub.generations.perform import perform_attempt, perform_to_end, resume_attempt
from cloudhub.generations.right_to_send import Later
from cloudhub.generations.sweep import end_lease, put_right, sweep, unclaim
from cloudhub.generations.worker import Lease

logger = logging.getLogger(__name__)
LOOK_EVERY = 1.0
SWEEP_EVERY = 10.0
CHORES_EVERY = 60.0
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
Step = Callable[[UUID, threading.Event], Later | None]
Chore = Callable[[threading.Event], object]


class Engine:
    """Performs attempts in threads of its own, at most `seats` at a time; the others wait unsent. What waits for its
    lane's turn has no thread and no seat.

    After `begin` a loop claims queued generations and sweeps; without it only what doors start is done. Beside the loop
    the runner does `chores`, by name: slow work that nobody waits for, such as asking vendors whether a key still
    works. Apps put them there when they are ready.
    """

    def __init__(self, seats: int) -> None:
        self.stopping = threading.Event()
        self._ended = threading.Event()
        self._seats = threading.BoundedSemaphore(seats)
        self._busy: set[UUID] = set()
        self._later: list[tuple[float, UUID]] = []
        self._alarm = threading.Event()
        self._clock: threading.Thread | None = None
        self._lock = threading.Lock()
        self._lease: Lease | None = None
        self._loop: threading.Thread | None = None
        self.chores: dict[str, Chore] = {}
        self._chores: threading.Thread | None = None

    @property
    def worker_id(self) -> UUID:
        """This process's worker, made at the first need (after any fork)."""
        with self._lock:
            if self._lease is None:
                lease = Lease("runner" if self._loop else "web")
                lease.begin()
                self._lease = lease
            return self._lease.worker_id

    @property
    def in_flight(self) -> int:
        with self._lock:
            return len(self._busy)

    def begin(self) -> None:
        """Start taking queued work; sweeps at once, so that a restart recovers what the last process left."""
        self._loop = threading.Thread(target=self._run, name="runner", daemon=True)
        self._loop.start()
        self._chores = threading.Thread(target=self._run_chores, name="chores", daemon=True)
        self._chores.start()

    def start_generation(self, generation_id: UUID) -> None:
        """Go on with every attempt of a generation that belongs to this worker, each in a thread."""
        for attempt_id, is_sent in open_steps(generation_id):
            self._spawn(attempt_id, resume_attempt if is_sent else perform_attempt)

    def await_generation(self, generation_id: UUID, seconds: float) -> Generation:
        """Wait, without a database connection, until the generation is finished or the time is over.

        While the hub stops the waiting goes on: a picture that comes within the grace still reaches its caller.
        """
        last = time.monotonic() + seconds
        while True:
            generation = Generation.objects.get(id=generation_id)
            left = last - time.monotonic()
            if generation.is_finished or left <= 0 or self._ended.is_set():
                return generation
            self.pause(left)

    def pause(self, seconds: float) -> bool:
        """Sleep without a database connection until something of this process may have changed, at most `seconds`
        and never long. False once the hub has stopped: whoever waits should give up."""
        release_connection()
        if not self._ended.is_set():
            wake.await_end(min(seconds, LOOK_EVERY))
        return not self._ended.is_set()

    def run_once(self) -> int:
        """Sweep and perform everything that is queued, in this thread; returns how many generations were done."""
        taken = sweep(self.worker_id)
        done = 0
        while generation_id := taken.pop() if taken else claim_generation(self.worker_id):
            for attempt_id, is_sent in open_steps(generation_id):
                (resume_attempt if is_sent else perform_to_end)(attempt_id, self.stopping)
            done += 1
        return done

    def stop(self, grace: float) -> bool:
        """No new work; what was never sent goes back; what was sent gets `grace` seconds. True when all has ended."""
        self.stopping.set()
        self._alarm.set()
        wake.new_work.set()
        wake.announce_end()
        if self._lease is None:
            return True
        unclaim(self._lease.worker_id)
        last = time.monotonic() + grace
        while self.in_flight and time.monotonic() < last:
            wake.await_end(0.1)
        unclaim(self._lease.worker_id)
        self._lease.end()
        self._end_waiting()
        return not self.in_flight

    def abandon(self) -> None:
        """End at once: what was sent is left to the next start."""
        self.stopping.set()
        if self._lease is not None:
            unclaim(self._lease.worker_id)
            end_lease(self._lease.worker_id)
        self._end_waiting()

    def _end_waiting(self) -> None:
        self._ended.set()
        wake.announce_end()

    def _run(self) -> None:
        swept = -SWEEP_EVERY
        while not self.stopping.is_set():
            wake.new_work.clear()
            try:
                if time.monotonic() - swept >= SWEEP_EVERY:
                    swept = time.monotonic()
                    self._sweep()
                self._claim_while_free()
            except HubError:
                logger.warning("The database cannot be reached just now; the runner goes on trying.")
            except Exception:
                logger.exception("The runner's loop met an error and goes on.")
            release_connection()
            wake.new_work.wait(LOOK_EVERY)

    def _run_chores(self) -> None:
        while not self.stopping.wait(CHORES_EVERY):
            for name, chore in self.chores.items():
                try:
                    chore(self.stopping)
                except Exception:
                    logger.exception("The chore %s failed; it is tried again.", name)
                release_connection()

    def _claim_while_free(self) -> None:
        while not self.stopping.is_set() and self._lease_allows() and self._has_seat():
            generation_id = claim_generation(self.worker_id)
            if generation_id is None:
                return
            self.start_generation(generation_id)

    def _lease_allows(self) -> bool:
        return self.worker_id is not None and self._lease is not None and self._lease.may_claim

    def _has_seat(self) -> bool:
        free = self._seats.acquire(blocking=False)
        if free:
            self._seats.release()
        return free

    def _sweep(self) -> None:
        for generation_id in sweep(self.worker_id):
            self.start_generation(generation_id)

    def _spawn(self, attempt_id: UUID, step: Step) -> None:
        with self._lock:
            if attempt_id in self._busy:
                return
            self._busy.add(attempt_id)
        threading.Thread(target=self._guard, args=(attempt_id, step), name=f"call-{attempt_id}", daemon=True).start()

    def _guard(self, attempt_id: UUID, step: Step) -> None:
        """The one place that catches everything: an unexpected failure is logged and never guessed about."""
        later = None
        try:
            with self._seats:
                later = step(attempt_id, self.stopping)
        except Exception:
            logger.exception("Attempt %s ended unexpectedly and is put right.", attempt_id)
            self._put_right(attempt_id)
        finally:
            release_connection()
            with self._lock:
                self._busy.discard(attempt_id)
            if later is not None:
                self._go_on_later(later)
            wake.announce_end()
            wake.new_work.set()

    def _go_on_later(self, later: Later) -> None:
        with self._lock:
            heapq.heappush(self._later, (time.monotonic() + later.seconds, later.attempt_id))
            if self._clock is None or not self._clock.is_alive():
                self._clock = threading.Thread(target=self._run_clock, name="turns", daemon=True)
                self._clock.start()
        self._alarm.set()

    def _run_clock(self) -> None:
        """Go on with each attempt that waits when it is due."""
        while not self.stopping.is_set():
            with self._lock:
                now = time.monotonic()
                due = []
                while self._later and self._later[0][0] <= now:
                    due.append(heapq.heappop(self._later)[1])
                left = self._later[0][0] - now if self._later else LOOK_EVERY
            for attempt_id in due:
                self._spawn(attempt_id, perform_attempt)
            if not due:
                self._alarm.wait(left)
                self._alarm.clear()

    def _put_right(self, attempt_id: UUID) -> None:
        """What a sweep would do, repeated with growing pauses: what the vendor did must get into the ledger."""
        pause = FIRST_PAUSE
        while not self.stopping.wait(pause):
            try:
                put_right(attempt_id, self.stopping, give_up=pause >= LONGEST_PAUSE)
            except Exception:
                logger.exception("Attempt %s could not be put right yet.", attempt_id)
                pause = min(pause * 2, LONGEST_PAUSE)
                release_connection()
            else:
                return


engine = Engine(settings.CALL_THREADS)
_waiting = threading.BoundedSemaphore(settings.WAITING_REQUESTS)


class WaitingPlace:
    """A place among the requests that may wait for a picture, capped below the server's threads so that pages always
    answer. Raises `Unavailable` at once, before anything is held, when all are taken."""

    def __enter__(self) -> None:
        if engine.stopping.is_set():
            raise Unavailable("The hub is stopping; nothing was held. Try again in a moment.", retry_after=10)
        if not _waiting.acquire(blocking=False):
            raise Unavailable("Too many requests are waiting for pictures; nothing was held. Try again in a moment.")

    def __exit__(self, *_: object) -> None:
        _waiting.release()
