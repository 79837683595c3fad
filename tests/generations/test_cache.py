"""Reuse of what the team has paid for: only when asked for, for nothing, and never for another team."""

from typing import Any

import pytest
from django.utils import timezone

from cloudhub.core.errors import Invalid
from cloudhub.generations.engine import engine
from cloudhub.generations.images import upload_image
from cloudhub.generations.models import Generation, Image
from tests.conftest import Cast
from tests.generations.stage import as_data_uri, budget, carry_out, ledger_of, png, submit

WISH = {"prompt": "a red fox", "seed": 5, "aspect_ratio": "3:2"}


@pytest.fixture
def paid(any_cast: Cast) -> Generation:
    return carry_out(any_cast.bob, **WISH)


def test_i31_a_hit_posts_nothing_and_names_who_paid(paid: Generation, cast: Cast) -> None:
    hit = submit(cast.bob, cache="use", **WISH).generation
    assert (hit.state, hit.cost_micros, hit.cache_source_id) == ("succeeded", 0, paid.id)
    assert ledger_of(hit) == []
    assert hit.images.get().sha256 == paid.images.get().sha256
    assert hit.images.get().id != paid.images.get().id


def test_i31_a_hit_counts_for_the_whole_team(paid: Generation, cast: Cast) -> None:
    assert submit(cast.alice, cache="use", **WISH).generation.cache_source_id == paid.id


def test_i31_another_team_is_never_served(paid: Generation, cast: Cast) -> None:
    generation = submit(cast.charlie, cache="use", **WISH).generation
    assert (generation.state, generation.cache_source_id) == ("queued", None)
    assert len(ledger_of(generation)) == 1


def test_it_is_used_only_when_asked_for(paid: Generation, cast: Cast) -> None:
    assert submit(cast.bob, **WISH).generation.cache_source_id is None
    assert submit(cast.bob, cache="off", **WISH).generation.cache_source_id is None


@pytest.mark.parametrize(
    "change", [{"prompt": "a Red fox"}, {"seed": 6}, {"seed": None}, {"aspect_ratio": "1:1"}, {"num_images": 2}]
)
def test_a_wish_that_differs_is_not_served(paid: Generation, cast: Cast, change: dict[str, Any]) -> None:
    assert submit(cast.bob, **{"cache": "use", **WISH, **change}).generation.cache_source_id is None


def test_a_hit_is_not_itself_a_source(paid: Generation, cast: Cast) -> None:
    submit(cast.bob, cache="use", **WISH)
    assert submit(cast.bob, cache="use", **WISH).generation.cache_source_id == paid.id


def test_what_did_not_succeed_is_not_served(cast: Cast) -> None:
    carry_out(cast.bob, prompt="a fox #refuse")
    assert submit(cast.bob, prompt="a fox #refuse", cache="use").generation.state == "queued"


def test_what_lost_a_picture_since_is_not_served(cast: Cast) -> None:
    paid = carry_out(cast.bob, num_images=2)
    paid.images.filter(index=0).update(deleted_at=timezone.now())
    assert submit(cast.bob, num_images=2, cache="use").generation.cache_source_id is None


def test_a_hit_needs_no_money(paid: Generation, cast: Cast) -> None:
    budget(cast.alice, "0", "XTS")
    hit = submit(cast.bob, cache="use", idempotency_key="k-1", **WISH)
    repeat = submit(cast.bob, cache="use", idempotency_key="k-1", **WISH)
    assert (repeat.replayed, repeat.generation.id) == (True, hit.generation.id)


def test_reference_pictures_are_part_of_the_wish(cast: Cast) -> None:
    paid = carry_out(cast.bob, input_images=[as_uri("teal")])
    named = paid.sent["input_images"]
    assert submit(cast.bob, input_images=named, cache="use").generation.cache_source_id == paid.id
    assert submit(cast.bob, input_images=[as_uri("red")], cache="use").generation.cache_source_id is None


def test_an_uploaded_picture_is_known_again_by_its_bytes(cast: Cast) -> None:
    paid = carry_out(cast.bob, input_images=[as_uri("teal")])
    hit = submit(cast.bob, input_images=[as_uri("teal")], cache="use").generation
    assert (hit.cache_source_id, hit.sent, hit.request) == (paid.id, paid.sent, paid.request)
    copy = upload_image(cast.alice, png("teal"))
    named = submit(cast.bob, input_images=[str(copy.id)], cache="use").generation
    assert (named.cache_source_id, named.sent["input_images"]) == (paid.id, [str(copy.id)])
    assert submit(cast.charlie, input_images=[as_uri("teal")], cache="use").generation.cache_source_id is None


def test_an_uploaded_mask_is_part_of_the_wish(cast: Cast) -> None:
    plain = carry_out(cast.bob, input_images=[as_uri("teal")])
    masked = {"input_images": plain.sent["input_images"], "cache": "use"}
    assert submit(cast.bob, mask=as_uri("black"), **masked).generation.cache_source_id is None
    engine.run_once()
    paid = submit(cast.bob, mask=as_uri("black"), **masked).generation
    assert paid.cache_source_id not in (None, plain.id)
    assert paid.sent["mask"] == paid.cache_source.sent["mask"]
    assert submit(cast.bob, mask=as_uri("white"), **masked).generation.cache_source_id is None
    assert submit(cast.bob, **masked).generation.cache_source_id == plain.id


def test_a_wish_whose_reference_is_gone_for_good_is_not_served(cast: Cast) -> None:
    paid = carry_out(cast.bob, input_images=[as_uri("teal")])
    Image.objects.filter(id__in=paid.sent["input_images"]).update(sha256="")
    assert submit(cast.bob, input_images=[as_uri("teal")], cache="use").generation.cache_source_id is None


def as_uri(colour: str) -> str:
    return as_data_uri("image/png", png(colour))


@pytest.mark.parametrize("cache", ["yes", "", None, True])
def test_the_switch_has_two_positions(cast: Cast, cache: Any) -> None:
    with pytest.raises(Invalid) as refused:
        submit(cast.bob, cache=cache)
    assert set(refused.value.fields) == {"cache"}
