"""OpenAI's documented errors, in the bodies of its pages and of recorded answers."""

from tests.providers.documented import DocumentedError

ERROR_GUIDE = "https://developers.openai.com/api/docs/guides/error-codes"
LIMITS = "https://help.openai.com/en/articles/6614457"
KEYS = "https://platform.openai.com/account/api-keys"


def _body(
    message: str, kind: str | None, code: str | None, param: str | None = None, **more: object
) -> dict[str, object]:
    return {"error": {"message": message, "type": kind, "param": param, "code": code, **more}}


def _blocked(stage: str) -> dict[str, object]:
    message = (
        "Your request was rejected by the safety system. If you believe this is an error, contact us at "
        "help.openai.com and include the request ID req_1. safety_violations=[sexual]."
    )
    details = {"moderation_stage": stage, "categories": ["sexual"]}
    return _body(message, "image_generation_user_error", "moderation_blocked", moderation_details=details)


INVALID = "invalid_request_error"
ERRORS = [
    DocumentedError(
        name="wrong key", status=401, code="key_invalid", ends="rejected", state="released",
        body=_body(f"Incorrect API key provided: fake_key. You can find your API key at {KEYS}.", INVALID,
                   "invalid_api_key"),
        headers={"WWW-Authenticate": 'Bearer realm="OpenAI API"'},
        source="https://github.com/openai/openai-dotnet (recorded 2026-06-09)",
    ),
    DocumentedError(
        name="restricted key", status=401, code="permission_region", ends="rejected", state="released",
        body=_body("You have insufficient permissions for this operation. Missing scopes: model.request.", INVALID,
                   None),
        source=ERROR_GUIDE,
    ),
    DocumentedError(
        name="country not supported", status=403, code="permission_region", ends="rejected", state="released",
        body=_body("Country, region, or territory not supported", "request_forbidden",
                   "unsupported_country_region_territory"),
        source=ERROR_GUIDE,
    ),
    DocumentedError(
        name="organisation not verified", status=403, code="org_unverified", ends="rejected", state="released",
        body=_body("Your organization must be verified to use the model `gpt-image-1`. Please go to: "
                   "https://platform.openai.com/settings/organization/general and click on Verify Organization.",
                   INVALID, None),
        source="https://github.com/openai-php/client/issues/565",
    ),
    DocumentedError(
        name="project without the model", status=403, code="permission_region", ends="rejected", state="released",
        model="gpt-image-2",
        body=_body("Project `proj_abc` does not have access to model `gpt-image-2`", INVALID, "model_not_found"),
        source="https://github.com/NousResearch/hermes-agent/issues/60748",
    ),
    DocumentedError(
        name="model does not exist", status=404, code="model_retired", ends="rejected", state="released",
        body=_body("The model 'gpt-image-1' does not exist", INVALID, "model_not_found", "model"),
        source="https://github.com/openai/openai-dotnet (recorded, models endpoint)",
    ),
    DocumentedError(
        name="model does not exist, as 400", status=400, code="model_retired", ends="rejected", state="released",
        body=_body("The model 'dall-e-3' does not exist.", "image_generation_user_error", "invalid_value", "model"),
        source="https://github.com/openai/codex/issues/25969",
    ),
    DocumentedError(
        name="prompt blocked", status=400, code="refused_prompt", ends="rejected", state="released",
        body=_blocked("input"), source="https://github.com/openai/openai-python (3.54.0)",
    ),
    DocumentedError(
        name="picture withheld", status=400, code="refused_output", ends="unknown", state="unknown",
        body=_blocked("output"), source="https://github.com/openai/openai-python (3.54.0)",
    ),
    DocumentedError(
        name="content policy of DALL·E", status=400, code="refused_prompt", ends="rejected", state="released",
        body=_body("Your request was rejected as a result of our safety system.", INVALID, "content_policy_violation"),
        source=ERROR_GUIDE,
    ),
    DocumentedError(
        name="unknown parameter", status=400, code="capability", ends="rejected", state="released",
        body=_body("Unknown parameter: 'response_format'.", INVALID, "unknown_parameter", "response_format"),
        source="https://github.com/vercel/ai/issues/6102",
    ),
    DocumentedError(
        name="quality that the model lacks", status=400, code="capability", ends="rejected", state="released",
        body=_body("The model 'gpt-image-2' does not support quality 'xhigh'.", "image_generation_user_error",
                   "invalid_value", "quality"),
        source="https://github.com/lobehub/lobe-chat/pull/19342",
    ),
    DocumentedError(
        name="hard limit of spending", status=400, code="billing_disabled", ends="rejected", state="released",
        body=_body("Billing hard limit has been reached", INVALID, "billing_hard_limit_reached"),
        source="https://github.com/dfinke/PowerShellAI/issues/127",
    ),
    *(
        DocumentedError(
            name=f"no money: {code}", status=429, code="billing_disabled", ends="rejected", state="released",
            body=_body("You exceeded your current quota, please check your plan and billing details.",
                       "insufficient_quota", code),
            source=LIMITS,
        )
        for code in ("insufficient_quota", "credit_balance_exhausted", "organization_spend_limit_exceeded",
                     "project_spend_limit_exceeded", "organization_usage_limit_exceeded")
    ),
    DocumentedError(
        name="images a minute", status=429, code="rate_minute", ends="busy", state="released",
        body=_body("Rate limit reached for gpt-image-2 in organization org-abc on input-images per min: Limit 5, "
                   "Used 5, Requested 1. Please try again in 12s.", "input-images", "rate_limit_exceeded"),
        headers={"retry-after": "12"}, source=LIMITS,
    ),
    DocumentedError(
        name="requests a day", status=429, code="rate_day", ends="busy", state="released",
        body=_body("Rate limit reached for gpt-image-2 on requests per day (RPD): Limit 200, Used 200, Requested 1. "
                   "Please try again in 7m12s.", "requests", "rate_limit_exceeded"),
        source=LIMITS,
    ),
    DocumentedError(
        name="server error", status=500, code="provider_5xx", ends="unknown", state="unknown",
        body=_body("The server had an error while processing your request. Sorry about that!", "server_error", None),
        source=ERROR_GUIDE,
    ),
    DocumentedError(
        name="overloaded", status=503, code="provider_5xx", ends="busy", state="released",
        body=_body("The engine is currently overloaded, please try again later.", "service_unavailable_error",
                   "server_is_overloaded"),
        source=ERROR_GUIDE,
    ),
    DocumentedError(
        name="slow down", status=503, code="provider_5xx", ends="busy", state="released",
        body=_body("Slow down: please reduce your request rate.", "service_unavailable_error", "slow_down"),
        source=ERROR_GUIDE,
    ),
    DocumentedError(
        name="not available, without a reason", status=503, code="provider_5xx", ends="unknown", state="unknown",
        body="<html>503 Service Temporarily Unavailable</html>", source=ERROR_GUIDE,
    ),
    DocumentedError(
        name="gateway time-out", status=524, code="provider_5xx", ends="unknown", state="unknown",
        body="<html><title>524: A timeout occurred</title></html>", source=ERROR_GUIDE,
    ),
]  # fmt: skip
