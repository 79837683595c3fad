"""Which server is called with which key and which fields, and what its answers become."""

import json
from dataclasses import replace

import httpx
import orjson
import pytest

from providers.base import Busy, FreeSize, Key, Option, OutcomeUnknown, Pending, Rejected
from providers.compatible.client import Compatible
from providers.compatible.tests.answers import BASE, CANARY, KEY, VENDOR, answer, picture, reference, registered, wish
from providers.compatible.tests.documented import ERRORS
from providers.emulation.multipart import read_form
from providers.http import transmission
from tests.providers.loopback import answering, loopback

CLASSES = {"rejected": Rejected, "busy": Busy, "unknown": OutcomeUnknown}


@pytest.fixture(autouse=True)
def _usual_server(monkeypatch):
    monkeypatch.setenv("OPENAI_COMPATIBLE_BASE_URL", BASE)
    monkeypatch.setenv("HUB_LISTED_ADDRESSES", "")


class Recorded:
    """A server that answers each request with the same answer and keeps what it was sent."""

    def __init__(self, status=200, document=None, **given):
        self.requests = []
        self.given = {"status_code": status, **({"json": document} if document is not None else {}), **given}
        self.vendor = Compatible(httpx.MockTransport(self._receive))

    def _receive(self, request):
        request.read()
        self.requests.append(request)
        return httpx.Response(**self.given)

    def body(self):
        return json.loads(self.requests[-1].content)


def start(recorded, entry=None, key=KEY, **changes):
    return recorded.vendor.start(wish(entry, **changes), key)


def test_a_plain_wish_sends_only_what_every_server_knows():
    recorded = Recorded(document=answer(), headers={"x-request-id": "r-1"})
    response = start(recorded, seed=7)
    assert (response.images, response.request_id) == ([picture()], "r-1")
    (request,) = recorded.requests
    assert (request.method, str(request.url)) == ("POST", f"{BASE}/images/generations")
    assert recorded.body() == {
        "model": "flux-dev", "prompt": "A red fox in snow", "n": 1, "response_format": "b64_json",
    }  # fmt: skip


def test_a_registration_says_what_else_its_server_takes():
    entry = registered(
        seed="guaranteed", negative_prompt=True, guidance_scale=True, images_per_call=4, qualities=("hd",),
        styles=("vivid",), safety_levels=("low",), output_formats=("webp",), transparency=True,
        free_size=FreeSize(step=64), facts={"response_format": "url", "guidance_field": "cfg_scale"},
        options=(Option(name="steps", kind="integer"), Option(name="model")),
    )  # fmt: skip
    recorded = Recorded(document=answer())
    response = start(
        recorded, entry, seed=7, negative_prompt="blur", guidance_scale=4.5, num_images=2, quality="hd", style="vivid",
        safety_level="low", output_format="webp", background="transparent", width=800, height=600,
        options={"steps": 30, "model": "another"},
    )  # fmt: skip
    assert recorded.body() == {
        "model": "flux-dev", "prompt": "A red fox in snow", "n": 2, "size": "768x576", "seed": 7,
        "negative_prompt": "blur", "cfg_scale": 4.5, "quality": "hd", "style": "vivid", "moderation": "low",
        "output_format": "webp", "background": "transparent", "response_format": "url", "steps": 30,
    }  # fmt: skip
    assert response.pictures[0].seed == 7


def test_a_server_that_refuses_response_format_is_not_sent_it():
    recorded = Recorded(document=answer())
    start(recorded, registered(facts={"response_format": ""}))
    assert "response_format" not in recorded.body()


def test_a_refused_response_format_says_how_to_leave_it_out():
    body = {"error": {"message": "Unknown parameter: 'response_format'.", "code": "unknown_parameter"}}
    with pytest.raises(Rejected) as rejected:
        start(Recorded(400, body))
    assert '"facts": {"response_format": ""}' in rejected.value.remedy


