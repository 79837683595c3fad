"""Ideogram's documented errors in their bodies, for the hub-wide contract test."""

from providers.ideogram.tests.wishes import GENERATION, entry_of_answer
from tests.providers.documented import DocumentedError

BILLING = "https://developer.ideogram.ai/ideogram-api/errors"
RATES = "https://developer.ideogram.ai/ideogram-api/rate-limits"
ANSWERS = "https://developer.ideogram.ai/ideogram-api/responses-and-metadata"
WITHHELD = entry_of_answer(is_image_safe=False, url=None)


def limited(reason: str) -> dict[str, str]:
    return {"error": "The request was rejected.", "reject_reason": reason}


ERRORS = [
    DocumentedError(
        name="invalid request", status=400, body={"error": "Invalid input provided."}, code="capability",
        ends="rejected", state="released", source=BILLING,
    ),
    DocumentedError(
        name="key invalid", status=401, body={"message": "Access denied. Please verify your API key."},
        code="key_invalid", ends="rejected", state="released", source=BILLING,
    ),
    DocumentedError(
        name="credits used up", status=402, body=limited("insufficient_funds"), code="billing_disabled",
        ends="rejected", state="released", source=BILLING,
    ),
    DocumentedError(
        name="subscription", status=402, body=limited("subscription_required"), code="billing_disabled",
        ends="rejected", state="released", source=BILLING,
    ),
    DocumentedError(
        name="not in the plan", status=402, body=limited("feature_limit"), code="permission_region", ends="rejected",
        state="released", source=BILLING,
    ),
    DocumentedError(
        name="day's limit", status=402, body=limited("daily_limit"), code="rate_day", ends="busy", state="released",
        source=BILLING,
    ),
    DocumentedError(
        name="no access", status=403, body={"error": "No access."}, code="permission_region", ends="rejected",
        state="released", source=BILLING,
    ),
    DocumentedError(
        name="not found", status=404, body={"error": "Not found."}, code="model_retired", ends="rejected",
        state="released", source=BILLING,
    ),
    DocumentedError(
        name="too large", status=413, body={"error": "An upload is too large."}, code="capability", ends="rejected",
        state="released", source=BILLING,
    ),
    DocumentedError(
        name="prompt refused", status=422, body={"error": "Prompt failed the safety check"}, code="refused_prompt",
        ends="rejected", state="released", source=BILLING,
    ),
    DocumentedError(
        name="ten in progress", status=429, body={**limited("inflight_limit"), "max_inflight_requests": 10},
        code="rate_minute", ends="busy", state="released", source=RATES,
    ),
    DocumentedError(
        name="internal error", status=500, body={"error": "Internal server error."}, code="provider_5xx",
        ends="unknown", state="unknown", source=BILLING,
    ),
    DocumentedError(
        name="unavailable", status=503, body={"error": "The endpoint is temporarily unavailable."},
        code="provider_5xx", ends="unknown", state="unknown", source=BILLING,
    ),
    DocumentedError(
        name="a proxy's page", status=502, body="<html><title>502</title></html>", code="provider_5xx", ends="unknown",
        state="unknown",
    ),
    DocumentedError(
        name="picture withheld", status=200, code="refused_output", ends="rejected", state="settled", source=BILLING,
        body={"generation_id": GENERATION, "seed": 1, "data": [WITHHELD]},
    ),
]  # fmt: skip

SAME_ON_THE_WIRE = {"ideogram-remove-background:background": "what it gives is always transparent"}
