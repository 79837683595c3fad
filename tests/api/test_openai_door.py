"""POST /v1/images/generations: pictures in the answer, and every bad end with its status and whether to repeat."""

import threading
import time
from typing import Any

import pybase64
import pytest
from django.core import signing
from django.db import connections

from cloudhub.accounts.actor import Actor
from cloudhub.api.openai import images as door
from cloudhub.api.openai.errors import problem_of_ending
from cloudhub.catalog.models import CloudModel
from cloudhub.generations.engine import engine
from cloudhub.generations.errors import describe, error_json
from cloudhub.generations.models import Generation, Image
from providers.base import FAILURES, Rejected
from providers.pictures import read_picture
from tests.api.caller import Caller, caller_of

PATH = "/v1/images/generations"
WISH = {"model": "practice-1", "prompt": "a red fox", "resolution": "0.5K"}
REPEAT = {"x-stainless-retry-count": "1"}


def test_a_picture_comes_in_base64(waiting: Caller) -> None:
    answer = waiting.post(PATH, {**WISH, "n": 2, "quality": "fine"})
    body = answer.json()
    assert answer.status_code == 200
    assert len(body["data"]) == 2
    picture = read_picture(pybase64.b64decode(body["data"][0]["b64_json"], validate=True))
    assert body["size"] == f"{picture.width}x{picture.height}" == "512x512"
    assert (body["output_format"], body["quality"]) == ("png", "fine")
    assert abs(body["created"] - time.time()) < 60


def test_the_answer_carries_cost_and_generation(waiting: Caller) -> None:
    limit = {"name": "day", "scope": "hub", "window": "day", "limit": "1.000000", "currency": "XTS"}
    waiting.post("/api/v1/budgets", limit)
    answer = waiting.post(PATH, WISH)
    assert (answer["X-CloudHub-Cost"], answer["X-CloudHub-Currency"]) == ("0.005000", "XTS")
    assert answer["X-CloudHub-Generation"] == str(Generation.objects.get().id)
    assert answer["X-CloudHub-Cache"] == "miss"
    assert answer["X-CloudHub-Budget-Remaining"] == "0.995000"


def test_a_url_is_readable_without_a_key_for_an_hour(waiting: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    address = waiting.post(PATH, {**WISH, "response_format": "url"}).json()["data"][0]["url"]
    assert address.startswith("http://testserver/images/signed/")
    answer = Caller().get(address.removeprefix("http://testserver"))
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/png")
    assert answer["Content-Security-Policy"].startswith("sandbox")
    assert Image.objects.get().size_bytes == len(answer.content)
    later = time.time() + 3601
    monkeypatch.setattr(signing.time, "time", lambda: later)
    expired = Caller().get(address.removeprefix("http://testserver"))
    assert (expired.status_code, expired.json()["error"]["code"]) == (403, "link_expired")


def test_a_forged_link_is_404(waiting: Caller) -> None:
    address = waiting.post(PATH, {**WISH, "response_format": "url"}).json()["data"][0]["url"]
    token = address.rpartition("/")[2]
    assert Caller().get(f"/images/signed/{token[:-1]}{'a' if token[-1] != 'a' else 'b'}").status_code == 404
    assert Caller().get(f"/images/signed/{Image.objects.get().id}").status_code == 404


def test_some_pictures_are_200(waiting: Caller) -> None:
    answer = waiting.post(PATH, {**WISH, "prompt": "#partial a fox", "n": 3})
    assert (answer.status_code, len(answer.json()["data"])) == (200, 2)


@pytest.mark.parametrize(
    ("prompt", "status", "code", "cost"),
    [("#refuse a fox", 400, "refused_prompt", "0.000000"), ("#text a fox", 400, "no_image_text_answer", "0.000000"),
     ("#lost a fox", 502, "unknown_outcome", "0.000000"), ("#broken a fox", 502, "invalid_output", "0.005000")],
)  # fmt: skip
def test_a_bad_end_has_a_status_and_is_not_repeated(
    waiting: Caller, prompt: str, status: int, code: str, cost: str
) -> None:
    answer = waiting.post(PATH, {**WISH, "prompt": prompt})
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert answer["x-should-retry"] == "false"
    assert answer["X-CloudHub-Cost"] == cost


ENDINGS = {
    "refused_prompt": (400, "false"), "refused_output": (400, "false"), "capability": (400, "false"),
    "model_retired": (400, "false"), "no_key": (503, "false"), "key_invalid": (503, "false"),
    "billing_disabled": (503, "false"), "org_unverified": (503, "false"), "permission_region": (503, "false"),
    "rate_minute": (429, "false"), "rate_day": (429, "false"), "connect_failed_not_sent": (503, "true"),
    "interrupted": (503, "true"), "cancelled_before_send": (409, "false"), "invalid_output": (502, "false"),
    "unknown_outcome": (502, "false"),
}  # fmt: skip


@pytest.mark.parametrize(("code", "expected"), ENDINGS.items())
def test_each_code_has_its_status(code: str, expected: tuple[int, str]) -> None:
    state = {"unknown_outcome": "unknown", "cancelled_before_send": "cancelled"}.get(code, "failed")
    problem = problem_of_ending(Generation(state=state, error=describe(code, "It went wrong.")))
    assert (problem.status, "true" if problem.worth_repeating else "false") == expected
    assert ("Retry-After" in problem.headers) == (expected[0] in (429, 503))
    assert FAILURES[code].remedy in problem.message


def test_a_busy_vendor_that_billed_nothing_is_429() -> None:
    error = describe("provider_5xx", "Overloaded.", billed="no", retry="after")
    problem = problem_of_ending(Generation(state="failed", error=error))
    assert (problem.status, problem.code, problem.worth_repeating) == (429, "provider_5xx", False)


def test_a_models_own_failure_that_was_not_billed_is_400() -> None:
    error = error_json(Rejected("provider_5xx", "The model failed."), billed="no")
    problem = problem_of_ending(Generation(state="failed", error=error))
    assert (problem.status, problem.code, problem.worth_repeating) == (400, "provider_5xx", False)


def test_a_missing_vendor_key_is_503_and_nothing_is_billed(waiting: Caller) -> None:
    waiting.post("/api/v1/cloud_models", {"provider": "google-gemini", "cloud_model_id": "gemini-2.5-flash-image"})
    answer = waiting.post(PATH, {"model": "gemini-2.5-flash-image", "prompt": "a fox"})
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], answer["x-should-retry"]) == (503, "no_key", "false")
    assert "GOOGLE_API_KEY" in error["message"]
    assert int(answer["Retry-After"]) > 0


