"""No secret in any log: the one place that all of the process's words pass on their way out.

`configure_logging` (settings.LOGGING_CONFIG) makes every record of every logger, the libraries' too, lose its secrets
when it is made: message, arguments, exception and stack, so that no handler ever holds one. What ends a process or a
thread, and the streams of commands, pass the same place. Known are the secrets of the environment, each that somebody
told `know_secret` of (the vault does, for each key that it hands out), and the shapes that keys have in the field.
"""

import json
import logging
import logging.config
import os
import re
import sys
import threading
import traceback
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any
from urllib.parse import quote, urlsplit

HIDDEN = "[key]"
SHORTEST_SECRET = 8
# Characters of a log record; of a longer one the start is kept. No secret has more than the margin.
LONGEST_RECORD = 100_000
LONGEST_SECRET = 16_000
# A hub knows some dozens; the oldest go first where a process has seen more than anybody uses.
MOST_SECRETS = 4000
_SECRET_NAME = re.compile(r"(KEY|KEYS|SECRET|TOKEN|PASSWORD)$")
_ADDRESS_NAME = re.compile(r"(_URL|_DSN)$")
_SECRET_FIELD = re.compile(r"(key|secret|token|password)$", re.IGNORECASE)
_QUIET = r"[^\s\"'&,;<>}\])\\]"
# Each leaves what stands before the secret, so that a line still says what it was about. Texts come from anybody: none
# may take longer than in proportion to its length, so nothing of any length stands in front of what can fail.
_SHAPES = tuple(
    re.compile(shape, re.IGNORECASE)
    for shape in (
        # headers, as text, as JSON and as Python prints them
        r"((?:authorization|x-goog-api-key|x-api-key|x-key|api-key|x-amz-security-token|cookie)\b[\"']?\s*[:=]\s*b?[\"']?"
        rf"(?:(?:bearer|basic|key|token)\s+)?)(?!\[key\]|(?:bearer|basic|key|token)\s){_QUIET}{{6,}}",
        rf"(\b(?:bearer|basic)\s+)(?!\[key\]){_QUIET}{{16,}}",
        # queries and forms; addresses that carry their own right, as results of vendors do
        r"([?&](?:key|api_?key|access_token|token|client_secret|sig|signature|x-amz-signature|x-goog-signature)=)"
        rf"(?!\[key\]){_QUIET}+",
        r"(\b(?:client_secret|access_token|refresh_token|private_key|password)[\"']\s*:\s*[\"'])(?!\[key\])[^\"']+",
        # a name and password in an address
        r"(://[^\s/@:\"']*:)(?!\[key\])[^\s/@\"']+(?=@)",
        # what keys look like wherever they stand: ours, Google's, OpenAI's and Stability's, Replicate's, RunPod's,
        # xAI's, Together's, Bedrock's
        r"\b(chk_)[A-Za-z0-9_-]{20,}",
        r"\b(AIza)[A-Za-z0-9_-]{30,}",
        r"\b(ya29\.)[A-Za-z0-9_.-]{20,}",
        r"\b(sk-)[A-Za-z0-9_-]{20,}",
        r"\b(r8_)[A-Za-z0-9]{20,}",
        r"\b(rpa_)[A-Za-z0-9]{20,}",
        r"\b(xai-)[A-Za-z0-9]{20,}",
        r"\b(tgp_)[A-Za-z0-9_-]{20,}",
        r"\b(ABSK)[A-Za-z0-9+/]{40,}",
        r"(-----BEGIN [A-Z ]*PRIVATE KEY-----)(?:(?!-----END)(?s:.))+",
    )
)  # fmt: skip
# One look says whether any of the shapes can be there at all: most lines have none.
_HINT = re.compile(
    r"auth|key|cookie|bearer|basic|token|secret|sig|password|://|chk_|aiza|ya29|sk-|r8_|rpa_|xai-|tgp_|absk|private",
    re.IGNORECASE,
)

_lock = threading.Lock()
_known: dict[str, None] = {}
_pattern: re.Pattern[str] | None = None


def know_secret(text: str) -> None:
    """From now on `text` leaves this process in no log, in any of the spellings in which it travels.

    A text under 8 characters, or of small letters alone, is left: it would black out ordinary words. Of a JSON object,
    as a service account's file, the secrets inside are known too.
    """
    global _pattern
    for inner in _secrets_inside(text) if text not in _known else ():
        know_secret(inner)
    if text in _known or len(text) < SHORTEST_SECRET or (text.isascii() and text.isalpha() and text.islower()):
        return
    with _lock:
        for spelling in (text, json.dumps(text)[1:-1], quote(text, safe="")):
            _known[spelling] = None
        while len(_known) > MOST_SECRETS:
            del _known[next(iter(_known))]
        # The longest first: of two secrets that begin alike, none may leave its tail behind.
        _pattern = re.compile("|".join(re.escape(one) for one in sorted(_known, key=len, reverse=True)))


