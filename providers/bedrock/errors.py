"""Bedrock's error answers as errors of ours: what happened, whether it was billed, what to do.

The body is {"message"}, from the gate in front {"Message"}; the header x-amzn-errortype names the exception, sometimes
with an address behind a colon. https://docs.aws.amazon.com/bedrock/latest/userguide/troubleshooting-api-error-codes.html
and https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InvokeModel.html.

No page says what a failed call costs. What is refused before a model works (400, 403, 404, 413, 429) is taken as not
billed; a model's own failure (408, 424) and every 5xx, also 503, as unknown. 403 is the answer to a bad key as well as
to a missing permission: the exception's name and words tell them apart. A model after its end is answered with 404, or
with 400 as one that the region does not have.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import orjson

from providers.base import Busy, OutcomeUnknown, ProviderError, Rejected
from providers.bedrock.access import CHECK_KEY
from providers.reading import Redact, mapping, quotation, shown, text

LARGEST_ERROR = 20_000
NOT_BILLED = "Nothing was run or billed."
MAYBE = "The picture may have been made and billed."
QUOTAS = "https://console.aws.amazon.com/servicequotas/home/services/bedrock/quotas"
# Of the 4xx answers, those of a model that was at work: it timed out, it failed, or the call was given up.
MAYBE_RUN = (408, 424, 499)
RETRY_SECONDS = 10.0

# Exceptions and words of AWS about the credentials themselves; the rest of its 403 is about permissions.
_KEY_KINDS = frozenset((
    "UnrecognizedClientException", "InvalidClientTokenId", "InvalidSignatureException", "SignatureDoesNotMatch",
    "IncompleteSignature", "IncompleteSignatureException", "MissingAuthenticationToken",
    "MissingAuthenticationTokenException", "ExpiredToken", "ExpiredTokenException", "RequestExpired",
))  # fmt: skip
_KEY_WORDS = re.compile(r"\bapi key\b|authentication failed|security token|bearer token|\bsignature\b", re.IGNORECASE)
_PAYMENT = re.compile(r"PAYMENT_INSTRUMENT|payment (?:instrument|method)|\bbilling\b", re.IGNORECASE)
_NO_SUCH_MODEL = re.compile(r"model identifier is invalid|on-demand throughput", re.IGNORECASE)

CHANGE_REQUEST = "Change what Bedrock names, or choose a model that has it; if you did not ask for it, tell the owner."
OTHER_REGION = (
    "The models that draw from words are in us-west-2 alone, the image services (us.…) in us-east-1, us-east-2 and "
    "us-west-2: set AWS_REGION to one of them."
)
ALLOW = (
    "Allow the key's user bedrock:InvokeModel for the model, and subscribe to it in the Bedrock console; a key is also "
    "bound to the region it was made in."
)
SLOWER = f"Wait a moment. The account's own limits stand at {QUOTAS}."
PAY = "Give the AWS account a payment method that works, then try again."


@dataclass(frozen=True)
class Complaint:
    """An error answer, read: `kind` is the exception's name, `words` are fit to be shown."""

    status: int
    kind: str
    words: str
    request_id: str

    @property
    def blames_key(self) -> bool:
        """Whether the credentials themselves are refused, not what they ask for."""
        if self.status == 401 or self.kind in _KEY_KINDS:
            return True
        return self.status == 403 and bool(_KEY_WORDS.search(self.words))


def read_complaint(status: int, headers: Mapping[str, str], body: bytes, redact: Redact) -> Complaint:
    """An error answer of any kind. Never raises."""
    try:
        document = mapping(orjson.loads(body))
    except ValueError:
        document = {}
    words = text(document.get("message")) or text(document.get("Message"))
    if not document:
        page = body[:LARGEST_ERROR].decode("utf-8", "replace")
        words = "" if "<" in page[:200] else page
    kind = text(headers.get("x-amzn-errortype")).partition(":")[0] or text(document.get("__type")).rpartition("#")[2]
    request_id = shown(text(headers.get("x-amzn-requestid")), redact, 200)
    return Complaint(status, shown(kind, redact, 80), shown(words, redact), request_id)


def http_error(
    complaint: Complaint, *, model: str = "", region: str = "", successor: str = "", retry_after: float = RETRY_SECONDS
) -> ProviderError:  # fmt: skip
    """The error for an answer other than HTTP 200 to a costly call. `retry_after` is the answer's own, in seconds."""
    status, quoted, request_id = complaint.status, quotation(complaint.words, "AWS"), complaint.request_id
    if status == 429 or complaint.kind == "ServiceQuotaExceededException":
        message = sentence(complaint, "Too many requests", quoted, NOT_BILLED)
        return Busy("rate_minute", message, retry_after=retry_after, remedy=SLOWER, request_id=request_id)
    if not 400 <= status < 500 or status in MAYBE_RUN:
        code = "provider_5xx" if status >= 500 else "unknown_outcome"
        headlines = {408: "The model took too long", 424: "The model failed", 503: "Not available"}
        message = sentence(complaint, headlines.get(status, "Unexpected answer"), quoted, MAYBE)
        return OutcomeUnknown(message, code=code, request_id=request_id)
    code, headline, remedy = _case(complaint, model, region, successor)
    return Rejected(code, sentence(complaint, headline, quoted, NOT_BILLED), remedy=remedy, request_id=request_id)


def sentence(complaint: Complaint, headline: str, *rest: str) -> str:
    """The form that users know: "Bedrock API error (HTTP 429 ThrottlingException): Too many requests. …"."""
    name = f"HTTP {complaint.status} {complaint.kind}".strip()
    return " ".join((f"Bedrock API error ({name}): {headline}.", *(part for part in rest if part)))


def _case(complaint: Complaint, model: str, region: str, successor: str) -> tuple[str, str, str]:
    """Code, headline and remedy of a refusal."""
    if complaint.blames_key:
        return "key_invalid", "API credentials are invalid", CHECK_KEY
    if complaint.status == 403 and _PAYMENT.search(complaint.words):
        return "billing_disabled", "The account cannot pay", PAY
    if complaint.status == 403:
        return "permission_region", f"The account may not use {model or 'this'} in {region or 'this region'}", ALLOW
    if complaint.status == 404:
        follow = f"Choose {successor} instead." if successor else f"Choose another model. {OTHER_REGION}"
        return "model_retired", f"Bedrock does not offer {model or 'this'} here (any more)", follow
    if _NO_SUCH_MODEL.search(complaint.words):
        return (
            "permission_region",
            f"Bedrock does not offer {model or 'this'} in {region or 'this region'}",
            OTHER_REGION,
        )
    if complaint.status == 413:
        return "capability", "Request too large", "Use smaller pictures: a call may have 25 MB, written as base64."
    return "capability", "Request not accepted", CHANGE_REQUEST
