"""A prompt from queue to picture, what becomes of a lost answer, and what is told when the server is not there."""

import io
import json
import time
from dataclasses import replace

import httpx
import pytest
from PIL import Image

from providers.base import (
    FAILURES,
    Busy,
    CloudGenerationRequest,
    CloudGenerationResponse,
    OutcomeUnknown,
    Pending,
    Rejected,
)
from providers.comfyui import wire
from providers.comfyui.client import ARRIVAL_SECONDS, ComfyUI
from providers.comfyui.tests.documented import ERRORS, PROMPT
from providers.comfyui.tests.server import BASE, CHECKPOINTS, KEY, OTHER, Comfy, png, reference
from providers.http import transmission

CLASSES = {"rejected": Rejected, "busy": Busy, "unknown": OutcomeUnknown}


def answer_of(documented):
    body = documented.body
    return httpx.Response(documented.status, **({"text": body} if isinstance(body, str) else {"json": body}))


def meet(documented):
    answer = answer_of(documented)
    if documented.on == "start":
        return Comfy({"POST /prompt": answer}).start()
    return Comfy({f"GET /history/{PROMPT}": answer}).vendor.check(wire.Job(PROMPT, BASE).text, KEY)


@pytest.mark.parametrize("documented", ERRORS, ids=lambda documented: documented.name)
def test_each_documented_error_is_what_the_hub_expects(documented):
    with pytest.raises(CLASSES[documented.ends]) as raised:
        meet(documented)
    error = raised.value
    assert error.code == documented.code in FAILURES
    assert error.billed == {}
    assert error.message.startswith("ComfyUI API")
    assert error.remedy
    assert "  " not in error.message
    if documented.ends == "rejected":
        assert "nothing is charged" in error.message


def test_a_prompt_is_queued_under_an_id_of_ours():
    comfy = Comfy()
    pending = comfy.start(seed=7)
    (request,) = comfy.to("/prompt")
    body = json.loads(request.content)
    assert set(body) == {"prompt", "client_id", "prompt_id"}
    assert pending.request_id == body["prompt_id"] == wire.job_of_text(pending.remote_id).id
    assert len(pending.remote_id) < 2000


def test_a_job_is_asked_for_while_it_waits_and_while_it_runs():
    comfy = Comfy()
    pending = comfy.start()
    for place in (comfy.waiting, comfy.running):
        place.append(pending.request_id)
        assert comfy.vendor.check(pending.remote_id, KEY).request_id == pending.request_id
        place.clear()
    assert isinstance(comfy.vendor.check(pending.remote_id, KEY), CloudGenerationResponse)


def test_the_seed_is_read_from_the_graph_that_was_carried_out():
    comfy = Comfy()
    response = comfy.draw()
    (graph,) = comfy.prompts.values()
    assert response.pictures[0].seed == graph["3"]["inputs"]["seed"]
    assert comfy.draw(seed=11).pictures[0].seed == 11


def test_only_the_first_picture_of_a_batch_has_the_seed():
    comfy = Comfy()
    comfy.pictures = [png(colour="red"), png(colour="blue"), b"no picture"]
    response = comfy.draw(seed=11, num_images=2)
    assert [picture.seed for picture in response.pictures] == [11, None]
    assert comfy.vendor.billed(response, comfy.entry()) == {"image": 2}


def test_a_workflow_that_saves_more_pictures_than_were_asked_for_keeps_them_and_costs_no_more():
    comfy = Comfy()
    comfy.pictures = [png(colour=colour) for colour in ("red", "green", "blue")]
    response = comfy.draw(num_images=2)
    assert (len(response.images), comfy.vendor.billed(response, comfy.entry())) == (3, {"image": 2})


def test_pictures_that_were_only_shown_count_when_nothing_was_saved():
    shown = {"filename": "a", "subfolder": "", "type": "temp"}
    saved = {"filename": "b", "subfolder": "s", "type": "output"}
    both = {"outputs": {"1": {"images": [shown]}, "2": {"images": [saved, {"filename": ""}]}}}
    assert wire.files_of(both) == [wire.File("b", "s", "output")]
    assert wire.files_of({"outputs": {"1": {"images": [shown]}}}) == [wire.File("a", "", "temp")]


