"""The emulated Firefly and IMS, asked by plain HTTP as Adobe's pages have it.

Adobe's only official SDK is for JavaScript (@adobe/firefly-apis 2.0.1) and calls the synchronous routes that Adobe
removed on 2025-10-03; the package index has none. So the requests here follow the reference; `test_firefly_requests`
holds our client's beside it.
"""

import io
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from PIL import Image, ImageChops

from providers.emulation.server import RunningServer
from tests.emulation.calls import amounts, opened, png

FORM = {
    "grant_type": "client_credentials",
    "client_id": "client",
    "client_secret": "secret",
    "scope": "openid,AdobeID,session,additional_info,read_organizations,firefly_api,ff_apis",
}
V3, V4 = "/v3/images/generate-async", "/v4/images/generate-async"
FILL = "/v3/images/fill-async"
WISH = {"prompt": "a red bicycle"}
EDIT = {"prompt": "make it blue", "modelId": "firefly_image", "numVariations": 1, "referenceBlobs": []}


@pytest.fixture
def ims(emulator: RunningServer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{emulator.url}/ims", trust_env=False) as client:
        yield client


@pytest.fixture
def firefly(emulator: RunningServer, ims: httpx.Client) -> Iterator[httpx.Client]:
    token = ims.post("/ims/token/v3", data=FORM).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}", "x-api-key": "client"}
    with httpx.Client(base_url=f"{emulator.url}/firefly", headers=headers, trust_env=False) as client:
        yield client


def submit(
    firefly: httpx.Client, body: dict[str, Any], path: str = V3, model: str = "image4_standard"
) -> httpx.Response:
    return firefly.post(path, json=body, headers={"x-model-version": model})


def ended(firefly: httpx.Client, status: str) -> dict[str, Any]:
    last = time.monotonic() + 10
    while time.monotonic() < last:
        document: dict[str, Any] = firefly.get(status).json()
        if document["status"] != "running":
            return document
        time.sleep(0.05)
    raise AssertionError("the job does not end")


def pictures(document: dict[str, Any]) -> list[Image.Image]:
    urls = [output["image"]["url"] for output in document["result"]["outputs"]]
    return [opened(httpx.get(url, trust_env=False).content) for url in urls]


def test_a_token_is_given_for_a_day(ims: httpx.Client) -> None:
    answer = ims.post("/ims/token/v3", data=FORM).json()
    assert (answer["token_type"], answer["expires_in"]) == ("bearer", 86399)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"client_secret": "invalid"}, "invalid_client"),
        ({"client_id": "an-invalid-one"}, "invalid_client"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"scope": "openid"}, "invalid_scope"),
        ({"extra": "1"}, "invalid_request"),
    ],
)
def test_a_wrong_question_for_a_token_is_refused(ims: httpx.Client, change: dict[str, str], error: str) -> None:
    answer = ims.post("/ims/token/v3", data=FORM | change)
    assert (answer.status_code, answer.json()["error"]) == (400, error)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Authorization": ""}, 401),
        ({"Authorization": "Bearer made.up.token"}, 401),
        ({"x-api-key": "another client"}, 403),
    ],
)
def test_a_call_needs_the_token_and_its_client_id(firefly: httpx.Client, headers: dict[str, str], status: int) -> None:
    answer = firefly.post(V3, json=WISH, headers=headers)
    assert answer.status_code == status
    assert "error_code" in answer.json()


def test_a_job_of_v3_runs_and_brings_its_pictures(firefly: httpx.Client, emulator: RunningServer) -> None:
    size = {"width": 2304, "height": 1792}
    answer = submit(firefly, WISH | {"numVariations": 2, "seeds": [1, 2], "size": size, "contentClass": "photo"})
    assert answer.status_code == 202
    job = answer.json()
    assert set(job) == {"jobId", "statusUrl", "cancelUrl"}
    assert firefly.get(job["statusUrl"]).json()["status"] == "running"
    document = ended(firefly, job["statusUrl"])
    assert (document["status"], document["result"]["size"]) == ("succeeded", size)
    assert document["result"]["contentClass"] == "photo"
    assert [output["seed"] for output in document["result"]["outputs"]] == [1, 2]
    first, second = pictures(document)
    assert first.size == second.size == (2304, 1792)
    assert first.tobytes() != second.tobytes()
    assert amounts(emulator) == ["0.100000"]


