"""Who may call: any API key or signature that is written as AWS wants it, unless "invalid" stands in its key.

A signature is looked at part by part and not computed again: the emulator takes any access key, so it knows no secret.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-signing-elements.html
"""

import re
from datetime import UTC, datetime, timedelta

from providers.bedrock.emulator.errors import Refused
from providers.emulation.contract import Call

SIGNATURE = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/,\s]+)/(?P<day>\d{8})/(?P<region>[a-z0-9-]+)/(?P<service>[a-z]+)/"
    r"aws4_request, ?SignedHeaders=(?P<headers>[a-z0-9;-]+), ?Signature=[0-9a-f]{64}"
)
OLDEST = timedelta(minutes=5)
BAD_API_KEY = "Authentication failed: Please make sure your API Key is valid."


def check_access(call: Call) -> None:
    """Raises `Refused` as AWS refuses a call without usable credentials."""
    proof = call.headers.get("authorization", "")
    kind, _, token = proof.partition(" ")
    if kind == "Bearer":
        if not token.strip() or "invalid" in token:
            raise Refused(403, BAD_API_KEY, "AccessDeniedException", by_the_gate=True)
    elif kind == "AWS4-HMAC-SHA256":
        _check_signature(proof, call)
    else:
        raise Refused(403, "Missing Authentication Token", "MissingAuthenticationTokenException")


def _check_signature(proof: str, call: Call) -> None:
    found = SIGNATURE.fullmatch(proof)
    if found is None or found["service"] != "bedrock":
        raise Refused(403, "Credential should be scoped to correct service: 'bedrock'.", "InvalidSignatureException")
    signed = set(found["headers"].split(";"))
    if not {"host", "x-amz-date"} <= signed or not signed <= {"host", *call.headers}:
        raise Refused(403, "'Host' and 'X-Amz-Date' must be signed headers.", "InvalidSignatureException")
    if "x-amz-security-token" in call.headers and "x-amz-security-token" not in signed:
        raise Refused(403, "The session token must be signed.", "InvalidSignatureException")
    moment = call.headers["x-amz-date"]
    try:
        at = datetime.strptime(moment, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise Refused(400, "Date must be in ISO-8601 'basic format'.", "IncompleteSignatureException") from None
    if not moment.startswith(found["day"]) or abs(datetime.now(UTC) - at) > OLDEST:
        raise Refused(403, f"Signature expired: {moment} is now earlier than allowed.", "InvalidSignatureException")
    if "invalid" in found["key"] or "invalid" in call.headers.get("x-amz-security-token", ""):
        raise Refused(403, "The security token included in the request is invalid.", "UnrecognizedClientException")
