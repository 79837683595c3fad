"""A program that calls the API with a hub key, in a test's own process."""

import json
from typing import Any

from django.http import HttpResponse
from django.test import Client

from cloudhub.accounts.actor import Actor
from tests.conftest import key_of

ALL_SCOPES = ("read", "generate", "manage")
WISH = {"model": "practice-1", "prompt": "a red fox", "resolution": "0.5K"}


class Caller:
    def __init__(self, key: str = "") -> None:
        self.client = Client(raise_request_exception=False)
        self.key = key

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> HttpResponse:
        if self.key and "Authorization" not in headers:
            headers["Authorization"] = f"Bearer {self.key}"
        data = body if isinstance(body, bytes | str) else json.dumps({} if body is None else body)
        if method == "GET":
            return self.client.get(path, headers=headers)
        return self.client.generic(method, path, data, content_type="application/json", headers=headers)

    def get(self, path: str, **headers: str) -> HttpResponse:
        return self.send("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> HttpResponse:
        return self.send("POST", path, body, **headers)

    def patch(self, path: str, body: Any = None) -> HttpResponse:
        return self.send("PATCH", path, body)

    def delete(self, path: str) -> HttpResponse:
        return self.send("DELETE", path)

    def upload(self, **files: Any) -> HttpResponse:
        return self.client.post("/api/v1/images", files, headers={"Authorization": f"Bearer {self.key}"})


def caller_of(actor: Actor, *scopes: str) -> Caller:
    return Caller(key_of(actor, scopes or ALL_SCOPES))
