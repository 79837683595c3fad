"""Addresses, the password, what a server says of its checkpoints, and what is told when it is not there."""

import base64

import httpx
import pytest

from providers.automatic1111.client import Automatic1111
from providers.automatic1111.tests.server import BASE, CANARY, KEY, NO_KEY, OTHER, PAIR, WebUI
from providers.base import Busy, CloudGenerationRequest, CloudGenerationResponse, OutcomeUnknown, Rejected
from providers.http import transmission

BASIC = f"Basic {base64.b64encode(PAIR.encode()).decode()}"


def wish_of(entry, **fields):
    return CloudGenerationRequest(prompt="a fox", model=entry.id, entry=entry, **fields)


def test_a_server_describes_its_checkpoint_with_samplers_and_schedulers():
    entry = WebUI().entry("v1-5.safetensors [6ce0161689]", address="")
    able = entry.capabilities
    assert (entry.id, entry.aliases) == ("v1-5", ("v1-5.safetensors [6ce0161689]",))
    assert able.modes == ("text-to-image", "image-to-image", "inpaint")
    assert {option.name: option.choices for option in able.options} == {
        "steps": (), "sampler": ("Euler a", "DDIM"), "scheduler": ("karras",),
    }  # fmt: skip
    assert (able.seed, able.images_per_call, able.default_resolution) == ("best_effort", 4, "512")
    assert entry.prices == ()
    assert "price_per_image" in entry.description


def test_an_older_server_without_schedulers_has_none_to_choose():
    webui = WebUI(schedulers=httpx.Response(404, json={"detail": "Not Found"}))
    assert [option.name for option in webui.entry().capabilities.options] == ["steps", "sampler"]


def test_an_unknown_checkpoint_is_refused_with_what_there_is():
    with pytest.raises(Rejected) as raised:
        WebUI().entry("dream")
    assert raised.value.code == "capability"
    assert raised.value.remedy == "It has v1-5, sd_xl_base_1.0."


def test_a_checkpoint_that_was_removed_is_found_out_before_anything_is_drawn():
    webui = WebUI()
    entry = webui.entry()
    webui.lists["/sdapi/v1/sd-models"] = []
    with pytest.raises(Rejected) as raised:
        webui.draw(entry)
    assert raised.value.code == "model_retired"
    assert not [request for request in webui.asked if request.method == "POST"]


def test_several_servers_stand_side_by_side():
    webui = WebUI()
    webui.draw(webui.entry(address=OTHER))
    assert {str(request.url).partition("/sdapi")[0] for request in webui.asked} == {OTHER}


def test_the_password_goes_to_the_server_of_the_environment():
    webui = WebUI()
    webui.draw(key=KEY)
    assert webui.sent.headers["authorization"] == BASIC
    assert CANARY not in str(webui.sent.url)


@pytest.mark.parametrize("address", [OTHER, "http://gpu.test:7861", "https://gpu.test:7860", "http://gpu.test"])
def test_the_password_goes_nowhere_else(address):
    webui = WebUI()
    entry = webui.entry(address=address)
    webui.draw(entry, key=KEY)
    assert not [request for request in webui.asked if "authorization" in request.headers]


def test_without_a_password_none_is_sent():
    webui = WebUI()
    webui.draw()
    assert "authorization" not in webui.sent.headers


def test_a_bare_model_id_means_the_server_of_the_environment():
    webui = WebUI()
    webui.draw(webui.entry())
    assert str(webui.sent.url).startswith(f"{BASE}/sdapi/")


def test_without_any_address_the_variable_is_named(monkeypatch):
    monkeypatch.delenv("AUTOMATIC1111_BASE_URL")
    for call in (
        lambda vendor: vendor.validate_credentials(NO_KEY),
        lambda vendor: vendor.describe("v1-5", NO_KEY),
    ):
        with pytest.raises(Rejected) as raised:
            call(Automatic1111())
        assert raised.value.code == "no_key"
        assert "Please set AUTOMATIC1111_BASE_URL" in raised.value.message
        assert "AUTOMATIC1111_BASE_URL=http://127.0.0.1:7860" in raised.value.remedy