def test_v4_answers_with_links_and_edits_a_reference(firefly: httpx.Client) -> None:
    upload = firefly.post("/v2/storage/image", content=png(320, 200), headers={"Content-Type": "image/png"}).json()
    blob = {"source": {"uploadId": upload["images"][0]["id"]}, "usage": "general"}
    job = submit(firefly, EDIT | {"referenceBlobs": [blob]}, V4, "image5").json()
    assert set(job) == {"links"}
    assert pictures(ended(firefly, job["links"]["result"]["href"]))[0].size == (320, 200)


def upload(firefly: httpx.Client, data: bytes) -> dict[str, Any]:
    answer = firefly.post("/v2/storage/image", content=data, headers={"Content-Type": "image/png"}).json()
    return {"source": {"uploadId": answer["images"][0]["id"]}}


def half_white(size: tuple[int, int]) -> bytes:
    drawn, file = Image.new("L", size, 0), io.BytesIO()
    drawn.paste(255, (0, 0, size[0] // 2, size[1]))
    drawn.save(file, "PNG")
    return file.getvalue()


def test_a_fill_draws_what_is_white_in_the_mask_and_keeps_the_rest(
    firefly: httpx.Client, emulator: RunningServer
) -> None:
    body = {"image": upload(firefly, png(608, 304)), "mask": upload(firefly, half_white((608, 304)))}
    job = firefly.post(FILL, json=body | WISH).json()
    (drawn,) = pictures(ended(firefly, job["statusUrl"]))
    before = opened(png(608, 304)).convert("RGB")
    changed = ImageChops.difference(drawn.convert("RGB"), before)
    assert drawn.size == (608, 304)
    assert max(most for _, most in changed.crop((320, 0, 608, 304)).getextrema()) < 30
    assert max(most for _, most in changed.crop((0, 0, 288, 304)).getextrema()) > 60
    assert amounts(emulator) == ["0.050000"]


def test_a_fill_wants_a_mask_of_the_pictures_size(firefly: httpx.Client, emulator: RunningServer) -> None:
    image, small = upload(firefly, png(608, 608)), upload(firefly, png(64, 64))
    other, mask = upload(firefly, half_white((608, 304))), upload(firefly, half_white((608, 608)))
    bodies = [{"image": image}, {"mask": mask}, {"image": image, "mask": other}, {"image": small, "mask": small},
              {"image": image | {"mask": mask["source"]}, "mask": mask}, {"image": image, "mask": mask, "size": {}},
              {"image": image, "mask": {"source": {"uploadId": "nobody's"}}}]  # fmt: skip
    assert [firefly.post(FILL, json=body).status_code for body in bodies] == [422] * len(bodies)
    assert firefly.post(FILL.replace("v3", "v4"), json={"image": image, "mask": mask}).status_code == 404
    assert amounts(emulator) == []


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({}, "prompt"),
        ({"prompt": ""}, "prompt"),
        ({"prompt": "x" * 1025}, "prompt"),
        (WISH | {"numVariations": 5}, "numVariations"),
        (WISH | {"numVariations": 2, "seeds": [1]}, "seeds"),
        (WISH | {"seeds": [1, 1]}, "seeds"),
        (WISH | {"size": {"width": 1000, "height": 1000}}, "size"),
        (WISH | {"contentClass": "cartoon"}, "contentClass"),
        (WISH | {"visualIntensity": 11}, "visualIntensity"),
        (WISH | {"n": 1}, "n"),
        (WISH | {"style": {"strength": 0}}, "strength"),
        (WISH | {"structure": {"presets": ["bw"]}}, "presets"),
    ],
)
def test_a_body_of_v3_that_does_not_fit_is_refused(firefly: httpx.Client, body: dict[str, Any], where: str) -> None:
    answer = submit(firefly, body)
    assert (answer.status_code, answer.json()["error_code"]) == (422, "validation_error")
    assert where in answer.json()["validation_errors"][0]["loc"]


