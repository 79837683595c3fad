"""Prices, tests of keys and uploads: free of charge, and still not without end, for each person and each key."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import Settings

from cloudhub.accounts.pace import ESTIMATES, keep_pace
from cloudhub.core.errors import TooMany
from cloudhub.generations.images import upload_image
from cloudhub.generations.models import Image
from tests.api.caller import Caller, caller_of
from tests.conftest import Cast, client_of
from tests.generations.stage import png

WISH = {"model": "practice-1", "prompt": "a fox"}


@pytest.fixture
def slow(settings: Settings) -> None:
    settings.ESTIMATES_A_MINUTE, settings.CHECKS_A_MINUTE, settings.UPLOADS_A_MINUTE = 2, 2, 2


@pytest.fixture
def caller(cast: Cast) -> Caller:
    return caller_of(cast.alice)


def assert_told(answer: object) -> None:
    assert answer.status_code == 429
    assert 1 <= int(answer["Retry-After"]) <= 65


@pytest.mark.usefixtures("slow")
@pytest.mark.parametrize("path", ["estimates", "providers/practice/check"])
def test_a_program_that_asks_too_often_is_told_so_in_its_envelope(caller: Caller, path: str) -> None:
    body = WISH if path == "estimates" else {}
    answers = [caller.post(f"/api/v1/{path}", body) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert_told(answers[2])
    error = answers[2].json()["error"]
    assert error["code"] == "throttled"
    assert "more than 2 times a minute" in error["message"]


@pytest.mark.usefixtures("slow")
def test_uploads_too_and_nothing_of_the_last_one_is_kept(caller: Caller) -> None:
    answers = [caller.upload(file=SimpleUploadedFile("a.png", png())) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [201, 201, 429]
    assert Image.objects.count() == 2


@pytest.mark.usefixtures("slow")
def test_the_studios_button_says_it_and_the_form_stays(cast: Cast) -> None:
    alices = client_of(cast.alice)
    answers = [alices.post("/studio/price", WISH, headers={"HX-Request": "true"}) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert "asked for more than 2 times a minute" in answers[2].content.decode()


@pytest.mark.usefixtures("slow")
def test_the_status_pages_test_button_tells_it_at_the_top(cast: Cast) -> None:
    alices: Client = client_of(cast.alice)
    for _ in range(2):
        alices.post("/status/vendors/practice/check", headers={"HX-Request": "true"})
    answer = alices.post("/status/vendors/practice/check", headers={"HX-Request": "true"})
    assert_told(answer)
    assert answer["HX-Retarget"] == "#problem"


@pytest.mark.usefixtures("slow")
def test_a_persons_pages_and_each_of_their_keys_count_apart(cast: Cast) -> None:
    for _ in range(2):
        keep_pace(cast.alice, ESTIMATES)
    keep_pace(cast.bob, ESTIMATES)
    assert caller_of(cast.alice).post("/api/v1/estimates", WISH).status_code == 200
    with pytest.raises(TooMany):
        keep_pace(cast.alice, ESTIMATES)


@pytest.mark.usefixtures("slow")
def test_submitting_is_no_estimate(cast: Cast) -> None:
    alices = client_of(cast.alice)
    for _ in range(4):
        assert alices.post("/studio/generations", WISH).status_code == 302


@pytest.mark.usefixtures("slow")
def test_several_pictures_at_once_count_each(cast: Cast) -> None:
    for _ in range(2):
        upload_image(cast.bob, png())
    with pytest.raises(TooMany, match="Nothing was done"):
        upload_image(cast.bob, png())
