"""Recraft's errors in the bodies that its page and people who met them give, for the hub-wide contract test."""

from providers.recraft.tests.wishes import complaint, drawn
from tests.providers.documented import DocumentedError

PAGE = "https://www.recraft.ai/docs/api-reference/error-handling"
ENDPOINTS = "https://www.recraft.ai/docs/api-reference/endpoints"
LIMITS = "https://www.recraft.ai/docs/api-reference/appendix"

ERRORS = [
    DocumentedError(
        name="token invalid", status=401, body="request unauthorized", code="key_invalid", ends="rejected",
        state="released", headers={"content-type": "text/plain; charset=utf-8"}, source=PAGE,
    ),
    DocumentedError(
        name="not found", status=404, body="404 page not found", code="model_retired", ends="rejected",
        state="released", headers={"content-type": "text/plain; charset=utf-8"}, source=PAGE,
    ),
    DocumentedError(
        name="size not supported", status=400, body=complaint("invalid_size", "size 7x7 is not supported"),
        code="capability", ends="rejected", state="released", source=PAGE,
    ),
    DocumentedError(
        name="vector model at the raster address", status=400,
        body=complaint("invalid_image_type", "Style 'vector_illustration' is not a raster style"), code="capability",
        ends="rejected", state="released", source=ENDPOINTS,
    ),
    DocumentedError(
        name="model gone", status=400, body=complaint("invalid_request", "model recraftv4_1 is not supported"),
        code="model_retired", ends="rejected", state="released", source=PAGE,
    ),
    DocumentedError(
        name="units used up", status=400, body=complaint("not_enough_credits", "not enough credits"),
        code="billing_disabled", ends="rejected", state="released", source=PAGE,
    ),
    DocumentedError(
        name="payment required", status=402, body=complaint("payment_required", "Buy API units."),
        code="billing_disabled", ends="rejected", state="released", source=PAGE,
    ),
    DocumentedError(
        name="forbidden", status=403, body=complaint("forbidden", "Access is denied."), code="permission_region",
        ends="rejected", state="released", source=PAGE,
    ),
    DocumentedError(
        name="too large", status=413, body=complaint("payload_too_large", "The file has more than 10 MB."),
        code="capability", ends="rejected", state="released", source=ENDPOINTS,
    ),
    DocumentedError(
        name="rate limit", status=429, body=complaint("rate_limit_exceeded", "Rate limit exceeded"),
        code="rate_minute", ends="busy", state="released", source=LIMITS,
    ),
    DocumentedError(
        name="refused by the filter", status=400, body=complaint("content_moderation", "The prompt was moderated."),
        code="refused_output", ends="unknown", state="unknown", source=PAGE,
    ),
    DocumentedError(
        name="internal error", status=500, body=complaint("internal_error", "Internal server error"),
        code="provider_5xx", ends="unknown", state="unknown", source=PAGE,
    ),
    DocumentedError(
        name="a proxy's page", status=504, body="<html><title>504</title></html>", code="provider_5xx", ends="unknown",
        state="unknown", source=PAGE,
    ),
    DocumentedError(
        name="time-out", status=408, body="request timeout", code="unknown_outcome", ends="unknown", state="unknown",
        source=PAGE,
    ),
    DocumentedError(
        name="an SVG all the same", status=200, body=drawn(b"<svg xmlns='http://www.w3.org/2000/svg'/>", credits=35),
        code="invalid_output", ends="rejected", state="settled", source=ENDPOINTS,
    ),
    DocumentedError(
        name="no picture in the answer", status=200, body={"created": 1760000000, "credits": 0, "data": []},
        code="unknown_outcome", ends="unknown", state="unknown", source=ENDPOINTS,
    ),
]  # fmt: skip

SAME_ON_THE_WIRE = {"recraft-remove-background:background": "what it gives is always see-through"}
