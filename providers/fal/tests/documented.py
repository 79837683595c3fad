"""What can go wrong at fal, in the bodies of its pages, and a registration of an endpoint outside the catalogue."""

from typing import Any

from tests.providers.documented import DocumentedError

MODEL_ERRORS = "https://fal.ai/docs/documentation/model-apis/errors.md"
REQUEST_ERRORS = "https://fal.ai/docs/documentation/model-apis/request-errors.md"
QUEUE = "https://fal.ai/docs/api-reference/inference-api/openapi/queue.json"
FAQ = "https://fal.ai/docs/documentation/model-apis/faq.md"
DONE = {"status": "COMPLETED", "logs": None, "metrics": {}}
# The first is the vendor's usual model.
REGISTRATIONS = [
    {"cloud_model_id": "fal-ai/flux/schnell"},
    {"cloud_model_id": "emulated/painter", "price_per_image": "0.012"},
]
QUICK = {"providers.fal.client.POLL_SECONDS": 0.05}


def refused(name: str, status: int, body: Any, code: str, **more: Any) -> DocumentedError:
    return DocumentedError(
        name=name,
        status=status,
        body=body,
        code=code,
        **{"ends": "rejected", "state": "released", "source": QUEUE, **more},
    )


def failed(name: str, code: str, state: str, status: int, body: Any, **more: Any) -> DocumentedError:
    """An answer to the questions about a request: both to the one for its state and to the one for its result."""
    return DocumentedError(
        name=name, status=status, body=body, code=code, state=state, on="check",
        **{"ends": "rejected", "source": REQUEST_ERRORS, **more},
    )  # fmt: skip


def ended(name: str, code: str, state: str, words: str, kind: str) -> DocumentedError:
    return failed(name, code, state, 200, {**DONE, "error": words, "error_type": kind})


ERRORS = [
    refused("no key", 401, {"detail": "Cannot access application 'fal-ai/flux'. Authentication is required."},
            "key_invalid"),
    refused("no credit", 402, {"detail": "Payment required."}, "billing_disabled", source=FAQ),
    refused("a locked account", 403, {"detail": "User is locked. Reason: Exhausted balance. Top up your balance."},
            "billing_disabled", source=FAQ),
    refused("a key without the scope", 403, {"detail": "You are not permitted to perform this action."},
            "permission_region"),
    refused("no such endpoint", 404, {"detail": "Application 'flux' not found"}, "model_retired"),
    refused("not JSON", 400, {"detail": "The request body is not valid JSON."}, "capability"),
    refused("a missing input", 422,
            {"detail": [{"loc": ["body", "prompt"], "msg": "Field required", "type": "missing"}]}, "capability",
            source=MODEL_ERRORS),
    refused("too large", 413, "Request Entity Too Large", "capability"),
    refused("too many requests", 429, {"detail": "Too many requests."}, "rate_minute", ends="busy",
            headers={"Retry-After": "7"}),
    refused("internal error", 500, {"detail": "Internal Server Error", "error_type": "internal_error"}, "provider_5xx",
            ends="unknown", state="unknown", source=REQUEST_ERRORS),
    refused("bad gateway", 502, "<html>502 Bad Gateway</html>", "provider_5xx", ends="unknown", state="unknown"),
    refused("a time-out", 408, "", "unknown_outcome", ends="unknown", state="unknown"),
    refused("not an accepted request", 200, "<html>a proxy's page</html>", "unknown_outcome", ends="unknown",
            state="unknown"),
    refused("accepted without an id", 200, {"status": "IN_QUEUE"}, "unknown_outcome", ends="unknown", state="unknown"),
    ended("no runner began in time", "provider_5xx", "released", "Request timed out", "request_timeout"),
    ended("no runner to be had", "provider_5xx", "released", "No runner", "runner_scheduling_failure"),
    ended("a runner that went", "provider_5xx", "released", "Runner disconnected", "runner_disconnected"),
    ended("cancelled", "cancelled_after_send", "settled", "Request was cancelled", "client_cancelled"),
    ended("the prompt is refused", "refused_prompt", "settled", "The content was flagged.", "content_policy_violation"),
    ended("the picture is withheld", "refused_output", "settled", "The generated image was flagged.",
          "content_policy_violation"),
    ended("a picture that cannot be read", "capability", "settled", "Failed to load the image", "image_load_error"),
    failed("no pictures", "invalid_output", "settled", 200, {**DONE, "images": []}, source=MODEL_ERRORS),
    failed("words alone", "no_image_text_answer", "settled", 200, {**DONE, "images": [], "description": "I cannot."},
           source=MODEL_ERRORS),
    failed("every picture flagged", "refused_output", "settled", 200,
           {**DONE, "images": [{"url": "https://v3.fal.media/files/a.png"}], "has_nsfw_concepts": [True]},
           source=MODEL_ERRORS),
    failed("an unknown request", "unknown_outcome", "unknown", 404, {"detail": "Request not found."}, ends="unknown",
           source=QUEUE),
    failed("a key that was taken away", "key_invalid", "released", 401, {"detail": "Authentication is required."},
           ends="busy", source=QUEUE),
    failed("the state cannot be told", "provider_5xx", "released", 503, {"detail": "Service unavailable"}, ends="busy",
           source=QUEUE),
]  # fmt: skip