def test_pictures_are_uploaded_before_the_prompt_and_the_mask_last():
    comfy = Comfy()
    comfy.start(input_images=(reference(),), mask=reference((320, 240), "white"))
    first, second = comfy.uploads
    assert png((640, 480)) in first
    assert b'name="subfolder"\r\n\r\ncloudhub' in first
    data = second[second.index(b"\x89PNG") :].partition(b"\r\n--")[0]
    mask = Image.open(io.BytesIO(data))
    assert (mask.size, mask.getpixel((1, 1))) == ((640, 480), 255)
    paths = [request.url.path for request in comfy.asked if request.method == "POST"]
    assert paths == ["/upload/image", "/upload/image", "/prompt"]


@pytest.mark.parametrize(
    ("answer", "ends", "code"),
    [
        (httpx.Response(413), Rejected, "capability"),
        (httpx.Response(400), Rejected, "capability"),
        (httpx.Response(500), Busy, "provider_5xx"),
        (httpx.Response(200, text="<html>"), Busy, "provider_5xx"),
    ],
)
def test_a_failed_upload_ends_before_anything_is_queued(answer, ends, code):
    comfy = Comfy({"POST /upload/image": answer})
    with pytest.raises(ends) as raised:
        comfy.start(input_images=(reference(),))
    assert raised.value.code == code
    assert comfy.to("/prompt") == []


def lost(request):
    raise httpx.ReadTimeout("slow")


@pytest.mark.parametrize("answer", [lost, httpx.Response(502), httpx.Response(500), httpx.Response(200, text="<html>")])
def test_a_lost_answer_is_found_again_by_the_id(answer):
    comfy = Comfy({"POST /prompt": answer})
    pending = comfy.start()
    comfy.prompts[pending.request_id] = {"3": {"inputs": {"seed": 4}}}
    assert comfy.vendor.check(pending.remote_id, KEY).pictures[0].seed == 4
    assert len(comfy.to("/prompt")) == 1


def test_a_prompt_that_never_arrived_ends_without_a_charge_and_not_at_once():
    comfy = Comfy({"POST /prompt": lost})
    pending = comfy.start()
    assert isinstance(comfy.vendor.check(pending.remote_id, KEY), Pending)
    job = wire.job_of_text(pending.remote_id)
    assert abs(job.sent - time.time()) < 60
    old = replace(job, sent=job.sent - ARRIVAL_SECONDS - 1)
    with pytest.raises(Rejected, match="never arrived") as raised:
        comfy.vendor.check(old.text, KEY)
    assert (raised.value.code, raised.value.billed) == ("connect_failed_not_sent", {})


def test_a_job_that_the_server_forgot_ends_without_a_charge():
    comfy = Comfy()
    pending = comfy.start()
    comfy.prompts.clear()
    with pytest.raises(Rejected, match="no longer knows the job") as raised:
        comfy.vendor.check(pending.remote_id, KEY)
    assert raised.value.billed == {}


def test_a_job_that_ends_between_two_questions_is_not_lost():
    comfy = Comfy()
    pending = comfy.start()
    ended = comfy._ended(pending.request_id)
    answers = [{}, {pending.request_id: ended}]
    comfy.routes[f"GET /history/{pending.request_id}"] = lambda request: httpx.Response(200, json=answers.pop(0))
    assert comfy.vendor.check(pending.remote_id, KEY).images == [png()]


def test_an_unprepared_call_whose_answer_is_lost_stays_unknown():
    comfy = Comfy({"POST /prompt": lost})
    entry = comfy.entry()
    with pytest.raises(OutcomeUnknown):
        comfy.vendor.start(CloudGenerationRequest(prompt="a fox", model=entry.id, entry=entry), KEY)


