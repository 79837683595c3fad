"""Many callers at once, in threads and in processes of their own, through the hub's real submit.

    python -m tests.billing.rivals EMAIL THREADS CALLS PICTURES

is one such process: it says "ready", begins at a line on its standard input and prints its outcomes as JSON.
"""

import json
import os
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import django
from django.conf import settings
from django.db import connection

Result = TypeVar("Result")
ROOT = Path(__file__).resolve().parents[2]


def at_once(works: Sequence[Callable[[], Result]]) -> list[Result]:
    """Run every piece of work in a thread of its own, all let go at the same moment; results in their order."""
    start = threading.Barrier(len(works))
    results: dict[int, Result] = {}
    failures: list[BaseException] = []

    def run(index: int, work: Callable[[], Result]) -> None:
        try:
            start.wait()
            results[index] = work()
        except BaseException as failure:  # noqa: BLE001 - raised again in the test's own thread
            failures.append(failure)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=item) for item in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return [results[index] for index in range(len(works))]


def outcome(work: Callable[[], object]) -> str:
    """How it ended, as the error's code; "passed" when there was none."""
    from cloudhub.core.errors import HubError  # noqa: PLC0415 - the script below imports this before Django is set up

    try:
        work()
    except HubError as error:
        return error.code
    return "passed"


@contextmanager
def rival_processes(count: int, *arguments: object) -> Iterator[list[subprocess.Popen[str]]]:
    """Processes on the test's own database, each ready to begin."""
    command = [sys.executable, "-m", "tests.billing.rivals", *map(str, arguments)]
    started = [
        subprocess.Popen(
            command, cwd=ROOT, env=_environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(count)
    ]
    try:
        for process in started:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        yield started
    finally:
        for process in started:
            process.kill()
            process.communicate()


def in_processes(count: int, *arguments: object) -> Counter[str]:
    """Outcomes of `count` processes with EMAIL, THREADS, CALLS and PICTURES each, all let go together."""
    outcomes: Counter[str] = Counter()
    with rival_processes(count, *arguments) as started:
        for process in started:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        for process in started:
            assert process.stdout is not None
            outcomes.update(json.loads(process.stdout.readline()))
    return outcomes


def _environment() -> dict[str, str]:
    place: dict[str, Any] = connection.settings_dict
    if connection.vendor == "sqlite":
        url = f"sqlite:///{place['NAME']}"
    else:
        url = "postgres://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format_map(place)
    return {**os.environ, "DJANGO_SETTINGS_MODULE": "cloudhub.settings", "CLOUDHUB_ENV_FILE": "", "DATABASE_URL": url,
            "SECRET_KEY": settings.SECRET_KEY, "CLOUDHUB_DATA_DIR": str(settings.DATA_DIR)}  # fmt: skip


def main(email: str, threads: int, calls: int, pictures: int) -> None:
    # Django must be set up before anything of the hub is imported.
    from cloudhub.accounts.actor import actor_of_user  # noqa: PLC0415
    from cloudhub.accounts.models import User  # noqa: PLC0415
    from tests.billing.stage import submit  # noqa: PLC0415

    actor = actor_of_user(User.objects.get(email=email))

    def call_and_call() -> list[str]:
        return [outcome(lambda: submit(actor, pictures=pictures)) for _ in range(calls)]

    print("ready", flush=True)
    sys.stdin.readline()
    outcomes = at_once([call_and_call] * threads)
    print(json.dumps(Counter(code for codes in outcomes for code in codes)), flush=True)


if __name__ == "__main__":
    django.setup()
    main(sys.argv[1], *map(int, sys.argv[2:]))
