"""Whatever goes wrong is answered in the door's envelope, with a sentence and without a traceback or a key."""

import logging
from typing import Any

import pytest
from django.db import OperationalError
from rest_framework.exceptions import Throttled

from cloudhub.api.errors import problem_of
from cloudhub.catalog.models import CloudModel
from cloudhub.core.errors import Unavailable
from tests.api.caller import WISH, Caller


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/api/v1/generations/", "/api/nothing", "/api/v1/images/x/y"])
def test_an_unknown_address_is_404_in_json(alices: Caller, path: str) -> None:
    answer = alices.get(path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")


def test_a_slash_at_the_end_is_explained(alices: Caller) -> None:
    assert "without a slash" in alices.post("/api/v1/generations/", WISH).json()["error"]["message"]


@pytest.mark.parametrize("path", ["/v1/images/variations", "/v1/chat/completions", "/v1/models/"])
def test_an_unknown_address_below_v1_is_404_in_openais_envelope(alices: Caller, path: str) -> None:
    answer = alices.post(path, {})
    assert answer.status_code == 404
    assert set(answer.json()["error"]) == {"message", "type", "param", "code"}
    assert answer["x-should-retry"] == "false"


def test_an_unknown_address_is_told_to_nobody_without_a_key(db: None) -> None:
    assert Caller().get("/api/v1/nothing").status_code == 401


def test_a_wrong_method_is_405_and_says_which_there_are(alices: Caller) -> None:
    answer = alices.delete("/api/v1/generations")
    assert (answer.status_code, answer.json()["error"]["code"]) == (405, "method_not_allowed")
    assert "POST" in answer["Allow"]


def test_a_form_instead_of_json_is_415(alices: Caller) -> None:
    answer = alices.client.post("/api/v1/generations", WISH, headers={"Authorization": f"Bearer {alices.key}"})
    assert answer.status_code == 415
    assert "application/json" in answer.json()["error"]["message"]


@pytest.mark.parametrize("path", ["/api/v1/generations", "/v1/images/generations"])
def test_a_body_that_is_too_large_is_413(alices: Caller, settings: Any, path: str) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    answer = alices.post(path, {**WISH, "prompt": "x" * 100})
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large")


@pytest.mark.parametrize("path", ["/api/v1/cloud_models", "/v1/models"])
def test_an_unforeseen_failure_is_500_with_a_sentence_and_a_line_in_the_log(
    alices: Caller, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, path: str
) -> None:
    monkeypatch.setattr(CloudModel, "objects", None)
    with caplog.at_level(logging.ERROR, "cloudhub.api.errors"):
        answer = alices.get(path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "internal")
    assert "Traceback" not in answer.content.decode()
    assert "AttributeError" not in answer.content.decode()
    assert answer["X-Request-Id"] in caplog.text
    assert "AttributeError" in caplog.text
    assert alices.key not in caplog.text


def test_an_unforeseen_failure_of_the_openai_door_is_not_worth_repeating(
    alices: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CloudModel, "objects", None)
    assert alices.get("/v1/models")["x-should-retry"] == "false"


def test_what_is_unavailable_says_when_to_come_again() -> None:
    problem = problem_of(Unavailable("Too many.", retry_after=7))
    assert (problem.status, problem.headers, problem.worth_repeating) == (503, {"Retry-After": "7"}, True)


def test_a_throttled_call_says_when_to_come_again() -> None:
    problem = problem_of(Throttled(wait=2.1))
    assert (problem.status, problem.headers) == (429, {"Retry-After": "3"})


def test_a_database_error_tells_nothing_of_itself() -> None:
    problem = problem_of(OperationalError("no such table: secrets"))
    assert problem.status == 503
    assert "secrets" not in problem.message
