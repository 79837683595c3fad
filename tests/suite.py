"""The whole suite as `python3 hub.py test` runs it: on SQLite with the browser, then again on PostgreSQL.

Runs in the project's environment, where the packages are. Without PostgreSQL or Chromium it fails: tests that
nobody notices to be missing are worth nothing.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests import canary  # noqa: E402 - the suite is started as a file, which finds its neighbours only now

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")
PLAYWRIGHT_CHROMIUM = ("chromium-*/chrome-linux*/chrome", "chromium-*/chrome-mac*/*.app/Contents/MacOS/*")
# Every worker has a database and a browser of its own: beyond this number they need more memory than they save time.
MOST_WORKERS = 8
NO_TESTS_RAN = 5  # pytest's exit code
# Memory as a disk: SQLite waits for the disk after every write, and the tests write a great deal.
MEMORY_DISK = Path("/dev/shm")  # noqa: S108 - only as the parent of a folder with a random name
# A whole run leaves less than a gigabyte of databases and pictures there.
ROOM_IN_MEMORY = 4 * 1024**3


class CannotTest(Exception):
    """Something that the tests need is missing; the text says what, and how to get it."""


@dataclass(frozen=True)
class Outcome:
    """What one run of pytest came to."""

    name: str
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    remark: str = ""

    @property
    def is_empty(self) -> bool:
        return not (self.passed or self.failed or self.skipped)

    def __str__(self) -> str:
        skipped = f", {self.skipped} skipped" if self.skipped else ""
        remark = f" ({self.remark})" if self.remark else ""
        return f"{self.name:<11} {self.passed} passed, {self.failed} failed{skipped}{remark}"


def chromium_candidates(environ: Mapping[str, str]) -> Iterator[str]:
    """The Chromium programs of this machine, best first."""
    for name in CHROMIUM_NAMES:
        path = shutil.which(name, path=environ.get("PATH", ""))
        if path:
            yield path
    home = Path(environ.get("HOME") or Path.home())
    caches = Path(environ.get("XDG_CACHE_HOME") or home / ".cache"), home / "Library" / "Caches"
    named = environ.get("PLAYWRIGHT_BROWSERS_PATH")
    for folder in [Path(named)] if named else [cache / "ms-playwright" for cache in caches]:
        for pattern in PLAYWRIGHT_CHROMIUM:
            yield from sorted(str(path) for path in folder.glob(pattern))


def starts(program: str) -> bool:
    """A Chromium can be there and lack its libraries, or be a stub that only names a package."""
    try:
        return subprocess.run([program, "--version"], capture_output=True, timeout=60).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def find_chromium(environ: Mapping[str, str]) -> str | None:
    """The Chromium that CHROMIUM names, else the first that starts."""
    named = environ.get("CHROMIUM")
    if not named:
        return next(filter(starts, chromium_candidates(environ)), None)
    path = shutil.which(named, path=environ.get("PATH", ""))
    if path is None or not starts(path):
        raise CannotTest(f"CHROMIUM is {named!r}, but no such program starts. Correct the variable or remove it.")
    return path


def chromium_installers(environ: Mapping[str, str]) -> Iterator[tuple[str, list[list[str]]]]:
    """The ways to get a Chromium on this machine, best first: their name and their commands."""
    if shutil.which("apt-get", path=environ.get("PATH", "")) and os.geteuid() == 0:
        install = ["apt-get", "install", "-y", "--no-install-recommends", "chromium"]
        yield "apt-get", [["apt-get", "update"], install]
    yield "Playwright", [[sys.executable, "-m", "playwright", "install", "chromium"]]


def chromium_for_tests(environ: Mapping[str, str]) -> str:
    """Find a Chromium, or install one."""
    found, words = find_chromium(environ), ""
    for name, commands in () if found else chromium_installers(environ):
        print(f"Installing Chromium for the browser tests with {name} …", flush=True)
        for command in commands:
            settings = {**environ, "DEBIAN_FRONTEND": "noninteractive"}
            ended = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env=settings,
                text=True,
                errors="replace",
            )
            words += ended.stdout
        found = find_chromium(environ)
        if found:
            break
    if not found:
        raise CannotTest(
            f"The browser tests need Chromium, and it could not be installed:\n{last_lines(words)}\n"
            "Install it yourself (Debian: apt install chromium; elsewhere: .venv/bin/python -m playwright install "
            "--with-deps chromium), or set CHROMIUM to the program that you have; then start again."
        )
    return found


def last_lines(text: str) -> str:
    return "\n".join("  " + line for line in text.strip().splitlines()[-15:])


@contextlib.contextmanager
def postgres_url() -> Iterator[str]:
    """The address of a PostgreSQL server that lives in a process of its own.

    That process ends with its standard input, so it also stops and cleans up when this one is killed.
    """
    command = [sys.executable, str(ROOT / "tests" / "servers.py"), "postgres"]
    server = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,  # Ctrl-C is for pytest; the server stops after it.
    )
    assert server.stdin is not None
    assert server.stdout is not None
    try:
        url = server.stdout.readline().strip()
        if not url:
            raise CannotTest("The PostgreSQL server for the tests did not start; the reason stands above.")
        yield url
    finally:
        server.stdin.close()
        server.wait()


def run_pytest(name: str, arguments: Sequence[str], environment: Mapping[str, str], folder: Path) -> Outcome:
    """Run pytest once, with data and report of its own in `folder`."""
    print(f"\n{name}", flush=True)
    report = folder / f"{name}.xml"
    data = folder / f"{name}-data"
    data.mkdir()
    # One more than there are cores: tests of processes, pauses and browsers wait for a quarter of their time.
    workers = min((os.cpu_count() or 1) + 1, MOST_WORKERS)
    command = [sys.executable, "-m", "pytest", "-n", str(workers), "--dist=worksteal", f"--junitxml={report}",
               f"--basetemp={folder / f'{name}-temporary'}", *arguments]  # fmt: skip
    own = {**canary.environment(folder), "CLOUDHUB_DATA_DIR": str(data)}
    pytest = subprocess.Popen(command, cwd=ROOT, env={**environment, **own})
    try:
        return outcome(name, pytest.wait(), report)
    except KeyboardInterrupt:
        # The terminal told pytest as well, which now ends its workers and their databases.
        with contextlib.suppress(subprocess.TimeoutExpired):
            pytest.wait(timeout=20)
        raise
    finally:
        if pytest.poll() is None:
            pytest.terminate()
            pytest.wait()


def outcome(name: str, exit_code: int, report: Path) -> Outcome:
    """Read pytest's report; a run that ended badly has at least one failure, whatever the report says."""
    counts = dict.fromkeys(("tests", "failures", "errors", "skipped"), 0)
    if report.exists():
        for suite in ElementTree.parse(report).iter("testsuite"):  # noqa: S314 (pytest's own report)
            counts = {key: count + int(suite.get(key, "0")) for key, count in counts.items()}
    failed = counts["failures"] + counts["errors"]
    passed = counts["tests"] - failed - counts["skipped"]
    if exit_code in (0, NO_TESTS_RAN) or failed:
        return Outcome(name, passed, failed, counts["skipped"], "" if counts["tests"] else "no tests")
    return Outcome(name, passed, 1, counts["skipped"], f"pytest ended with exit code {exit_code}")


