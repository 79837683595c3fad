"""How the doors describe themselves in the OpenAPI document. Validation itself lives in the core."""

import inspect
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, TypeVar

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema

from cloudhub.api import shapes
from cloudhub.api.authentication import GOOGLE_HEADER

View = TypeVar("View", bound=Callable[..., Any])

ERRORS: Mapping[int, str] = {
    400: "`invalid` (with `fields`), `capability`, `model_ambiguous`, `price_unknown`: the request has to be changed.",
    401: "`unauthenticated`: no hub key, one that is not valid, or one in the address.",
    402: "`budget_exceeded`: a hard budget has too little left. Nothing was sent or billed.",
    403: "`forbidden`: the key's scopes or its person's role do not allow this.",
    404: "`not_found`, `model_not_found`: not there, or another team's.",
    409: "The object's state does not allow it; `code` says why.",
    413: "`too_large`: the body or the file is larger than the hub takes.",
    422: "`idempotency_mismatch`: the idempotency key was used with another body.",
    429: "`throttled`: the hub key's calls of this minute are used up; or the vendor is busy. See `Retry-After`.",
    502: "`unknown_outcome`: sent, and nobody can say whether it ran. It may have been billed.",
    503: "`unavailable`: the hub cannot take this just now, or lacks the vendor's key; see `Retry-After`.",
}
ALWAYS = (401, 403, 429)
WISH_EXAMPLE = {"model": "practice-1", "prompt": "a red fox in the snow", "num_images": 1, "aspect_ratio": "1:1"}


class HubKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """The two headers in which a hub key may come: either is enough."""

    target_class = "cloudhub.api.authentication.HubKeyAuthentication"
    name = ["hubKey", "hubKeyAsGoogleKey"]

    def get_security_requirement(self, auto_schema: AutoSchema) -> list[dict[str, list[Any]]]:
        return [{name: []} for name in self.name]

    def get_security_definition(self, auto_schema: AutoSchema) -> list[dict[str, Any]]:
        bearer = {"type": "http", "scheme": "bearer", "description": "A hub key: `Authorization: Bearer chk_…`."}
        google = {"type": "apiKey", "in": "header", "name": GOOGLE_HEADER,
                  "description": "The same hub key where Google's clients put theirs."}  # fmt: skip
        return [bearer, google]


def describe(
    name: str,
    tag: str,
    *,
    answers: Mapping[Any, Any],
    request: Any = None,
    parameters: Sequence[OpenApiParameter] = (),
    errors: Sequence[int] = (),
    example: Mapping[str, Any] | None = None,
    envelope: Any = shapes.ErrorAnswer,
) -> Callable[[View], View]:
    """The OpenAPI description of a view's method: its docstring's first line is the summary, the rest the description.

    `answers` maps a status, or (status, media type), to a shape or to (shape, description); `errors` are the statuses
    beside 401, 403 and 429. `example` is a body that may be tried as it stands.
    """

    def decorate(view: View) -> View:
        summary, _, rest = (inspect.getdoc(view) or "").partition("\n")
        responses: dict[Any, OpenApiResponse] = {status: _response(shape) for status, shape in answers.items()}
        for status in sorted({*errors, *ALWAYS}):
            shape = shapes.BudgetErrorAnswer if status == 402 and envelope is shapes.ErrorAnswer else envelope
            responses[status] = OpenApiResponse(shape, description=ERRORS[status])
        decorated: View = extend_schema(
            examples=[OpenApiExample("One picture", example, request_only=True)] if example else None,
            operation_id=name, tags=[tag], summary=summary, description=rest.strip(), request=request,
            parameters=[*parameters, *_error_headers({*errors, *ALWAYS})], responses=responses,
        )(view)  # fmt: skip
        return decorated

    return decorate


def _response(shape: Any) -> OpenApiResponse:
    shape, words = shape if isinstance(shape, tuple) else (shape, "")
    return OpenApiResponse(shape, description=words)


def _error_headers(errors: Collection[int]) -> list[OpenApiParameter]:
    waiting = [status for status in (429, 503) if status in errors]
    return [header("Retry-After", "Seconds after which the request may be repeated.", *waiting, kind=int)]


def header(name: str, words: str, *statuses: int, kind: Any = str) -> OpenApiParameter:
    """A header of the answer, at the given statuses."""
    return OpenApiParameter(name, kind, OpenApiParameter.HEADER, description=words, response=list(statuses))


def sent_header(name: str, words: str, **more: Any) -> OpenApiParameter:
    """A header of the request."""
    return OpenApiParameter(name, str, OpenApiParameter.HEADER, description=words, **more)


def query(name: str, words: str, kind: Any = str, **more: Any) -> OpenApiParameter:
    return OpenApiParameter(name, kind, OpenApiParameter.QUERY, description=words, **more)


def in_path(name: str, words: str) -> OpenApiParameter:
    return OpenApiParameter(name, str, OpenApiParameter.PATH, description=words)


PAGING = (
    query("limit", "Rows a page, 1 to 200; 50 by default.", int),
    query("cursor", "Where the page begins; taken from `next`."),
)
RANGE = (
    query("since", "ISO 8601 date or time, inclusive."),
    query("until", "ISO 8601 date or time, exclusive."),
)
IDEMPOTENCY = sent_header(
    "Idempotency-Key", "At most 255 characters. The same key and body give the same generation, and are paid once."
)
CACHE_HEADER = sent_header(
    "X-CloudHub-Cache", "`use` answers a repeated wish from what your team has paid for; the body's `cache` wins.",
    enum=["off", "use"],
)  # fmt: skip


def generation_headers(*finished: int, unfinished: tuple[int, ...] = ()) -> list[OpenApiParameter]:
    """The headers that answers about a generation carry."""
    every = (*finished, *unfinished)
    return [
        header("X-CloudHub-Generation", "The generation's id.", *every),
        header("X-CloudHub-Cache", "`hit` when it was answered from what the team had paid for, else `miss`.", *every),
        header("X-CloudHub-Cost", "What was billed, with six decimal places; only once it is finished.", *finished),
        header("X-CloudHub-Currency", "The cost's currency; only once it is finished.", *finished),
        header(
            "X-CloudHub-Budget-Remaining",
            "The smallest remainder of the hard budgets that apply, absent when there is none.",
            *every,
        ),
    ]
