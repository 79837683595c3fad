"""Bodies as Adobe's schemas have them, jobs in both shapes, and addresses that may see a token."""

import io
import json
from dataclasses import replace

import pytest
from PIL import Image

from providers.base import InputImage, InvalidField, OutcomeUnknown
from providers.firefly import wire
from providers.firefly.client import Firefly
from providers.firefly.tests.adobe import BASE, JOB, SUBMITTED, entry, fitted, large, reference, wish

UPLOADS = ("upload-1", "upload-2")


def body(model="image4_standard", **fields):
    vendor = Firefly()
    return wire.to_body(fitted(vendor, model, **fields), entry(model), UPLOADS[: len(fields.get("input_images", ()))])


def test_the_smallest_wish_of_image_4():
    assert body() == {"prompt": "a red fox", "numVariations": 1, "size": {"width": 2048, "height": 2048}}


def test_every_field_of_v3_has_its_place():
    sent = body(
        num_images=2, seed=7, aspect_ratio="9:16", negative_prompt="snow", style="art",
        options={"visual_intensity": 6, "locale": "de-DE", "reference_strength": 40, "use_picture_as": "structure"},
        input_images=(reference(), reference("red")),
    )  # fmt: skip
    assert sent == {
        "prompt": "a red fox",
        "numVariations": 2,
        "seeds": [7, 8],
        "size": {"width": 1440, "height": 2560},
        "negativePrompt": "snow",
        "contentClass": "art",
        "visualIntensity": 6,
        "promptBiasingLocaleCode": "de-DE",
        "structure": {"imageReference": {"source": {"uploadId": "upload-1"}}, "strength": 40},
        "style": {"imageReference": {"source": {"uploadId": "upload-2"}}, "strength": 40},
    }


def test_one_picture_is_a_style_unless_it_is_told_otherwise():
    assert body(input_images=(reference(),))["style"] == {"imageReference": {"source": {"uploadId": "upload-1"}}}
    assert "structure" in body(input_images=(reference(),), options={"use_picture_as": "structure"})


def test_a_seed_starts_again_at_its_end_and_no_two_are_equal():
    assert body(num_images=3, seed=2**31 - 2)["seeds"] == [2**31 - 2, 2**31 - 1, 0]


@pytest.mark.parametrize(
    ("resolution", "ratio", "size"),
    [("1K", None, (1024, 1024)), ("1K", "16:9", (1344, 756)), ("2K", "7:4", (2688, 1536)), (None, None, (2048, 2048))],
)
def test_image_3_has_two_sizes_of_each_shape(resolution, ratio, size):
    sent = body("image3", resolution=resolution, aspect_ratio=ratio)["size"]
    assert (sent["width"], sent["height"]) == size


def test_image_5_speaks_v4():
    assert body("image5", seed=42, options={"locale": "en-GB"}) == {
        "prompt": "a red fox",
        "numVariations": 1,
        "seeds": [42],
        "modelId": "firefly_image",
        "aspectRatio": "1:1",
        "resolutionLevel": "2.4MP",
        "modelSpecificPayload": {"localeCode": "en-GB"},
    }


def test_a_picture_turns_image_5_into_an_edit_that_keeps_its_shape():
    vendor = Firefly()
    request, notes = vendor.normalise(
        wish("image5", input_images=(reference(),), aspect_ratio="16:9", resolution="4MP"), entry("image5")
    )
    assert any("16:9 is not sent" in note for note in notes)
    sent = wire.to_body(request, entry("image5"), UPLOADS[:1])
    assert sent["referenceBlobs"] == [{"source": {"uploadId": "upload-1"}, "usage": "general"}]
    assert sent["resolutionLevel"] == "4MP"
    assert "aspectRatio" not in sent


def test_a_fill_names_picture_and_mask_and_needs_no_words():
    fields = {"input_images": (large(),), "mask": large("white")}
    wished = fitted(Firefly(), "fill", **fields | {"prompt": "", "seed": 7, "options": {"locale": "de-DE"}})
    assert wire.to_body(wished, entry("fill"), UPLOADS) == {
        "numVariations": 1,
        "seeds": [7],
        "image": {"source": {"uploadId": "upload-1"}},
        "mask": {"source": {"uploadId": "upload-2"}},
        "promptBiasingLocaleCode": "de-DE",
    }
    worded = wire.to_body(fitted(Firefly(), "fill", **fields, negative_prompt="snow"), entry("fill"), UPLOADS)
    assert (worded["prompt"], worded["negativePrompt"]) == ("a red fox", "snow")


def test_what_shall_change_is_white_for_adobe_in_the_pictures_own_size():
    see_through = Image.new("RGBA", (300, 300), (0, 0, 0, 255))
    see_through.paste((0, 0, 0, 0), (0, 0, 150, 300))
    file = io.BytesIO()
    see_through.save(file, "PNG")
    mask = InputImage(data=file.getvalue(), mime_type="image/png", width=300, height=300)
    picture, drawn = wire.files(replace(wish("fill"), input_images=(large(),), mask=mask))
    assert picture == large()
    with Image.open(io.BytesIO(drawn.data)) as opened:
        assert (opened.size, opened.getpixel((10, 300)), opened.getpixel((590, 300))) == ((600, 600), 255, 0)


