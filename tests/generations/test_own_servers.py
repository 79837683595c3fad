"""Servers of one's own through the hub: local models beside the others, at the owner's electricity price.

No vendor bills them, so that their emulators leave no invoice line: what is compared is the ledger with the pictures
that came, times the price that was set by hand.
"""

from typing import Any

import pytest

from cloudhub.catalog.models import CloudModel
from cloudhub.catalog.register import register_model
from cloudhub.core.errors import HubError, Invalid
from cloudhub.generations.cancel import cancel_generation
from cloudhub.generations.engine import engine
from cloudhub.generations.models import Generation, Image
from cloudhub.generations.run import submit_and_wait
from providers.comfyui.emulator import jobs
from providers.emulation.server import RunningServer
from tests.conftest import Cast
from tests.generations.booked import Booked
from tests.generations.books import booked_attempts
from tests.generations.stage import as_data_uri, attempts_of, budget, carry_out, fault, invoice, png, submit

# What a database changes is asked on both with Gemini and Replicate.
pytestmark = pytest.mark.sqlite_only

SERVERS = {"automatic1111": "v1-5-pruned-emaonly", "comfyui": "v1-5-pruned-emaonly.safetensors"}
PRICE, MICROS = "0.002", 2_000
WORKFLOW = {
    "1": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "sd_xl_base_1.0.safetensors"}},
    "2": {"class_type": "CLIPTextEncode", "inputs": {"text": "", "clip": ["1", 1]}},
    "3": {"class_type": "EmptyLatentImage", "inputs": {"width": 640, "height": 320, "batch_size": 1}},
    "4": {
        "class_type": "KSampler",
        "inputs": {
            "model": ["1", 0], "seed": 1, "steps": 4, "cfg": 2, "sampler_name": "euler", "scheduler": "simple",
            "positive": ["2", 0], "negative": ["2", 0], "latent_image": ["3", 0], "denoise": 1.0,
        },
    },
    "5": {"class_type": "VAEDecode", "inputs": {"samples": ["4", 0], "vae": ["1", 2]}},
    "6": {"class_type": "SaveImage", "inputs": {"images": ["5", 0], "filename_prefix": "hub"}},
}  # fmt: skip
MENU: list[dict[str, Any]] = [
    *({"status": status} for status in (400, 401, 403, 404, 413, 422, 500, 502, 504)),
    {"status": 200, "body": "<html>another program</html>"},
    {"drop": "before_work"},
    {"drop": "after_work"},
    {"cut_after_bytes": 20},
    {"partial": 0},
    {"partial": 1},
]  # fmt: skip


def register(provider: str, model: str = "", **options: Any) -> CloudModel:
    return register_model(
        provider=provider,
        cloud_model_id=model or SERVERS[provider],
        **{"key": provider, "price_per_image": PRICE, **options},
    )


def ledger_is_the_pictures(provider: str, emulator: RunningServer) -> list[Booked]:
    """Every posted amount is the pictures that came times the price; nothing stands on an invoice."""
    booked = booked_attempts(provider)
    for attempt in booked:
        came = Image.objects.filter(attempt_id=attempt.id).count()
        assert attempt.posted == came * MICROS, attempt
        assert (attempt.held == 0) == (attempt.state in ("settled", "released")), attempt
    assert invoice(emulator) == []
    return booked


@pytest.mark.parametrize("provider", SERVERS)
def test_a_picture_is_kept_at_its_electricity_price(
    vendors: RunningServer, committed_cast: Cast, provider: str
) -> None:
    register(provider)
    fields = {
        "prompt": "a red fox", "num_images": 2, "seed": 7, "negative_prompt": "snow", "guidance_scale": 6,
        "options": {"steps": 4},
    }  # fmt: skip
    asked = submit_and_wait(actor=committed_cast.bob, model=provider, fields=fields, route="door", seconds=30)
    generation = Generation.objects.get(id=asked.generation.id)
    assert (generation.state, generation.cost_micros) == ("succeeded", 2 * MICROS)
    pictures = Image.objects.filter(generation=generation).order_by("attempt__slot", "index")
    assert [(picture.width, picture.height, picture.seed) for picture in pictures] == [(512, 512, 7), (512, 512, 8)]
    ledger_is_the_pictures(provider, vendors)