@pytest.mark.parametrize(
    "change",
    [
        {"numVariations": 2},
        {"aspectRatio": "2:3"},
        {"resolutionLevel": "8MP"},
        {"modelId": "image5"},
        {"negativePrompt": "snow"},
        {"size": {"width": 2048, "height": 2048}},
        {"modelSpecificPayload": {"locale": "en-US"}},
        {"modelSpecificPayload": {"localeCode": 7}},
        {"referenceBlobs": [{"id": "1", "usage": "general"}]},
        {"referenceBlobs": [{"source": {"uploadId": "nobody's"}, "usage": "general"}]},
        {"seeds": [1, 2]},
    ],
)
def test_a_body_of_v4_that_does_not_fit_is_refused(
    firefly: httpx.Client, emulator: RunningServer, change: dict[str, Any]
) -> None:
    assert submit(firefly, EDIT | change, V4, "image5").status_code == 422
    assert amounts(emulator) == []


@pytest.mark.parametrize(("path", "model"), [(V3, "image5"), (V4, "image4_standard"), (V3, "image9")])
def test_a_model_of_another_version_is_refused(firefly: httpx.Client, path: str, model: str) -> None:
    assert submit(firefly, WISH, path, model).status_code == 422


def test_the_removed_synchronous_route_is_gone(firefly: httpx.Client) -> None:
    assert firefly.post("/v3/images/generate", json=WISH).status_code == 404


def test_a_cancelled_job_stays_on_the_invoice(firefly: httpx.Client, emulator: RunningServer) -> None:
    job = submit(firefly, WISH).json()
    assert firefly.put(job["cancelUrl"]).status_code == 202
    assert firefly.get(job["statusUrl"]).json()["status"] == "cancelled"
    assert amounts(emulator) == ["0.050000"]


def test_a_signed_address_takes_no_token_and_needs_its_signature(firefly: httpx.Client) -> None:
    document = ended(firefly, submit(firefly, WISH).json()["statusUrl"])
    url = document["result"]["outputs"][0]["image"]["url"]
    assert firefly.get(url).status_code == 403
    assert httpx.get(url.partition("?")[0], trust_env=False).status_code == 403
    assert httpx.get(url, trust_env=False).status_code == 200


def test_uploads_and_questions_count_in_the_limit(
    firefly: httpx.Client, ims: httpx.Client, emulator: RunningServer
) -> None:
    emulator.exchange.limits.post({"vendor": "adobe-firefly", "requests": 3, "seconds": 600}, ("adobe-firefly",))
    try:
        upload = firefly.post("/v2/storage/image", content=png(), headers={"Content-Type": "image/png"})
        job = submit(firefly, WISH)
        asked = [firefly.get(job.json()["statusUrl"]).status_code for _ in range(2)]
        tokens = ims.post("/ims/token/v3", data=FORM).status_code
    finally:
        emulator.exchange.limits.clear()
    assert (upload.status_code, job.status_code, asked, tokens) == (200, 202, [200, 429], 200)


def test_filters_work_before_and_after_the_job(
    firefly: httpx.Client, emulator: RunningServer, control: httpx.Client
) -> None:
    control.post("/faults", json={"filtered": "prompt"})
    assert submit(firefly, WISH).json() == {"error_code": "prompt_unsafe", "message": "The prompt is unsafe."}
    assert amounts(emulator) == []
    control.post("/faults", json={"filtered": True})
    document = ended(firefly, submit(firefly, WISH).json()["statusUrl"])
    assert (document["status"], document["error_code"]) == ("failed", "output_media_unsafe")


def test_a_job_short_of_pictures_is_charged_whole(
    firefly: httpx.Client, emulator: RunningServer, control: httpx.Client
) -> None:
    control.post("/faults", json={"partial": 1})
    document = ended(firefly, submit(firefly, WISH | {"numVariations": 3}).json()["statusUrl"])
    assert len(pictures(document)) == 1
    assert amounts(emulator) == ["0.150000"]


@pytest.mark.parametrize(
    ("status", "code"),
    [(400, "bad_request"), (401, "401013"), (403, "access_error"), (408, "timeout_error"), (429, "429001"),
     (500, "runtime_error"), (503, "model_not_loaded")],
)  # fmt: skip
def test_a_status_fault_has_adobes_usual_body(
    firefly: httpx.Client, control: httpx.Client, status: int, code: str
) -> None:
    control.post("/faults", json={"status": status, "vendor": "adobe-firefly"})
    answer = submit(firefly, WISH)
    assert (answer.status_code, answer.json()["error_code"]) == (status, code)
    assert ("retry-after" in answer.headers) == (status == 429)
