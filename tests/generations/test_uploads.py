"""Pictures from outside: checked by their bytes, found by their team, used as references."""

import base64

import pytest

from cloudhub.core.errors import Forbidden, Invalid, NotFound
from cloudhub.generations import storage
from cloudhub.generations.images import find_image, upload_image
from cloudhub.generations.models import Generation, Image
from tests.conftest import Cast
from tests.generations.stage import as_data_uri, carry_out, png, submit


def test_an_upload_is_kept_with_its_real_size_and_type(cast: Cast) -> None:
    image = upload_image(cast.bob, png(size=(321, 123)))
    assert (image.width, image.height, image.mime_type, image.generation) == (321, 123, "image/png", None)
    assert storage.read_bytes(image.sha256) == png(size=(321, 123))


@pytest.mark.parametrize("data", [b"", b"<svg/>", b"<html>", png()[:30]])
def test_what_is_no_picture_is_refused_by_name(cast: Cast, data: bytes) -> None:
    with pytest.raises(Invalid) as refused:
        upload_image(cast.bob, data)
    assert set(refused.value.fields) == {"file"}
    assert not Image.objects.exists()


def test_an_upload_that_is_too_large_says_how_large_it_may_be(cast: Cast, settings: object) -> None:
    settings.MOST_UPLOAD_BYTES = 100  # type: ignore[attr-defined]
    with pytest.raises(Invalid, match="larger than"):
        upload_image(cast.bob, png())


def test_a_viewer_may_not_upload(cast: Cast) -> None:
    with pytest.raises(Forbidden):
        upload_image(cast.victor, png())


def test_a_picture_is_found_by_its_team_alone(cast: Cast) -> None:
    image = upload_image(cast.bob, png())
    assert find_image(cast.victor, image.id) == image
    for stranger, wanted in ((cast.charlie, image.id), (cast.bob, "nonsense")):
        with pytest.raises(NotFound):
            find_image(stranger, wanted)


def test_a_data_uri_counts_by_its_bytes_and_not_by_what_it_says(cast: Cast) -> None:
    uri = f"data:text/html;base64,{base64.b64encode(png()).decode()}"
    submit(cast.bob, input_images=[uri])
    assert Image.objects.get().mime_type == "image/png"


def test_a_reference_and_a_mask_reach_the_vendor(cast: Cast) -> None:
    reference = upload_image(cast.bob, png("red", (1024, 1024)))
    mask = as_data_uri("image/png", png("black", (1024, 1024)))
    generation = carry_out(cast.bob, input_images=[str(reference.id)], mask=mask, seed=1)
    drawn = generation.images.get()
    assert generation.state == "succeeded"
    assert drawn.sha256 != reference.sha256
    assert generation.sent["mask"] == generation.request["mask"]


@pytest.mark.sqlite_only
@pytest.mark.parametrize("field", ["input_images[1]", "mask"])
@pytest.mark.parametrize("is_kept", [True, False], ids=["kept before", "sent along"])
def test_a_picture_that_is_broken_behind_its_head_is_refused_before_any_hold(
    cast: Cast, field: str, is_kept: bool
) -> None:
    whole, at = png(), png().index(b"IDAT") + 8
    broken = whole[:at] + bytes(20) + whole[at + 20 :]
    given = str(upload_image(cast.bob, broken).id) if is_kept else as_data_uri("image/png", broken)
    good = as_data_uri("image/png", whole)
    second, mask = (good, given) if field == "mask" else (given, good)
    with pytest.raises(Invalid, match="broken behind its head") as refused:
        submit(
            cast.bob, input_images=[good, given if field != "mask" else good], mask=given if field == "mask" else good
        )
    assert set(refused.value.fields) == {field}
    assert not Generation.objects.exists()