def _secrets_inside(text: str) -> Iterator[str]:
    try:
        document = json.loads(text) if text.lstrip().startswith("{") else None
    except (ValueError, RecursionError):
        return
    for name, value in document.items() if isinstance(document, dict) else ():
        if isinstance(value, str) and _SECRET_FIELD.search(name):
            yield value


def know_environment(environment: Mapping[str, str]) -> None:
    """Know every secret among some variables: by their names, and the passwords inside of addresses."""
    for secret in _secrets_of(environment):
        know_secret(secret)


def _secrets_of(environment: Mapping[str, str]) -> Iterator[str]:
    for name, value in environment.items():
        if _SECRET_NAME.search(name):
            yield value.strip()
            yield from (part.strip() for part in value.split(",") if "," in value)
        elif _ADDRESS_NAME.search(name):
            try:
                yield urlsplit(value).password or ""
            except ValueError:
                continue


def redact_known(text: str) -> str:
    """`text` without the secrets that this process knows."""
    return _pattern.sub(HIDDEN, text) if _pattern else text


def redact(text: str) -> str:
    """`text` without the known secrets and without what has the shape of one."""
    text = redact_known(text)
    if _HINT.search(text):
        for shape in _SHAPES:
            text = shape.sub(rf"\1{HIDDEN}", text)
    return text


def redact_record(text: str) -> str:
    """`redact` for a log, in which a text beyond all use is cut: behind the last secret that was seen whole."""
    if len(text) <= LONGEST_RECORD:
        return redact(text)
    start = redact(text[: LONGEST_RECORD + LONGEST_SECRET])
    # A secret that the first cut opened lies in this tail.
    return f"{start[:-LONGEST_SECRET]}[… cut from {len(text)} characters]"


def redact_all(value: Any) -> Any:
    """The same structure of plain values, each text in it without secrets; for what is stored as JSON."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, dict):
        return {redact_all(name): redact_all(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [redact_all(item) for item in value]
    return value


class _CleanRecord(logging.LogRecord):
    """A log record that never held a secret."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        try:
            message = self.getMessage()
        except Exception:  # noqa: BLE001 - a line that cannot be put together is written as its parts
            message, self.msg, self.args = "", redact_record(f"{self.msg!r} {self.args!r}"), ()
        clean = redact_record(message)
        if clean != message:
            self.msg, self.args = clean, ()
        if self.exc_info and self.exc_info[0]:
            # Formatters print this text instead of formatting the exception again.
            self.exc_text = redact_record("".join(traceback.format_exception(*self.exc_info))).rstrip("\n")
        if self.stack_info:
            self.stack_info = redact_record(self.stack_info)


class _CleanStream:
    """A text stream of a command, without the known secrets. What is shown on purpose, as a new hub key, passes."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        self._stream.write(redact_known(text))
        return len(text)

    def writelines(self, lines: Any) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def guard_streams() -> None:
    """Let what this process prints lose the known secrets too; for the command line, once."""
    if not isinstance(sys.stdout, _CleanStream):
        sys.stdout, sys.stderr = _CleanStream(sys.stdout), _CleanStream(sys.stderr)


def configure_logging(settings: dict[str, Any]) -> None:
    """Django's logging set-up for every process of the hub."""
    know_environment(os.environ)
    logging.setLogRecordFactory(_CleanRecord)
    logging.config.dictConfig(settings)
    # Another's hook, such as a test runner's, stays.
    if sys.excepthook is sys.__excepthook__:
        sys.excepthook = _tell_end
    if threading.excepthook is threading.__excepthook__:
        threading.excepthook = _tell_thread_end
    if sys.unraisablehook is sys.__unraisablehook__:
        sys.unraisablehook = _tell_unraisable


def _tell_end(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
    else:
        _print_trace("", kind, error, trace)


def _tell_thread_end(ended: threading.ExceptHookArgs) -> None:
    if ended.exc_type is not SystemExit and ended.exc_value is not None:
        name = ended.thread.name if ended.thread else "unknown"
        _print_trace(f"Exception in thread {name}:\n", ended.exc_type, ended.exc_value, ended.exc_traceback)


def _tell_unraisable(ended: Any) -> None:
    if ended.exc_value is not None:
        words = f"{ended.err_msg or 'Exception ignored in'}: {ended.object!r}\n"
        _print_trace(words, ended.exc_type, ended.exc_value, ended.exc_traceback)


def _print_trace(words: str, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if sys.stderr is not None:
        sys.stderr.write(redact(words + "".join(traceback.format_exception(kind, error, trace))))
