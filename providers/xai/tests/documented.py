"""xAI's documented errors, in the bodies of its pages and of recorded answers."""

from tests.providers.documented import DocumentedError

DEBUGGING = "https://docs.x.ai/developers/debugging"
FEE = "https://docs.x.ai/docs/models"
WITHHELD = {
    "code": "Client specified an invalid argument",
    "error": "Generated image rejected by content moderation.",
    "usage": {"cost_in_usd_ticks": 200000000},
}


def _body(error: str, code: str = "Client specified an invalid argument") -> dict[str, object]:
    return {"code": code, "error": error}


ERRORS = [
    DocumentedError(
        name="wrong key", status=400, code="key_invalid", ends="rejected", state="released",
        body=_body("Incorrect API key provided: xa***ey. You can obtain an API key from https://console.x.ai."),
        source=DEBUGGING,
    ),
    DocumentedError(
        name="no key", status=401, code="key_invalid", ends="rejected", state="released",
        body={"error": {"message": "No API key provided.", "type": "authentication_error", "code": "unauthenticated"}},
        source=DEBUGGING,
    ),
    DocumentedError(
        name="no permission", status=403, code="permission_region", ends="rejected", state="released",
        body=_body("You do not have permission to use this model.",
                   "The caller does not have permission to execute the specified operation"),
        source=DEBUGGING,
    ),
    DocumentedError(
        name="key without the endpoint", status=403, code="permission_region", ends="rejected", state="released",
        body=_body("Your API key is not allowed to access this endpoint.",
                   "The caller does not have permission to execute the specified operation"),
        source=DEBUGGING,
    ),
    DocumentedError(
        name="no credits yet", status=403, code="billing_disabled", ends="rejected", state="released",
        body=_body("Your newly created team doesn't have any credits yet. You can purchase credits on the console.",
                   "The caller does not have permission to execute the specified operation"),
        source=DEBUGGING,
    ),
    DocumentedError(
        name="credits used up", status=429, code="billing_disabled", ends="rejected", state="released",
        body=_body("Your team 16f2151a has either used all available credits or reached its monthly spending limit. "
                   "To continue making API requests, please purchase more credits or raise your spending limit.",
                   "Some resource has been exhausted"),
        source="https://github.com/continuedev/continue/issues/10373",
    ),
    DocumentedError(
        name="too many requests", status=429, code="rate_minute", ends="busy", state="released",
        body=_body("Too many requests.", "Some resource has been exhausted"), headers={"retry-after": "12"},
        source=DEBUGGING,
    ),
    DocumentedError(
        name="unknown model", status=404, code="model_retired", ends="rejected", state="released",
        body=_body("The model grok-imagine-image-9 does not exist or your team does not have access to it.",
                   "Some requested entity was not found"),
        source=DEBUGGING,
    ),
    DocumentedError(
        name="size is not supported", status=400, code="capability", ends="rejected", state="released",
        body=_body("Argument not supported: size"), source="https://docs.crazyrouter.com/en/images/grok",
    ),
    DocumentedError(
        name="a value that is none", status=422, code="capability", ends="rejected", state="released",
        body="Failed to deserialize the JSON body into the target type: resolution: unknown variant `1K`.",
        source=DEBUGGING,
    ),
    DocumentedError(
        name="drawn and withheld, with its cost", status=400, code="refused_output", ends="rejected", state="settled",
        body=WITHHELD, source="https://docs.x.ai/developers/cost-tracking",
    ),
    DocumentedError(
        name="withheld without a cost", status=400, code="refused_output", ends="unknown", state="unknown",
        body={name: value for name, value in WITHHELD.items() if name != "usage"}, source=FEE,
    ),
    DocumentedError(
        name="prompt against the usage guidelines", status=403, code="refused_prompt", ends="unknown", state="unknown",
        body={"error": {"message": "Content violates usage guidelines.", "type": "permission", "code": "403"}},
        source=FEE,
    ),
    DocumentedError(
        name="every item withheld", status=200, code="refused_output", ends="rejected", state="settled",
        body={"data": [{"respect_moderation": False}], "usage": {"cost_in_usd_ticks": 400000000}},
        source="https://github.com/xai-org/xai-sdk-python (image_pb2)",
    ),
    DocumentedError(
        name="prompt blocked at no cost", status=200, code="refused_prompt", ends="rejected", state="released",
        body={"data": [], "block_reason": "Blocked by input moderation.", "usage": {"cost_in_usd_ticks": 0}},
        source="https://docs.x.ai/developers/rest-api-reference/inference/images",
    ),
    DocumentedError(
        name="nothing at all", status=200, code="unknown_outcome", ends="unknown", state="unknown",
        body={"data": []}, source="https://github.com/vercel/ai/issues/19168",
    ),
    DocumentedError(
        name="server error", status=500, code="provider_5xx", ends="unknown", state="unknown",
        body=_body("Internal error.", "Internal error"), source=DEBUGGING,
    ),
    DocumentedError(
        name="at capacity", status=503, code="provider_5xx", ends="unknown", state="unknown",
        body=_body("The model is at capacity.", "The service is currently unavailable"), source=DEBUGGING,
    ),
]  # fmt: skip
