"""Vertex AI (aiplatform.googleapis.com): whose credentials, which address, and the access token by google-auth.

https://cloud.google.com/docs/authentication/application-default-credentials and, for addresses,
https://cloud.google.com/vertex-ai/docs/reference/rest. The token is fetched in a vendor's `prepare`, through the hub's
own HTTP door, and kept in memory until shortly before it ends.
"""

import hashlib
import os
import re
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import google.auth
import google.auth.exceptions
import google.auth.transport
import httpx
import orjson
from google.auth.credentials import Credentials
from google.oauth2 import credentials as user_account
from google.oauth2 import service_account

from providers.base import Busy, Key, KeyForm, ProviderError, Rejected
from providers.google.check import check_answer
from providers.google.reading import redactor
from providers.google.services import CHECK_ACCOUNT, Service
from providers.guarded import GuardedTransport
from providers.http import Answer, Door
from providers.reading import mapping, shown

PROJECT, REGION = "GOOGLE_CLOUD_PROJECT", "GOOGLE_CLOUD_REGION"
CREDENTIALS = "GOOGLE_APPLICATION_CREDENTIALS"
# The switch of Google's own SDKs.
SWITCH = "GOOGLE_GENAI_USE_VERTEXAI"
ADDRESS_VARIABLE = "VERTEX_BASE_URL"
DEFAULT_REGION = "global"
MULTI_REGIONS = ("us", "eu")
SCOPES = ("https://www.googleapis.com/auth/cloud-platform",)
TOKEN_SECONDS = 30.0
MOST_ACCOUNTS = 64
LARGEST_KEY_FILE = 1024 * 1024
# Names as Google Cloud gives them: nothing else may stand in an address, which the token goes to.
_PROJECT_NAME = re.compile(r"(?:[a-z0-9.-]{1,100}:)?[a-z0-9][a-z0-9-]{0,99}")
_REGION_NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")

SET_UP = (
    "Set GOOGLE_CLOUD_PROJECT, enable the Vertex AI API in that project, and give a service account the role Vertex AI "
    "User. Set GOOGLE_APPLICATION_CREDENTIALS to its key file (or to the file's text), or sign this machine in with "
    "`gcloud auth application-default login`. GOOGLE_CLOUD_REGION is global unless you set it."
)
# The credentials are not public here: the variable may hold the key file's text instead of its path.
VERTEX_FORM = KeyForm(
    name="vertex", required=(PROJECT,), optional=(REGION, CREDENTIALS, SWITCH), public=(PROJECT, REGION, SWITCH),
    files=(CREDENTIALS,), switches=(SWITCH,), help=SET_UP,
    file_fields=(
        ("service_account", ("client_email", "private_key", "token_uri")),
        ("authorized_user", ("client_id", "client_secret", "refresh_token")),
    ),
)  # fmt: skip


def ordered_forms(api_key: KeyForm, *, project_decides: bool) -> tuple[KeyForm, ...]:
    """The Gemini API's key and Vertex AI, the one that wins first, where both are set.

    GOOGLE_GENAI_USE_VERTEXAI decides, as in Google's own SDKs: true is Vertex AI, false the key. Without it the key
    wins, or with `project_decides` Vertex AI as soon as a project is named.
    """
    wish = os.environ.get(SWITCH, "").strip().lower()
    named = bool(os.environ.get(PROJECT, "").strip())
    vertex_wins = wish in ("true", "1") or (not wish and project_decides and named)
    return (VERTEX_FORM, api_key) if vertex_wins else (api_key, VERTEX_FORM)


def is_chosen(key: Key) -> bool:
    """Whether these credentials are for Vertex AI."""
    return key.form == VERTEX_FORM.name


def model_url(key: Key, model: str, method: str) -> str:
    """The address of a model's method in the project and region. Raises `Rejected` for names that are none."""
    project, region = _project(key), _region(key)
    return f"{_base_url(region)}/v1/projects/{project}/locations/{region}/publishers/google/models/{model}:{method}"


def headers(key: Key, prepared: Mapping[str, Any], read_seconds: int) -> dict[str, str]:
    """What goes with a call: the token of `Tokens.prepared`, and for people's own accounts the project that pays.

    Without a token, as when a kept answer is read again, there is none; a call without it would be refused with 401.
    """
    sent = {"X-Server-Timeout": str(read_seconds)}
    if prepared.get("token"):
        sent["Authorization"] = f"Bearer {prepared['token']}"
    if prepared.get("user_project"):
        sent["x-goog-user-project"] = str(prepared["user_project"])
    return sent


