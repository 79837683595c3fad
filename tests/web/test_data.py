"""The page Data, the bin, and the downloads of what the hub holds."""

import io
import zipfile
from collections.abc import Callable

import pytest
from django.test import Client

from cloudhub.accounts.models import User
from cloudhub.generations.models import Generation, Image
from cloudhub.records.models import RetentionRule
from tests.conftest import Cast
from tests.records.stage import carry_out_now, make_older

Made = Callable[..., Generation]
RULE = {"kind": "pictures", "days": "30", "whose": "hub"}


def test_owners_see_what_is_kept_how_long_and_others_do_not(alices: Client, charlies: Client, bobs: Client) -> None:
    for owner in (alices, charlies):
        page = owner.get("/data/").content.decode()
        assert "Prompts and recipes" in page
        assert "for ever; it names nobody once a person is erased" in page
    assert bobs.get("/data/").status_code == 403
    assert ">Data</a>" not in bobs.get("/gallery/").content.decode()


def test_a_rule_is_looked_at_before_it_is_saved(alices: Client, made: Made) -> None:
    make_older(31, made())
    look = alices.post("/data/retention", RULE).content.decode()
    assert "Pictures of the hub would be kept 30 days. That removes 1 picture within minutes" in look
    assert not RetentionRule.objects.exists()
    assert alices.post("/data/retention", {**RULE, "confirmed": "yes"})["Location"] == "/data/"
    assert RetentionRule.objects.get().days == 30
    assert "Pictures are kept 30 days from now on." in alices.get("/data/").content.decode()


def test_a_wrong_number_keeps_what_was_typed_and_names_the_field(alices: Client) -> None:
    page = alices.post("/data/retention", {**RULE, "kind": "keys", "days": "7"})
    assert page.status_code == 422
    assert 'value="7" aria-invalid="true" aria-describedby="days-error-keys"' in page.content.decode()
    assert "Give whole days from 30" in page.content.decode()


def test_a_team_owner_sets_only_the_teams_rule(charlies: Client, cast: Cast) -> None:
    assert charlies.post("/data/retention", {**RULE, "confirmed": "yes"}).status_code == 403
    charlies.post("/data/retention", {"kind": "prompts", "days": "0", "confirmed": "yes"})
    rule = RetentionRule.objects.get()
    assert (rule.team, rule.kind, rule.days) == (cast.other_team, "prompts", 0)
    assert "until it is finished" in charlies.get("/data/").content.decode()


def test_an_erased_prompt_is_said_to_be_erased(alices: Client, made: Made) -> None:
    generation = made("a most private wish")
    alices.post("/data/retention", {"kind": "prompts", "days": "0", "whose": "hub", "confirmed": "yes"})
    carry_out_now()
    image = Image.objects.get(generation=generation)
    for address in (f"/gallery/{image.id}/", f"/gallery/generations/{generation.id}/"):
        page = alices.get(address).content.decode()
        assert "Prompt and settings were erased on" in page
        assert "recall=" not in page
        assert "private wish" not in page
    for address in ("/", "/gallery/", f"/media/{image.id}.download"):
        answer = alices.get(address)
        assert answer.status_code == 200
        assert b"private wish" not in answer.content


def test_an_export_comes_as_one_archive(charlies: Client, bobs: Client) -> None:
    answer = charlies.post("/data/export")
    assert answer["Content-Type"] == "application/zip"
    assert 'filename="cloudhub-elsewhere-' in answer["Content-Disposition"]
    with zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))) as archive:
        assert b"the team Elsewhere" in archive.read("README.txt")
    assert bobs.post("/data/export").status_code == 403
    own = bobs.post("/account/export")
    with zipfile.ZipFile(io.BytesIO(b"".join(own.streaming_content))) as archive:
        assert "members.jsonl" not in archive.namelist()


def test_a_person_is_erased_after_their_address_was_typed(alices: Client, charlies: Client, cast: Cast) -> None:
    bob = cast.bob.user.pk
    address = f"/data/people/{bob}/erase"
    assert charlies.get(address).status_code == 403
    assert "Type bob@example.org to confirm" in alices.get(address).content.decode()
    refused = alices.post(address, {"confirmation": "bo", "work": "keep"})
    assert refused.status_code == 422
    assert 'value="bo"' in refused.content.decode()
    assert alices.post(address, {"confirmation": "bob@example.org", "work": "keep"})["Location"] == "/data/"
    assert f"is called former member {bob} from now on." in alices.get("/data/").content.decode()
    assert User.objects.get(pk=bob).email == f"former member {bob}"
    assert alices.get(address).status_code == 404


def test_the_last_owner_has_no_button_and_no_way(alices: Client, cast: Cast) -> None:
    address = f"/data/people/{cast.alice.user.pk}/erase"
    assert address not in alices.get("/data/").content.decode()
    assert "last owner of the hub" in alices.get(address).content.decode()
    answer = alices.post(address, {"confirmation": "alice@example.org", "work": "keep"})
    assert answer.status_code == 409
    assert User.objects.get(pk=cast.alice.user.pk).is_active


@pytest.mark.parametrize("who", ["victors", "charlies"])
def test_who_may_not_delete_a_picture_has_no_button_and_no_way(
    who: str, made: Made, request: pytest.FixtureRequest
) -> None:
    image = Image.objects.get(generation=made())
    client = request.getfixturevalue(who)
    assert "/delete" not in client.get(f"/gallery/{image.id}/").content.decode()
    assert client.post(f"/gallery/{image.id}/delete").status_code in (403, 404)
    assert client.post(f"/gallery/{image.id}/restore").status_code in (403, 404)
    image.refresh_from_db()
    assert image.deleted_at is None
    Image.objects.filter(id=image.id).update(deleted_at=image.created_at)
    assert client.get(f"/gallery/bin/{image.id}.thumb").status_code in (403, 404)


def test_a_picture_goes_into_the_bin_and_comes_back(alices: Client, made: Made) -> None:
    generation = made("a lighthouse")
    image = Image.objects.get(generation=generation)
    assert f"/gallery/{image.id}/delete" in alices.get(f"/gallery/{image.id}/").content.decode()
    assert alices.post(f"/gallery/{image.id}/delete")["Location"] == "/gallery/bin/"
    assert "a lighthouse" in alices.get("/gallery/bin/").content.decode()
    assert alices.get(f"/gallery/bin/{image.id}.thumb")["Content-Type"] == "image/webp"
    for address in (f"/gallery/{image.id}/", f"/media/{image.id}", f"/media/{image.id}.thumb"):
        assert alices.get(address).status_code == 404
    assert "Its pictures were deleted." in alices.get(f"/gallery/generations/{generation.id}/").content.decode()
    assert alices.post(f"/gallery/{image.id}/restore")["Location"] == f"/gallery/{image.id}/"
    assert alices.get(f"/media/{image.id}").status_code == 200
