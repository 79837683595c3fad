"""What the pictures are: the same for the same seed, of the size of their table, in the format asked for."""

import io

import pytest
from PIL import Image, ImageChops, ImageStat

from providers.base import CloudGenerationRequest
from providers.practice.client import MODELS
from providers.practice.drawing import PALETTES, finish
from providers.practice.drawing.canvas import Scene
from providers.practice.drawing.finish import lettered

RATIOS = MODELS[0].capabilities.aspect_ratios


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def difference(first: Image.Image, second: Image.Image) -> float:
    """Mean difference of two pictures a channel, 0 to 255."""
    return max(ImageStat.Stat(ImageChops.difference(first.convert("RGB"), second.convert("RGB"))).mean)


def test_the_same_wish_gives_the_same_bytes(practice, no_key, wish):
    first, second = (practice.start(wish(quality="fine"), no_key) for _ in range(2))
    assert first.images == second.images


@pytest.mark.parametrize("style", MODELS[0].capabilities.styles)
def test_every_style_is_its_own_and_repeatable(practice, no_key, wish, style):
    styled, again, plain = (
        practice.start(wish(style=name), no_key)
        for name in (style, style, "ink" if style != "ink" else "paper")
    )  # fmt: skip
    assert styled.images == again.images
    assert styled.images != plain.images
    assert styled.metadata["styles"] == [style]


@pytest.mark.parametrize("changed", [{"seed": 8}, {"prompt": "a loud lake"}, {"negative_prompt": "trees"}])
def test_another_wish_gives_another_picture(practice, no_key, wish, changed):
    first, second = practice.start(wish(), no_key), practice.start(wish(**changed), no_key)
    assert first.images != second.images


def test_the_pictures_of_one_call_are_distinct_and_count_their_seeds_up(practice, no_key, wish):
    response = practice.start(wish(num_images=4), no_key)
    assert [picture.seed for picture in response.pictures] == [7, 8, 9, 10]
    assert len(set(response.images)) == 4


def test_the_second_picture_is_the_first_one_of_the_next_seed(practice, no_key, wish):
    pair = practice.start(wish(num_images=2), no_key)
    alone = practice.start(wish(seed=8), no_key)
    assert pair.images[1] == alone.images[0]


def test_the_largest_seed_is_followed_by_zero(practice, no_key, wish):
    response = practice.start(wish(seed=2**31 - 1, num_images=2), no_key)
    assert [picture.seed for picture in response.pictures] == [2**31 - 1, 0]


def test_without_a_seed_the_drawn_one_is_reported_and_gives_the_picture_again(practice, no_key, wish):
    surprise = practice.start(wish(seed=None), no_key)
    again = practice.start(wish(seed=surprise.pictures[0].seed), no_key)
    assert surprise.images == again.images


def test_two_calls_without_a_seed_differ(practice, no_key, wish):
    first, second = (practice.start(wish(seed=None), no_key) for _ in range(2))
    assert first.pictures[0].seed != second.pictures[0].seed


@pytest.mark.parametrize("ratio", RATIOS)
def test_every_ratio_has_the_size_of_its_table(practice, no_key, wish, model, ratio):
    response = practice.start(wish(aspect_ratio=ratio, style="geometry"), no_key)
    size = model.capabilities.sizes["0.5K"][ratio]
    assert opened(response.images[0]).size == size
    assert (response.pictures[0].width, response.pictures[0].height) == size


@pytest.mark.parametrize(("resolution", "size"), [(None, (720, 1280)), ("2K", (1440, 2560))])
def test_larger_resolutions_are_really_larger(practice, no_key, wish, resolution, size):
    response = practice.start(wish(resolution=resolution, aspect_ratio="9:16", style="geometry"), no_key)
    assert opened(response.images[0]).size == size


@pytest.mark.parametrize(("name", "kind"), [("png", "PNG"), ("jpeg", "JPEG"), ("webp", "WEBP")])
def test_the_bytes_are_of_the_format_asked_for(practice, no_key, wish, name, kind):
    response = practice.start(wish(output_format=name), no_key)
    assert opened(response.images[0]).format == kind
    assert response.pictures[0].mime_type == f"image/{name}"