@pytest.mark.parametrize(
    ("model", "fields", "named"),
    [
        ("fill", {}, "input_images"),
        ("fill", {"input_images": (large(),)}, "mask"),
        ("image4_standard", {"negative_prompt": "x" * 1025}, "negative_prompt"),
        ("image5", {"negative_prompt": "snow"}, "negative_prompt"),
        ("image5", {"style": "art"}, "style"),
        ("image5", {"prompt": "x" * 1501}, "prompt"),
        ("image4_ultra", {"prompt": "x" * 1025}, "prompt"),
        ("image4_standard", {"options": {"locale": "german"}}, "options.locale"),
        ("image4_standard", {"options": {"use_picture_as": "style"}}, "options.use_picture_as"),
        ("image4_standard", {"options": {"reference_strength": 5}}, "options.reference_strength"),
        ("image4_standard", {"options": {"visual_intensity": 11}}, "options.visual_intensity"),
        ("image5", {"input_images": (reference(), reference("red"))}, "input_images"),
        ("image4_standard", {"strength": 0.5}, "strength"),
        ("image4_standard", {"input_images": (reference(),), "mask": reference()}, "mask"),
    ],
)
def test_what_a_model_lacks_is_refused_by_name(model, fields, named):
    with pytest.raises(InvalidField) as refusal:
        fitted(Firefly(), model, **fields)
    assert list(refusal.value.fields) == [named]


def job(document):
    return wire.read_submission(document, base=BASE, pictures=2, model="image4_standard")


def test_a_job_of_v3_is_followed_where_adobe_says():
    found = job(SUBMITTED)
    assert (found.id, found.status, found.cancel) == (JOB, SUBMITTED["statusUrl"], SUBMITTED["cancelUrl"])
    assert wire.job_of_text(found.text) == found


def test_a_job_of_v4_is_followed_by_its_links():
    status, cancel = f"{BASE}/v4/status/{JOB}", f"{BASE}/v4/cancel/{JOB}"
    found = job({"links": {"result": {"href": status}, "cancel": {"href": cancel}}})
    assert (found.id, found.status, found.cancel) == (JOB, status, cancel)


@pytest.mark.parametrize("document", [None, [], {}, {"statusUrl": 3}, {"jobId": ""}, {"links": {"result": {}}}])
def test_a_job_without_a_name_is_an_unknown_outcome(document):
    with pytest.raises(OutcomeUnknown, match="may have been made and billed"):
        job(document)


@pytest.mark.parametrize(
    "address",
    [
        "https://firefly-api-enterprise-uw2.adobe.io/v3/status/1",
        "https://firefly-api.adobe.io:443/v3/status/1",
        f"{BASE}/v3/status/1",
    ],
)
def test_adobes_own_hosts_and_the_base_address_are_followed(address):
    assert wire.trusted(address, BASE, JOB, "status") == address


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.test/v3/status/1",
        "http://firefly-api.adobe.io/v3/status/1",
        "https://adobe.io.evil.test/1",
        "https://evil-adobe.io/1",
        "https://user:word@firefly-api.adobe.io/1",
        "https://firefly-api.adobe.io@evil.test/1",
        "https://firefly-api.adobe.io:8443/1",
        "http://firefly.test:81/api/v3/status/1",
        "https://firefly.test/api/v3/status/1",
        "//evil.test/1",
        "https://[broken",
        "javascript:1",
    ],
)
def test_a_foreign_address_never_sees_the_token(address):
    assert wire.trusted(address, BASE, "urn:ff:jobs:a b/c", "status") == f"{BASE}/v3/status/urn:ff:jobs:a%20b%2Fc"


def test_a_job_that_is_too_long_to_keep_is_asked_for_at_the_documented_address():
    found = job(SUBMITTED | {"statusUrl": f"{BASE}/{'x' * 3000}"})
    assert len(found.text) <= 2000
    assert found.status == f"{BASE}/v3/status/{JOB}"


@pytest.mark.parametrize(
    ("word", "ends"),
    [
        ("succeeded", "succeeded"),
        ("FAILED", "failed"),
        ("canceled", "cancelled"),
        ("running", "working"),
        ("", "working"),
    ],
)
def test_a_jobs_state_is_read_from_its_word(word, ends):
    assert wire.outcome({"status": word}) == ends


def test_outputs_without_an_address_are_passed_over():
    outputs = [{"seed": 1, "image": {"url": "https://x/1"}}, {"seed": 2, "image": {}}, {"image": None}, 7]
    assert wire.outputs({"result": {"outputs": outputs}}) == [wire.Output("https://x/1", 1)]


def test_a_softened_prompt_is_told():
    result = {"promptHasDeniedWords": True, "promptHasBlockedArtists": False, "contentClass": "art"}
    told = wire.remarks({"result": result}, "image3")
    assert told == {"model": "image3", "contentClass": "art", "promptHasDeniedWords": True}
    assert json.dumps(told)
