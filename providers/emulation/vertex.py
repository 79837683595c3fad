"""Vertex AI's side of the emulator that its vendors share: addresses, access tokens, the description of a model.

https://cloud.google.com/vertex-ai/docs/reference/rest and, for the exchange of a signed assertion or a refresh token,
https://developers.google.com/identity/protocols/oauth2/service-account. Signatures are not checked: nobody's public key
is known here.
"""

import base64
import re
import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

import orjson

from providers.emulation.contract import Call, Reply, json_reply
from providers.emulation.google_errors import Refused, error_info

MOUNT = "vertex"
SERVICE = "aiplatform.googleapis.com"
TOKEN_PATH = "/token"  # noqa: S105 - an address
AUDIENCE = "https://oauth2.googleapis.com/token"
SCOPE = "https://www.googleapis.com/auth/cloud-platform"
LONGEST_ASSERTION = 3600
JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_MODEL_PATH = re.compile(
    r"/(?P<version>v1|v1beta1)/projects/(?P<project>[^/]+)/locations/(?P<location>[^/]+)"
    r"/publishers/google/models/(?P<model>[^/:]+):(?P<method>\w+)"
)
_DESCRIPTION_PATH = re.compile(r"/(?:v1|v1beta1)/publishers/google/models/(?P<model>[^/:]+)")


@dataclass(frozen=True)
class ModelCall:
    """A method of a model, called for a project."""

    project: str
    location: str
    model: str
    method: str

    def not_found(self) -> Refused:
        """What unknown and retired models are answered, and those of another region."""
        place = f"projects/{self.project}/locations/{self.location}/publishers/google/models/{self.model}"
        text = "was not found or your project does not have access to it. Please ensure you are using a valid model."
        return Refused(404, f"Publisher Model `{place}` {text}")


def read_model_call(call: Call) -> ModelCall | None:
    """The model's method that a POST asks for, None for any other address."""
    path = _MODEL_PATH.fullmatch(call.path)
    if path is None or call.method != "POST":
        return None
    return ModelCall(path["project"], path["location"], path["model"], path["method"])


def described_model(call: Call) -> str | None:
    """The model whose description a GET asks for."""
    path = _DESCRIPTION_PATH.fullmatch(call.path)
    return path["model"] if path and call.method == "GET" else None


def description(model: str) -> Reply:
    """A publisher's model. https://cloud.google.com/vertex-ai/docs/reference/rest/v1/publishers.models"""
    return json_reply(
        {
            "name": f"publishers/google/models/{model}",
            "versionId": "default",
            "openSourceCategory": "PROPRIETARY",
            "launchStage": "GA",
            "publisherModelTemplate": f"projects/{{project}}/locations/{{location}}/publishers/google/models/{model}",
        }
    )


def check_access(call: Call) -> None:
    """Any bearer token is taken but one with "invalid"; a project with "forbidden" lacks the role. Raises `Refused`."""
    kind, _, token = call.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token.strip():
        text = "Request is missing required authentication credential. Expected OAuth 2 access token."
        raise Refused(401, text, [error_info("CREDENTIALS_MISSING", service=SERVICE)])
    if "invalid" in token:
        text = "Request had invalid authentication credentials. Expected OAuth 2 access token."
        raise Refused(401, text, [error_info("ACCESS_TOKEN_EXPIRED", service=SERVICE)])
    asked = read_model_call(call)
    if asked and "forbidden" in asked.project:
        resource = f"//{SERVICE}/projects/{asked.project}/locations/{asked.location}"
        text = f"Permission 'aiplatform.endpoints.predict' denied on resource '{resource}' (or it may not exist)."
        raise Refused(403, text, [error_info("IAM_PERMISSION_DENIED", permission="aiplatform.endpoints.predict")])


def exchange_token(call: Call) -> Reply:
    """An access token for a signed assertion or a refresh token, or the token service's own form of error."""
    form = {name: values[0] for name, values in parse_qs(call.body.decode("latin-1")).items()}
    grant = form.get("grant_type")
    if grant == JWT_GRANT:
        complaint = _wrong_assertion(form.get("assertion", ""))
    elif grant == "refresh_token":
        whole = form.get("client_id") and form.get("client_secret") and form.get("refresh_token")
        complaint = "" if whole and "invalid" not in form["refresh_token"] else "Bad Request"
    else:
        return _oauth_error("unsupported_grant_type", f"Invalid grant_type: {grant}")
    if complaint:
        return _oauth_error("invalid_grant", complaint)
    token = f"ya29.emulated-{secrets.token_urlsafe(24)}"
    return json_reply({"access_token": token, "expires_in": 3599, "token_type": "Bearer"})


def _wrong_assertion(assertion: str) -> str:
    """What Google would say against a JSON Web Token, empty when it is well formed."""
    parts = assertion.split(".")
    if len(parts) != 3 or not parts[2]:
        return "Bad Request"
    try:
        header, claims = (_decoded(part) for part in parts[:2])
    except ValueError:
        return "Invalid JWT: Failed to parse."
    if header.get("alg") != "RS256" or "invalid" in str(claims.get("iss") or "invalid"):
        return "Invalid JWT Signature."
    if claims.get("aud") != AUDIENCE or SCOPE not in str(claims.get("scope", "")).split():
        return "Invalid JWT: wrong audience or scope."
    times = [claims.get(name) for name in ("iat", "exp")]
    issued, ends = (time if isinstance(time, int) else 0 for time in times)
    is_short = issued and 0 < ends - issued <= LONGEST_ASSERTION
    return "" if is_short else "Invalid JWT: Token must be a short-lived token."


def _decoded(part: str) -> dict[str, Any]:
    document = orjson.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    if not isinstance(document, dict):
        raise ValueError("no object")
    return document


def _oauth_error(error: str, description: str) -> Reply:
    return json_reply({"error": error, "error_description": description}, status=400)