@pytest.mark.parametrize(
    ("facts", "names"),
    [({}, ["image", "mask"]), ({"image_field": "image[]", "mask_field": "mask_image"}, ["image[]", "mask_image"])],
)
def test_an_edit_is_a_form(facts, names):
    entry = registered(modes=("text-to-image", "image-to-image", "inpaint"), most_input_images=4, strength=True,
                       facts=facts)  # fmt: skip
    recorded = Recorded(document=answer())
    start(recorded, entry, input_images=(reference(),), mask=reference(), strength=0.5)
    (request,) = recorded.requests
    assert str(request.url) == f"{BASE}/images/edits"
    parts = read_form(request.headers["content-type"], request.content)
    plain = {part.name: part.text for part in parts if part.filename is None}
    assert plain == {"model": "flux-dev", "prompt": "A red fox in snow", "n": "1", "strength": "0.5",
                     "response_format": "b64_json"}  # fmt: skip
    assert [part.name for part in parts if part.filename] == names


@pytest.mark.parametrize(
    ("address", "gets_key"),
    [
        ("", True),
        (BASE, True),
        ("http://images.example:8080/other/v1", True),
        ("HTTP://IMAGES.EXAMPLE:8080/v1", True),
        ("https://images.example:8080/v1", False),
        ("http://images.example/v1", False),
        ("http://images.example.evil:8080/v1", False),
        ("http://other.example:8080/v1", False),
    ],
)
def test_the_key_goes_to_the_usual_server_alone(address, gets_key):
    recorded = Recorded(document=answer())
    start(recorded, registered(address))
    recorded.vendor.describe("x", KEY, address=address)
    for request in recorded.requests:
        assert request.headers.get("authorization") == (f"Bearer {CANARY}" if gets_key else None)
        assert [name for name, value in request.headers.items() if CANARY in value] == ["authorization"] * gets_key
        assert CANARY.encode() not in request.content


def test_the_key_goes_nowhere_without_a_usual_server(monkeypatch):
    monkeypatch.setenv("OPENAI_COMPATIBLE_BASE_URL", "")
    recorded = Recorded(document=answer())
    start(recorded, registered("http://images.example:8080/v1"))
    assert "authorization" not in recorded.requests[0].headers


def test_no_key_is_needed():
    recorded = Recorded(document=answer())
    start(recorded, key=Key({}))
    assert "authorization" not in recorded.requests[0].headers


@pytest.mark.parametrize("secret", ["two words", "line\r\nx-evil: 1", "schlüssel"])
def test_a_key_that_no_header_can_carry_is_invalid_and_nothing_is_sent(secret):
    recorded = Recorded(document=answer())
    with pytest.raises(Rejected, match="API credentials are invalid"):
        start(recorded, key=Key({"OPENAI_COMPATIBLE_API_KEY": secret}))
    assert recorded.requests == []


def test_without_any_address_nothing_is_sent_and_the_sentence_says_what_to_set(monkeypatch):
    monkeypatch.delenv("OPENAI_COMPATIBLE_BASE_URL")
    recorded = Recorded(document=answer())
    for ask in (lambda: start(recorded), lambda: recorded.vendor.validate_credentials(KEY)):
        with pytest.raises(
            Rejected, match="Address not found for the OpenAI-compatible server. Please set OPENAI_COMPATIBLE_BASE_URL"
        ) as rejected:
            ask()
        assert "OPENAI_COMPATIBLE_BASE_URL" in rejected.value.remedy
    assert recorded.requests == []


def test_a_private_address_that_nobody_listed_is_refused():
    with loopback(answering(orjson.dumps(answer()))) as server:
        with pytest.raises(Rejected, match="is not a public address. Nothing was sent") as rejected:
            VENDOR.start(wish(registered(f"{server.url}/v1")), KEY)
        assert "HUB_LISTED_ADDRESSES" in rejected.value.remedy
        assert server.requests == []


