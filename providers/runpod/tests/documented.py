"""What can go wrong at RunPod, in the bodies that its hosts give.

Statuses: https://docs.runpod.io/serverless/endpoints/send-requests; job states: …/serverless/endpoints/job-states. The
jobs' host documents no bodies for its statuses; the management API's are in https://docs.runpod.io/api-reference. The
words of safety refusals are not documented anywhere. States are those of a public endpoint.
"""

from typing import Any

from providers.runpod.tests.stage import job
from tests.providers.documented import DocumentedError

REQUESTS = "https://docs.runpod.io/serverless/endpoints/send-requests"
STATES = "https://docs.runpod.io/serverless/endpoints/job-states"


def refused(name: str, status: int, body: Any, code: str, **more: Any) -> DocumentedError:
    usual = {"ends": "rejected", "state": "released", "source": REQUESTS}
    return DocumentedError(name=name, status=status, body=body, code=code, **{**usual, **more})


def ended(name: str, code: str, state: str = "released", **changes: Any) -> DocumentedError:
    """A job that ended badly, as a poll finds it."""
    body = job(changes.pop("status", "FAILED"), **changes)
    return DocumentedError(
        name=name, status=200, body=body, code=code, ends="rejected", state=state, on="check", source=STATES
    )


ERRORS = [
    refused("bad request", 400, {"error": "input is required"}, "capability"),
    refused("unauthorized", 401, {"title": "Unauthorized", "status": 401, "detail": "missing token"}, "key_invalid"),
    refused("no credit", 402, {"error": "insufficient balance"}, "billing_disabled"),
    refused("forbidden", 403, {"title": "Forbidden", "status": 403, "detail": "access denied"}, "permission_region"),
    refused("no such endpoint", 404, {"error": "endpoint not found"}, "model_retired"),
    refused("too large", 413, "Payload Too Large", "capability"),
    refused("too many requests", 429, {"title": "Too Many Requests", "status": 429, "detail": "rate limit exceeded"},
            "rate_minute", ends="busy", headers={"Retry-After": "12"}),
    refused("internal error", 500, {"error": "Internal Server Error"}, "provider_5xx", ends="unknown", state="unknown"),
    refused("bad gateway", 502, "<html>502 Bad Gateway</html>", "provider_5xx", ends="unknown", state="unknown"),
    refused("a time-out", 408, "", "unknown_outcome", ends="unknown", state="unknown"),
    refused("not a job", 200, "<html>a proxy's page</html>", "unknown_outcome", ends="unknown", state="unknown"),
    refused("a job without an id", 200, {"status": "IN_QUEUE"}, "unknown_outcome", ends="unknown", state="unknown"),
    ended("failed", "provider_5xx", error="CUDA out of memory"),
    ended("failed, told as JSON inside text", "provider_5xx",
          error='{"error_type": "<class \'RuntimeError\'>", "error_message": "CUDA out of memory", "worker_id": "x"}'),
    ended("failed without a word", "provider_5xx"),
    ended("picture withheld", "refused_output", error="The generated image was flagged by the safety checker."),
    ended("prompt refused", "refused_prompt", error="The prompt contains NSFW content."),
    ended("wrong input", "capability", error="Input validation failed: size must be width*height"),
    ended("workflow refused", "capability", error="Workflow validation failed:\n• Node 4 (ckpt_name): not in list"),
    ended("an error inside of a completed job", "provider_5xx", status="COMPLETED", output={"error": "it broke"}),
    ended("no picture", "invalid_output", status="COMPLETED", output={"cost": 0}),
    ended("no picture, and charged", "invalid_output", "settled", status="COMPLETED", output={"cost": 0.02}),
    ended("timed out in the queue", "provider_5xx", status="TIMED_OUT"),
    ended("timed out at work", "provider_5xx", status="TIMED_OUT", executionTime=600_000),
    ended("refused inside of a completed job, and charged", "refused_output", "settled", status="COMPLETED",
          output={"error": "NSFW", "cost": 0.02}),
    ended("cancelled in the queue", "cancelled_before_send", status="CANCELLED", executionTime=0),
    ended("cancelled without a word of when", "cancelled_after_send", "settled", status="CANCELLED"),
    ended("cancelled at work", "cancelled_after_send", "settled", status="CANCELLED", executionTime=90, workerId="x"),
    DocumentedError(name="an expired job", status=404, body={"error": "job not found"}, code="unknown_outcome",
                    ends="unknown", state="unknown", on="check", source=REQUESTS),
]  # fmt: skip
