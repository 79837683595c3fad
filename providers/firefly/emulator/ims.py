"""Adobe's Identity Management System for the emulator: client credentials in, a day's token out.

https://developer.adobe.com/firefly-services/docs/firefly-api/getting-started/. A token holds its client id, so that it
outlives a restart of the emulator.
"""

import base64
import hashlib
import time
from urllib.parse import parse_qs

from providers.emulation.contract import Call, Reply, json_reply
from providers.firefly.emulator.errors import Refused, oauth_error

TOKEN_SECONDS = 86_399
NEEDED_SCOPES = {"firefly_api", "ff_apis"}
_FIELDS = {"grant_type", "client_id", "client_secret", "scope"}


def give_token(call: Call) -> Reply:
    """The answer to any request below the address of IMS."""
    if (call.method, call.path) != ("POST", "/ims/token/v3"):
        return Reply(status=404, body=b"<html><title>404 Not Found</title></html>", content_type="text/html")
    if call.headers.get("content-type", "").partition(";")[0].strip() != "application/x-www-form-urlencoded":
        return oauth_error(415, "invalid_request", "The body must be application/x-www-form-urlencoded.")
    form = {name: values[-1] for name, values in parse_qs(call.body.decode("utf-8", "replace")).items()}
    if form.get("grant_type") != "client_credentials":
        return oauth_error(400, "unsupported_grant_type", "grant_type must be client_credentials")
    if set(form) != _FIELDS:
        return oauth_error(400, "invalid_request", f"The form holds exactly {', '.join(sorted(_FIELDS))}.")
    if "invalid" in form["client_id"]:
        return oauth_error(400, "invalid_client", "invalid client_id parameter")
    if "invalid" in form["client_secret"]:
        return oauth_error(400, "invalid_client", "invalid client_secret parameter")
    if NEEDED_SCOPES - set(form["scope"].split(",")):
        return oauth_error(400, "invalid_scope", "The scopes do not cover the Firefly API.")
    token = _token(form["client_id"], int(time.time()) + TOKEN_SECONDS)
    return json_reply({"access_token": token, "token_type": "bearer", "expires_in": TOKEN_SECONDS})


def check_token(call: Call) -> None:
    """Raises `Refused` unless the call carries a token that is still good, and the client id that it was given to."""
    kind, _, token = call.headers.get("authorization", "").partition(" ")
    client_id, ends = _read(token)
    if kind != "Bearer" or not client_id or ends < time.time():
        raise Refused(401, "401013", "Oauth token is not valid")
    if call.headers.get("x-api-key") != client_id:
        raise Refused(403, "403003", "Api Key is invalid")


def _token(client_id: str, ends: int) -> str:
    facts = base64.urlsafe_b64encode(f"{ends} {client_id}".encode()).decode("ascii").rstrip("=")
    return f"eyJhbGciOiJSUzI1NiJ9.{facts}.{hashlib.sha256(facts.encode()).hexdigest()}"


def _read(token: str) -> tuple[str, int]:
    """Client id and end of a token, ("", 0) when it is none of ours."""
    head, _, rest = token.partition(".")
    facts, _, signature = rest.partition(".")
    if not head or hashlib.sha256(facts.encode()).hexdigest() != signature:
        return "", 0
    ends, _, client_id = base64.urlsafe_b64decode(facts + "=" * (-len(facts) % 4)).decode().partition(" ")
    return client_id, int(ends)
