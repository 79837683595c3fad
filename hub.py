#!/usr/bin/env python3
"""CloudHub's launcher. It needs nothing but Python 3.11 or newer.

  python3 hub.py run        start CloudHub: packages, database, first account, then http://127.0.0.1:9090
                            [--host H] [--port P] [--data DIR] [--grace SECONDS]
  python3 hub.py manage …   one of CloudHub's own commands, for example: manage list_models
  python3 hub.py test …     every test, on SQLite and on PostgreSQL; what follows is handed to pytest
  python3 hub.py live-test  a vendor with its real key: live-test PROVIDER [--spend], for at most five cents
  python3 hub.py check      lint, types, migrations, settings for deployment, API document

Each word first prepares what it needs: the packages in .venv, and for run and manage your settings in .env.
"""

# Older Pythons must be able to read this file as far as the sentence that tells them so: 3.8 syntax only.
from __future__ import annotations

import argparse
import base64
import contextlib
import hashlib
import importlib.util
import io
import os
import re
import secrets
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows has no such lock; there, two first starts at once are the user's to avoid.
    fcntl = None  # type: ignore[assignment]

NEEDED_PYTHON = (3, 11)
RUN_PACKAGES, SCALE_PACKAGES, TEST_PACKAGES = "requirements.txt", "requirements-scale.txt", "requirements-dev.txt"
QUIETLY = ("--quiet", "--disable-pip-version-check", "--no-input")
FRESH_VALUES: dict[str, Callable[[], str]] = {
    "SECRET_KEY": lambda: secrets.token_urlsafe(50),
    "CLOUDHUB_ENCRYPTION_KEYS": lambda: base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
}
# Pictures are megabytes: by default glibc asks the system for each anew and gives it back, at three times the cost.
MALLOC_SETTINGS = {
    "MALLOC_MMAP_THRESHOLD_": "268435456", "MALLOC_TRIM_THRESHOLD_": "1073741824", "MALLOC_TOP_PAD_": "67108864",
}  # fmt: skip
CHECKS = (
    ("ruff check", ("-m", "ruff", "check", ".")),
    ("ruff format", ("-m", "ruff", "format", "--check", ".")),
    ("mypy", ("-m", "mypy")),
    ("migrations", ("manage.py", "makemigrations", "--check", "--dry-run")),
    ("deployment", ("manage.py", "check", "--deploy", "--fail-level", "WARNING")),
    ("API document", ("manage.py", "spectacular", "--validate", "--fail-on-warn", "--file", os.devnull)),
)
# The settings of a hub on the network, for which the deployment check must find nothing to say.
DEPLOYED = {"ALLOWED_HOSTS": "hub.example", "HUB_HTTPS": "true"}


class HubError(Exception):
    """Something the user can mend; the text says what happened and what to do."""


@dataclass(frozen=True)
class Checkout:
    """The folder of this file, and the places the launcher uses in it."""

    root: Path

    @property
    def environment(self) -> Path:
        return self.root / ".venv"

    @property
    def python(self) -> Path:
        return self.environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")

    def stamp(self, list_name: str) -> Path:
        """Says that a list is installed: holds its fingerprint."""
        return self.environment / f"{list_name}.installed"


def say(sentence: str) -> None:
    """Progress goes to standard error: the output of `manage` belongs to its command alone."""
    print(sentence, file=sys.stderr, flush=True)


def last_lines(text: str) -> str:
    return "\n".join("  " + line for line in text.strip().splitlines()[-15:])


