"""BFL's documented errors and end states in their real bodies, for the hub-wide contract test."""

from providers.bfl.tests.wishes import state
from tests.providers.documented import DocumentedError

ANSWERS = "https://docs.bfl.ai/api_integration/errors"
STATES = "https://docs.bfl.ai/api-reference/utility/get-result"

ERRORS = [
    DocumentedError(
        name="bad request", status=400, body={"detail": "Invalid image."}, code="capability", ends="rejected",
        state="released", source=ANSWERS,
    ),
    DocumentedError(
        name="key invalid", status=401, body={"detail": "Invalid API key."}, code="key_invalid", ends="rejected",
        state="released", source=ANSWERS,
    ),
    DocumentedError(
        name="credits used up", status=402, body={"detail": "Insufficient credits. Please add credits."},
        code="billing_disabled", ends="rejected", state="released", source=ANSWERS,
    ),
    DocumentedError(
        name="not authenticated", status=403, body={"detail": "Not authenticated - Invalid Authentication"},
        code="key_invalid", ends="rejected", state="released", source=ANSWERS,
    ),
    DocumentedError(
        name="forbidden", status=403, body={"detail": "Not authorized for this endpoint"}, code="permission_region",
        ends="rejected", state="released", source=ANSWERS,
    ),
    DocumentedError(
        name="model gone", status=404, body={"detail": "Not Found"}, code="model_retired", ends="rejected",
        state="released", source=ANSWERS,
    ),
    DocumentedError(
        name="field not known", status=422, code="capability", ends="rejected", state="released", source=ANSWERS,
        body={"detail": [
            {"type": "extra_forbidden", "loc": ["body", "width"], "msg": "Extra inputs are not permitted"}
        ]},
    ),
    DocumentedError(
        name="24 active tasks", status=429, body={"detail": "You have exceeded the number of active tasks (24)"},
        code="rate_minute", ends="busy", state="released", headers={"Retry-After": "3"}, source=ANSWERS,
    ),
    DocumentedError(
        name="internal error", status=500, body={"detail": "Internal Server Error"}, code="provider_5xx",
        ends="unknown", state="unknown", source=ANSWERS,
    ),
    DocumentedError(
        name="unavailable", status=503, body={"detail": "Service unavailable"}, code="provider_5xx", ends="unknown",
        state="unknown", source=ANSWERS,
    ),
    DocumentedError(
        name="a proxy's page", status=502, body="<html><title>502</title></html>", code="provider_5xx", ends="unknown",
        state="unknown", source=ANSWERS,
    ),
    DocumentedError(
        name="request moderated", status=200, on="check", code="refused_prompt", ends="rejected", state="released",
        body=state("Request Moderated", details={"Moderation Reasons": ["Violence"]}), source=STATES,
    ),
    DocumentedError(
        name="content moderated", status=200, on="check", code="refused_output", ends="rejected", state="released",
        body=state("Content Moderated", details={"Moderation Reasons": ["Derivative Works Filter"]}), source=STATES,
    ),
    DocumentedError(
        name="task failed", status=200, body=state("Error", details={"error": "render crashed"}), on="check",
        code="provider_5xx", ends="rejected", state="released", source=STATES,
    ),
    DocumentedError(
        name="task failed, told with a 503", status=503, body=state("Failed", details="render crashed"), on="check",
        code="provider_5xx", ends="rejected", state="released", source=STATES,
    ),
    DocumentedError(
        name="task not found", status=404, body=state("Task not found"), on="check", code="unknown_outcome",
        ends="unknown", state="unknown", source=STATES,
    ),
    DocumentedError(
        name="cannot tell now", status=503, body={"detail": "Service unavailable"}, on="check", code="provider_5xx",
        ends="busy", state="unknown", source=STATES,
    ),
    DocumentedError(
        name="asked too often", status=429, body={"detail": "Too many requests"}, on="check", code="rate_minute",
        ends="busy", state="unknown", source=STATES,
    ),
]  # fmt: skip