@pytest.mark.parametrize("provider", SERVERS)
def test_a_masked_picture_keeps_its_size(vendors: RunningServer, cast: Cast, provider: str) -> None:
    register(provider)
    picture, mask = (as_data_uri("image/png", png(colour, (600, 440))) for colour in ("teal", "white"))
    generation = carry_out(cast.bob, provider, input_images=[picture], mask=mask, strength=0.5)
    drawn = Image.objects.get(generation=generation)
    assert (drawn.width, drawn.height) == (600, 440)


@pytest.mark.parametrize("wish", MENU, ids=str)
@pytest.mark.parametrize("provider", SERVERS)
def test_the_ledger_is_what_came_under_each_fault(
    vendors: RunningServer, cast: Cast, provider: str, wish: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("providers.comfyui.client.ARRIVAL_SECONDS", 0)
    register(provider)
    fault(vendors, **wish)
    carry_out(cast.bob, provider, num_images=2)
    carry_out(cast.bob, provider)
    assert ledger_is_the_pictures(provider, vendors)


def test_a_lost_answer_of_comfyui_is_found_by_the_id(vendors: RunningServer, cast: Cast) -> None:
    register("comfyui")
    fault(vendors, drop="after_work")
    generation = carry_out(cast.bob, "comfyui")
    assert (generation.state, generation.cost_micros) == ("succeeded", MICROS)
    assert len(attempts_of(generation)) == 1


def test_a_lost_answer_of_automatic1111_stays_unknown(vendors: RunningServer, cast: Cast) -> None:
    register("automatic1111")
    fault(vendors, drop="after_work")
    assert carry_out(cast.bob, "automatic1111").state == "unknown"


def test_a_waiting_job_of_comfyui_is_cancelled_and_costs_nothing(
    vendors: RunningServer, committed_cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "WORK_SECONDS", 20)
    register("comfyui")
    asked = [
        submit_and_wait(
            actor=committed_cast.bob, model="comfyui", fields={"prompt": prompt}, route="door", seconds=0.7
        ).generation
        for prompt in ("one that runs", "one that waits")
    ]
    for generation in reversed(asked):
        cancel_generation(committed_cast.bob, generation.id)
        assert engine.await_generation(generation.id, 20).state == "cancelled"
    ledger_is_the_pictures("comfyui", vendors)


def test_an_own_workflow_is_registered_with_its_graph_and_drawn(vendors: RunningServer, cast: Cast) -> None:
    facts = {"workflow": WORKFLOW, "places": {"prompt": "2.text", "seed": "4.seed", "options.steps": "4.steps"}}
    register("comfyui", "workflow:hero", capabilities={"facts": facts})
    generation = carry_out(cast.bob, "comfyui", seed=21)
    picture = Image.objects.get(generation=generation)
    assert (picture.width, picture.height, picture.seed) == (640, 320, 21)
    with pytest.raises(Invalid) as refusal:
        submit(cast.bob, "comfyui", negative_prompt="snow")
    assert list(refusal.value.fields) == ["negative_prompt"]


@pytest.mark.parametrize("provider", SERVERS)
def test_until_its_price_is_set_a_hard_budget_refuses_and_a_price_of_nothing_suits_it(
    vendors: RunningServer, cast: Cast, provider: str
) -> None:
    register(provider, price_per_image=None)
    register(provider, key="for-nothing", price_per_image="0")
    budget(cast.alice, "1")
    with pytest.raises(HubError) as refusal:
        submit(cast.bob, provider)
    assert refusal.value.code == "price_unknown"
    assert carry_out(cast.bob, "for-nothing").state == "succeeded"


@pytest.mark.parametrize("provider", SERVERS)
def test_an_unknown_checkpoint_is_refused_with_what_there_is(vendors: RunningServer, cast: Cast, provider: str) -> None:
    with pytest.raises(Invalid) as refusal:
        register(provider, "dream")
    assert "v1-5-pruned-emaonly" in refusal.value.fields["cloud_model_id"]


def test_two_servers_stand_side_by_side(vendors: RunningServer, cast: Cast) -> None:
    register("automatic1111")
    register("automatic1111", key="second", address=f"{vendors.url}/automatic1111")
    assert carry_out(cast.bob, "second").state == "succeeded"