def test_a_kept_answer_is_read_again_without_sending_or_preparing(tmp_path):
    comfy = Comfy()
    entry = comfy.entry()
    wish = CloudGenerationRequest(prompt="a fox", model=entry.id, entry=entry, input_images=(reference(),),
                                  mask=reference(colour="white"))  # fmt: skip
    with transmission(tmp_path / "attempt"):
        first = comfy.vendor.start(comfy.vendor.prepare(wish, KEY), KEY)
    asked = len(comfy.asked)
    with transmission(tmp_path / "attempt", replay=True):
        again = comfy.vendor.start(wish, KEY)
    assert again.request_id == first.request_id
    assert len(comfy.asked) == asked


def test_a_cut_answer_is_not_taken_for_a_job_when_it_is_read_again(tmp_path):
    comfy = Comfy()
    entry = comfy.entry()
    wish = CloudGenerationRequest(prompt="a fox", model=entry.id, entry=entry)
    with transmission(tmp_path / "attempt", replay=True), pytest.raises(OutcomeUnknown):
        comfy.vendor.start(wish, KEY)


def posted(comfy, path):
    return [json.loads(request.content) for request in comfy.to(path) if request.method == "POST"]


def test_a_waiting_job_is_taken_out_of_the_queue():
    comfy = Comfy()
    pending = comfy.start()
    comfy.waiting.append(pending.request_id)
    comfy.vendor.cancel(pending.remote_id, KEY)
    assert posted(comfy, "/queue") == [{"delete": [pending.request_id]}]
    assert posted(comfy, "/interrupt") == []


def test_a_running_job_is_interrupted_by_its_id():
    comfy = Comfy()
    pending = comfy.start()
    comfy.running.append(pending.request_id)
    comfy.vendor.cancel(pending.remote_id, KEY)
    assert posted(comfy, "/interrupt") == [{"prompt_id": pending.request_id}]
    assert posted(comfy, "/queue") == []


def test_somebody_elses_job_is_never_stopped():
    comfy = Comfy()
    pending = comfy.start()
    comfy.running.append("somebody else's")
    comfy.waiting.append("another")
    comfy.vendor.cancel(pending.remote_id, KEY)
    assert posted(comfy, "/interrupt") + posted(comfy, "/queue") == []


@pytest.mark.parametrize("wanted", [CHECKPOINTS[0], "dreamshaper_8", "dreamshaper_8.safetensors"])
def test_a_checkpoint_is_described_by_its_file_name(wanted):
    entry = Comfy().entry(wanted)
    able = entry.capabilities
    assert (entry.id, entry.name) == (CHECKPOINTS[0], "dreamshaper_8")
    assert {option.name: option.choices for option in able.options} == {
        "steps": (), "sampler": ("euler", "ddim"), "scheduler": ("normal", "karras"),
    }  # fmt: skip
    assert (able.images_per_call, able.seed, able.default_resolution) == (1, "best_effort", "512")
    assert "price_per_image" in entry.description
    assert Comfy().entry("sd_xl_base_1.0").capabilities.default_resolution == "1024"


def test_a_new_servers_list_of_choices_is_read_too():
    info = {"KSampler": {"input": {"required": {"scheduler": ["COMBO", {"options": ["karras"]}]}}}}
    assert wire.choices(info, "KSampler", "scheduler") == ["karras"]
    assert wire.choices(info, "KSampler", "sampler_name") == wire.choices(None, "KSampler", "x") == []


def test_a_name_that_two_checkpoints_have_is_nobodys():
    offered = ["a/one.safetensors", "b/one.safetensors", "two.ckpt"]
    assert [wire.find_checkpoint(offered, name) for name in ("one", "a/one.safetensors", "two", "three")] == [
        "", "a/one.safetensors", "two.ckpt", "",
    ]  # fmt: skip


def test_an_unknown_checkpoint_is_refused_with_what_there_is_and_how_a_workflow_comes_in():
    with pytest.raises(Rejected) as raised:
        Comfy().entry("dream")
    assert CHECKPOINTS[1] in raised.value.remedy
    assert "workflow:name" in raised.value.remedy


