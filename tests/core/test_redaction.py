"""No secret leaves by a log: one place takes it out of messages, arguments, exceptions, hooks and streams."""

import io
import json
import logging
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from cloudhub.core import redaction
from cloudhub.core.redaction import HIDDEN, know_environment, know_secret, redact, redact_all, redact_known
from cloudhub.generations.errors import describe

pytestmark = pytest.mark.sqlite_only
ROOT = Path(__file__).resolve().parents[2]
SECRET = "s3cret/of+a-vendor=9f21"
know_secret(SECRET)

SHAPES = [
    ("Authorization: Bearer abcdef0123456789", "abcdef0123456789"),
    ("{'authorization': 'Bearer abcdef0123456789', 'accept': '*/*'}", "abcdef0123456789"),
    ('{"x-goog-api-key": "abcdef0123456789"}', "abcdef0123456789"),
    ("(b'x-key', b'abcdef0123456789') x-key: abcdef0123456789", "x-key: abcdef"),
    ("Authorization: Basic YWxhZGRpbjpvcGVuc2VzYW1l", "YWxhZGRpbjpvcGVuc2VzYW1l"),
    ("GET https://api.example/v1?model=x&key=abcdef0123 HTTP/1.1", "abcdef0123"),
    ("https://store.example/a.png?X-Amz-Signature=0123abc&x=1", "0123abc"),
    ('{"client_secret": "p8e-something"}', "p8e-something"),
    ("could not connect to postgres://hub:open-sesame@db:5432/hub", "open-sesame"),
    ("hub key chk_abcdefghijklmnopqrstuvwxyz0123456789", "ghijklmnop"),
    ("key AIzaSyA0123456789abcdefghijklmnopqrstuv", "0123456789abc"),
    ("sk-proj-0123456789abcdefghij0123", "0123456789"),
    ("rpa_0123456789ABCDEFGHIJ0123", "0123456789"),
    ("xai-0123456789abcdefghij0123", "0123456789"),
    ("tgp_v1_0123456789abcdefghij0123", "0123456789"),
    ("ABSKQmVkcm9ja0FQSUtleS0123456789abcdefghijklmnopqr", "0123456789"),
    ("-----BEGIN PRIVATE KEY-----\\nMIIEvQ\\n-----END PRIVATE KEY-----", "MIIEvQ"),
    ("-----BEGIN RSA PRIVATE KEY-----\nMIIEvQ\nAbCd\n-----END RSA PRIVATE KEY-----", "AbCd"),
    ("x-amz-security-token: IQoJb3JpZ2luX2VjEJ0", "IQoJb3"),
    ("https://store.example/a.png?X-Amz-Security-Token=IQoJb3JpZ2luX2VjEJ0&x=1", "IQoJb3"),
]
HARMLESS = [
    "Gemini API error (HTTP 429): Rate limit exceeded",
    "API key not found for google-gemini. Please set GOOGLE_API_KEY in .env file or environment variables.",
    "made with key chk_abcdef… by a basic member; the token price is $0.30 per 1,000,000 tokens",
    "https://docs.example/keys?page=2#authorization",
    "The hub key of the basic plan: bearer of good news",
]


@pytest.mark.parametrize(("text", "secret"), SHAPES)
def test_what_has_the_shape_of_a_key_is_taken_out(text: str, secret: str) -> None:
    assert secret not in redact(text)
    assert HIDDEN in redact(text)
    assert redact(redact(text)) == redact(text)


@pytest.mark.parametrize(
    "piece", ["a.", "http://", "a://b:c", "://", "key=", "key: ", "cookie ", "bearer ", "sk-", "-----BEGIN A", "x:@"]
)
def test_a_hostile_text_takes_time_in_proportion_to_its_length(piece: str) -> None:
    def seconds(count: int) -> float:
        begun = time.perf_counter()
        redact(f"/api-key{(piece * count)[:count]}")
        return time.perf_counter() - begun

    short = min(seconds(5_000) for _ in range(3))
    assert min(seconds(20_000) for _ in range(3)) < 8 * short + 0.05


def test_of_a_record_without_end_the_start_is_kept_and_no_secret_is_cut_open(written: io.StringIO) -> None:
    secrets = [f"xai-{number:04}{'s' * 40}" for number in range(4_000)]
    logging.getLogger("stranger").warning("begun %s", " ".join(secrets))
    said = written.getvalue()
    assert said.startswith(f"begun xai-{HIDDEN} ")
    assert "ssss" not in said
    assert len(said) < redaction.LONGEST_RECORD + 100
    assert "cut from" in said


