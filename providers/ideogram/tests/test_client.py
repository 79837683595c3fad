"""What goes over the wire and where the key goes, through the whole vendor."""

import json
from typing import Any

import pytest

from providers.base import Busy, Key, OutcomeUnknown, Pending, Rejected
from providers.ideogram.client import DEFAULT_BASE_URL
from providers.ideogram.tests.wishes import (
    ADDRESS,
    CANARY,
    CUT,
    EDIT,
    FOUR,
    GENERATION,
    KEY,
    NEWEST,
    THREE,
    VENDOR,
    Studio,
    answered,
    entry,
    entry_of_answer,
    picture,
    wish,
)

PATHS = {
    NEWEST: "generate/ideogram-4-5", FOUR: "generate/ideogram-4", THREE: "generate/ideogram-3",
    EDIT: "precise-edit/ideogram-4-5", CUT: "remove-background/ideogram-1",
}  # fmt: skip
COMPLETED = answered(status="completed", created="2026-11-22T09:00:00Z")
BROKEN: dict[str, Any] = {"status_code": 503, "content": b"busy"}
NOT_THERE = (404, {"error": "Not found."})


@pytest.fixture(autouse=True)
def _no_other_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("IDEOGRAM_BASE_URL", raising=False)


@pytest.mark.parametrize("model_id", PATHS)
def test_each_model_is_one_post_to_its_own_address(model_id: str) -> None:
    studio = Studio()
    response = studio.vendor.start(wish(model_id), KEY)
    assert not isinstance(response, Pending)
    (request,) = studio.requests
    assert (request.method, str(request.url)) == ("POST", f"{DEFAULT_BASE_URL}/v2/image/{PATHS[model_id]}")
    kind = "multipart/form-data" if model_id in (EDIT, CUT) else "application/json"
    assert request.headers["content-type"].startswith(kind)
    assert response.images == [picture((64, 48)).data]
    assert VENDOR.billed(response, entry(model_id)) == VENDOR.quantities(wish(model_id), entry(model_id))


def test_the_key_travels_stripped_in_its_header_alone_and_not_to_the_pictures() -> None:
    studio = Studio()
    studio.vendor.start(wish(), Key({"IDEOGRAM_API_KEY": f"  {CANARY}\n"}))
    (request,), (fetched,) = studio.requests, studio.fetched
    assert [name for name, value in request.headers.items() if CANARY in value] == ["api-key"]
    assert request.headers["api-key"] == CANARY
    assert CANARY not in f"{request.url} {request.content!r}"
    assert str(fetched.url) == ADDRESS
    assert CANARY not in f"{fetched.headers} {fetched.url}"


def test_signatures_of_addresses_are_not_kept() -> None:
    response = Studio().vendor.start(wish(), KEY)
    assert not isinstance(response, Pending)
    assert "sig=" not in json.dumps(response.provider_response)


def test_pictures_that_cannot_be_fetched_now_are_asked_for_by_the_generation() -> None:
    studio = Studio(generations=(200, COMPLETED))
    studio.delivered = [BROKEN]
    pending = studio.vendor.start(wish(num_images=1, quality="low"), KEY)
    assert isinstance(pending, Pending)
    assert CANARY not in pending.remote_id
    response = studio.vendor.check(pending.remote_id, KEY)
    assert not isinstance(response, Pending)
    assert str(studio.requests[1].url) == f"{DEFAULT_BASE_URL}/v2/generations/{GENERATION}"
    assert (response.request_id, response.metadata["units"]) == (GENERATION, {"image": 1, "image_low": 1})


def test_an_expired_address_is_asked_for_anew() -> None:
    studio = Studio(generations=(200, COMPLETED))
    studio.delivered = [{"status_code": 403}]
    pending = studio.vendor.start(wish(), KEY)
    assert isinstance(pending, Pending)
    assert not isinstance(studio.vendor.check(pending.remote_id, KEY), Pending)


def test_one_lost_picture_leaves_the_others() -> None:
    three = [entry_of_answer(seed=seed) for seed in (1, 2, 3)]
    studio = Studio(200, answered(*three), generations=(200, answered(*three, status="completed")))
    whole: dict[str, Any] = {"status_code": 200, "content": picture((64, 48)).data}
    studio.delivered = [whole, {"status_code": 404}, whole, {"status_code": 404}]
    # Asked again first: Ideogram then names fresh addresses.
    pending = studio.vendor.start(wish(num_images=3, quality="low"), KEY)
    response = studio.vendor.check(pending.remote_id, KEY)
    assert not isinstance(response, Pending)
    assert [one.seed for one in response.pictures] == [1, 3]
    assert response.metadata == {"units": {"image": 3, "image_low": 3}, "unreadable_files": 1}


