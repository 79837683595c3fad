"""REST generations: submit, wait, read, list, cancel, decide, and paying once."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from cloudhub.accounts.actor import Actor
from cloudhub.billing.models import LedgerEntry
from cloudhub.generations.models import Attempt, Generation
from tests.api.caller import WISH, Caller, caller_of

PATH = "/api/v1/generations"


def test_a_wish_is_accepted_with_202_and_where_to_ask_again(alices: Caller) -> None:
    answer = alices.post(PATH, WISH)
    assert answer.status_code == 202
    assert answer["Location"] == f"http://testserver{PATH}/{answer.json()['id']}"
    assert int(answer["Retry-After"]) > 0
    assert answer["X-CloudHub-Generation"] == answer.json()["id"]
    assert "X-CloudHub-Cost" not in answer
    assert "X-CloudHub-Currency" not in answer
    assert answer.json()["state"] == "queued"
    assert answer.json()["estimate"] == "0.005000"


def test_a_finished_generation_has_pictures_cost_and_attempts(finished: Callable[..., dict]) -> None:
    generation = finished(num_images=2, seed=7, tags=["zoo"])
    assert generation["state"] == "succeeded"
    assert generation["error"] is None
    assert generation["cost"] == "0.010000"
    assert generation["currency"] == "XTS"
    assert generation["cache"] == "miss"
    assert generation["tags"] == ["zoo"]
    assert [image["seed"] for image in generation["images"]] == [7, 8]
    assert {image["width"] for image in generation["images"]} == {512}
    (attempt,) = generation["attempts"]
    assert (attempt["state"], attempt["amount"]) == ("settled", "0.010000")
    assert generation["finished_at"] >= generation["created_at"]


def test_a_finished_answer_carries_cost_and_currency(alices: Caller, finished: Callable[..., dict]) -> None:
    answer = alices.get(f"{PATH}/{finished()['id']}")
    assert answer["X-CloudHub-Cost"] == "0.005000"
    assert answer["X-CloudHub-Currency"] == "XTS"
    assert answer["X-CloudHub-Cache"] == "miss"


def test_the_request_is_shown_as_sent_with_notes_on_what_changed(finished: Callable[..., dict]) -> None:
    generation = finished(width=1000, height=560)
    assert generation["request"]["aspect_ratio"] == "16:9"
    assert "1000×560" in generation["notes"][0]


@pytest.mark.parametrize(
    ("prompt", "state", "code", "billed", "attempt", "amount"),
    [
        ("#refuse a fox", "refused", "refused_prompt", "no", "released", "0.000000"),
        ("#lost a fox", "unknown", "unknown_outcome", "unknown", "unknown", "0.005000"),
        ("#broken a fox", "failed", "invalid_output", "yes", "settled", "0.005000"),
    ],
)
def test_a_bad_end_is_200_with_state_and_error(
    finished: Callable[..., dict], prompt: str, state: str, code: str, billed: str, attempt: str, amount: str
) -> None:
    generation = finished(prompt)
    assert generation["state"] == state
    assert set(generation["error"]) == {"code", "message", "billed", "retry", "remedy"}
    assert (generation["error"]["code"], generation["error"]["billed"]) == (code, billed)
    assert [(one["state"], one["amount"]) for one in generation["attempts"]] == [(attempt, amount)]


def test_the_remainder_of_the_tightest_hard_budget_is_told(alices: Caller) -> None:
    for limit, hard in (("1.000000", True), ("0.500000", True), ("0.100000", False)):
        budget = {"name": limit, "scope": "hub", "window": "total", "limit": limit, "currency": "XTS", "hard": hard}
        assert alices.post("/api/v1/budgets", budget).status_code == 201
    assert alices.post(PATH, WISH)["X-CloudHub-Budget-Remaining"] == "0.495000"


def test_without_a_hard_budget_no_remainder_is_told(alices: Caller) -> None:
    assert "X-CloudHub-Budget-Remaining" not in alices.post(PATH, WISH)


def test_a_budget_that_does_not_fit_is_402_with_its_figures(alices: Caller) -> None:
    alices.post(
        "/api/v1/budgets", {"name": "tiny", "scope": "hub", "window": "day", "limit": "0.004", "currency": "XTS"}
    )
    answer = alices.post(PATH, WISH)
    error = answer.json()["error"]
    assert answer.status_code == 402
    assert (error["code"], error["budget"]) == ("budget_exceeded", "tiny")
    assert (error["remaining"], error["needed"], error["currency"]) == ("0.004000", "0.005000", "XTS")
    assert not Generation.objects.exists()


def test_the_same_key_and_body_are_one_generation(alices: Caller) -> None:
    first = alices.post(PATH, WISH, **{"Idempotency-Key": "one"})
    second = alices.post(PATH, WISH, **{"Idempotency-Key": "one"})
    assert "Idempotent-Replayed" not in first
    assert (second.status_code, second["Idempotent-Replayed"]) == (202, "true")
    assert second.json()["id"] == first.json()["id"]
    assert LedgerEntry.objects.count() == 1


def test_the_same_key_with_another_body_is_422(alices: Caller) -> None:
    alices.post(PATH, WISH, **{"Idempotency-Key": "one"})
    answer = alices.post(PATH, {**WISH, "prompt": "a blue fox"}, **{"Idempotency-Key": "one"})
    assert answer.status_code == 422
    assert answer.json()["error"]["code"] == "idempotency_mismatch"


def test_a_refused_request_does_not_use_up_its_key(alices: Caller) -> None:
    assert alices.post(PATH, {**WISH, "prompt": ""}, **{"Idempotency-Key": "one"}).status_code == 400
    assert alices.post(PATH, WISH, **{"Idempotency-Key": "one"}).status_code == 202


def test_a_replay_works_after_the_model_was_switched_off(alices: Caller) -> None:
    first = alices.post(PATH, WISH, **{"Idempotency-Key": "one"})
    assert alices.patch("/api/v1/cloud_models/practice-1", {"enabled": False}).status_code == 200
    again = alices.post(PATH, WISH, **{"Idempotency-Key": "one"})
    assert again.json()["id"] == first.json()["id"]
    assert alices.post(PATH, WISH).status_code == 404


@pytest.mark.parametrize("how", ["body", "header"])
def test_a_repeated_wish_comes_from_the_cache_when_asked_for(
    alices: Caller, finished: Callable[..., dict], how: str
) -> None:
    paid = finished(seed=3)
    wish = {**WISH, "seed": 3, **({"cache": "use"} if how == "body" else {})}
    answer = alices.post(PATH, wish, **({"X-CloudHub-Cache": "use"} if how == "header" else {}))
    assert answer.status_code == 200
    assert (answer["X-CloudHub-Cache"], answer["X-CloudHub-Cost"]) == ("hit", "0.000000")
    assert answer.json()["images"][0]["sha256"] == paid["images"][0]["sha256"]


def test_a_queued_generation_can_be_cancelled_once(alices: Caller) -> None:
    address = f"{PATH}/{alices.post(PATH, WISH).json()['id']}/cancel"
    answer = alices.post(address)
    assert (answer.status_code, answer.json()["state"]) == (200, "cancelled")
    assert answer.json()["attempts"][0]["amount"] == "0.000000"
    assert alices.post(address).status_code == 409


def test_an_owner_settles_an_unknown_outcome(alices: Caller, finished: Callable[..., dict]) -> None:
    generation = finished("#lost a fox")
    address = f"/api/v1/attempts/{generation['attempts'][0]['id']}/decision"
    Attempt.objects.update(sent_at=timezone.now() - timedelta(hours=1))
    answer = alices.post(address, {"action": "settle", "amount": "0.002000", "reason": "as on the bill"})
    assert answer.status_code == 200
    assert (answer.json()["state"], answer.json()["amount"]) == ("settled", "0.002000")
    assert answer.json()["generation"] == generation["id"]
    assert LedgerEntry.objects.get(kind="settle").reason == "as on the bill"


def test_a_release_waits_until_the_vendor_can_no_longer_answer(alices: Caller, finished: Callable[..., dict]) -> None:
    attempt = finished("#lost a fox")["attempts"][0]["id"]
    address, body = f"/api/v1/attempts/{attempt}/decision", {"action": "release", "reason": "not on the bill"}
    assert alices.post(address, body).json()["error"]["code"] == "too_early"
    Attempt.objects.update(sent_at=timezone.now() - timedelta(hours=1))
    assert alices.post(address, body).json()["state"] == "released"


def test_the_list_is_paged_newest_first(alices: Caller) -> None:
    ids = [alices.post(PATH, WISH).json()["id"] for _ in range(3)]
    first = alices.get(f"{PATH}?limit=2").json()
    assert [row["id"] for row in first["results"]] == [ids[2], ids[1]]
    second = alices.get(first["next"].removeprefix("http://testserver")).json()
    assert [row["id"] for row in second["results"]] == [ids[0]]
    assert second["next"] is None


def test_the_next_page_keeps_the_filters(alices: Caller) -> None:
    for tag in ("a&b", "c", "a&b"):
        alices.post(PATH, {**WISH, "tags": [tag]})
    first = alices.get(f"{PATH}?limit=1&tag=a%26b").json()
    second = alices.get(first["next"].removeprefix("http://testserver")).json()
    assert [row["tags"] for row in second["results"]] == [["a&b"]]
    assert second["next"] is None


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("state=succeeded", 1), ("state=queued", 1), ("state=failed", 0), ("model=practice-1", 2), ("model=other", 0),
        ("tag=zoo", 1), ("tag=zo", 0), ("since=2020-01-01", 2), ("until=2020-01-01", 0),
        ("since=2999-01-01&until=3000-01-01", 0),
    ],
)  # fmt: skip
def test_the_list_can_be_filtered(alices: Caller, finished: Callable[..., dict], query: str, found: int) -> None:
    finished(tags=["zoo"])
    alices.post(PATH, WISH)
    assert len(alices.get(f"{PATH}?{query}").json()["results"]) == found


def test_a_longer_list_costs_no_more_queries(
    alices: Caller, finished: Callable[..., dict], django_assert_max_num_queries: object
) -> None:
    for seed in range(4):
        finished(seed=seed)
    with django_assert_max_num_queries(7):  # type: ignore[operator]
        assert len(alices.get(PATH).json()["results"]) == 4


def test_a_key_without_read_is_answered_about_its_own_wish(alice: Actor) -> None:
    program = caller_of(alice, "generate")
    assert program.post(PATH, WISH).status_code == 202
    assert program.get(PATH).status_code == 403
