"""What can go wrong at Replicate, in the bodies that its API gives.

The 4xx bodies are those that people quote of api.replicate.com in 2025 and 2026; predictions are as in
https://replicate.com/docs/reference/http#predictions.get, their error texts as people quote them.
"""

from typing import Any

from providers.replicate.tests.stage import prediction
from tests.providers.documented import DocumentedError

HTTP = "https://replicate.com/docs/reference/http"
LIMITS = "https://replicate.com/docs/topics/predictions/rate-limits"
LIFECYCLE = "https://replicate.com/docs/topics/predictions/lifecycle"
BILLING = "https://replicate.com/docs/topics/billing"
LOW_CREDIT = (
    "Request was throttled. Your rate limit for creating predictions is reduced to 6 requests per minute with a burst "
    "of 1 requests while you have less than $5.0 in credit. Your rate limit resets in ~7s."
)
NOT_STARTED: dict[str, Any] = {"started_at": None, "metrics": {}}


def problem(status: int, title: str, detail: str, **more: Any) -> dict[str, Any]:
    return {"title": title, "detail": detail, "status": status, **more}


def refused(name: str, status: int, body: Any, code: str, **more: Any) -> DocumentedError:
    return DocumentedError(
        name=name,
        status=status,
        body=body,
        code=code,
        **{"ends": "rejected", "state": "released", "source": HTTP, **more},
    )


def ended(name: str, code: str, state: str, **changes: Any) -> DocumentedError:
    """A prediction that ended badly, as a poll finds it. `state` is that of an official model."""
    status = changes.pop("status", "failed")
    return DocumentedError(
        name=name, status=200, body=prediction(status, **changes), code=code, ends="rejected", state=state, on="check",
        source=LIFECYCLE,
    )  # fmt: skip


ERRORS = [
    refused("no token", 401, problem(401, "Unauthenticated", "You did not pass a token"), "key_invalid"),
    refused("no credit", 402, problem(
        402, "Insufficient credit", "You have insufficient credit to run this model. Go to "
        "https://replicate.com/account/billing#billing to purchase credit.",
    ), "billing_disabled"),
    refused("forbidden", 403, problem(403, "Forbidden", "You do not have permission."), "permission_region"),
    refused("no such model", 404, problem(404, "", "The requested resource could not be found."), "model_retired"),
    refused("no such version", 422, problem(
        422, "Invalid version or not permitted",
        "The specified version does not exist (or perhaps you don't have permission to use it?)",
    ), "model_retired"),
    refused("a wrong choice", 422, problem(
        422, "Input validation failed", '- input.output_format: output_format must be one of the following: "jpg"\n',
        invalid_fields=[{"type": "enum", "field": "input.output_format", "description": "output_format must be one…"}],
    ), "capability"),
    refused("a missing input", 422, problem(
        422, "Input validation failed", "- input: prompt is required\n",
        invalid_fields=[{"type": "required", "field": "input", "description": "prompt is required"}],
    ), "capability"),
    refused("not JSON", 400, problem(400, "Bad request", "The request body is not valid JSON."), "capability"),
    refused("too large", 413, "Request Entity Too Large", "capability"),
    refused("throttled", 429, {"detail": "Request was throttled. Your rate limit resets in ~30s."}, "rate_minute",
            ends="busy", source=LIMITS),
    refused("throttled for want of credit", 429, {"detail": LOW_CREDIT, "status": 429, "retry_after": 7}, "rate_minute",
            ends="busy", source=LIMITS, headers={"Retry-After": "7"}),
    refused("internal error", 500, problem(500, "Internal server error", "An error occurred."), "provider_5xx",
            ends="unknown", state="unknown"),
    refused("bad gateway", 502, "<html>502 Bad Gateway</html>", "provider_5xx", ends="unknown", state="unknown"),
    refused("not available", 503, "upstream connect error", "provider_5xx", ends="unknown", state="unknown"),
    refused("a time-out", 408, "", "unknown_outcome", ends="unknown", state="unknown"),
    refused("not a prediction", 200, "<html>a proxy's page</html>", "unknown_outcome", ends="unknown", state="unknown"),
    refused("a prediction without an id", 201, {"status": "starting"}, "unknown_outcome", ends="unknown",
            state="unknown"),
    refused("failed at once", 201, prediction("failed", error="CUDA out of memory"), "provider_5xx", source=BILLING),
    ended("withheld for nudity", "refused_output", "settled", error="NSFW content detected. Try a different prompt."),
    ended("all withheld", "refused_output", "settled", error="All generated images contained NSFW content."),
    ended("flagged as sensitive", "refused_prompt", "settled",
          error="The input or output was flagged as sensitive. Please try again with different inputs. (E005)"),
    ended("flagged before it ran", "refused_prompt", "released", error="flagged as sensitive. (E005)", **NOT_STARTED),
    ended("BFL refuses the prompt", "refused_prompt", "settled", error="Request Moderated"),
    ended("BFL withholds the picture", "refused_output", "settled", error="Content Moderated"),
    ended("the model failed", "provider_5xx", "released", error="CUDA out of memory"),
    ended("failed without a word", "provider_5xx", "released", error=None),
    ended("an unreadable picture", "capability", "released", error="Invalid input. Could not read the image. (E006)"),
    ended("canceled", "cancelled_after_send", "settled", status="canceled"),
    ended("aborted", "cancelled_before_send", "released", status="aborted", **NOT_STARTED),
    ended("no output", "invalid_output", "released", status="succeeded", output=[]),
    ended("output removed", "invalid_output", "settled", status="succeeded", output=None, data_removed=True),
    DocumentedError(name="an unknown prediction", status=404, body=problem(404, "", "Not found"),
                    code="unknown_outcome", ends="unknown", state="unknown", on="check", source=HTTP),
]  # fmt: skip