@pytest.mark.parametrize("variable", ["OPENAI_COMPATIBLE_BASE_URL", "HUB_LISTED_ADDRESSES"])
def test_a_private_address_that_the_owner_listed_is_used(variable, monkeypatch):
    with loopback(answering(orjson.dumps(answer()))) as server:
        monkeypatch.setenv(variable, f"{server.url}/v1" if variable.endswith("_URL") else server.url)
        assert VENDOR.start(wish(registered(f"{server.url}/v1")), KEY).images == [picture()]
        assert (CANARY.encode() in server.requests[0]) == (variable == "OPENAI_COMPATIBLE_BASE_URL")


@pytest.mark.parametrize("documented", ERRORS, ids=lambda documented: documented.name)
def test_each_documented_error_has_its_class_and_code(documented):
    content = documented.body.encode() if isinstance(documented.body, str) else orjson.dumps(documented.body)
    with pytest.raises((Rejected, Busy, OutcomeUnknown)) as raised:
        start(Recorded(documented.status, content=content, headers=dict(documented.headers)))
    assert type(raised.value) is CLASSES[documented.ends]
    assert raised.value.code == documented.code
    assert raised.value.message.startswith("OpenAI-compatible API ")
    assert raised.value.remedy
    assert raised.value.billed == {}
    assert documented.ends == "unknown" or raised.value.message.endswith("Nothing was run or billed.")


@pytest.mark.parametrize("status", [302, 400, 401, 403, 404, 405, 409, 418, 429, 500, 504])
def test_the_key_is_in_no_error(status):
    with pytest.raises((Rejected, Busy, OutcomeUnknown)) as raised:
        start(Recorded(status, {"error": f"wrong token {CANARY}"}))
    assert CANARY not in f"{raised.value} {raised.value.remedy}"


def test_a_busy_server_says_how_long():
    with pytest.raises(Busy) as busy:
        start(Recorded(429, {"error": "slow"}, headers={"retry-after": "2.5"}))
    assert busy.value.retry_after == 2.5


@pytest.mark.parametrize("content", [b"", b"<html>ok</html>", b"[]", b"null"])
def test_a_200_that_is_not_json_is_an_unknown_outcome(content):
    with pytest.raises(OutcomeUnknown, match="may have been made and billed"):
        start(Recorded(content=content))


def test_every_unreadable_picture_is_booked():
    with pytest.raises(Rejected) as rejected:
        start(Recorded(document=answer(*[{"b64_json": "AAAA"}] * 3)), registered(images_per_call=4), num_images=3)
    assert (rejected.value.code, rejected.value.billed) == ("invalid_output", {"image": 3})


def test_pictures_that_came_are_billed_and_seeds_that_the_server_tells_are_kept():
    item = answer()["data"][0]
    document = answer({**item, "seed": 41}, {**item, "seed": 42}, {"b64_json": "broken"})
    entry = registered(seed="guaranteed", images_per_call=4)
    response = start(Recorded(document=document), entry, seed=7, num_images=3)
    assert [known.seed for known in response.pictures] == [41, 42]
    assert VENDOR.billed(response, entry) == {"image": 3}
    assert VENDOR.quantities(wish(entry, num_images=3), entry) == {"image": 3}


@pytest.mark.parametrize("path", ["/generated-images/b64.png", "{url}/generated-images/b64.png"])
def test_a_picture_at_an_address_of_the_server_is_fetched_without_the_key(path, monkeypatch):
    with loopback(answering(picture())) as server:
        monkeypatch.setenv("OPENAI_COMPATIBLE_BASE_URL", f"{server.url}/v1")
        recorded = Recorded(document=answer({"url": path.format(url=server.url)}))
        assert start(recorded).images == [picture()]
        (request,) = server.requests
        assert request.startswith(b"GET /generated-images/b64.png ")
        assert CANARY.encode() not in request