def run_quietly(
    command: Sequence[str], environment: Mapping[str, str] | None = None, folder: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end; what it says on either stream is the result's `stdout`."""
    return subprocess.run(
        command, env=environment, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, errors="replace", close_fds=False,  # they share the lock
    )  # fmt: skip


@contextlib.contextmanager
def only_one(checkout: Checkout) -> Iterator[None]:
    """Hold the checkout's lock, so that starts at the same time prepare it one after the other."""
    if fcntl is None:
        yield
        return
    with (checkout.root / ".hub.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Another start is preparing this folder; waiting for it …")
            fcntl.flock(lock, fcntl.LOCK_EX)
        # Programs that outlive a killed launcher keep the lock until they end.
        os.set_inheritable(lock.fileno(), True)
        yield


def package_lists(path: Path) -> list[Path]:
    """The list, its lock, and every list that it includes."""
    found = [path, *([path.with_suffix(".lock")] if path.with_suffix(".lock").exists() else [])]
    for name in re.findall(r"^-r (\S+)", path.read_text(encoding="utf-8"), re.MULTILINE):
        found += package_lists(path.parent / name)
    return found


def fingerprint(checkout: Checkout, list_name: str) -> str:
    """Changes when the list changes, or one that it includes, or the Python below the environment."""
    python = "{}.{} {}".format(*sys.version_info[:2], os.path.realpath(checkout.python))
    digest = hashlib.sha256(python.encode())
    for path in package_lists(checkout.root / list_name):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def is_installed(checkout: Checkout, list_name: str) -> bool:
    try:
        stamped = checkout.stamp(list_name).read_text(encoding="utf-8")
    except OSError:
        return False
    return checkout.python.exists() and stamped == fingerprint(checkout, list_name)


def prepare_packages(checkout: Checkout, list_name: str) -> None:
    """Bring .venv to the state of the list; a moment's work when it is there already."""
    if is_installed(checkout, list_name):
        return
    with only_one(checkout):
        if is_installed(checkout, list_name):
            return
        if not environment_works(checkout):
            make_environment(checkout)
        install(checkout, list_name)


def packages_to_run(checkout: Checkout, environ: Mapping[str, str]) -> str:
    """The list that this installation needs: PostgreSQL and a shared cache want their drivers on top."""
    path = checkout.root / ".env"
    given = given_values(path.read_text(encoding="utf-8") if path.exists() else "", environ)
    files = {name: given.get(f"{name}_FILE", "") for name in ("DATABASE_URL", "CACHE_URL")}
    urls = [Path(file).expanduser().read_text("utf-8") if file else given.get(name, "") for name, file in files.items()]
    return SCALE_PACKAGES if any(url.startswith(("postg", "psql", "pgsql", "redis")) for url in urls) else RUN_PACKAGES


def environment_works(checkout: Checkout) -> bool:
    probe = f"import sys, pip._internal.cli.main; sys.exit(sys.version_info < {NEEDED_PYTHON})"
    try:
        return run_quietly([str(checkout.python), "-c", probe]).returncode == 0
    except OSError:
        return False


def make_environment(checkout: Checkout) -> None:
    """Make .venv, in place of what stands there broken or half made."""
    advice = "On Debian or Ubuntu: apt install python3-venv; then start again."
    if not all(importlib.util.find_spec(part) for part in ("venv", "ensurepip")):
        raise HubError(f"This Python ({sys.executable}) cannot make environments: its venv part is missing. {advice}")
    if checkout.environment.exists():
        say("The folder .venv is incomplete or its Python is gone; making it again …")
    made = run_quietly([sys.executable, "-m", "venv", "--clear", str(checkout.environment)])
    if made.returncode:
        raise HubError(f"Making the folder .venv failed:\n{last_lines(made.stdout)}\n{advice}")


def install(checkout: Checkout, list_name: str) -> None:
    say("Installing packages (first start, about a minute) …")
    # An interrupted installation must not look finished.
    for stamp in checkout.environment.glob("*.installed"):
        stamp.unlink()
    lists = package_lists(checkout.root / list_name)
    locks = [path for path in lists if path.suffix == ".lock"]
    # A hub runs what is locked: files by their hashes, none of which runs code of its own while it is installed.
    steps = [["--require-hashes", "--only-binary=:all:", "-r", str(lock)] for lock in locks[:1]]
    if lists[0].with_suffix(".lock") not in locks:
        steps.append(["--prefer-binary", "-r", str(lists[0])])
    for step in steps:
        ended = run_quietly([str(checkout.python), "-m", "pip", "install", *QUIETLY, *step])
        if ended.returncode:
            raise HubError(
                f"Installing the packages of {list_name} failed. pip's last words:\n{last_lines(ended.stdout)}\n"
                "Is this machine online, its disk not full? For a proxy set HTTPS_PROXY, for your index PIP_INDEX_URL."
            )
    for path in lists:
        checkout.stamp(path.name).write_text(fingerprint(checkout, path.name), encoding="utf-8")


def write_private_file(path: Path, text: str) -> None:
    """Put the file there in one step, readable by its owner alone; a file that is replaced keeps owner and rights."""
    before = path.stat() if path.exists() else None
    descriptor, name = tempfile.mkstemp(prefix=f"{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if before is not None and os.name == "posix":
            os.chown(name, before.st_uid, before.st_gid)
            os.chmod(name, stat.S_IMODE(before.st_mode) & 0o770)
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise


def read_settings(text: str) -> dict[str, str]:
    """The values of a .env file, as django-environ reads them."""
    values = {}
    for name, value in re.findall(r"^(?:export )?([A-Za-z_0-9]+)=(.*)$", text, re.MULTILINE):
        quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "'\""
        values[name] = value[1:-1] if quoted else value
    return values


def given_values(text: str, environ: Mapping[str, str]) -> dict[str, str]:
    """What the text of .env and over it the real environment say, without what is empty."""
    values = {**read_settings(text), **{name: value for name, value in environ.items() if value}}
    return {name: value.strip() for name, value in values.items() if value.strip()}


def missing_values(text: str, environ: Mapping[str, str]) -> list[str]:
    """The keys that neither the text of .env nor the real environment has, itself or (NAME_FILE) in a file."""
    given = given_values(text, environ)
    return [name for name in FRESH_VALUES if name not in given and f"{name}_FILE" not in given]


def with_fresh_values(text: str, names: Sequence[str]) -> str:
    """The text of .env with a fresh value for each name: on its empty line, else on a new one."""
    for name in names:
        line = f"{name}={FRESH_VALUES[name]()}"
        text, filled = re.subn(rf"^(?:export )?{name}=(?:\"\"|'')?[ \t]*$", line, text, flags=re.MULTILINE)
        if not filled:
            text += ("" if text.endswith("\n") or not text else "\n") + line + "\n"
    return text


def prepare_settings(checkout: Checkout, environ: Mapping[str, str]) -> None:
    """Make .env if there is none, and add the keys that it lacks."""
    path = (checkout.root / ".env").resolve()
    if path.exists() and not missing_values(path.read_text(encoding="utf-8"), environ):
        return
    with only_one(checkout):
        exists = path.exists()
        text = (path if exists else checkout.root / ".env.example").read_text(encoding="utf-8")
        missing = missing_values(text, environ)
        if exists and not missing:
            return
        write_private_file(path, with_fresh_values(text, missing))
    say(f"Wrote fresh keys into {path}." if exists else f"Made {path} with fresh keys; your own settings go there.")


def launch_environment(
    checkout: Checkout, environ: Mapping[str, str], options: Mapping[str, str | None]
) -> dict[str, str]:
    """What manage.py is started with: the command line wins over the real environment, that over .env."""
    stored = read_settings((checkout.root / ".env").read_text(encoding="utf-8"))
    defaults = {"HUB_HOST": "127.0.0.1", "HUB_PORT": "9090", "CLOUDHUB_DATA_DIR": "data"}
    given = {name: options.get(name) or environ.get(name) for name in defaults}
    values = {**environ, **{name: given[name] or stored.get(name) or default for name, default in defaults.items()}}
    # A relative folder starts where it was written: at the command line, or beside .env.
    start = Path.cwd() if given["CLOUDHUB_DATA_DIR"] else checkout.root
    values["CLOUDHUB_DATA_DIR"] = os.path.abspath(start / Path(values["CLOUDHUB_DATA_DIR"]).expanduser())
    port = values["HUB_PORT"]
    if not (port.isascii() and port.isdigit() and int(port) <= 65535):
        raise HubError(f"The port is {port!r}, but must be a number up to 65535. Correct --port or HUB_PORT.")
    for name in FRESH_VALUES:
        # An empty variable, such as compose files hand on, would hide the value in .env.
        if not values.get(name):
            values.pop(name, None)
    return {**MALLOC_SETTINGS, **values} if sys.platform == "linux" else values


def hand_over(checkout: Checkout, script: str, arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """Become the script, run by the environment's Python, so that signals and the exit code are its own."""
    command = [str(checkout.python), str(checkout.root / script), *arguments]
    sys.stdout.flush()
    sys.stderr.flush()
    if os.name == "posix":
        os.execve(command[0], command, environment)
    return subprocess.call(command, env=environment)


def run(checkout: Checkout, arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    parser = argparse.ArgumentParser(prog="hub.py run", description="Start CloudHub: pages, APIs and runner at once.")
    parser.add_argument("--host", help="address to listen on (HUB_HOST, else 127.0.0.1)")
    parser.add_argument("--port", help="port to listen on (HUB_PORT, else 9090)")
    parser.add_argument("--data", metavar="DIR", help="folder of database and pictures (CLOUDHUB_DATA_DIR, else data)")
    parser.add_argument("--grace", metavar="SECONDS", type=int, help="what calls under way get when stopping (30)")
    given = parser.parse_args(arguments)
    prepare_packages(checkout, packages_to_run(checkout, environ))
    prepare_settings(checkout, environ)
    options = {"HUB_HOST": given.host, "HUB_PORT": given.port, "CLOUDHUB_DATA_DIR": given.data}
    environment = launch_environment(checkout, environ, options)
    serve = ["serve", "--host", environment["HUB_HOST"], "--port", environment["HUB_PORT"]]
    grace = [] if given.grace is None else ["--grace", str(given.grace)]
    return hand_over(checkout, "manage.py", serve + grace, environment)


def manage(checkout: Checkout, arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    prepare_packages(checkout, packages_to_run(checkout, environ))
    prepare_settings(checkout, environ)
    return hand_over(checkout, "manage.py", arguments, launch_environment(checkout, environ, {}))


def isolated_environment(checkout: Checkout, environ: Mapping[str, str]) -> dict[str, str]:
    """For tests and checks: fresh keys, and none of the settings or vendor keys that .env and the shell hold."""
    example = (checkout.root / ".env.example").read_text(encoding="utf-8")
    documented = re.findall(r"^#? ?([A-Z][A-Z0-9_]+)=", example, re.MULTILINE)
    values = {name: value for name, value in environ.items() if name.removesuffix("_FILE") not in documented}
    values.update({name: fresh() for name, fresh in FRESH_VALUES.items()})
    return {**values, "CLOUDHUB_ENV_FILE": os.devnull, "DEBUG": "false"}


def test(checkout: Checkout, arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    prepare_packages(checkout, TEST_PACKAGES)
    return hand_over(checkout, "tests/suite.py", arguments, isolated_environment(checkout, environ))


def check(checkout: Checkout, arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run every check, two at a time, also after one has failed, and show what the failing ones said."""
    if arguments:
        raise HubError("`check` takes no arguments: python3 hub.py check")
    prepare_packages(checkout, TEST_PACKAGES)
    failed = []
    with tempfile.TemporaryDirectory(prefix="cloudhub-check-") as data, ThreadPoolExecutor(max_workers=2) as pool:
        environment = {**isolated_environment(checkout, environ), **DEPLOYED, "CLOUDHUB_DATA_DIR": data}
        ends = pool.map(lambda one: run_quietly([str(checkout.python), *one[1]], environment, checkout.root), CHECKS)
        for (name, _), ended in zip(CHECKS, ends, strict=True):
            print(f"{name:<14}{'FAILED' if ended.returncode else 'ok'}", flush=True)
            if ended.returncode:
                print(ended.stdout, flush=True)
                failed.append(name)
    print(f"Checks that failed: {', '.join(failed)}" if failed else "All checks passed")
    return 1 if failed else 0


WORDS = {"run": run, "manage": manage, "test": test, "check": check}
WORDS["live-test"] = lambda checkout, arguments, environ: manage(checkout, ["live_test", *arguments], environ)


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Do what the first word says."""
    if sys.version_info < NEEDED_PYTHON:
        print(
            "CloudHub needs Python 3.11 or newer; this is {}.{}. ".format(*sys.version_info[:2])
            + "Install a newer one (Debian 12 and later: apt install python3 python3-venv) and start hub.py with it.",
            file=sys.stderr,
        )
        return 1
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show "…" must not stop the start.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    word, rest = (arguments[0], arguments[1:]) if arguments else ("help", [])
    if word in ("help", "-h", "--help"):
        print(__doc__)
        return 0
    if word not in WORDS:
        print(f"hub.py does not know {word!r}; its words are {', '.join(WORDS)}.\n\n{__doc__}", file=sys.stderr)
        return 2
    try:
        return WORDS[word](Checkout(Path(__file__).resolve().parent), rest, environ)
    except HubError as error:
        say(f"hub.py: {error}")
        return 1
    except OSError as error:
        say(f"hub.py: {error.filename}: {error.strerror}. Is the project complete, and its folder yours to write to?")
        return 1
    except KeyboardInterrupt:
        say("Stopped.")
        return 130


if __name__ == "__main__":
    # Leaving by an exception ends the programs under way and removes half-written files.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    sys.exit(main(sys.argv[1:], os.environ))
