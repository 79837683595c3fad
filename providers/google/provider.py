"""What Google's vendors do alike: two kinds of credentials, a token before the call, one POST, its errors."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, ClassVar

import httpx

from providers import vertex
from providers.base import CloudGenerationRequest, Key, KeyForm, ModelEntry, Provider, Rejected
from providers.google import errors, gemini_api, quota
from providers.google.reading import redactor
from providers.google.services import Service
from providers.http import Door
from providers.reading import Redact


class GoogleProvider(Provider):
    """A vendor that the Gemini API serves by a key and Vertex AI by a project. `transport` is for tests.

    Which of the two a call goes to follows from its credentials: see `vertex.ordered_forms` and `project_decides`.
    `check_model` is described, free of charge, to check access to Vertex AI.
    """

    key_forms = (gemini_api.API_KEY_FORM, vertex.VERTEX_FORM)
    key_help = gemini_api.MAKE_KEY
    address_variables = (gemini_api.ADDRESS_VARIABLE, vertex.ADDRESS_VARIABLE)
    project_decides: ClassVar[bool] = False
    check_model: ClassVar[str]
    gemini_api: ClassVar[Service]
    vertex_ai: ClassVar[Service]
    retired: Mapping[str, str]

    def __init__(self, transport: httpx.BaseTransport | None = None) -> None:
        self._door = Door(self.error_prefix, read_seconds=self.longest_wait_seconds, transport=transport)
        self._tokens = vertex.Tokens(transport) if transport else vertex.TOKENS

    @classmethod
    def forms(cls) -> tuple[KeyForm, ...]:
        return vertex.ordered_forms(gemini_api.API_KEY_FORM, project_decides=cls.project_decides)

    def only_on_vertex(self, request: CloudGenerationRequest) -> list[str]:
        """The fields of a wish that the Gemini API does not have, by name. Pure."""
        raise NotImplementedError

    def prepare(self, request: CloudGenerationRequest, key: Key) -> CloudGenerationRequest:
        """Fetch Vertex AI's access token, or refuse by name what the Gemini API lacks. Raises `Rejected` or `Busy`."""
        if vertex.is_chosen(key):
            return replace(request, prepared=self._tokens.prepared(key))
        only = self.only_on_vertex(request)
        if only:
            names = ", ".join(only)
            message = f"{self.label} has {names} through Vertex AI only, and this key is the Gemini API's."
            remedy = f"Leave out {names}, or go through Vertex AI: {vertex.SET_UP}"
            raise Rejected("capability", f"{message} Nothing was sent.", remedy=remedy)
        return request

    def post(
        self, request: CloudGenerationRequest, key: Key, model: ModelEntry, method: str, body: Mapping[str, Any]
    ) -> tuple[Any, Redact]:  # fmt: skip
        """The decoded HTTP 200 to one costly call, and what takes secrets out of it. Raises as `start`."""
        url, sent_headers = self._address(key, model.id, method), self._headers(key, request.prepared)
        answer = self._door.submit("POST", url, headers=sent_headers, json=body)
        redact, request_id = self._redactor(request, key), answer.headers.get("x-request-id", "")
        if answer.status == 401 and vertex.is_chosen(key):
            self._tokens.forget(key)
        if answer.status != 200:
            raise errors.http_error(
                answer.status, answer.body, service=self._service(key), model=model.id,
                successor=model.lifecycle.successor, redact=redact,
                seconds_to_reset=quota.seconds_to_reset(datetime.now(UTC)), request_id=request_id,
            )  # fmt: skip
        try:
            return answer.json(), redact
        except ValueError as error:
            raise errors.unreadable(self.error_prefix, "something that is not JSON", request_id) from error

    def validate_credentials(self, key: Key) -> str:
        """One free read. Raises `Rejected` or `Busy`, never anything that may have cost."""
        if vertex.is_chosen(key):
            return vertex.check_access(self._door, self.vertex_ai, key, self._tokens, self.check_model)
        return gemini_api.check_key(self._door, self.gemini_api, key, self._headers(key, {}))

    def unknown_model(self, model_id: str) -> Rejected:
        """Why a model outside the catalogue is not asked for."""
        successor = self.retired.get(model_id, "")
        if not successor:
            return Rejected("capability", f"{self.label} has no image model {model_id!r}. Nothing was sent.")
        message = f"Google has shut down {model_id}. Its successor is {successor}. Nothing was sent."
        return Rejected("model_retired", message, remedy=f"Choose {successor} instead of {model_id}.")

    def _service(self, key: Key) -> Service:
        return self.vertex_ai if vertex.is_chosen(key) else self.gemini_api

    def _address(self, key: Key, model: str, method: str) -> str:
        return vertex.model_url(key, model, method) if vertex.is_chosen(key) else gemini_api.model_url(model, method)

    def _headers(self, key: Key, prepared: Mapping[str, Any]) -> dict[str, str]:
        if vertex.is_chosen(key):
            return vertex.headers(key, prepared, self.longest_wait_seconds)
        return gemini_api.headers(key, self.id, self.longest_wait_seconds)

    def _redactor(self, request: CloudGenerationRequest, key: Key) -> Redact:
        return redactor(key, str(request.prepared.get("token", "")))
