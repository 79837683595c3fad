"""What Google's pages and real answers say can go wrong with Gemini's image models."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from providers.gemini.tests.answers import error_body, error_info
from tests.google_accounts import PROJECT, service_account, write_key_file
from tests.providers.documented import DocumentedError

TROUBLE = "https://ai.google.dev/gemini-api/docs/troubleshooting"
BILLING = "https://ai.google.dev/gemini-api/docs/billing"
SAFETY = "https://ai.google.dev/gemini-api/docs/safety-settings"
GENERATE = "https://ai.google.dev/api/generate-content"
GONE = "models/x is not found for API version v1beta, or is not supported for generateContent."
QUOTA = "You exceeded your current quota, please check your plan and billing details.\nPlease retry in 30s."
USAGE = {"promptTokenCount": 9, "totalTokenCount": 9}


def _refused(name: str, status: int, word: str, message: str, code: str, *details: Any) -> DocumentedError:
    return DocumentedError(
        name=name, status=status, body=error_body(status, word, message, *details), code=code, ends="rejected",
        state="released", source=TROUBLE,
    )  # fmt: skip


def _ended(name: str, status: int, word: str, message: str, code: str, ends: Any) -> DocumentedError:
    state: Any = "released" if ends == "busy" else "unknown"
    return DocumentedError(name=name, status=status, body=error_body(status, word, message), code=code, ends=ends,
                           state=state, source=TROUBLE)  # fmt: skip


ERRORS = [
    _refused("bad key", 400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.", "key_invalid",
             error_info("API_KEY_INVALID")),
    _refused("expired key", 400, "INVALID_ARGUMENT", "API key expired. Please renew the API key.", "key_invalid"),
    _refused("unknown name", 400, "INVALID_ARGUMENT",
             'Invalid JSON payload received. Unknown name "x": Cannot find field.', "capability"),
    _refused("wrong region", 400, "FAILED_PRECONDITION", "User location is not supported for the API use.",
             "permission_region"),
    _refused("no billing", 400, "FAILED_PRECONDITION", "Please enable billing on project 12.", "billing_disabled"),
    _refused("no credentials", 401, "UNAUTHENTICATED", "Request is missing credentials.", "key_invalid"),
    _refused("leaked key", 403, "PERMISSION_DENIED",
             "Your API key was reported as leaked. Please use another API key.", "key_invalid"),
    _refused("permission denied", 403, "PERMISSION_DENIED", "The caller does not have permission", "permission_region"),
    _refused("model gone", 404, "NOT_FOUND", GONE, "model_retired"),
    _ended("quota of a minute", 429, "RESOURCE_EXHAUSTED", QUOTA, "rate_minute", "busy"),
    _ended("internal error", 500, "INTERNAL", "An internal error has occurred.", "provider_5xx", "unknown"),
    _ended("overload", 503, "UNAVAILABLE", "The model is overloaded. Please try again later.", "provider_5xx", "busy"),
    _ended("deadline", 504, "DEADLINE_EXCEEDED", "Deadline expired before operation could complete.", "provider_5xx",
           "unknown"),
    DocumentedError(
        name="credits used up", status=429, code="billing_disabled", ends="rejected", state="released", source=BILLING,
        body=error_body(429, "RESOURCE_EXHAUSTED", "Your prepaid credits are depleted."),
    ),
    DocumentedError(
        name="blocked prompt", status=200, code="refused_prompt", ends="rejected", state="settled", source=SAFETY,
        body={"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}, "usageMetadata": USAGE, "responseId": "r"},
    ),
    DocumentedError(
        name="a document that says nothing", status=200, code="unknown_outcome", ends="unknown", state="unknown",
        body={"candidates": []}, source=GENERATE,
    ),
]  # fmt: skip

# Some options are Vertex AI's alone.
FORM = "vertex"


def credentials(form: str, folder: Path, canary: str) -> Mapping[str, str] | None:
    """For Vertex AI a service account that the emulator knows, or refuses when the canary is an invalid one."""
    if form != "vertex":
        return None
    url = os.environ["VERTEX_BASE_URL"].removesuffix("/vertex")
    account = service_account(url, private_key_id=canary)
    if "invalid" in canary:
        account["client_email"] = f"{canary}@{PROJECT}.iam.gserviceaccount.com"
    path = write_key_file(folder, account)
    return {"GOOGLE_CLOUD_PROJECT": PROJECT, "GOOGLE_CLOUD_REGION": "us-central1",
            "GOOGLE_APPLICATION_CREDENTIALS": path}  # fmt: skip