def check_access(door: Door, service: Service, key: Key, tokens: "Tokens", model: str) -> str:
    """Fetch a token and read the description of one of Google's models: both free. Raises `Rejected` or `Busy`."""
    prepared = tokens.prepared(key)
    region = _region(key)
    url = f"{_base_url(region)}/v1/publishers/google/models/{model}"
    answer = door.read(url, headers=headers(key, prepared, int(TOKEN_SECONDS)))
    where = f"project {_project(key)}, region {region}"
    proof = "A success does not prove that you can generate: the account's role, quota and billing show only then."
    if answer.status == 200 and "name" in _document(answer):
        return f"API credentials are valid: Google gave an access token and described {model} ({where}). {proof}"
    if answer.status == 404 and "error" in _document(answer):
        missing = f"It does not know {model} any more, or not here"
        return f"API credentials are valid: Google gave an access token ({where}). {missing}. {proof}"
    if answer.status == 401:
        tokens.forget(key)
    raise check_answer(answer, service, key, prepared["token"], what="Vertex AI")


def _project(key: Key) -> str:
    project = key.get(PROJECT).strip()
    if not _PROJECT_NAME.fullmatch(project):
        message = f"{PROJECT} is no project id: it has small letters, digits and hyphens. Nothing was sent."
        raise Rejected("key_invalid", message, remedy=SET_UP)
    return project


def _region(key: Key) -> str:
    region = key.get(REGION).strip() or DEFAULT_REGION
    if not _REGION_NAME.fullmatch(region):
        message = f"{REGION} is no region: it is global or looks like us-central1. Nothing was sent."
        raise Rejected("key_invalid", message, remedy=SET_UP)
    return region


def _base_url(region: str) -> str:
    """Read at each call, so that tests and `emulate_vendors` can point elsewhere."""
    other = os.environ.get(ADDRESS_VARIABLE, "").strip()
    if other:
        return other.rstrip("/")
    if region == DEFAULT_REGION:
        return "https://aiplatform.googleapis.com"
    if region in MULTI_REGIONS:
        return f"https://aiplatform.{region}.rep.googleapis.com"
    return f"https://{region}-aiplatform.googleapis.com"


def _document(answer: Answer) -> dict[str, Any]:
    try:
        return mapping(answer.json())
    except ValueError:
        return {}


@dataclass
class _Account:
    """One set of credentials with the token that it has at the moment."""

    credentials: Credentials
    from_machine: bool
    lock: threading.Lock = field(default_factory=threading.Lock)


class Tokens:
    """Access tokens by credentials, each fetched once and used until it ends. Safe for many threads.

    `transport` is for tests. Elsewhere a key file may name only Google's own addresses, public ones or those that the
    owner listed; what the machine's own sign-in names, such as Google's metadata server, is asked as it is.
    """

    def __init__(self, transport: httpx.BaseTransport | None = None) -> None:
        name = "Google's sign-in"
        self._plain = Door(name, read_seconds=TOKEN_SECONDS, transport=transport)
        guard = transport or GuardedTransport(most_seconds=TOKEN_SECONDS)
        self._guarded = Door(name, read_seconds=TOKEN_SECONDS, transport=guard)
        self._accounts: OrderedDict[str, _Account] = OrderedDict()
        self._lock = threading.Lock()

    def prepared(self, key: Key) -> dict[str, str]:
        """What `headers` needs: "token", and for a person's own account "user_project".

        Raises `Rejected` (no_key, key_invalid) or `Busy` with a sentence that holds no secret.
        """
        project = _project(key)
        account = self._account(key)
        with account.lock:
            if not account.credentials.valid:
                self._refresh(account, key)
            token = str(account.credentials.token)
        payer = getattr(account.credentials, "quota_project_id", None)
        if payer is None and isinstance(account.credentials, user_account.Credentials):
            payer = project
        return {"token": token, "user_project": payer or ""}

    def forget(self, key: Key) -> None:
        """Give up the token of these credentials: Google no longer takes it."""
        with self._lock:
            self._accounts.pop(_fingerprint(_key_text(key)), None)

    def _account(self, key: Key) -> _Account:
        text = _key_text(key)
        mark = _fingerprint(text)
        with self._lock:
            known = self._accounts.get(mark)
            if known is not None:
                self._accounts.move_to_end(mark)
                return known
        account = self._load(text, key)
        with self._lock:
            account = self._accounts.setdefault(mark, account)
            while len(self._accounts) > MOST_ACCOUNTS:
                self._accounts.popitem(last=False)
            return account

    def _load(self, text: str, key: Key) -> _Account:
        """Credentials from a key file's text, or with none from the machine itself."""
        try:
            info = mapping(orjson.loads(text)) if text else {}
            if info.get("type") == "service_account":
                return _Account(service_account.Credentials.from_service_account_info(info, scopes=SCOPES), False)
            if info.get("type") == "authorized_user":
                return _Account(user_account.Credentials.from_authorized_user_info(info, scopes=SCOPES), False)
        except (ValueError, google.auth.exceptions.GoogleAuthError) as error:
            # Without the cause, whose words may quote the file.
            raise _bad_key_file(f"is not one that can be read ({type(error).__name__})") from None
        if text and os.environ.get(CREDENTIALS, "").strip() != key.get(CREDENTIALS).strip():
            raise _bad_key_file("is neither a service account's nor a signed-in user's")
        return self._load_from_machine()

    def _load_from_machine(self) -> _Account:
        """Google's own search: the file that the variable names, gcloud's sign-in, then the metadata server."""
        try:
            found, _ = google.auth.default(scopes=SCOPES, request=_Fetch(self._plain, self._plain))
        except google.auth.exceptions.GoogleAuthError:
            if os.environ.get(CREDENTIALS, "").strip():
                raise _bad_key_file("is of no kind that Google's library knows") from None
            message = f"No Google Cloud credentials found: {CREDENTIALS} is not set, and this machine has none itself."
            raise Rejected("no_key", f"{message} Nothing was sent.", remedy=SET_UP) from None
        return _Account(found, True)

    def _refresh(self, account: _Account, key: Key) -> None:
        fetch = _Fetch(self._plain, self._plain if account.from_machine else self._guarded)
        try:
            account.credentials.refresh(fetch)
        except google.auth.exceptions.GoogleAuthError as error:
            self.forget(key)
            raise _sign_in_failed(error, key) from None
        except (ValueError, TypeError) as error:
            # How the library fails at an answer that is no JSON object, such as a proxy's page.
            raise _odd_answer() from error
        if not account.credentials.token:
            raise _odd_answer()