@pytest.mark.parametrize("text", HARMLESS)
def test_sentences_about_keys_stay(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize("spelling", [SECRET, "s3cret%2Fof%2Ba-vendor%3D9f21"])
def test_a_known_secret_goes_in_every_spelling(spelling: str) -> None:
    assert redact(f"a{spelling}b") == f"a{HIDDEN}b"


def test_a_known_secret_of_several_lines_goes_from_json_too() -> None:
    know_secret("line one 17\nline two 18")
    assert redact('{"k": "line one 17\\nline two 18"}') == f'{{"k": "{HIDDEN}"}}'


def test_of_a_service_account_the_key_inside_is_known_and_its_ordinary_words_are_not() -> None:
    key = "-----BEGIN PRIVATE KEY-----\nMIIEvQinner17\n-----END PRIVATE KEY-----\n"
    know_secret(
        json.dumps({"type": "service_account", "project_id": "studio-17", "private_key": key, "token": "s-17-s-17"})
    )
    assert redact_known(f"type service_account of studio-17 with {key}") == (
        f"type service_account of studio-17 with {HIDDEN}"
    )
    assert redact_known("s-17-s-17") == HIDDEN


def test_of_secrets_that_begin_alike_none_leaves_its_tail() -> None:
    know_secret("alike-0123")
    know_secret("alike-0123-and-more")
    assert redact("alike-0123-and-more") == HIDDEN


@pytest.mark.parametrize("word", ["", "short", "cloudhub", "postgres"])
def test_ordinary_words_are_never_blacked_out(word: str) -> None:
    know_secret(word)
    assert redact(f"the {word} server") == f"the {word} server"


def test_the_secrets_of_the_environment_are_known_by_name() -> None:
    know_environment({
        "X_API_KEY": "from-env-000001", "CLOUDHUB_ENCRYPTION_KEYS": "from-env-000002,from-env-000003",
        "FIREFLY_CLIENT_SECRET": "from-env-000004", "DATABASE_URL": "postgres://hub:from-env-000005@db/hub",
        "HUB_HOST": "from-env-000006",
    })  # fmt: skip
    said = redact(" ".join(f"from-env-00000{number}" for number in range(1, 7)))
    assert said == " ".join([*[HIDDEN] * 5, "from-env-000006"])


def test_structures_are_cleaned_whole() -> None:
    dirty = {"a": [SECRET, 1, None, {"b": (f"x {SECRET}",)}], SECRET: True}
    assert redact_all(dirty) == {"a": [HIDDEN, 1, None, {"b": [f"x {HIDDEN}"]}], HIDDEN: True}


@pytest.fixture
def written() -> io.StringIO:
    """What a handler with a formatter of its own, added by anybody, writes for the logger `stranger`."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(message)s"))
    logger = logging.getLogger("stranger")
    logger.addHandler(handler)
    yield stream
    logger.removeHandler(handler)


def test_message_and_arguments_are_clean_for_every_handler(
    written: io.StringIO, caplog: pytest.LogCaptureFixture
) -> None:
    logging.getLogger("stranger").warning("Calling with %s and %r.", SECRET, {"key": SECRET})
    logging.getLogger("stranger").warning("%s" % SECRET)  # noqa: UP031
    for text in (written.getvalue(), caplog.text, repr([vars(record) for record in caplog.records])):
        assert HIDDEN in text
        assert SECRET not in text


def test_exceptions_their_causes_and_stacks_are_clean(written: io.StringIO) -> None:
    try:
        try:
            raise KeyError(SECRET)
        except KeyError as error:
            raise RuntimeError(f"no vendor for {SECRET}") from error
    except RuntimeError:
        logging.getLogger("stranger").exception("It failed.", stack_info=True)
    said = written.getvalue()
    assert "RuntimeError: no vendor for [key]" in said
    assert "KeyError: '[key]'" in said
    assert SECRET not in said


def test_a_line_that_cannot_be_put_together_is_clean_too(written: io.StringIO) -> None:
    logging.getLogger("stranger").warning("%d", SECRET)
    assert written.getvalue() == f"'%d' ('{HIDDEN}',)\n"


def test_extras_and_untouched_arguments_stay_what_they_are(caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("stranger").warning("%s of %d", "a", 3, extra={"status_code": 404})
    assert caplog.records[0].args == ("a", 3)
    assert caplog.records[0].status_code == 404


def test_all_loggers_of_libraries_come_past_the_place() -> None:
    assert logging.getLogRecordFactory() is redaction._CleanRecord
    for name in ("django", "django.request", "django.server", "waitress", "allauth", "httpx"):
        assert logging.getLogger(name).handlers == [], name


@pytest.mark.parametrize("way", ["end", "thread", "print", "log", "command"])
def test_a_process_of_the_hub_ends_without_telling_a_secret(way: str, tmp_path: Path) -> None:
    ways = {
        "end": f"raise RuntimeError({SECRET!r})",
        "thread": f"import threading; t = threading.Thread(target=int, args=({SECRET!r},)); t.start(); t.join()",
        "print": f"from cloudhub.core.redaction import guard_streams; guard_streams(); print({SECRET!r})",
        "log": f"import logging; logging.getLogger('waitress').error('x %s', {SECRET!r})",
        "command": "from cloudhub.core.redaction import guard_streams; guard_streams();"
        f" from django.core.management import execute_from_command_line; execute_from_command_line(['m', {SECRET!r}])",
    }  # fmt: skip
    environment = {
        **os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings", "STABILITY_API_KEY": SECRET,
        "CLOUDHUB_DATA_DIR": str(tmp_path),
    }  # fmt: skip
    ended = subprocess.run(
        [sys.executable, "-c", f"import django; django.setup(); {ways[way]}"],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    said = ended.stdout + ended.stderr
    assert HIDDEN in said
    assert SECRET not in said


def test_threads_that_learn_secrets_at_once_all_have_them_known() -> None:
    secrets = [f"learned-at-once-{number:04}" for number in range(40)]
    threads = [threading.Thread(target=know_secret, args=(secret,)) for secret in secrets]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert redact(" ".join(secrets)) == " ".join([HIDDEN] * 40)


def test_what_is_stored_of_an_error_has_no_secret() -> None:
    stored = describe("provider_5xx", f"It said {SECRET}.", remedy=f"Ask about {SECRET}", answer_text=SECRET)
    assert SECRET not in repr(stored)
    assert stored["message"] == f"It said {HIDDEN}."