def verdict(outcomes: Sequence[Outcome], some_selected: bool) -> tuple[str, bool]:
    """The closing lines, and whether all is well: a selection may be empty in one run, a whole suite may not."""
    if not some_selected or all(result.is_empty for result in outcomes):
        outcomes = [
            Outcome(result.name, failed=1, remark="no tests") if result.is_empty else result for result in outcomes
        ]
    passed, failed = sum(result.passed for result in outcomes), sum(result.failed for result in outcomes)
    return "\n".join([*map(str, outcomes), f"{passed} passed, {failed} failed"]), not failed


def quick_disk() -> str | None:
    """The parent of the tests' folder: memory where there is room for it and programs may start, else the usual."""
    try:
        disk = os.statvfs(MEMORY_DISK)
    except OSError:
        return None
    has_room = disk.f_bavail * disk.f_frsize >= ROOM_IN_MEMORY and os.access(MEMORY_DISK, os.W_OK)
    return str(MEMORY_DISK) if has_room and not disk.f_flag & getattr(os, "ST_NOEXEC", 8) else None


def run_both(arguments: Sequence[str], environ: Mapping[str, str], folder: Path) -> list[Outcome]:
    environment = {**environ, "CHROMIUM": chromium_for_tests(environ)}
    # Two hundred processes would translate the same files each anew.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    sqlite = {**environment, "DATABASE_URL": f"sqlite:///{folder / 'hub.sqlite3'}"}
    outcomes = [run_pytest("SQLite", arguments, sqlite, folder)]
    try:
        with postgres_url() as url:
            selection = ["-m", "not browser and not sqlite_only", *arguments]
            outcomes.append(run_pytest("PostgreSQL", selection, {**environment, "DATABASE_URL": url}, folder))
    except CannotTest as error:
        print(error, file=sys.stderr, flush=True)
        outcomes.append(Outcome("PostgreSQL", failed=1, remark="the server did not start"))
    return outcomes


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    try:
        with tempfile.TemporaryDirectory(
            prefix="cloudhub-tests-", dir=quick_disk(), ignore_cleanup_errors=True
        ) as folder:
            lines, well = verdict(run_both(arguments, environ, Path(folder)), bool(arguments))
            words, is_silent = canary.verdict(Path(folder))
    except CannotTest as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return 130
    print(f"\n{lines}\n{words}", flush=True)
    return 0 if well and is_silent else 1


if __name__ == "__main__":
    # Leaving by an exception ends pytest and the server and removes their folders.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    sys.exit(main(sys.argv[1:], os.environ))