def test_what_nobody_can_ask_for_again_does_not_lose_the_others() -> None:
    studio = Studio(200, answered(entry_of_answer(seed=1), entry_of_answer(seed=2), generation_id=None))
    studio.delivered = [BROKEN]
    response = studio.vendor.start(wish(num_images=2), KEY)
    assert not isinstance(response, Pending)
    assert [one.seed for one in response.pictures] == [2]


def test_a_generation_goes_on_until_it_is_completed() -> None:
    studio = Studio(generations=(200, {"generation_id": GENERATION, "status": "pending"}))
    studio.delivered = [BROKEN]
    pending = studio.vendor.start(wish(), KEY)
    assert isinstance(pending, Pending)
    assert studio.vendor.check(pending.remote_id, KEY) == pending


def test_a_generation_that_failed_is_not_billed() -> None:
    studio = Studio(generations=(200, {"generation_id": GENERATION, "status": "failed"}))
    with pytest.raises(Rejected) as refused:
        studio.vendor.check(f'{{"id": "{GENERATION}"}}', KEY)
    assert (refused.value.code, refused.value.billed) == ("provider_5xx", {})


@pytest.mark.parametrize(
    ("status", "kind"),
    [(404, OutcomeUnknown), (400, OutcomeUnknown), (429, Busy), (503, Busy), (408, Busy), (401, Rejected)],
)
def test_a_question_that_is_not_answered_never_frees_the_money(status: int, kind: type[Exception]) -> None:
    studio = Studio(generations=(status, {"error": "x"}))
    with pytest.raises(kind):
        studio.vendor.check(f'{{"id": "{GENERATION}"}}', KEY)


@pytest.mark.parametrize("named", ["", "../../v2/account", "a b", "x" * 101, 7, None])
def test_without_an_id_that_can_be_asked_for_the_outcome_is_unknown(named: Any) -> None:
    studio = Studio(200, answered(generation_id=named))
    studio.delivered = [BROKEN]
    with pytest.raises(OutcomeUnknown, match="cannot be fetched"):
        studio.vendor.start(wish(), KEY)


@pytest.mark.parametrize("text", ["", "x", "{}", "[]", '{"id": "../x"}', '{"id": 7}'])
def test_a_text_that_is_none_of_ours_is_asked_nowhere(text: str) -> None:
    studio = Studio()
    with pytest.raises(OutcomeUnknown):
        studio.vendor.check(text, KEY)
    assert studio.requests == []


def test_the_withheld_is_never_fetched() -> None:
    studio = Studio(200, answered(entry_of_answer(is_image_safe=False)))
    with pytest.raises(Rejected, match="safety check"):
        studio.vendor.start(wish(), KEY)
    assert studio.fetched == []


@pytest.mark.parametrize("model_id", ["ideogram-9", ""])
def test_an_unknown_model_is_refused_before_anything_is_sent(model_id: str) -> None:
    studio = Studio()
    with pytest.raises(Rejected, match="has no image model"):
        studio.vendor.start(wish().__class__(prompt="x", model=model_id), KEY)
    assert studio.requests == []


@pytest.mark.parametrize("secret", ["", " ", "two words", "schlüssel"])
def test_a_key_that_cannot_be_one_is_not_sent(secret: str) -> None:
    studio = Studio()
    with pytest.raises(Rejected) as refused:
        studio.vendor.start(wish(), Key({"IDEOGRAM_API_KEY": secret}))
    assert refused.value.code in ("no_key", "key_invalid")
    assert studio.requests == []


def test_the_free_check_lists_the_accounts_keys() -> None:
    studio = Studio(account=(200, {"api_keys": []}))
    assert "valid" in studio.vendor.validate_credentials(KEY)
    assert [str(request.url) for request in studio.requests] == [f"{DEFAULT_BASE_URL}/v2/account/api-keys"]


def test_a_key_that_may_not_look_at_the_billing_is_valid_all_the_same() -> None:
    studio = Studio(account=NOT_THERE, models=(200, {"models": []}))
    assert "may not look at the account's billing" in studio.vendor.validate_credentials(KEY)
    assert [request.method for request in studio.requests] == ["GET", "GET"]


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        ({"account": NOT_THERE, "models": NOT_THERE}, "capability"),
        ({"account": (200, {"hello": 1})}, "capability"),
        ({"account": (401, {"message": "Access denied."})}, "key_invalid"),
        ({"account": NOT_THERE, "models": (401, {"message": "Access denied."})}, "key_invalid"),
        ({"account": (503, {})}, "provider_5xx"),
        ({"account": (500, {})}, "provider_5xx"),
    ],
)
def test_a_check_that_fails_says_why(answers: dict[str, Any], code: str) -> None:
    with pytest.raises((Rejected, Busy)) as failed:
        Studio(**answers).vendor.validate_credentials(KEY)
    assert failed.value.code == code
    assert failed.value.remedy
