"""A hub key in a header opens the API; nothing else does."""

import pytest
from django.utils import timezone

from cloudhub.accounts.actor import Actor
from cloudhub.accounts.models import HubKey, Membership
from tests.api.caller import Caller, caller_of
from tests.conftest import client_of, key_of

MODELS = "/api/v1/cloud_models"


def test_a_bearer_key_is_let_in(alices: Caller) -> None:
    assert alices.get(MODELS).status_code == 200


def test_a_key_where_googles_clients_put_theirs_is_let_in(alice: Actor) -> None:
    answer = Caller().get(MODELS, **{"x-goog-api-key": key_of(alice)})
    assert answer.status_code == 200


@pytest.mark.parametrize("door", ["/api/v1/cloud_models", "/v1/models"])
def test_without_a_key_the_answer_is_401_and_says_how(door: str, db: None) -> None:
    answer = Caller().get(door)
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith("Bearer")
    assert answer.json()["error"]["code"] == "unauthenticated"
    assert "chk_" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    "header", ["Bearer chk_wrong", "Bearer ", "Basic YWxpY2U6cGFzcw==", "chk_bare", "Bearer sk-proj-1"]
)
def test_other_credentials_are_401(header: str, db: None) -> None:
    assert Caller().get(MODELS, Authorization=header).status_code == 401


@pytest.mark.parametrize("path", [MODELS, "/v1/models", "/v1/images/generations"])
def test_a_key_in_the_address_is_refused_even_beside_a_good_header(alices: Caller, path: str) -> None:
    answer = alices.get(f"{path}?key={alices.key}")
    assert answer.status_code == 401
    assert "send it as x-goog-api-key" in answer.json()["error"]["message"]
    assert alices.key not in answer.content.decode()


def test_a_revoked_key_is_401_at_once(alices: Caller) -> None:
    HubKey.objects.update(revoked_at=timezone.now())
    assert alices.get(MODELS).status_code == 401


def test_an_expired_key_is_401(alices: Caller) -> None:
    HubKey.objects.update(expires_at=timezone.now())
    assert alices.get(MODELS).status_code == 401


def test_a_person_who_left_the_team_is_403(bob: Actor) -> None:
    bobs = caller_of(bob)
    Membership.objects.filter(user=bob.user).delete()
    assert bobs.get(MODELS).status_code == 403


def test_a_session_opens_no_api(alice: Actor) -> None:
    assert client_of(alice).get(MODELS).status_code == 401


def test_every_answer_carries_a_request_id_that_the_error_repeats(alices: Caller) -> None:
    answer = alices.get(f"{MODELS}/nothing")
    assert answer["X-Request-Id"] == answer.json()["error"]["request_id"]
    assert alices.get(MODELS)["X-Request-Id"] != answer["X-Request-Id"]
