"""Errors of compatible servers and gateways, in the bodies of their documents and threads."""

from tests.providers.documented import DocumentedError

LITELLM = "https://docs.litellm.ai/docs/exception_mapping"
OPENAI = "https://developers.openai.com/api/docs/guides/error-codes"


def _body(message: str, kind: str | None = None, code: str | int | None = None) -> dict[str, object]:
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


ERRORS = [
    DocumentedError(
        name="wrong key", status=401, code="key_invalid", ends="rejected", state="released",
        body=_body("Authentication Error, Invalid proxy server token passed.", "auth_error", 401), source=LITELLM,
    ),
    DocumentedError(
        name="no credit", status=402, code="billing_disabled", ends="rejected", state="released",
        body=_body("Insufficient credit."), source="https://docs.together.ai/docs/error-codes",
    ),
    DocumentedError(
        name="gateway's budget", status=429, code="billing_disabled", ends="rejected", state="released",
        body=_body("Budget has been exceeded! Current cost: 10.1, Max budget: 10.0", "budget_exceeded", "429"),
        source=LITELLM,
    ),
    DocumentedError(
        name="not allowed", status=403, code="permission_region", ends="rejected", state="released",
        body=_body("Key is not allowed to call this route."), source=LITELLM,
    ),
    DocumentedError(
        name="no such model", status=404, code="model_retired", ends="rejected", state="released",
        body=_body("The model `flux-dev` does not exist", "invalid_request_error", "model_not_found"), source=OPENAI,
    ),
    DocumentedError(
        name="no such route", status=404, code="capability", ends="rejected", state="released",
        body={"detail": "Not Found"}, source="https://fastapi.tiangolo.com/tutorial/handling-errors/",
    ),
    DocumentedError(
        name="field that the server does not take", status=400, code="capability", ends="rejected", state="released",
        body=_body("Unknown parameter: 'response_format'.", "invalid_request_error", "unknown_parameter"),
        source="https://github.com/vercel/ai/issues/6102",
    ),
    DocumentedError(
        name="wrong fields", status=422, code="capability", ends="rejected", state="released",
        body={"detail": [{"loc": ["body", "size"], "msg": "value is not a valid size", "type": "value_error"}]},
        source="https://fastapi.tiangolo.com/tutorial/handling-errors/",
    ),
    DocumentedError(
        name="refused prompt", status=400, code="refused_prompt", ends="rejected", state="released",
        body=_body("Your request was rejected by the content_filter.", None, "content_policy_violation"),
        source=LITELLM,
    ),
    DocumentedError(
        name="refused for legal reasons", status=451, code="refused_prompt", ends="rejected", state="released",
        body=_body("This content is not available."), source="https://docs.apiyi.com",
    ),
    DocumentedError(
        name="too large", status=413, code="capability", ends="rejected", state="released",
        body="<html>413 Request Entity Too Large</html>", source="https://nginx.org/en/docs/",
    ),
    DocumentedError(
        name="too many requests", status=429, code="rate_minute", ends="busy", state="released",
        body=_body("Rate limit reached.", "rate_limit_error", "rate_limit_exceeded"), headers={"retry-after": "3"},
        source=OPENAI,
    ),
    DocumentedError(
        name="out of memory", status=500, code="provider_5xx", ends="unknown", state="unknown",
        body={"error": "OutOfMemoryError", "detail": "CUDA out of memory."},
        source="https://github.com/AUTOMATIC1111/stable-diffusion-webui",
    ),
    DocumentedError(
        name="gateway without its server", status=503, code="provider_5xx", ends="unknown", state="unknown",
        body="<html>503</html>", source="https://nginx.org/en/docs/",
    ),
    DocumentedError(
        name="empty list", status=200, code="refused_output", ends="unknown", state="unknown",
        body={"created": 1, "data": []}, source="https://github.com/BerriAI/litellm/issues/10811",
    ),
    DocumentedError(
        name="error inside a success", status=200, code="refused_output", ends="unknown", state="unknown",
        body={"created": 1, "error": {"code": "contentFilter",
                                      "message": "Your task failed as a result of our safety system."}},
        source="https://github.com/MicrosoftDocs/azure-ai-docs (dall-e.md)",
    ),
]  # fmt: skip

# One of each kind of server that the emulator has; three of them bill nobody, whose price the owner sets to nothing.
REGISTRATIONS = [
    {
        "cloud_model_id": "gateway/flux", "price_per_image": "0.02",
        "capabilities": {"images_per_call": 4, "qualities": ["standard", "hd"],
                         "modes": ["text-to-image", "image-to-image"], "most_input_images": 4},
    },
    {
        "cloud_model_id": "qwen-image", "price_per_image": "0",
        "capabilities": {
            "images_per_call": 10, "seed": "guaranteed", "negative_prompt": True, "guidance_scale": True,
            "strength": True, "modes": ["text-to-image", "image-to-image", "inpaint"], "most_input_images": 2,
            "output_formats": ["png"], "options": [{"name": "num_inference_steps", "kind": "integer", "minimum": 1}],
        },
    },
    {
        "cloud_model_id": "stablediffusion", "price_per_image": "0",
        "capabilities": {"seed": "guaranteed", "negative_prompt": True, "facts": {"response_format": "url"}},
    },
    {
        "cloud_model_id": "strict-image", "price_per_image": "0",
        "capabilities": {"seed": "best_effort", "facts": {"response_format": ""}},
    },
]  # fmt: skip