def test_too_little_budget_is_402_with_its_figures(waiting: Caller) -> None:
    limit = {"name": "tiny", "scope": "hub", "window": "day", "limit": "0.001", "currency": "XTS"}
    waiting.post("/api/v1/budgets", limit)
    answer = waiting.post(PATH, WISH)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], answer["x-should-retry"]) == (402, "budget_exceeded", "false")
    assert (error["budget"], error["remaining"], error["needed"]) == ("tiny", "0.001000", "0.005000")


def test_a_stopping_hub_says_that_repeating_is_safe(waiting: Caller) -> None:
    engine.stopping.set()
    answer = waiting.post(PATH, WISH)
    engine.stopping.clear()
    assert (answer.status_code, answer["x-should-retry"]) == (503, "true")
    assert int(answer["Retry-After"]) > 0
    assert not Generation.objects.exists()


def test_an_automatic_repeat_joins_the_call_it_repeats(waiting: Caller) -> None:
    first = waiting.post(PATH, WISH)
    repeat = waiting.post(PATH, WISH, **REPEAT)
    assert repeat.json() == first.json()
    assert repeat["Idempotent-Replayed"] == "true"
    assert Generation.objects.count() == 1


def test_the_same_wish_without_a_repeat_count_is_a_new_call(waiting: Caller) -> None:
    waiting.post(PATH, WISH)
    waiting.post(PATH, WISH, **{"x-stainless-retry-count": "0"})
    assert Generation.objects.count() == 2


def test_a_repeat_of_what_surely_did_not_run_is_carried_out(waiting: Caller) -> None:
    first = waiting.post(PATH, WISH)["X-CloudHub-Generation"]
    ended = {"state": "failed", "error": describe("interrupted", "The hub stopped.")}
    Image.objects.all().delete()
    Generation.objects.filter(id=first).update(**ended)
    answer = waiting.post(PATH, WISH, **REPEAT)
    assert answer.status_code == 200
    assert answer["X-CloudHub-Generation"] != first


def test_a_replay_with_a_key_gives_the_same_picture(waiting: Caller) -> None:
    first = waiting.post(PATH, WISH, **{"Idempotency-Key": "one"})
    second = waiting.post(PATH, WISH, **{"Idempotency-Key": "one"})
    assert second.json() == first.json()
    assert second["Idempotent-Replayed"] == "true"
    assert waiting.post(PATH, {**WISH, "n": 2}, **{"Idempotency-Key": "one"}).status_code == 422


def test_a_replay_waits_and_at_last_says_that_it_is_in_progress(
    waiting: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = {**WISH, "prompt": "#slow:3 a fox"}
    key = {"Idempotency-Key": "one"}

    def call() -> None:
        waiting.post(PATH, slow, **key)
        connections.close_all()

    first = threading.Thread(target=call)
    first.start()
    while not Generation.objects.exists():
        time.sleep(0.02)
    monkeypatch.setattr(door, "LONGEST_WAIT", 0.5)
    answer = waiting.post(PATH, slow, **key)
    monkeypatch.undo()
    first.join(20)
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "idempotency_in_progress")
    assert (answer["Retry-After"], answer["x-should-retry"]) == ("5", "true")
    assert Generation.objects.count() == 1


def test_models_are_listed_as_openai_lists_them(alices: Caller) -> None:
    body = alices.get("/v1/models").json()
    assert body["object"] == "list"
    (model,) = body["data"]
    assert (model["id"], model["object"], model["owned_by"]) == ("practice-1", "model", "practice")
    assert isinstance(model["created"], int)
    assert alices.get("/v1/models/practice-1").json() == model


def test_a_model_that_is_switched_off_is_not_listed(alices: Caller) -> None:
    CloudModel.objects.update(enabled=False)
    assert alices.get("/v1/models").json()["data"] == []
    answer = alices.get("/v1/models/practice-1")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "model_not_found")


def test_listing_models_needs_the_scope_read(alice: Actor) -> None:
    assert caller_of(alice, "manage").get("/v1/models").status_code == 403


def test_the_callers_user_can_be_told_apart_in_usage(waiting: Caller) -> None:
    waiting.post(PATH, {**WISH, "user": "u-7"})
    rows: list[dict[str, Any]] = waiting.get("/api/v1/usage?group_by=tag").json()["results"]
    assert [row["group"] for row in rows] == ["user:u-7"]
