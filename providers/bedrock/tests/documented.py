"""Bedrock's documented errors in their real bodies, for the hub-wide contract test, and keys of both forms."""

from typing import Any

from providers.bedrock.tests.wishes import LARGE, drawn
from tests.providers.documented import DocumentedError

CODES = "https://docs.aws.amazon.com/bedrock/latest/userguide/troubleshooting-api-error-codes.html"
INVOKE = "https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InvokeModel.html"
PAGE = "https://docs.aws.amazon.com/bedrock/latest/userguide/stable-image-services.html"
NO_PERMISSION = (
    "User: arn:aws:iam::123456789012:user/fox is not authorized to perform: bedrock:InvokeModel on resource: "
    "arn:aws:bedrock:us-west-2::foundation-model/stability.stable-image-core-v1:1"
)
NO_PAYMENT = "Model access is denied due to INVALID_PAYMENT_INSTRUMENT:A valid payment instrument must be provided."


def row(
    name: str, status: int, kind: str, words: str, code: str, ends: Any, state: Any, **more: Any
) -> DocumentedError:
    """One of AWS's exceptions: its name in a header, its sentence in the body."""
    headers = {"x-amzn-ErrorType": f"{kind}:http://internal.amazon.com/coral/com.amazon.bedrock/"}
    body = {more.pop("field", "message"): words}
    return DocumentedError(
        name=name, status=status, body=body, headers=headers, code=code, ends=ends, state=state,
        source=more.pop("source", CODES), **more,
    )  # fmt: skip


def reason(name: str, words: str, code: str) -> DocumentedError:
    """A reason in place of a picture; taken as billed."""
    body = {"finish_reasons": [words]}
    return DocumentedError(
        name=name, status=200, body=body, code=code, ends="rejected", state="settled", source=PAGE
    )  # fmt: skip


ERRORS = [
    row("bad request", 400, "ValidationException", "Malformed input request: #: extraneous key [foo] is not permitted",
        "capability", "rejected", "released"),
    row("no such model here", 400, "ValidationException", "The provided model identifier is invalid.",
        "permission_region", "rejected", "released"),
    row("quota of the account", 400, "ServiceQuotaExceededException", "Your request exceeds the service quota.",
        "rate_minute", "busy", "released", source=INVOKE),
    row("signature not as AWS writes it", 400, "IncompleteSignature", "Does not conform to AWS standards.",
        "key_invalid", "rejected", "released"),
    row("bad API key", 403, "AccessDeniedException", "Authentication failed: Please make sure your API Key is valid.",
        "key_invalid", "rejected", "released", field="Message"),
    row("bad access key", 403, "UnrecognizedClientException", "The security token included in the request is invalid.",
        "key_invalid", "rejected", "released"),
    row("old session", 403, "ExpiredTokenException", "The security token included in the request is expired",
        "key_invalid", "rejected", "released"),
    row("no permission", 403, "AccessDeniedException", NO_PERMISSION, "permission_region", "rejected", "released"),
    row("no way to pay", 403, "AccessDeniedException", NO_PAYMENT, "billing_disabled", "rejected", "released"),
    row("model ended", 404, "ResourceNotFoundException", "This model version has reached the end of its life.",
        "model_retired", "rejected", "released"),
    row("model timed out", 408, "ModelTimeoutException", "Model has timed out in processing the request.",
        "unknown_outcome", "unknown", "unknown", source=INVOKE),
    row("model failed", 424, "ModelErrorException", "The system encountered an unexpected error during processing.",
        "unknown_outcome", "unknown", "unknown", source=INVOKE),
    row("too many requests", 429, "ThrottlingException", "Too many requests, please wait before trying again.",
        "rate_minute", "busy", "released"),
    row("model not ready", 429, "ModelNotReadyException", "The model is not ready to serve inference requests.",
        "rate_minute", "busy", "released", source=INVOKE),
    row("internal error", 500, "InternalServerException", "The system encountered an unexpected error.",
        "provider_5xx", "unknown", "unknown"),
    row("not available", 503, "ServiceUnavailableException", "Bedrock is unable to process your request.",
        "provider_5xx", "unknown", "unknown"),
    DocumentedError(name="a proxy's page", status=504, body="<html><title>504</title></html>", code="provider_5xx",
                    ends="unknown", state="unknown"),
    reason("prompt refused", "Filter reason: prompt", "refused_prompt"),
    reason("picture withheld", "Filter reason: output image", "refused_output"),
    reason("input refused", "Filter reason: input image", "refused_prompt"),
    reason("inference error", "Inference error", "invalid_output"),
    DocumentedError(name="no readable picture", status=200, body=drawn(images=["bm8gcGljdHVyZQ=="]),
                    code="invalid_output", ends="rejected", state="settled", source=PAGE, model=LARGE),
]  # fmt: skip

SAME_ON_THE_WIRE = {
    "us.stability.stable-image-remove-background-v1:0:background": "what it gives is always transparent",
}


def credentials(form, folder, canary):
    """Both forms with a region, which is no secret; every part of an access key holds the canary."""
    if form == "api_key":
        return {"AWS_BEARER_TOKEN_BEDROCK": canary, "AWS_REGION": "us-west-2"}
    return {"AWS_ACCESS_KEY_ID": canary, "AWS_SECRET_ACCESS_KEY": f"secret-{canary}",
            "AWS_SESSION_TOKEN": f"token-{canary}", "AWS_DEFAULT_REGION": "us-east-1"}  # fmt: skip