def test_a_busy_address_is_asked_again_and_never_the_call(monkeypatch, tmp_path):
    with loopback(answering(b"later", status=503)) as server:
        monkeypatch.setenv("OPENAI_COMPATIBLE_BASE_URL", f"{server.url}/v1")
        recorded = Recorded(document=answer({"url": f"{server.url}/a.png"}, {"url": f"{server.url}/b.png"}),
                            headers={"x-request-id": "r-2"})  # fmt: skip
        entry = registered(seed="guaranteed", images_per_call=2)
        with transmission(tmp_path / "attempt"):
            pending = start(recorded, entry, seed=5, num_images=2)
        assert isinstance(pending, Pending)
        with pytest.raises(Busy):
            VENDOR.check(pending.remote_id, KEY)
        server.behave = answering(picture())
        response = VENDOR.check(pending.remote_id, KEY)
        assert (len(response.images), response.request_id) == (2, "r-2")
        assert len(recorded.requests) == 1


@pytest.mark.parametrize("remote_id", ["", "{}", "[]", "job-7", '{"pictures": 7}'])
def test_a_job_that_is_not_ours_cannot_be_asked(remote_id):
    with pytest.raises(OutcomeUnknown, match="cannot be asked"):
        VENDOR.check(remote_id, KEY)


def test_a_kept_answer_is_decoded_again_without_sending(tmp_path):
    recorded = Recorded(document=answer())
    with transmission(tmp_path / "attempt"):
        first = start(recorded)
    with transmission(tmp_path / "attempt", replay=True):
        assert start(recorded) == first
    assert len(recorded.requests) == 1


LISTED = {"object": "list", "data": [{"id": "flux-dev", "name": "Flux [dev]"}, {"id": "sd"}, {"id": 7}, "x"]}


def test_a_model_is_named_by_its_servers_list():
    entry = Recorded(document=LISTED).vendor.describe("flux-dev", KEY, address=f"{BASE}/")
    assert (entry.id, entry.name, entry.description, entry.address) == ("flux-dev", "Flux [dev]", "", BASE)
    assert Recorded(document=LISTED).vendor.describe("sd", KEY).name == "sd"


def test_a_model_that_the_list_lacks_is_described_with_that_remark():
    entry = Recorded(document=LISTED).vendor.describe("sdxl", KEY)
    assert "does not name it; it has: flux-dev, sd." in entry.description


@pytest.mark.parametrize("given", [{"status": 404}, {"status": 405}, {"content": b"<html>"}, {"document": {"data": 7}}])
def test_a_server_without_a_list_of_models_is_no_hindrance(given):
    assert Recorded(**given).vendor.describe("flux-dev", KEY).name == "flux-dev"
    assert "has no list of models" in Recorded(**given).vendor.validate_credentials(KEY)


@pytest.mark.parametrize(("status", "kind"), [(401, Rejected), (403, Rejected), (429, Busy), (500, Busy)])
def test_a_refused_or_failing_list_is_told_and_was_not_billed(status, kind):
    vendor = Recorded(status, {"error": f"no {CANARY}"}).vendor
    for ask in (lambda: vendor.describe("x", KEY), lambda: vendor.validate_credentials(KEY)):
        with pytest.raises(kind, match="billed") as raised:
            ask()
        assert CANARY not in raised.value.message


def test_a_listing_server_is_told_with_its_number_of_models():
    assert "listed 2 models" in Recorded(document=LISTED).vendor.validate_credentials(KEY)


def test_a_wish_without_a_registration_is_refused():
    with pytest.raises(Rejected, match="is not registered"):
        VENDOR.start(replace(wish(), entry=None), KEY)


def test_the_vendor_declares_what_the_hub_relies_on():
    assert (VENDOR.id, VENDOR.error_prefix, VENDOR.models) == ("openai-compatible", "OpenAI-compatible API", ())
    assert (VENDOR.open_catalogue, VENDOR.takes_address) == (True, True)
    (form,) = VENDOR.forms()
    assert (form.required, form.optional) == ((), ("OPENAI_COMPATIBLE_API_KEY",))
    assert VENDOR.address_variables == ("OPENAI_COMPATIBLE_BASE_URL",)