@pytest.mark.parametrize("name", ["png", "webp"])
def test_a_transparent_background_is_clear_outside_and_solid_inside(practice, no_key, wish, name):
    response = practice.start(wish(background="transparent", output_format=name), no_key)
    alpha = opened(response.images[0]).getchannel("A")
    assert [alpha.getpixel(corner) for corner in ((0, 0), (511, 0), (0, 511), (511, 511))] == [0, 0, 0, 0]
    assert alpha.getpixel((256, 256)) == 255


def test_an_ordinary_picture_has_no_alpha(practice, no_key, wish):
    assert opened(practice.start(wish(), no_key).images[0]).mode == "RGB"


def test_the_hour_in_the_prompt_decides_the_colours(practice, no_key, wish):
    day, night = (
        opened(practice.start(wish(prompt=f"a lake at {hour}", style="vista"), no_key).images[0])
        for hour in ("dawn", "night")
    )
    assert ImageStat.Stat(day.convert("L")).mean[0] > ImageStat.Stat(night.convert("L")).mean[0] + 40


@pytest.mark.parametrize(
    ("prompt", "palette"),
    [
        ("a lighthouse by the sea at sunset", "sunset"),
        ("an island, a boat and the ocean at night", "night"),
        ("Pine trees in a wood", "forest"),
    ],
)
def test_words_choose_the_palette_and_the_hour_comes_before_the_place(practice, no_key, wish, prompt, palette):
    response = practice.start(wish(prompt=prompt), no_key)
    assert response.provider_response["pictures"][0]["palette"] == palette


def test_the_palette_option_overrules_the_prompt(practice, no_key, wish):
    response = practice.start(wish(prompt="a red sunset", options={"palette": "snow"}), no_key)
    assert response.provider_response["pictures"][0]["palette"] == "snow"


def test_an_unwanted_word_does_not_choose_the_colours(practice, no_key, wish):
    response = practice.start(wish(prompt="a forest in snow", negative_prompt="snow"), no_key)
    assert response.provider_response["pictures"][0]["palette"] == "forest"


def test_little_guidance_gives_paler_colours(practice, no_key, wish):
    weak, strong = (
        opened(practice.start(wish(prompt="a red sunset", style="paper", guidance_scale=scale), no_key).images[0])
        for scale in (0, 15)
    )
    saturations = [ImageStat.Stat(image.convert("HSV")).mean[1] for image in (weak, strong)]
    assert saturations[0] < saturations[1] - 20


def test_a_fine_picture_is_the_draft_with_grain(practice, no_key, wish):
    draft, fine = (opened(practice.start(wish(quality=name), no_key).images[0]) for name in ("draft", "fine"))
    assert 0 < difference(draft, fine) < 16


def test_an_enhanced_prompt_is_reported_and_a_plain_one_is_not(practice, no_key, wish):
    enhanced = practice.start(wish(enhance_prompt=True, style="ink"), no_key)
    assert enhanced.pictures[0].revised_prompt.startswith("a quiet lake (ink, ")
    assert practice.start(wish(), no_key).pictures[0].revised_prompt is None


def test_every_picture_is_signed_with_letters_at_its_lower_edge():
    scene = Scene(size=(512, 512), key="x", palette=PALETTES["sea"])
    blank = Image.new("RGB", scene.size, "#8090a0")
    left, top, right, bottom = ImageChops.difference(lettered(scene, blank), blank).getbbox()
    assert 512 * 0.9 < top < bottom < 512
    assert right - left > 512 * 0.25
    assert abs((left + right) / 2 - 256) < 8


def test_the_signature_stands_in_the_finished_picture(practice, no_key, wish, monkeypatch):
    signed = opened(practice.start(wish(), no_key).images[0])
    monkeypatch.setattr(finish, "lettered", lambda scene, image, region=None: image)
    bare = opened(practice.start(wish(), no_key).images[0])
    assert ImageChops.difference(signed, bare).getbbox()[1] > 512 * 0.9


def test_an_order_without_a_ratio_is_square(practice, no_key, model):
    bare = CloudGenerationRequest(prompt="x", resolution="0.5K", quality="draft")
    assert opened(practice.start(bare, no_key).images[0]).size == model.capabilities.sizes["0.5K"]["1:1"]
