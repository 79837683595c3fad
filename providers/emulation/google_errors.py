"""The errors of Google's emulated services: google.rpc.Status as JSON.

https://ai.google.dev/gemini-api/docs/troubleshooting and, for Vertex AI,
https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/api-errors
"""

from typing import Any

from providers.emulation.contract import Call, Reply, json_reply
from providers.emulation.proto_json import BadBody

SERVICE = "generativelanguage.googleapis.com"
RPC = "type.googleapis.com/google.rpc"
RETRY_SECONDS = "1.5"

WORDS = {
    400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND", 409: "ABORTED",
    429: "RESOURCE_EXHAUSTED", 499: "CANCELLED", 500: "INTERNAL", 501: "UNIMPLEMENTED", 503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}  # fmt: skip
USUAL_MESSAGES = {
    400: "Request contains an invalid argument.",
    401: "Request had invalid authentication credentials. Expected OAuth 2 access token or another valid credential.",
    403: "The caller does not have permission",
    404: "Requested entity was not found.",
    500: "An internal error has occurred.",
    503: "The model is overloaded. Please try again later.",
    504: "Deadline expired before operation could complete.",
}


class Refused(Exception):
    """The vendor answers an error instead of working."""

    def __init__(self, status: int, message: str, details: list[dict[str, Any]] | None = None) -> None:
        self.status = status
        self.message = message
        self.details = details or []
        super().__init__(message)

    def reply(self) -> Reply:
        return error_reply(self.status, self.message, self.details)


def error_reply(status: int, message: str, details: list[dict[str, Any]] | None = None) -> Reply:
    error: dict[str, Any] = {"code": status, "message": message, "status": WORDS.get(status, "UNKNOWN")}
    if details:
        error["details"] = details
    return json_reply({"error": error}, status=status)


def refused_body(error: BadBody) -> Refused:
    """A body with unknown names or wrong types, every fault in one answer."""
    violations = [
        {"field": path, "description": text} if path else {"description": text} for path, text in error.violations
    ]
    return Refused(400, str(error), [{"@type": f"{RPC}.BadRequest", "fieldViolations": violations}])


def check_api_key(call: Call) -> None:
    """Any key is taken but one that contains "invalid" or "leaked". Raises `Refused`."""
    key = call.headers.get("x-goog-api-key") or call.query.get("key", "")
    if not key.strip():
        raise _missing_key()
    if "invalid" in key:
        raise _invalid_key()
    if "leaked" in key:
        raise Refused(403, "Your API key was reported as leaked. Please use another API key.")


def page_not_found() -> Reply:
    """What Google's front end answers to an address that no service has."""
    return _error_page(404, " (Not Found)")


def _error_page(status: int, title: str = "") -> Reply:
    page = f"<!DOCTYPE html><html><title>Error {status}{title}</title><p><b>{status}.</b> That is an error.</html>"
    return Reply(status=status, body=page.encode(), content_type="text/html; charset=UTF-8")


def _invalid_key() -> Refused:
    message = "API key not valid. Please pass a valid API key."
    return Refused(
        400,
        message,
        [
            error_info("API_KEY_INVALID", service=SERVICE),
            {"@type": f"{RPC}.LocalizedMessage", "locale": "en-US", "message": message},
        ],
    )


def _missing_key() -> Refused:
    return Refused(
        403,
        "Method doesn't allow unregistered callers (callers without established identity). "
        "Please use API Key or other form of API consumer identity to call this API.",
    )


def model_not_found(model: str, version: str, method: str) -> Refused:
    """What unknown and retired models alike are answered."""
    return Refused(
        404,
        f"models/{model} is not found for API version {version}, or is not supported for {method}. "
        "Call ListModels to see the list of available models and their supported methods.",
    )


def usual_failure(call: Call, status: int) -> Reply:
    """Google's usual answer with that status, for a fault that names no body."""
    if status == 429 and call.mount == "vertex":
        # The shared quota of Vertex AI: no time to wait is told.
        return error_reply(429, "Resource exhausted. Please try again later.")
    if status == 429:
        return _minute_quota(call.path)
    if status == 502 or status == 413:
        return _error_page(status)
    if status < 400:
        return json_reply({}, status=status)
    details = []
    if status == 401 and call.mount == "vertex":
        details = [error_info("ACCESS_TOKEN_EXPIRED", service="aiplatform.googleapis.com")]
    elif status == 401:
        method = "google.ai.generativelanguage.v1beta.GenerativeService.GenerateContent"
        details = [error_info("ACCESS_TOKEN_TYPE_UNSUPPORTED", method=method)]
    return error_reply(status, USUAL_MESSAGES.get(status, "The service answered with an error."), details)


def _minute_quota(path: str) -> Reply:
    """The one 429 that is worth a repetition: requests a minute, with the time to wait."""
    model = path.rpartition("/")[2].partition(":")[0]
    metric = f"{SERVICE}/generate_requests_per_model"
    violation = {
        "quotaMetric": metric,
        "quotaId": "GenerateRequestsPerMinutePerProjectPerModel",
        "quotaDimensions": {"location": "global", "model": model},
        "quotaValue": "10",
    }
    link = {"description": "Gemini API rate limits", "url": "https://ai.google.dev/gemini-api/docs/rate-limits"}
    return error_reply(
        429,
        "You exceeded your current quota, please check your plan and billing details.\n"
        f"* Quota exceeded for metric: {metric}, limit: 10, model: {model}\nPlease retry in {RETRY_SECONDS}s.",
        [
            {"@type": f"{RPC}.Help", "links": [link]},
            {"@type": f"{RPC}.QuotaFailure", "violations": [violation]},
            {"@type": f"{RPC}.RetryInfo", "retryDelay": f"{RETRY_SECONDS}s"},
        ],
    )


def error_info(reason: str, **metadata: str) -> dict[str, Any]:
    return {"@type": f"{RPC}.ErrorInfo", "reason": reason, "domain": "googleapis.com", "metadata": metadata}
