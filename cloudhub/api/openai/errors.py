"""OpenAI's error envelope, and what a generation that ended without a picture means in it.

Official SDKs repeat 408, 409, 429 and 5xx by themselves, without an idempotency key; `x-should-retry` stops them:
https://github.com/openai/openai-python (src/openai/_base_client.py)
"""

from collections.abc import Mapping
from typing import Any

from rest_framework.response import Response

from cloudhub.api.door import Door, NothingHere
from cloudhub.api.errors import Problem
from cloudhub.generations.models import Generation

TYPES = {401: "authentication_error", 402: "insufficient_quota", 403: "permission_error", 429: "rate_limit_error"}
PARAM_BY_CODE = {"model_not_found": "model", "model_retired": "model", "refused_prompt": "prompt"}
KEY_CODES = ("no_key", "key_invalid", "billing_disabled", "org_unverified", "permission_region")
BUSY_SECONDS: Mapping[str, int] = {"rate_minute": 60, "rate_day": 3600, "provider_5xx": 30}
NOT_RUN_CODES = ("connect_failed_not_sent", "interrupted")
KEY_SECONDS = 300
NOT_RUN_SECONDS = 5


class OpenAIDoor(Door):
    """Base of the OpenAI-compatible views."""

    def answer_problem(self, problem: Problem) -> Response:
        retry = "true" if problem.worth_repeating else "false"
        headers = {**problem.headers, "x-should-retry": retry}
        return Response(openai_envelope(problem), status=problem.status, headers=headers)


class NoSuchOpenAIAddress(NothingHere, OpenAIDoor):
    """Answers an unknown address below /v1 in OpenAI's envelope."""


def openai_envelope(problem: Problem) -> dict[str, Any]:
    """`code` is the hub's own, `param` the first field at fault."""
    kind = "server_error" if problem.status >= 500 else TYPES.get(problem.status, "invalid_request_error")
    param = next(iter(problem.fields), PARAM_BY_CODE.get(problem.code))
    return {
        "error": {"message": problem.message, "type": kind, "param": param, "code": problem.code, **problem.details}
    }


def problem_of_ending(generation: Generation) -> Problem:
    """Why a finished generation has no picture, for a caller who can only be told by a status."""
    error = generation.error or {}
    code, message = error.get("code", "unknown_outcome"), error.get("message", "It ended without a picture.")
    message = " ".join(part for part in (message, error.get("remedy", "")) if part)
    if generation.state == Generation.State.UNKNOWN:
        return Problem(502, "unknown_outcome", message)
    if generation.state == Generation.State.CANCELLED:
        return Problem(409, code, message)
    # Only what the vendor was too busy for may come again; a model's own failure is a rejection.
    if code in BUSY_SECONDS and error.get("billed") == "no" and error.get("retry") == "after":
        return Problem(429, code, message, headers={"Retry-After": str(BUSY_SECONDS[code])})
    if code in KEY_CODES:
        return Problem(503, code, message, headers={"Retry-After": str(KEY_SECONDS)})
    if code in NOT_RUN_CODES:
        headers = {"Retry-After": str(NOT_RUN_SECONDS)}
        return Problem(503, code, message, headers=headers, worth_repeating=True)
    if error.get("billed") == "no" or generation.state == Generation.State.REFUSED:
        return Problem(400, code, message)
    return Problem(502, code, message)