def test_an_own_workflow_is_described_without_its_graph():
    entry = Comfy().entry("workflow:hero", address=OTHER)
    assert (entry.id, entry.name, entry.address) == ("workflow:hero", "hero", OTHER)
    assert entry.capabilities.modes == ("text-to-image",)


def test_several_servers_stand_side_by_side_and_a_job_stays_at_its_own(monkeypatch):
    comfy = Comfy()
    pending = comfy.start(comfy.entry(address=OTHER))
    monkeypatch.setenv("COMFYUI_BASE_URL", "http://third.test")
    comfy.vendor.check(pending.remote_id, KEY)
    assert {f"{request.url.scheme}://{request.url.netloc.decode()}" for request in comfy.asked} == {OTHER}


def test_without_any_address_the_variable_is_named(monkeypatch):
    monkeypatch.delenv("COMFYUI_BASE_URL")
    for call in (lambda: ComfyUI().validate_credentials(KEY), lambda: ComfyUI().describe("workflow:x", KEY)):
        with pytest.raises(Rejected) as raised:
            call()
        assert raised.value.code == "no_key"
        assert "Please set COMFYUI_BASE_URL" in raised.value.message


def test_a_server_that_answers_is_told_with_its_version_and_card():
    assert Comfy().vendor.validate_credentials(KEY) == (
        f"No key is needed: ComfyUI 0.3.64 answers at {BASE} and draws with cuda:0 RTX 4070."
    )


def test_a_server_that_is_not_there_is_told_with_what_to_do(monkeypatch):
    monkeypatch.setenv("COMFYUI_BASE_URL", "http://127.0.0.1:9")
    with pytest.raises(Busy) as raised:
        ComfyUI().validate_credentials(KEY)
    assert "Its address is http://127.0.0.1:9." in raised.value.message
    assert "Start ComfyUI" in raised.value.remedy


@pytest.mark.parametrize(
    ("answer", "ends"),
    [
        (httpx.Response(404), Rejected),
        (httpx.Response(200, text="<html>"), Rejected),
        (httpx.Response(401), Rejected),
        (httpx.Response(503), Busy),
    ],
)
def test_a_failed_check_says_why(answer, ends):
    with pytest.raises(ends) as raised:
        Comfy({"GET /system_stats": answer}).vendor.validate_credentials(KEY)
    assert raised.value.remedy


def test_a_private_address_is_refused_unless_it_is_listed(monkeypatch):
    monkeypatch.delenv("HUB_LISTED_ADDRESSES", raising=False)
    with pytest.raises(Rejected, match="not a public address") as raised:
        ComfyUI().describe("x", KEY, address="http://127.0.0.1:9")
    assert "HUB_LISTED_ADDRESSES" in raised.value.remedy
    with pytest.raises(OutcomeUnknown, match="not a public address"):
        ComfyUI().check(wire.Job(PROMPT, "http://127.0.0.1:9").text, KEY)


@pytest.mark.parametrize("count", [1, 4])
def test_i1_a_quote_is_never_below_the_bill(count):
    comfy = Comfy()
    entry = comfy.entry()
    wish = CloudGenerationRequest(prompt="a fox", model=entry.id, num_images=count)
    for delivered in range(count + 1):
        answer = CloudGenerationResponse(images=[], pictures=(), usage={"image": delivered})
        assert comfy.vendor.billed(answer, entry)["image"] <= comfy.vendor.quantities(wish, entry)["image"] == count


def test_the_vendor_declares_what_the_hub_relies_on():
    vendor = ComfyUI()
    assert (vendor.id, vendor.open_catalogue, vendor.takes_address) == ("comfyui", True, True)
    assert vendor.forms()[0].variables == ()
    assert (vendor.can_cancel, vendor.status_by_id, vendor.models) == (True, True, ())
    assert (vendor.billed_on_filter, vendor.billed_on_cancel, vendor.billed_on_timeout) == ("no", "no", "no")
