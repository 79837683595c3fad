"""Stability's documented errors in their real bodies, for the hub-wide contract test."""

from providers.stability.tests.wishes import drawn, envelope
from tests.providers.documented import DocumentedError

# The one service that answers later.
LATER = "stable-image-upscale-creative"
REFERENCE = "https://platform.stability.ai/docs/api-reference"

ERRORS = [
    DocumentedError(
        name="bad request", status=400, body=envelope("bad_request", "seed: must be a number"), code="capability",
        ends="rejected", state="released", source=REFERENCE,
    ),
    DocumentedError(
        name="key invalid", status=401, body=envelope("unauthorized", "missing or invalid authorization header"),
        code="key_invalid", ends="rejected", state="released", source=REFERENCE,
    ),
    DocumentedError(
        name="credits used up", status=402, body=envelope("payment_required", "You lack sufficient credits."),
        code="billing_disabled", ends="rejected", state="released", source=REFERENCE,
    ),
    DocumentedError(
        name="prompt moderated", status=403, body=envelope("content_moderation", "Your request was flagged."),
        code="refused_prompt", ends="rejected", state="released", source=REFERENCE,
    ),
    DocumentedError(
        name="forbidden", status=403, body=envelope("forbidden", "You lack the necessary permissions."),
        code="permission_region", ends="rejected", state="released", source=REFERENCE,
    ),
    DocumentedError(
        name="service gone", status=404, body=envelope("not_found", "Not found."), code="model_retired",
        ends="rejected", state="released", source=REFERENCE,
    ),
    DocumentedError(
        name="too large", status=413, body=envelope("payload_too_large", "Your request was larger than 10MiB."),
        code="capability", ends="rejected", state="released", source=REFERENCE,
    ),
    DocumentedError(
        name="language", status=422, body=envelope("invalid_language", "English is the only supported language."),
        code="capability", ends="rejected", state="released", source=REFERENCE,
    ),
    DocumentedError(
        name="rate limit", status=429, body=envelope("rate_limit_exceeded", "You have exceeded the rate limit."),
        code="rate_minute", ends="busy", state="released", source=REFERENCE,
    ),
    DocumentedError(
        name="internal error", status=500, body=envelope("internal_error", "An unexpected error has occurred."),
        code="provider_5xx", ends="unknown", state="unknown", source=REFERENCE,
    ),
    DocumentedError(
        name="a proxy's page", status=504, body="<html><title>504</title></html>", code="provider_5xx", ends="unknown",
        state="unknown", source=REFERENCE,
    ),
    DocumentedError(
        name="picture blurred", status=200, body=drawn(finish_reason="CONTENT_FILTERED"), code="refused_output",
        ends="rejected", state="settled", source=REFERENCE,
    ),
    DocumentedError(
        name="job expired", status=404, body=envelope("not_found", "The generation was not found."),
        code="unknown_outcome", ends="unknown", state="unknown", on="check", source=REFERENCE, model=LATER,
    ),
    DocumentedError(
        name="job's picture blurred", status=200, body=drawn(finish_reason="CONTENT_FILTERED"), code="refused_output",
        ends="rejected", state="settled", on="check", source=REFERENCE, model=LATER,
    ),
    DocumentedError(
        name="job moderated", status=403, body=envelope("content_moderation", "Your request was flagged."),
        code="refused_prompt", ends="rejected", state="released", on="check", source=REFERENCE, model=LATER,
    ),
    DocumentedError(
        name="asked too often", status=429, body=envelope("rate_limit_exceeded", "You have exceeded the rate limit."),
        code="rate_minute", ends="busy", state="unknown", on="check", source=REFERENCE, model=LATER,
    ),
    DocumentedError(
        name="cannot tell now", status=500, body=envelope("internal_error", "An unexpected error has occurred."),
        code="provider_5xx", ends="busy", state="unknown", on="check", source=REFERENCE, model=LATER,
    ),
]  # fmt: skip

SAME_ON_THE_WIRE = {"stable-image-remove-background:background": "what it gives is always transparent"}
