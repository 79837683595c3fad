"""What all API views share: JSON in and out, the actor, the request's id, and strict reading of bodies and queries."""

from collections.abc import Iterator, Mapping
from typing import Any, cast

import orjson
from django.http.response import HttpResponseBase
from django.urls import reverse
from rest_framework.exceptions import ParseError
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cloudhub.accounts.actor import Actor
from cloudhub.api.errors import Problem, hub_envelope, new_request_id
from cloudhub.core.errors import Invalid, NotFound
from cloudhub.core.text import is_nested_beyond

LONGEST_ADDRESS = 2000
DEEPEST_BODY = 100
YES_OR_NO = {"": True, "1": True, "true": True, "0": False, "false": False}


class JsonBody(BaseParser):
    """Reads strict JSON within DATA_UPLOAD_MAX_MEMORY_SIZE, which the framework's own parser does not look at."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        raw: bytes = stream.body
        try:
            document = orjson.loads(raw)
        except orjson.JSONDecodeError as error:
            raise ParseError(f"The body is not valid JSON: {error}.") from error
        # What is walked over afterwards, to compare or to store it, is walked over by recursion.
        if is_nested_beyond(document, DEEPEST_BODY):
            raise ParseError(f"The body is nested more than {DEEPEST_BODY} deep.")
        # PostgreSQL stores no NUL, so it is refused here for every field at once; the search is cheap.
        if b"\\u0000" in raw:
            _refuse_nul(document)
        return document


class JsonAnswer(BaseRenderer):
    """Writes with orjson, which puts megabytes of base64 into an answer fast."""

    media_type = "application/json"
    format = "json"
    charset = None

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Mapping[str, Any] | None = None
    ) -> bytes:
        return b"" if data is None else orjson.dumps(data)


class OneForm(BaseContentNegotiation):
    """An address has one form of answer, whatever `Accept` or `?format=` say."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        kind = (request.content_type or "").partition(";")[0].strip().lower()
        return next((parser for parser in parsers if parser.media_type == kind), None)

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        return renderers[0], renderers[0].media_type


class Door(APIView):
    """Base of every API view of the hub: a view parses, calls one core function and answers."""

    parser_classes = [JsonBody]
    renderer_classes = [JsonAnswer]
    content_negotiation_class = OneForm
    request_id = ""

    def initialize_request(self, request: Any, *args: Any, **kwargs: Any) -> Request:
        self.request_id = new_request_id()
        return super().initialize_request(request, *args, **kwargs)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if len(request.path) > LONGEST_ADDRESS or "\x00" in request.path:
            raise NotFound("There is nothing at this address.")

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        answer: HttpResponseBase = super().finalize_response(request, response, *args, **kwargs)
        answer.headers["X-Request-Id"] = self.request_id
        answer.headers.setdefault("Cache-Control", "private, no-store")
        return answer

    def answer_problem(self, problem: Problem) -> Response:
        """The error answer in this door's envelope."""
        return Response(hub_envelope(problem, self.request_id), status=problem.status, headers=dict(problem.headers))


class NothingHere(Door):
    """Answers an unknown address under a door in that door's envelope, to those who have a key."""

    schema = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        slash = " Addresses of this API end without a slash." if request.path.endswith("/") else ""
        raise NotFound(f"There is nothing at this address.{slash}")


def actor_of(request: Request) -> Actor:
    """Who calls; every view is behind the hub key's authentication."""
    return cast(Actor, request.auth)


def address_of(request: Request, name: str, **parts: str) -> str:
    """The absolute address of a view of the API, by its name in `urls.py`."""
    return request.build_absolute_uri(reverse(f"api:{name}", kwargs=parts))


def read_body(request: Request, known: tuple[str, ...] | None = None, needed: tuple[str, ...] = ()) -> dict[str, Any]:
    """The body as an object of plain values. Raises `Invalid` for another shape, an unknown or a missing field."""
    body = request.data
    if not isinstance(body, dict):
        raise Invalid.of({"body": "The body must be a JSON object."})
    problems = {}
    if known is not None:
        problems = dict.fromkeys(sorted(set(body) - set(known)), "There is no such field.")
    problems |= {field: "This field is needed." for field in needed if body.get(field) is None}
    if problems:
        raise Invalid.of(problems)
    return dict(body)


def read_query(request: Request, *known: str) -> dict[str, str]:
    """The query as texts, the last of a repeated one. Raises `Invalid` naming an unknown field, or one with NUL."""
    query = request.query_params
    problems = dict.fromkeys(sorted(set(query) - set(known)), "There is no such query field.")
    problems |= {name: "Text cannot hold the character NUL." for name in query if "\x00" in query[name]}
    if problems:
        raise Invalid.of(problems)
    return {name: query[name] for name in query}


def is_wished(query: Mapping[str, str], name: str) -> bool:
    """A switch in the query: absent, 0 and false mean no. Raises `Invalid` for other words."""
    if name not in query:
        return False
    if query[name].lower() not in YES_OR_NO:
        raise Invalid.of({name: "Must be 1 or 0."})
    return YES_OR_NO[query[name].lower()]


def _refuse_nul(document: Any) -> None:
    problems = {path or "body": "Text cannot hold the character NUL." for path in _paths_with_nul(document, "")}
    if problems:
        raise Invalid.of(problems)


def _paths_with_nul(value: Any, path: str) -> Iterator[str]:
    if isinstance(value, str) and "\x00" in value:
        yield path
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _paths_with_nul(item, f"{path}[{index}]")
    elif isinstance(value, dict):
        for name, item in value.items():
            if "\x00" in name:
                yield path
            yield from _paths_with_nul(item, f"{path}.{name}" if path else name)
