"""Imagen and Gemini through the whole hub, with Google's API key and through Vertex AI: pictures kept, books right."""

import json
from decimal import Decimal
from typing import Any

import httpx
import pytest

from cloudhub.catalog.register import register_model
from cloudhub.generations.models import Attempt, Generation, Image
from cloudhub.generations.quote import quote_wish
from providers.emulation.server import RunningServer
from tests import google_accounts
from tests.canary import TEST_KEY
from tests.conftest import Cast
from tests.generations.stage import carry_out, fault
from tests.generations.test_commands import run

pytestmark = pytest.mark.sqlite_only

ULTRA, STANDARD, FAST = "imagen-4.0-ultra-generate-001", "imagen-4.0-generate-001", "imagen-4.0-fast-generate-001"
NANO = "gemini-nano-banana-2.1"


def invoice(emulator: RunningServer) -> list[tuple[str, str, int]]:
    """Vendor, model and micro-dollars of each line."""
    lines = emulator.exchange.invoice.as_json()["calls"]
    return [(line["vendor"], line["model"], int(Decimal(line["amount"]) * 1_000_000)) for line in lines]


def drawn(cast: Cast, provider: str, model: str, **fields: Any) -> Generation:
    registered = register_model(provider=provider, cloud_model_id=model)
    return carry_out(cast.bob, registered.key, **fields)


@pytest.fixture(params=["vendors", "vertex"], ids=["by key", "through Vertex AI"])
def google(request: pytest.FixtureRequest) -> RunningServer:
    """Google's emulator, reached in each of the two ways."""
    emulator: RunningServer = request.getfixturevalue(request.param)
    return emulator


@pytest.mark.parametrize(("model", "price"), [(ULTRA, 60_000), (STANDARD, 40_000), (FAST, 20_000)])
def test_i34_imagens_pictures_are_kept_and_the_ledger_equals_the_invoice(
    google: RunningServer, cast: Cast, model: str, price: int
) -> None:
    generation = drawn(cast, "google-imagen", model, num_images=3, aspect_ratio="16:9")
    assert generation.state == "succeeded"
    assert generation.cost_micros == 3 * price
    assert invoice(google) == [("google-imagen", model, 3 * price)]
    images = list(Image.objects.filter(generation=generation))
    assert [(image.width, image.height) for image in images] == [(1408, 768)] * 3
    assert len({image.sha256 for image in images}) == 3


def test_more_than_four_pictures_take_several_calls(google: RunningServer, cast: Cast) -> None:
    generation = drawn(cast, "google-imagen", FAST, num_images=6)
    assert generation.state == "succeeded"
    assert [amount for _, _, amount in invoice(google)] == [80_000, 40_000]


def test_i17_withheld_pictures_are_not_charged_and_the_rest_is_kept(google: RunningServer, cast: Cast) -> None:
    fault(google, vendor="google-imagen", partial=2)
    generation = drawn(cast, "google-imagen", STANDARD, num_images=4)
    assert (generation.state, generation.cost_micros) == ("partial", 80_000)
    assert Image.objects.filter(generation=generation).count() == 2
    assert invoice(google) == [("google-imagen", STANDARD, 80_000)]


@pytest.mark.parametrize("filtered", [True, "prompt"])
def test_i18_a_refused_wish_costs_nothing(google: RunningServer, cast: Cast, filtered: bool | str) -> None:
    fault(google, vendor="google-imagen", filtered=filtered)
    generation = drawn(cast, "google-imagen", STANDARD, num_images=2)
    assert (generation.state, generation.cost_micros) == ("refused", 0)
    assert invoice(google) == []


def test_a_retired_model_is_told_with_its_successor(google: RunningServer, cast: Cast) -> None:
    fault(google, vendor="google-imagen", status=404)
    generation = drawn(cast, "google-imagen", ULTRA)
    assert generation.cost_micros == 0
    assert generation.error["code"] == "model_retired"
    assert generation.error["remedy"] == f"Choose gemini-3-pro-image instead of {ULTRA}."


def test_the_enhanced_prompt_is_kept_with_each_picture(vertex: RunningServer, cast: Cast) -> None:
    generation = drawn(cast, "google-imagen", STANDARD, prompt="a red fox", num_images=2, enhance_prompt=True)
    revised = Image.objects.filter(generation=generation).values_list("revised_prompt", flat=True)
    assert [text.startswith("a red fox, in soft") for text in revised] == [True, True]


def test_a_seed_with_the_watermark_off_repeats_the_pictures(vertex: RunningServer, cast: Cast) -> None:
    registered = register_model(provider="google-imagen", cloud_model_id=STANDARD)
    wish = {"num_images": 2, "seed": 7, "options": {"add_watermark": False}}
    first, second = (carry_out(cast.bob, registered.key, **wish) for _ in range(2))
    shown = [list(Image.objects.filter(generation=one).order_by("index").values_list("sha256", "seed"))
             for one in (first, second)]  # fmt: skip
    assert shown[0] == shown[1]
    assert {seed for _, seed in shown[0]} == {7}