def test_a_server_that_answers_is_told_with_its_checkpoints():
    assert WebUI().vendor.validate_credentials(NO_KEY) == (
        f"No key is needed: the server at {BASE} answers and has 2 checkpoints."
    )
    assert "1 checkpoint." in WebUI(sd_models=[{"model_name": "one"}]).vendor.validate_credentials(NO_KEY)


def test_a_server_that_is_not_there_is_told_with_what_to_do(monkeypatch):
    monkeypatch.setenv("AUTOMATIC1111_BASE_URL", "http://127.0.0.1:9")
    with pytest.raises(Busy) as raised:
        Automatic1111().validate_credentials(NO_KEY)
    assert raised.value.code == "connect_failed_not_sent"
    assert "Its address is http://127.0.0.1:9." in raised.value.message
    assert "--api" in raised.value.remedy


def test_a_private_address_of_a_registration_is_refused_unless_it_is_listed(monkeypatch):
    monkeypatch.delenv("HUB_LISTED_ADDRESSES", raising=False)
    with pytest.raises(Rejected, match="not a public address") as raised:
        Automatic1111().describe("v1-5", NO_KEY, address="http://127.0.0.1:9")
    assert "HUB_LISTED_ADDRESSES" in raised.value.remedy
    monkeypatch.setenv("HUB_LISTED_ADDRESSES", "http://127.0.0.1:9")
    with pytest.raises(Busy, match="could not be reached"):
        Automatic1111().describe("v1-5", NO_KEY, address="http://127.0.0.1:9")


@pytest.mark.parametrize(
    ("answer", "ends", "code"),
    [
        (httpx.Response(404, json={"detail": "Not Found"}), Rejected, "capability"),
        (httpx.Response(401, json={"detail": "Incorrect username or password"}), Rejected, "key_invalid"),
        (httpx.Response(200, text="<html>Gradio</html>"), Rejected, "capability"),
        (httpx.Response(200, json={}), Rejected, "capability"),
        (httpx.Response(302), Rejected, "capability"),
        (httpx.Response(503), Busy, "provider_5xx"),
    ],
)
def test_a_failed_check_says_why(answer, ends, code):
    with pytest.raises(ends) as raised:
        WebUI(sd_models=answer).vendor.validate_credentials(NO_KEY)
    assert raised.value.code == code
    assert raised.value.remedy


def test_a_lost_answer_is_an_unknown_outcome():
    def broken(request):
        raise httpx.ReadTimeout("slow")

    entry = WebUI().entry()
    vendor = Automatic1111(httpx.MockTransport(broken))
    with pytest.raises(OutcomeUnknown):
        vendor.start(vendor.normalise(wish_of(entry), entry)[0], NO_KEY)


def test_a_kept_answer_is_read_again_without_asking(tmp_path):
    webui = WebUI()
    entry = webui.entry()
    request, _ = webui.vendor.normalise(wish_of(entry), entry)
    with transmission(tmp_path / "attempt"):
        first = webui.vendor.start(request, NO_KEY)
    asked = len(webui.asked)
    with transmission(tmp_path / "attempt", replay=True):
        assert webui.vendor.start(request, NO_KEY) == first
    assert len(webui.asked) == asked


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_i1_a_quote_is_never_below_the_bill(count):
    webui = WebUI()
    entry = webui.entry()
    request, _ = webui.vendor.normalise(wish_of(entry, num_images=count), entry)
    quote = webui.vendor.quantities(request, entry)
    for delivered in range(1, count + 1):
        answer = CloudGenerationResponse(images=[], pictures=(), usage={"image": delivered})
        assert webui.vendor.billed(answer, entry)["image"] <= quote["image"] == count


def test_the_vendor_declares_what_the_hub_relies_on():
    vendor = Automatic1111()
    (form,) = vendor.forms()
    assert (vendor.id, vendor.open_catalogue, vendor.takes_address) == ("automatic1111", True, True)
    assert (form.required, form.optional) == ((), ("AUTOMATIC1111_API_AUTH",))
    assert (vendor.can_cancel, vendor.status_by_id, vendor.models) == (False, False, ())
    assert (vendor.billed_on_filter, vendor.billed_on_cancel, vendor.billed_on_timeout) == ("no", "no", "no")
