"""Access tokens of Adobe's Identity Management System: fetched with id and secret, kept until shortly before they end.

https://developer.adobe.com/firefly-services/docs/firefly-api/getting-started/. A token opens what the secret opens: it
lives in this process's memory alone and is redacted wherever the secret is.
"""

import hashlib
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from providers.base import Busy, Key, ProviderError, Rejected
from providers.http import Answer, Door, boot_clock, is_header_safe
from providers.reading import mapping, quotation, redactor, seconds_to_wait, shown, text, whole

DEFAULT_IMS_URL = "https://ims-na1.adobelogin.com"
SCOPE = "openid,AdobeID,session,additional_info,read_organizations,firefly_api,ff_apis"
CLIENT_ID, CLIENT_SECRET = "FIREFLY_CLIENT_ID", "FIREFLY_CLIENT_SECRET"  # noqa: S105 - names of variables
DAY_SECONDS = 86_400
# A token is replaced this long before its end, so that it outlives the call it is fetched for.
MARGIN_SECONDS = 600
CONSOLE = "https://developer.adobe.com/console"
MAKE_KEY = (
    f"Make a project with the Firefly API and OAuth server-to-server credentials in {CONSOLE}, put its client id and "
    "secret into .env as FIREFLY_CLIENT_ID=… and FIREFLY_CLIENT_SECRET=…, and start the hub again."
)
CHECK_KEY = (
    "Check that FIREFLY_CLIENT_ID and FIREFLY_CLIENT_SECRET come from the same project in "
    f"{CONSOLE} and that the secret was not rotated or deleted there."
)
CHECK_PROFILE = f"Add the Firefly API with its product profile to the project in {CONSOLE}, or ask your Adobe contact."


@dataclass(frozen=True)
class _Token:
    text: str = field(repr=False)
    good_until: float


class Tokens:
    """Tokens by address, client id and secret. Safe for many threads."""

    def __init__(self, door: Door, clock: Callable[[], float] = boot_clock) -> None:
        self._door = door
        self._clock = clock
        self._tokens: dict[str, _Token] = {}
        self._lock = threading.Lock()

    def get(self, key: Key, *, fresh: bool = False) -> str:
        """A token that is good for another ten minutes at least. Raises `Rejected` or `Busy`; nothing is billed."""
        token = "" if fresh else self.known(key)
        return token or self._fetch(key)

    def known(self, key: Key) -> str:
        """The kept token, empty when there is none or it ends soon; nothing is sent."""
        with self._lock:
            token = self._tokens.get(_name(key))
        return token.text if token and self._clock() < token.good_until else ""

    def forget(self, key: Key, token: str) -> None:
        """Drop a token that Adobe did not accept, unless another thread has replaced it already."""
        with self._lock:
            kept = self._tokens.get(_name(key))
            if kept and kept.text == token:
                del self._tokens[_name(key)]

    def _fetch(self, key: Key) -> str:
        client_id, secret = credentials(key)
        form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret, "scope": SCOPE}
        asked = self._clock()
        answer = self._door.ask(
            "POST", f"{ims_url()}/ims/token/v3", headers={"Accept": "application/json"}, data=form
        )  # fmt: skip
        document = _document(answer)
        token = text(document.get("access_token"))
        if answer.status != 200 or not token or not is_header_safe(token):
            raise _refused(answer, document, key)
        seconds = min(whole(document.get("expires_in")) or 0, DAY_SECONDS)
        with self._lock:
            self._tokens[_name(key)] = _Token(token, asked + seconds - MARGIN_SECONDS)
        return token


def ims_url() -> str:
    """Read at each call, as every address is."""
    return (os.environ.get("FIREFLY_IMS_URL", "").strip() or DEFAULT_IMS_URL).rstrip("/")


def credentials(key: Key) -> tuple[str, str]:
    """Client id and secret. Raises `Rejected` (no_key, key_invalid)."""
    values = []
    for name in (CLIENT_ID, CLIENT_SECRET):
        value = key.get(name).strip()
        if not value:
            message = f"API key not found for adobe-firefly. Please set {name} in .env file or environment variables."
            raise Rejected("no_key", message, remedy=MAKE_KEY)
        if not is_header_safe(value):
            message = f"API credentials are invalid: {name} holds white space or other characters that none has."
            raise Rejected("key_invalid", message, remedy=CHECK_KEY)
        values.append(value)
    return values[0], values[1]


def _name(key: Key) -> str:
    """The key's place among the tokens; the secret itself is not kept."""
    facts = "\0".join((ims_url(), key.get(CLIENT_ID), key.get(CLIENT_SECRET)))
    return hashlib.blake2b(facts.encode(), digest_size=16).hexdigest()


def _document(answer: Answer) -> dict[str, object]:
    try:
        return mapping(answer.json())
    except ValueError:
        return {}


def _refused(answer: Answer, document: dict[str, object], key: Key) -> ProviderError:
    """Why there is no token; IMS answers as OAuth does, {"error", "error_description"}."""
    code = text(document.get("error"))
    words = shown(text(document.get("error_description")) or code, redactor(key))
    begin, end = f"Adobe IMS error (HTTP {answer.status}):", f"{quotation(words, 'Adobe')} Nothing was billed.".strip()
    if answer.status == 429:
        wait = seconds_to_wait(answer.headers.get("retry-after"), 60.0)
        return Busy("rate_minute", f"{begin} Too many tokens were asked for. {end}", retry_after=wait)
    if answer.status >= 500 or answer.status == 408:
        return Busy("provider_5xx", f"{begin} Adobe cannot give a token now. {end}", remedy="Try again in a minute.")
    if code in ("invalid_scope", "unauthorized_client", "access_denied"):
        message = f"{begin} Permission denied, the project may not use the Firefly API. {end}"
        return Rejected("permission_region", message, remedy=CHECK_PROFILE)
    if code or answer.status in (401, 403):
        return Rejected("key_invalid", f"{begin} API credentials are invalid. {end}", remedy=CHECK_KEY)
    message = f"{begin} The address answers, but not as Adobe IMS does. {end}"
    return Rejected("capability", message, remedy="Check FIREFLY_IMS_URL; unset, it is Adobe's own.")
