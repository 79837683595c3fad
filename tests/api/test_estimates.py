"""An estimate says what a wish would cost, and holds nothing."""

from cloudhub.accounts.actor import Actor
from cloudhub.billing.models import Hold
from tests.api.caller import WISH, Caller, caller_of

PATH = "/api/v1/estimates"


def test_an_estimate_has_lines_that_add_up(alices: Caller) -> None:
    estimate = alices.post(PATH, {**WISH, "num_images": 4, "resolution": "2K"}).json()
    assert (estimate["amount"], estimate["currency"], estimate["exact"]) == ("0.100000", "XTS", True)
    assert estimate["lines"] == [
        {"description": "one picture at 2K", "unit_amount": "0.025000", "quantity": 4, "amount": "0.100000"}
    ]
    assert estimate["price_version"].startswith("practice-1@")
    assert estimate["priced_at"].endswith("Z")
    assert not Hold.objects.exists()


def test_it_names_the_budgets_the_wish_would_count_in(alices: Caller) -> None:
    body = {"name": "zoo", "scope": "tag", "target": "zoo", "window": "total", "limit": "1.000000", "currency": "XTS"}
    budget = alices.post("/api/v1/budgets", body).json()
    assert alices.post(PATH, WISH).json()["budgets"] == []
    assert alices.post(PATH, {**WISH, "tags": ["zoo"]}).json()["budgets"] == [
        {"id": budget["id"], "name": "zoo", "remaining": "1.000000"}
    ]


def test_a_changed_size_is_noted(alices: Caller) -> None:
    notes = alices.post(PATH, {**WISH, "width": 1000, "height": 1000}).json()["notes"]
    assert notes == ["1000×1000 is asked as 1:1; Practice 1 draws that as 512×512."]


def test_the_body_of_a_generation_is_taken_whole(alices: Caller) -> None:
    assert alices.post(PATH, {**WISH, "cache": "use", "tags": ["zoo"], "seed": 5, "mask": None}).status_code == 200


def test_reading_or_generating_is_enough(alice: Actor) -> None:
    assert caller_of(alice, "generate").post(PATH, WISH).status_code == 200
    assert caller_of(alice, "read").post(PATH, WISH).status_code == 200
    assert caller_of(alice, "manage").post(PATH, WISH).status_code == 403