class _Fetch(google.auth.transport.Request):
    """google-auth's way to the network: the hub's doors, one for Google's own addresses and one for all others."""

    def __init__(self, plain: Door, other: Door) -> None:
        self._plain = plain
        self._other = other

    def __call__(
        self, url: str, method: str = "GET", body: bytes | None = None, headers: Mapping[str, str] | None = None,
        timeout: float | None = None, **_: Any,
    ) -> google.auth.transport.Response:  # fmt: skip
        parts = urlsplit(url)
        is_google = parts.scheme == "https" and (parts.hostname or "").endswith(".googleapis.com")
        door = self._plain if is_google else self._other
        try:
            answer = door.ask(method, url, headers=headers or {}, seconds=timeout or TOKEN_SECONDS, content=body)
        except ProviderError as error:
            raise google.auth.exceptions.TransportError(error.message) from error
        return _Fetched(answer)


class _Fetched(google.auth.transport.Response):
    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    @property
    def status(self) -> int:
        return self._answer.status

    @property
    def headers(self) -> Mapping[str, str]:
        return self._answer.headers

    @property
    def data(self) -> bytes:
        return self._answer.body


def _key_text(key: Key) -> str:
    """The text of the key file: the variable's own when it holds JSON, else the file's that it names; "" without."""
    value = key.get(CREDENTIALS).strip()
    if not value or value.startswith("{"):
        return value
    try:
        with Path(value).expanduser().open("rb") as file:
            return file.read(LARGEST_KEY_FILE).decode()
    except (OSError, ValueError) as error:
        raise _bad_key_file(f"cannot be opened ({type(error).__name__})") from None


def _fingerprint(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _bad_key_file(what: str) -> Rejected:
    message = f"API credentials are invalid: the key file of {CREDENTIALS} {what}. Nothing was sent."
    return Rejected("key_invalid", message, remedy=SET_UP)


def _odd_answer() -> Busy:
    message = "Google's sign-in answered without an access token. Nothing was sent."
    return Busy("connect_failed_not_sent", message, remedy="Try again; if it stays, look at what answers for Google.")


def _sign_in_failed(error: google.auth.exceptions.GoogleAuthError, key: Key) -> ProviderError:
    """Why there is no token: refused by Google, not reached, or an address that the hub does not connect to."""
    if isinstance(error.__cause__, Rejected):
        return error.__cause__
    words = shown(str(error.args[0] if error.args else ""), redactor(key))
    if isinstance(error, google.auth.exceptions.TransportError) or getattr(error, "retryable", False):
        message = f"Google's sign-in gave no access token: {words or type(error).__name__} Nothing was sent."
        return Busy("connect_failed_not_sent", message, remedy="Wait a moment and try again.")
    message = f"API credentials are invalid: Google's sign-in refuses the account: “{words}”. Nothing was sent."
    return Rejected("key_invalid", message, remedy=CHECK_ACCOUNT)


# The tokens of every vendor that works through Vertex AI.
TOKENS = Tokens()