def test_one_seed_serves_all_pictures_of_a_call_and_the_note_says_so(vertex: RunningServer, cast: Cast) -> None:
    registered = register_model(provider="google-imagen", cloud_model_id=ULTRA)
    wish = {"prompt": "a fox", "num_images": 6, "seed": 7, "options": {"add_watermark": False}}
    quote = quote_wish(cast.bob, registered.key, wish)
    assert "The 6 pictures come in 2 calls with the seeds 7 and 11, one seed for a call." in quote.notes
    assert not any("one each" in note for note in quote.notes)


@pytest.mark.parametrize(
    ("wish", "named"),
    [
        ({"enhance_prompt": True}, "enhance_prompt"),
        ({"seed": 7, "options": {"add_watermark": False}}, "seed"),
        ({"safety_level": "BLOCK_ONLY_HIGH"}, "safety_level BLOCK_ONLY_HIGH"),
        ({"options": {"person_generation": "allow_all"}}, "options.person_generation"),
    ],
)
def test_what_only_vertex_has_is_refused_by_name_and_nothing_is_sent(
    vendors: RunningServer, cast: Cast, wish: dict[str, Any], named: str
) -> None:
    generation = drawn(cast, "google-imagen", STANDARD, **wish)
    assert generation.error["code"] == "capability"
    assert named in generation.error["message"]
    assert "GOOGLE_CLOUD_PROJECT" in generation.error["remedy"]
    assert Attempt.objects.get(generation=generation).sent_at is None
    assert (invoice(vendors), generation.cost_micros) == ([], 0)


def test_i34_gemini_through_vertex_is_kept_and_the_ledger_equals_the_invoice(vertex: RunningServer, cast: Cast) -> None:
    options = {"output_mime_type": "image/png", "person_generation": "ALLOW_ADULT"}
    generation = drawn(cast, "google-gemini", NANO, options=options)
    assert generation.state == "succeeded"
    assert invoice(vertex) == [("google-gemini", NANO, generation.cost_micros)]
    assert Image.objects.get(generation=generation).mime_type == "image/png"


def test_an_account_that_google_refuses_is_told_before_anything_is_sent(
    vertex: RunningServer, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = google_accounts.service_account(vertex.url, client_email="invalid@studio-1.iam.gserviceaccount.com")
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", json.dumps(account))
    generation = drawn(cast, "google-imagen", STANDARD)
    assert generation.error["code"] == "key_invalid"
    assert "Invalid JWT Signature" in generation.error["message"]
    assert Attempt.objects.get(generation=generation).sent_at is None
    assert "PRIVATE KEY" not in json.dumps(generation.error)


@pytest.mark.parametrize("provider", ["google-gemini", "google-imagen"])
@pytest.mark.usefixtures("cast")
def test_check_provider_works_by_key_without_spending(vendors: RunningServer, provider: str) -> None:
    code, said = run("check_provider", provider)
    assert (code, said.splitlines()[-1]) == (0, "ALL CHECKS PASSED")
    assert "API key found in GOOGLE_API_KEY (environment), ending in …6789" in said
    assert invoice(vendors) == []


@pytest.mark.parametrize("provider", ["google-gemini", "google-imagen"])
@pytest.mark.usefixtures("cast")
def test_check_provider_works_through_vertex_without_spending(vertex: RunningServer, provider: str) -> None:
    code, said = run("check_provider", provider)
    assert (code, said.splitlines()[-1]) == (0, "ALL CHECKS PASSED")
    names = "GOOGLE_CLOUD_PROJECT, GOOGLE_CLOUD_REGION, GOOGLE_APPLICATION_CREDENTIALS"
    assert f"Credentials found in {names} (environment)" in said
    assert "(project studio-1, region us-central1)" in said
    assert invoice(vertex) == []


@pytest.mark.usefixtures("cast")
def test_check_provider_tells_what_a_refused_account_can_do(vertex: RunningServer) -> None:
    httpx.post(f"{vertex.url}/faults", json={"body": {"error": "invalid_grant"}, "status": 400}).raise_for_status()
    account = google_accounts.service_account(vertex.url, private_key_id="fresh")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GOOGLE_APPLICATION_CREDENTIALS", json.dumps(account))
        code, said = run("check_provider", "google-imagen")
    assert code == 1
    assert "Google's sign-in refuses the account: “invalid_grant" in said
    assert "gcloud auth application-default login" in said
    assert google_accounts.private_key().splitlines()[1] not in said


def test_the_project_decides_for_imagen_and_the_key_for_gemini(
    vertex: RunningServer, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOOGLE_API_KEY", TEST_KEY)
    monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", "http://127.0.0.1:9")
    assert drawn(cast, "google-imagen", FAST).state == "succeeded"
    assert drawn(cast, "google-gemini", NANO).error["code"] == "connect_failed_not_sent"
    monkeypatch.setenv("GOOGLE_GENAI_USE_VERTEXAI", "true")
    assert carry_out(cast.bob, NANO, prompt="again").state == "succeeded"
    monkeypatch.setenv("GOOGLE_GENAI_USE_VERTEXAI", "false")
    assert carry_out(cast.bob, FAST, prompt="again").error["code"] == "connect_failed_not_sent"
