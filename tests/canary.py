"""A text made anew for each run that stands in every vendor's test key, and must be nowhere else at the end.

No file of the source holds it. Each statement that a test sends to a database is looked at as it is sent, which sees
every column of every row on both databases, also those that a test takes back; the suite looks through everything that
the run leaves: logs and output (pytest's report), data folders, databases and logs of the processes that tests start.
Standard library only: the suite runs without Django.
"""

import base64
import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

VARIABLE = "CLOUDHUB_TEST_CANARY"
COUNTS = "CLOUDHUB_TEST_CANARY_COUNTS"
# Workers and processes that tests start inherit it.
CANARY = os.environ.setdefault(VARIABLE, secrets.token_hex(8))
TEST_KEY = f"key-{CANARY}-0123456789"
# Answers of outcomes that nobody can tell are kept as the vendor sent them until an owner has decided.
AS_THEY_CAME = "incoming"


def environment(folder: Path) -> dict[str, str]:
    """What a run needs, so that its workers agree on the canary and leave their counts and files in `folder`."""
    counts = folder / "canary-counts"
    counts.mkdir(exist_ok=True)
    return {VARIABLE: CANARY, COUNTS: str(counts), "PYTEST_DEBUG_TEMPROOT": str(folder)}


def spellings(canary: str) -> list[bytes]:
    """The canary as it is, and as it travels in base64, whatever stands before it."""
    coded = [base64.b64encode(b"x" * shift + canary.encode())[4 if shift else 0 : -4] for shift in range(3)]
    return [canary.encode(), *coded]


@dataclass
class Statements:
    """An execute wrapper of Django that notes where a statement carries the canary."""

    canary: str = CANARY
    seen: int = 0
    found: int = 0

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        self.seen += 1
        if self.canary in sql or self.canary in _text_of(params):
            self.found += 1
        return execute(sql, params, many, context)

    def leave_count(self) -> None:
        """For the suite, at the end of a worker."""
        folder = os.environ.get(COUNTS)
        if folder:
            (Path(folder) / str(os.getpid())).write_text(str(self.seen))


def _text_of(params: Any) -> str:
    """Parameters as text; psycopg's JSON shows itself shortened, so what it wraps is shown."""
    if isinstance(params, Mapping):
        params = list(params.values())
    if isinstance(params, list | tuple):
        return " ".join(map(_text_of, params))
    return repr(getattr(params, "obj", params))


def places(folder: Path, canary: str = CANARY) -> tuple[int, list[str]]:
    """How many files there are below `folder`, and which of them hold the canary."""
    wanted, number, found = spellings(canary), 0, []
    for path in _files(folder):
        try:
            data = path.read_bytes()
        except OSError:
            continue  # a socket, or a database that ended meanwhile
        number += 1
        if any(text in data for text in wanted):
            found.append(str(path.relative_to(folder)))
    return number, found


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink() and path.parent.name != AS_THEY_CAME:
            yield path


def verdict(folder: Path) -> tuple[str, bool]:
    """The line for the end of a run, and whether all is well."""
    statements = sum(int(path.read_text()) for path in (folder / "canary-counts").glob("*"))
    number, found = places(folder)
    if found:
        return f"canary: a vendor's key stands in {', '.join(found[:10])} ({len(found)} of {number} files)", False
    return f"canary: nothing found in {number} files, {statements} statements", True
