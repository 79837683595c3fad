"""Together's documented errors and the models under the contract, those of its list among them.

Statuses: https://docs.together.ai/docs/error-codes. Bodies have the envelope of Together's OpenAPI document; their
words are documented for few of them.
"""

from typing import Any

from tests.providers.documented import DocumentedError

CODES = "https://docs.together.ai/docs/error-codes"
SCHEMA = "https://github.com/togethercomputer/openapi"
SKILLS = "https://github.com/togethercomputer/skills"
SAFETY = "https://docs.together.ai/docs/inference/images/parameters"
RATES = "https://docs.together.ai/docs/serverless/rate-limits"


def envelope(
    message: str, kind: str = "invalid_request_error", param: str | None = None, code: str | None = None
) -> Any:
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


def refused(name: str, status: int, body: Any, code: str, source: str = CODES) -> DocumentedError:
    return DocumentedError(
        name=name, status=status, body=body, code=code, ends="rejected", state="released", source=source
    )


def unsure(name: str, status: int, body: Any, code: str, source: str = CODES) -> DocumentedError:
    return DocumentedError(
        name=name, status=status, body=body, code=code, ends="unknown", state="unknown", source=source
    )


ERRORS = [
    refused("bad request", 400, envelope("steps must be between 1 and 4", param="steps"), "capability"),
    refused("no serverless model", 400,
            envelope("Unable to access non-serverless model x/y.", code="model_not_available"), "model_retired",
            SKILLS),
    refused("key invalid", 401, envelope("Invalid API key provided.", code="invalid_api_key"), "key_invalid"),
    refused("no credit", 402, envelope("Credit limit exceeded"), "billing_disabled"),
    refused("forbidden", 403, envelope("Forbidden"), "permission_region"),
    refused("data sharing not allowed", 403,
            envelope("This model requires third-party data sharing to be enabled for your organization.",
                     code="third_party_data_sharing_blocked"), "permission_region", SKILLS),
    refused("no such model", 404, envelope("Model not found", code="model_not_found"), "model_retired"),
    refused("too large", 413, "<html>413 Request Entity Too Large</html>", "capability"),
    refused("a field refused", 422, envelope("width: not a valid integer", param="width"), "capability", SCHEMA),
    DocumentedError(name="too many requests", status=429, body=envelope("Rate limit exceeded", "rate_limit"),
                    code="rate_minute", ends="busy", state="released", headers={"retry-after": "3"}, source=RATES),
    DocumentedError(name="engine overloaded", status=503, body=envelope("Engine overloaded", "service_unavailable"),
                    code="provider_5xx", ends="busy", state="released", source=CODES),
    unsure("safety checker", 422, envelope("The prompt or the picture was flagged as NSFW."), "refused_output", SAFETY),
    unsure("unprocessable without a field", 422, {"error": {"message": "Unprocessable Entity", "type": "x"}},
           "refused_output", SAFETY),
    unsure("a maker's moderation", 400, envelope("Request moderated by the provider"), "refused_output", SKILLS),
    unsure("a time-out", 408, "", "unknown_outcome"),
    unsure("server error", 500, envelope("Internal server error", "server_error"), "provider_5xx"),
    unsure("bad gateway", 502, "<html>502</html>", "provider_5xx"),
    unsure("unavailable behind a proxy", 503, "<html>503</html>", "provider_5xx"),
    unsure("an empty list", 200, {"id": "x", "model": "m", "object": "list", "data": []}, "unknown_outcome", SCHEMA),
    unsure("an error inside a success", 200, envelope("Something broke"), "unknown_outcome", SCHEMA),
]  # fmt: skip

# The first is the vendor's usual one. Those with a price are charged "by image, estimated": the emulator's figure
# stands for a contract. The last two are not in the catalogue: one with a price in the list, one that its owner
# describes.
REGISTRATIONS = [
    {"cloud_model_id": "black-forest-labs/FLUX.1.1-pro"},
    {"cloud_model_id": "black-forest-labs/FLUX.2-pro", "price_per_image": "0.03"},
    {"cloud_model_id": "black-forest-labs/FLUX.2-flex", "price_per_image": "0.06"},
    {"cloud_model_id": "black-forest-labs/FLUX.2-dev", "price_per_image": "0.0154"},
    {"cloud_model_id": "Rundiffusion/Juggernaut-Lightning-Flux", "price_per_image": "0.0017"},
    {
        "cloud_model_id": "Qwen/Qwen-Image",
        "capabilities": {"negative_prompt": True, "guidance_scale": True,
                         "options": [{"name": "steps", "kind": "integer", "minimum": 1, "maximum": 50}]},
    },
    {
        "cloud_model_id": "google/flash-image-3.1", "price_per_image": "0.05",
        "capabilities": {"modes": ["text-to-image", "image-to-image"], "most_input_images": 2,
                         "sizes": {"": {"1:1": [1024, 1024], "16:9": [1344, 768]}}},
    },
]  # fmt: skip
