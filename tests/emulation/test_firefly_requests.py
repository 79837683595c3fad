"""What our client sends for a wish is, call by call, what Adobe's pages write for the same wish.

Adobe's only SDK calls routes that are gone (see `test_firefly_api`), so the calls beside ours are raw HTTP by
https://developer.adobe.com/firefly-services/docs/firefly-api/getting-started/ (token, headers, uploads) and
https://developer.adobe.com/firefly-services/docs/firefly-api/guides/how-tos/cm-generate-image/feature-guide and the
OpenAPI document inside https://www.npmjs.com/package/@adobe/firefly-apis (bodies; a fill's: generative_fill_async_v3 of
https://github.com/AdobeDocs/ff-services-docs). Allowed differences: the HTTP
library's own headers.
"""

import json
from typing import Any

import httpx
import pytest

from providers.base import CloudGenerationRequest, InputImage, Key
from providers.firefly.client import Firefly
from providers.masks import white_changes
from tests.emulation.calls import png

IMS, FIREFLY = "https://ims-na1.adobelogin.com", "https://firefly-api.adobe.io"
JOB = {"jobId": "1", "statusUrl": "https://firefly-api-enterprise-uw2.adobe.io/v3/status/1"}
FORM = {
    "grant_type": "client_credentials", "client_id": "client", "client_secret": "secret",
    "scope": "openid,AdobeID,session,additional_info,read_organizations,firefly_api,ff_apis",
}  # fmt: skip
KEY = Key({"FIREFLY_CLIENT_ID": "client", "FIREFLY_CLIENT_SECRET": "secret"}, public=("FIREFLY_CLIENT_ID",))
PROMPT, PICTURE = "a red bicycle", png()
REFERENCE = InputImage(data=PICTURE, mime_type="image/png", width=64, height=64)
LARGE = InputImage(data=png(600, 600), mime_type="image/png", width=600, height=600)
MASK = InputImage(data=white_changes(LARGE), mime_type="image/png", width=600, height=600)
UPLOADED = {"imageReference": {"source": {"uploadId": "upload-1"}}}
HEADERS_OF_THEIR_OWN = {"host", "accept-encoding", "connection", "content-length", "user-agent"}
Sent = tuple[str, str, dict[str, str], Any]
WISHES: dict[str, tuple[dict[str, Any], str, dict[str, Any]]] = {
    "image 4": (
        {"model": "image4_standard", "negative_prompt": "text", "num_images": 2, "seed": 1, "style": "photo",
         "options": {"locale": "en-US"}},
        "/v3/images/generate-async",
        {"negativePrompt": "text", "numVariations": 2, "seeds": [1, 2], "size": {"width": 2048, "height": 2048},
         "contentClass": "photo", "promptBiasingLocaleCode": "en-US"},
    ),
    "image 3 after a picture's style": (
        {"model": "image3", "aspect_ratio": "16:9", "resolution": "1K", "input_images": (REFERENCE,),
         "options": {"reference_strength": 50, "visual_intensity": 6}},
        "/v3/images/generate-async",
        {"numVariations": 1, "size": {"width": 1344, "height": 756}, "visualIntensity": 6,
         "style": {"strength": 50, **UPLOADED}},
    ),
    "image 4 ultra after a picture's structure": (
        {"model": "image4_ultra", "input_images": (REFERENCE,),
         "options": {"reference_strength": 50, "use_picture_as": "structure"}},
        "/v3/images/generate-async",
        {"numVariations": 1, "size": {"width": 2048, "height": 2048}, "structure": {"strength": 50, **UPLOADED}},
    ),
    "image 5": (
        {"model": "image5", "seed": 42, "aspect_ratio": "1:1", "options": {"locale": "en-US"}},
        "/v4/images/generate-async",
        {"modelId": "firefly_image", "aspectRatio": "1:1", "resolutionLevel": "2.4MP", "numVariations": 1,
         "seeds": [42], "modelSpecificPayload": {"localeCode": "en-US"}},
    ),
    "fill": (
        {"model": "fill", "num_images": 2, "seed": 1, "input_images": (LARGE,), "mask": MASK},
        "/v3/images/fill-async",
        {"numVariations": 2, "seeds": [1, 2], "image": {"source": {"uploadId": "upload-1"}},
         "mask": {"source": {"uploadId": "upload-1"}}},
    ),
    "image 5 edits": (
        {"model": "image5", "input_images": (REFERENCE,)}, "/v4/images/generate-async",
        {"modelId": "firefly_image", "resolutionLevel": "2.4MP", "numVariations": 1,
         "referenceBlobs": [{"source": {"uploadId": "upload-1"}, "usage": "general"}]},
    ),
}  # fmt: skip


def read(request: httpx.Request) -> Sent:
    headers = {name: value for name, value in request.headers.items() if name not in HEADERS_OF_THEIR_OWN}
    kind, body = headers.get("content-type", ""), request.read()
    if kind == "application/json":
        return request.method, str(request.url), headers, json.loads(body)
    is_form = kind == "application/x-www-form-urlencoded"
    return request.method, str(request.url), headers, dict(httpx.QueryParams(body.decode())) if is_form else body


def write_by_the_pages(
    client: httpx.Client, model: str, path: str, body: dict[str, Any], uploads: list[InputImage]
) -> None:
    """The calls of Adobe's pages: a token, the pictures, the job, and how it stands."""
    told = {"Accept": "application/json"}
    token = client.post(f"{IMS}/ims/token/v3", data=FORM, headers=told).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}", "x-api-key": "client", **told}
    for image in uploads:
        client.post(f"{FIREFLY}/v2/storage/image", content=image.data, headers=headers | {"Content-Type": "image/png"})
    named = {} if "fill" in path else {"x-model-version": model}
    submitted = client.post(f"{FIREFLY}{path}", json=body, headers=headers | named).json()
    client.get(submitted["statusUrl"], headers=headers)


@pytest.mark.sqlite_only
@pytest.mark.parametrize("name", WISHES)
def test_our_requests_are_the_documented_ones(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("FIREFLY_BASE_URL", "FIREFLY_IMS_URL"):
        monkeypatch.delenv(variable, raising=False)
    fields, path, documented = WISHES[name]
    sent: list[Sent] = []
    answers = {
        "/ims/token/v3": {"access_token": "t", "token_type": "bearer", "expires_in": 86399},
        "/v2/storage/image": {"images": [{"id": "upload-1"}]}, "/v3/status/1": {"status": "running"}, path: JOB,
    }  # fmt: skip

    def receive(request: httpx.Request) -> httpx.Response:
        sent.append(read(request))
        return httpx.Response(202 if request.url.path == path else 200, json=answers[request.url.path])

    transport = httpx.MockTransport(receive)
    vendor = Firefly(transport)
    wish = CloudGenerationRequest(prompt=PROMPT, **fields)
    fitted = vendor.normalise(wish, vendor.model(wish.model))[0]
    vendor.check(vendor.start(vendor.prepare(fitted, KEY), KEY).remote_id, KEY)
    ours = sent[:]
    with httpx.Client(transport=transport) as client:
        uploads = [*wish.input_images, *filter(None, [wish.mask])]
        write_by_the_pages(client, wish.model, path, {"prompt": PROMPT, **documented}, uploads)
    assert ours == sent[len(ours) :]
