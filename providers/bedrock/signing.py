"""AWS Signature Version 4 for calls to Bedrock, made from an access key: pure.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html. Every header that is given
is signed, and the whole body by its SHA-256. A test holds the result against botocore's own signer.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import parse_qsl, quote, urlsplit

ALGORITHM = "AWS4-HMAC-SHA256"
SERVICE = "bedrock"
USUAL_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class AccessKey:
    """An access key; `session_token` goes with temporary ones and is empty for the others."""

    key_id: str
    secret: str = field(repr=False)
    session_token: str = field(default="", repr=False)


def signed(
    method: str, url: str, headers: Mapping[str, str], body: bytes, access: AccessKey, region: str, at: datetime
) -> dict[str, str]:  # fmt: skip
    """`headers` (lower-case names) with those that the signature adds. `url` is as it is sent, percent-encoded."""
    moment = at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    sent = {**headers, "x-amz-date": moment}
    if access.session_token:
        sent["x-amz-security-token"] = access.session_token
    covered = {**sent, "host": _host(url)}
    names = ";".join(sorted(covered))
    scope = f"{moment[:8]}/{region}/{SERVICE}/aws4_request"
    wish = _canonical(method, url, covered, names, body)
    text = "\n".join((ALGORITHM, moment, scope, hashlib.sha256(wish.encode()).hexdigest()))
    signature = hmac.new(_signing_key(access.secret, scope), text.encode(), hashlib.sha256).hexdigest()
    proof = f"{ALGORITHM} Credential={access.key_id}/{scope}, SignedHeaders={names}, Signature={signature}"
    return {**sent, "authorization": proof}


def _canonical(method: str, url: str, headers: Mapping[str, str], names: str, body: bytes) -> str:
    """The request as both sides write it before it is hashed."""
    parts = urlsplit(url)
    # Services other than S3 encode the path that was encoded for the address once more.
    path = quote(parts.path or "/", safe="/~")
    pairs = sorted((_encoded(name), _encoded(value)) for name, value in parse_qsl(parts.query, keep_blank_values=True))
    query = "&".join(f"{name}={value}" for name, value in pairs)
    lines = "".join(f"{name}:{' '.join(headers[name].split())}\n" for name in sorted(headers))
    return "\n".join((method, path, query, lines, names, hashlib.sha256(body).hexdigest()))


def _encoded(text: str) -> str:
    return quote(text, safe="-_.~")


def _host(url: str) -> str:
    """The host as the HTTP library sends it: with its port where that is not the scheme's usual one."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    return host if parts.port in (None, USUAL_PORTS.get(parts.scheme)) else f"{host}:{parts.port}"


def _signing_key(secret: str, scope: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key
