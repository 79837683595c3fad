"""What Adobe's pages say can go wrong, in its real bodies.

Codes and statuses: the OpenAPI document in https://www.npmjs.com/package/@adobe/firefly-apis (2.0.1). Gateway answers:
https://developer.adobe.com/firefly-services/docs/firefly-api/getting-started/usage-notes/.
"""

from tests.providers.documented import DocumentedError

OPENAPI = "https://www.npmjs.com/package/@adobe/firefly-apis"
USAGE_NOTES = "https://developer.adobe.com/firefly-services/docs/firefly-api/getting-started/usage-notes/"
ENUM = {
    "error_code": "validation_error",
    "validation_errors": [
        {
            "loc": ["body", "contentClass"],
            "msg": "value is not a valid enumeration member; permitted: 'photo', 'art'",
            "type": "type_error.enum",
        }
    ],
}
JOB = {"jobId": "urn:ff:jobs:1", "status": "failed"}

ERRORS = [
    DocumentedError(name="bad request", status=400, body={"error_code": "bad_request"}, code="capability",
                    ends="rejected", state="released", source=OPENAPI),
    DocumentedError(name="token not valid", status=401,
                    body={"error_code": "401013", "message": "Oauth token is not valid"}, code="provider_5xx",
                    ends="busy", state="released", source=USAGE_NOTES),
    DocumentedError(name="no entitlement", status=403, body={"error_code": "access_error"}, code="permission_region",
                    ends="rejected", state="released", source=OPENAPI),
    DocumentedError(name="project without the API", status=403,
                    body={"error_code": "403003", "message": "Api Key is invalid"}, code="permission_region",
                    ends="rejected", state="released", source=USAGE_NOTES),
    DocumentedError(name="removed route", status=404, body={"error_code": "not_found"}, code="model_retired",
                    ends="rejected", state="released", source=OPENAPI),
    DocumentedError(name="time-out", status=408, body={"error_code": "timeout_error"}, code="unknown_outcome",
                    ends="unknown", state="unknown", source=OPENAPI),
    DocumentedError(name="too large", status=413, body={"error_code": "bad_request"}, code="capability",
                    ends="rejected", state="released", source=OPENAPI),
    DocumentedError(name="wrong type of content", status=415, body={"error_code": "invalid_content_type"},
                    code="capability", ends="rejected", state="released", source=OPENAPI),
    DocumentedError(name="validation", status=422, body=ENUM, code="capability", ends="rejected", state="released",
                    source=OPENAPI),
    DocumentedError(name="unsafe prompt", status=422, body={"error_code": "prompt_unsafe"}, code="refused_prompt",
                    ends="rejected", state="released", source=OPENAPI),
    DocumentedError(name="unsafe reference", status=422, body={"error_code": "input_media_unsafe"},
                    code="refused_prompt", ends="rejected", state="released", source=OPENAPI),
    DocumentedError(name="unsafe output", status=422, body={"error_code": "output_media_unsafe"},
                    code="refused_output", ends="rejected", state="released", source=OPENAPI),
    DocumentedError(name="language", status=422, body={"error_code": "language_not_supported"}, code="capability",
                    ends="rejected", state="released", source=OPENAPI),
    DocumentedError(name="too many requests", status=429, body={"error_code": "429001", "message": "Too many requests"},
                    code="rate_minute", ends="busy", state="released", headers={"retry-after": "1"},
                    source=USAGE_NOTES),
    DocumentedError(name="the day's requests", status=429,
                    body={"error_code": "429001", "message": "Too many requests"}, code="rate_day", ends="busy",
                    state="released", headers={"retry-after": "40000"}, source=USAGE_NOTES),
    DocumentedError(name="legal reasons", status=451, body={"error_code": "access_error"}, code="refused_prompt",
                    ends="rejected", state="released", source=OPENAPI),
    DocumentedError(name="runtime error", status=500, body={"error_code": "runtime_error"}, code="provider_5xx",
                    ends="unknown", state="unknown", source=OPENAPI),
    DocumentedError(name="not implemented", status=501, body={"error_code": "not_implemented"}, code="capability",
                    ends="rejected", state="released", source=OPENAPI),
    DocumentedError(name="gateway", status=502, body="<html>Bad gateway</html>", code="provider_5xx", ends="unknown",
                    state="unknown", source=OPENAPI),
    DocumentedError(name="model not loaded", status=503, body={"error_code": "model_not_loaded"}, code="provider_5xx",
                    ends="busy", state="released", source=OPENAPI),
    DocumentedError(name="job: unsafe output", status=200, body=JOB | {"error_code": "output_media_unsafe"},
                    code="refused_output", ends="rejected", state="settled", on="check", source=OPENAPI),
    DocumentedError(name="job: unsafe prompt", status=200, body=JOB | {"error_code": "prompt_unsafe"},
                    code="refused_prompt", ends="rejected", state="settled", on="check", source=OPENAPI),
    DocumentedError(name="job: validation", status=200, body=JOB | ENUM, code="capability", ends="rejected",
                    state="released", on="check", source=OPENAPI),
    DocumentedError(name="job: runtime error", status=200, body=JOB | {"error_code": "runtime_error"},
                    code="provider_5xx", ends="unknown", state="unknown", on="check", source=OPENAPI),
    DocumentedError(name="job: cancelled", status=200, body=JOB | {"status": "cancelled"},
                    code="cancelled_after_send", ends="rejected", state="settled", on="check", source=OPENAPI),
    DocumentedError(name="job: no picture", status=200, body=JOB | {"status": "succeeded", "result": {"outputs": []}},
                    code="invalid_output", ends="rejected", state="settled", on="check", source=OPENAPI),
]  # fmt: skip

# Prices stand in each customer's contract; this one is the emulator's.
REGISTRATIONS = [
    {"cloud_model_id": model, "price_per_image": "0.05"}
    for model in ("image5", "image4_ultra", "image4_standard", "image3", "fill")
]

VALUES = {"options.locale": ["en-US", "de-DE"]}
