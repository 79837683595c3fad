"""Every error of the API doors becomes one `Problem`; each door prints it in its own envelope."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import ceil
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import Http404, UnreadablePostError
from rest_framework import exceptions
from rest_framework.response import Response

from cloudhub.core import errors
from cloudhub.core.identifiers import new_id
from cloudhub.core.money import format_amount

logger = logging.getLogger(__name__)

IN_PROGRESS = "idempotency_in_progress"
IN_PROGRESS_SECONDS = 5
UNEXPECTED = (
    "Something went wrong inside the hub and was written to its log. If you were asking for a picture, look at your "
    "generations before you repeat it: it may have been sent."
)
NO_DATABASE = "The hub's database cannot be reached just now. Look at your generations before you repeat a wish."
NO_KEY = "Send your hub key as Authorization: Bearer chk_…, or as x-goog-api-key: chk_…."

STATUS_BY_ERROR: tuple[tuple[type[errors.HubError], int], ...] = (
    (errors.Invalid, 400),
    (errors.BudgetExceeded, 402),
    (errors.Forbidden, 403),
    (errors.NotFound, 404),
    (errors.Conflict, 409),
    (errors.TooLarge, 413),
    (errors.IdempotencyMismatch, 422),
    (errors.TooMany, 429),
    (errors.Unavailable, 503),
)
CODE_BY_STATUS = {
    400: "invalid", 401: "unauthenticated", 403: "forbidden", 404: "not_found", 405: "method_not_allowed",
    406: "not_acceptable", 413: "too_large", 415: "unsupported_media_type", 429: "throttled",
}  # fmt: skip


@dataclass(frozen=True)
class Problem:
    """What an error answer says. `worth_repeating` only for what surely did not run and may work next time."""

    status: int
    code: str
    message: str
    fields: Mapping[str, str] = field(default_factory=dict)
    details: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    worth_repeating: bool = False


def answer_error(error: Exception, context: Mapping[str, Any]) -> Response:
    """Django REST framework's exception handler: never lets a traceback or a key reach the caller."""
    view = context.get("view")
    request_id = getattr(view, "request_id", "") or new_request_id()
    problem = problem_of(error)
    if problem.status == 500:
        logger.error("%s failed unexpectedly.", request_id, exc_info=error)
    answer = getattr(view, "answer_problem", None)
    if answer is not None:
        response: Response = answer(problem)
        return response
    return Response(hub_envelope(problem, request_id), status=problem.status, headers=dict(problem.headers))


def new_request_id() -> str:
    return f"req_{new_id().hex}"


def hub_envelope(problem: Problem, request_id: str) -> dict[str, Any]:
    """The error body of the hub's own REST doors."""
    inside: dict[str, Any] = {"code": problem.code, "message": problem.message, **problem.details}
    if problem.fields:
        inside["fields"] = dict(problem.fields)
    return {"error": {**inside, "request_id": request_id}}


def problem_of(error: Exception) -> Problem:
    """What an exception means to a caller; 500 for everything that nobody foresaw."""
    if isinstance(error, errors.HubError):
        return _of_hub_error(error)
    if isinstance(error, exceptions.APIException):
        return _of_framework_error(error)
    if isinstance(error, OperationalError | InterfaceError):
        return Problem(503, "unavailable", NO_DATABASE, headers={"Retry-After": "5"})
    if isinstance(error, RequestDataTooBig):
        return Problem(413, "too_large", "The body is larger than the hub takes. Nothing was done.")
    if isinstance(error, Http404):
        return Problem(404, "not_found", "There is nothing at this address.")
    if isinstance(error, PermissionDenied):
        return Problem(403, "forbidden", "This is not allowed with this hub key.")
    if isinstance(error, SuspiciousOperation | UnreadablePostError):
        return Problem(400, "invalid", "The request cannot be read. Nothing was done.")
    return Problem(500, "internal", UNEXPECTED)


def _of_hub_error(error: errors.HubError) -> Problem:
    status = next((status for kind, status in STATUS_BY_ERROR if isinstance(error, kind)), 500)
    headers, details = {}, {}
    repeat = isinstance(error, errors.Unavailable | errors.TooMany)
    if isinstance(error, errors.Unavailable | errors.TooMany):
        headers["Retry-After"] = str(error.retry_after)
    if error.code == IN_PROGRESS:
        headers["Retry-After"], repeat = str(IN_PROGRESS_SECONDS), True
    if isinstance(error, errors.BudgetExceeded):
        details = {"budget": error.budget, "budget_id": error.budget_id, "remaining": format_amount(error.remaining),
                   "needed": format_amount(error.needed), "currency": error.currency}  # fmt: skip
    return Problem(status, error.code, error.message, error.fields, details, headers, repeat)


def _of_framework_error(error: exceptions.APIException) -> Problem:
    headers = {}
    if isinstance(error, exceptions.Throttled):
        headers["Retry-After"] = str(ceil(getattr(error, "wait", None) or 1))
    challenge = getattr(error, "auth_header", None)
    if challenge:
        headers["WWW-Authenticate"] = challenge
    code = CODE_BY_STATUS.get(error.status_code, "error")
    return Problem(error.status_code, code, _sentence(error), headers=headers)


def _sentence(error: exceptions.APIException) -> str:
    if isinstance(error, exceptions.NotAuthenticated):
        return NO_KEY
    if isinstance(error, exceptions.UnsupportedMediaType):
        return f"{error.detail} Send JSON as application/json, a file as multipart/form-data."
    return str(error.detail)
