"""What Google's pages and real answers say can go wrong with Imagen, on the Gemini API and on Vertex AI alike."""

import os

from providers.imagen.tests.answers import ALL_FILTERED, answer, error_body, error_info
from tests.google_accounts import PROJECT, service_account, write_key_file
from tests.providers.documented import DocumentedError

GEMINI_API = "https://ai.google.dev/gemini-api/docs/troubleshooting"
VERTEX = "https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/api-errors"
RAI = "https://cloud.google.com/vertex-ai/generative-ai/docs/image/responsible-ai-imagen"
BLOCKED = (
    "Image generation failed with the following error: The prompt could not be submitted. This prompt contains "
    "sensitive words that violate Google's Responsible AI practices. Try rephrasing the prompt. If you think this was "
    "an error, send feedback. Support codes: 42876398"
)
HALFWAY = "Image generation failed with the following error: Fail to execute model: Deadline exceeded during decode."
GONE = "models/imagen-4.0-generate-001 is not found for API version v1beta, or is not supported for predict."
ELSEWHERE = (
    "Publisher Model `projects/studio-1/locations/global/publishers/google/models/imagen-4.0-generate-001` was not "
    "found or your project does not have access to it."
)
DENIED = "Permission 'aiplatform.endpoints.predict' denied on resource '//aiplatform.googleapis.com/projects/studio-1'."
QUOTA = "You exceeded your current quota, please check your plan and billing details.\nPlease retry in 0.1s."


def row(name, status, body, code, ends, state, source):
    return DocumentedError(name=name, status=status, body=body, code=code, ends=ends, state=state, source=source)


ERRORS = [
    row("bad key", 400,
        error_body(400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.",
                   error_info("API_KEY_INVALID")),
        "key_invalid", "rejected", "released", GEMINI_API),
    row("no billing", 400,
        error_body(400, "INVALID_ARGUMENT", "Imagen API is only accessible to billed users at this time."),
        "billing_disabled", "rejected", "released", GEMINI_API),
    row("blocked prompt", 400, error_body(400, "INVALID_ARGUMENT", BLOCKED), "refused_prompt", "rejected", "released",
        RAI),
    row("blocked prompt of older models", 400,
        error_body(400, "INVALID_ARGUMENT", "Image generation failed with the following error: The response is "
                   "blocked, as it may violate our policies. Error Code: 58061214"),
        "refused_prompt", "rejected", "released", RAI),
    row("seed with watermark", 400,
        error_body(400, "INVALID_ARGUMENT", "Image generation failed with the following error: Seed is not supported "
                   "when watermark is enabled."),
        "capability", "rejected", "released", "https://github.com/GoogleCloudPlatform/generative-ai/pull/780"),
    row("expired token", 401, error_body(401, "UNAUTHENTICATED", "Request had invalid authentication credentials.",
                                         error_info("ACCESS_TOKEN_EXPIRED")),
        "key_invalid", "rejected", "released", VERTEX),
    row("missing role", 403, error_body(403, "PERMISSION_DENIED", DENIED, error_info("IAM_PERMISSION_DENIED")),
        "permission_region", "rejected", "released", VERTEX),
    row("API switched off", 403,
        error_body(403, "PERMISSION_DENIED", "Agent Platform API has not been used in project studio-1 before or it is "
                   "disabled.", error_info("SERVICE_DISABLED")),
        "permission_region", "rejected", "released", VERTEX),
    row("billing switched off", 403,
        error_body(403, "PERMISSION_DENIED", "This API method requires billing to be enabled.",
                   error_info("BILLING_DISABLED")),
        "billing_disabled", "rejected", "released", VERTEX),
    row("retired on the Gemini API", 404, error_body(404, "NOT_FOUND", GONE), "model_retired", "rejected", "released",
        GEMINI_API),
    row("retired on Vertex AI", 404, error_body(404, "NOT_FOUND", ELSEWHERE), "model_retired", "rejected", "released",
        VERTEX),
    row("quota of a minute", 429, error_body(429, "RESOURCE_EXHAUSTED", QUOTA), "rate_minute", "busy", "released",
        GEMINI_API),
    row("shared quota", 429, error_body(429, "RESOURCE_EXHAUSTED", "Resource exhausted. Please try again later."),
        "rate_minute", "busy", "released", VERTEX),
    row("internal error", 500, error_body(500, "INTERNAL", "An internal error has occurred."), "provider_5xx",
        "unknown", "unknown", VERTEX),
    row("overload", 503, error_body(503, "UNAVAILABLE", "The model is overloaded. Please try again later."),
        "provider_5xx", "busy", "released", GEMINI_API),
    row("failed halfway", 503, error_body(503, "UNAVAILABLE", HALFWAY), "provider_5xx", "unknown", "unknown", VERTEX),
    row("deadline", 504, error_body(504, "DEADLINE_EXCEEDED", "Deadline expired before operation could complete."),
        "provider_5xx", "unknown", "unknown", VERTEX),
    row("a proxy's page", 502, "<html><title>502 Bad Gateway</title></html>", "provider_5xx", "unknown", "unknown", ""),
    row("all pictures withheld", 200, answer({"raiFilteredReason": ALL_FILTERED}), "refused_output", "rejected",
        "released", RAI),
    row("nothing at all", 200, {}, "refused_output", "rejected", "released", RAI),
]  # fmt: skip

# Some options are Vertex AI's alone.
FORM = "vertex"


def credentials(form, folder, canary):
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


# Google counts 480 tokens.
LONGEST_PROMPT = 1500
