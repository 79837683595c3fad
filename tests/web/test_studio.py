"""The Studio without a browser: the price, the submit, the card, and recall."""

import re
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from cloudhub.accounts.actor import Actor
from cloudhub.billing.budgets import create_budget
from cloudhub.billing.models import Hold, LedgerEntry
from cloudhub.catalog.models import CloudModel, Price
from cloudhub.catalog.register import register_model
from cloudhub.generations.engine import engine
from cloudhub.generations.models import Generation, Image
from tests.web.conftest import HTMX

WISH = {"model": "practice-1", "prompt": "a lighthouse", "num_images": "4"}
Make = Callable[..., Generation]


def price(client: Client, **fields: object) -> str:
    answer = client.post("/studio/price", {**WISH, **fields}, headers=HTMX)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


@pytest.fixture
def budget(alice: Actor) -> None:
    fields = {"name": "Day", "scope": "hub", "window": "day", "limit": "0.10", "currency": "XTS"}
    create_budget(alice, fields)


def test_the_button_says_count_price_and_what_it_leaves(alices: Client, budget: None) -> None:
    text = price(alices)
    assert "4 images · 0.04 XTS · leaves 0.06 XTS of today&#x27;s 0.10 XTS" in text
    assert "disabled" not in text


def test_a_price_is_told_before_the_prompt_is_written(alices: Client) -> None:
    assert "1 image · 0.01 XTS" in price(alices, prompt="", num_images="1")


def test_a_budget_that_would_be_exceeded_locks_the_button_and_says_why(alices: Client, budget: None) -> None:
    text = price(alices, num_images="10", resolution="2K")
    assert "This needs 0.25 XTS and the budget “Day” has 0.10 XTS left." in text
    assert 'disabled aria-describedby="reason"' in text


def test_a_price_by_tokens_is_an_upper_bound(alices: Client, cast: object) -> None:
    register_model(provider="google-gemini", cloud_model_id="gemini-3-pro-image")
    assert "1 image · at most $" in price(alices, model="gemini-3-pro-image", num_images="1")


def test_a_bound_by_tokens_is_told_in_few_digits_and_kept_in_all(alices: Client, alice: Actor, cast: object) -> None:
    register_model(provider="google-gemini", cloud_model_id="gemini-3-pro-image")
    fields = {"name": "Day", "scope": "hub", "window": "day", "limit": "10", "currency": "USD"}
    create_budget(alice, fields)
    wish = {"model": "gemini-3-pro-image", "prompt": "a fox", "num_images": "1"}
    words = re.search(r"1 image · at most \$(\S+) · leaves at least \$(\S+) of today", price(alices, **wish))
    assert words
    assert (len(words[1]), len(words[2])) == (len("0.233"), len("9.767"))
    card = alices.post("/studio/generations", wish, headers=HTMX).content.decode()
    held = Hold.objects.get().amount_micros
    assert held % 1000, "the hold itself is kept to the last digit"
    assert f"up to ${words[1]}</span> held" in card
    assert 0 <= Decimal(words[1]) * 10**6 - held < 1000


def test_an_unknown_price_is_called_unknown(alices: Client, cast: object) -> None:
    CloudModel.objects.get(key="practice-1").prices.all().delete()
    assert "4 images · price unknown" in price(alices)


def test_a_field_at_fault_is_named_and_locks_the_button(alices: Client) -> None:
    text = price(alices, num_images="40", seed="many")
    assert 'data-field="num_images"' in text
    assert "<strong>Seed:</strong> Must be a whole number" in text
    assert 'disabled aria-describedby="field-problems"' in text


def test_a_size_in_pixels_is_matched_with_a_note_and_a_rectangle(alices: Client) -> None:
    text = price(alices, size="own", width="1536", height="1024")
    assert "1536×1024 is asked as 3:2; Practice 1 draws that as 1248×832." in text
    assert 'aria-label="1248 by 832 pixels"' in text


def test_an_unknown_model_is_said_in_place_of_the_price(alices: Client) -> None:
    assert "There is no model nonsense." in price(alices, model="nonsense")


def test_a_blocked_price_locks_the_button(alices: Client, cast: object) -> None:
    Price.objects.update(blocked_at=timezone.now(), blocked_reason="Why.")
    assert "New calls at this price are stopped until an owner acknowledges it. Why." in price(alices)


def test_submitting_answers_with_a_card_and_a_fresh_key(alices: Client) -> None:
    answer = alices.post("/studio/generations", {**WISH, "idempotency_key": "first"}, headers=HTMX)
    text = answer.content.decode()
    generation = Generation.objects.get()
    assert f'id="generation-{generation.id}"' in text
    assert 'value="first"' not in text
    assert 'id="idempotency-key"' in text
    assert (generation.num_images, generation.state, Hold.objects.get().amount_micros) == (4, "queued", 40_000)


def test_submitting_twice_with_one_key_makes_one_generation(alices: Client) -> None:
    for _ in range(2):
        assert alices.post("/studio/generations", {**WISH, "idempotency_key": "k"}, headers=HTMX).status_code == 200
    assert Generation.objects.count() == 1


def test_without_javascript_submitting_comes_back_to_the_page(alices: Client) -> None:
    answer = alices.post("/studio/generations", WISH)
    assert answer["Location"] == "/"
    assert "a lighthouse" in alices.get("/").content.decode()


def test_a_refused_wish_stands_at_the_button_and_changes_nothing(alices: Client, budget: None) -> None:
    answer = alices.post("/studio/generations", {**WISH, "num_images": "10", "resolution": "2K"}, headers=HTMX)
    assert (answer.status_code, answer["HX-Retarget"]) == (402, "#price")
    assert "Nothing was sent or billed." in answer.content.decode()
    assert not Generation.objects.exists()
    assert not LedgerEntry.objects.exists()


def test_a_card_names_cost_and_ledger_and_recall(alices: Client, made: Make) -> None:
    generation = made(num_images="2")
    text = alices.get("/").content.decode()
    assert f'href="/costs/?generation={generation.id}"' in text
    assert '<span class="amount">0.02 XTS</span>' in text
    assert f'href="/?recall={generation.id}"' in text
    assert text.count("/media/") == 2


def test_a_failure_says_what_happened_whether_it_was_billed_and_what_to_do(alices: Client, made: Make) -> None:
    made("a lighthouse #refuse")
    text = alices.get("/").content.decode()
    assert "Refused" in text
    assert "<strong>Not billed.</strong>" in text
    assert "Change the prompt" in text


def test_an_unknown_outcome_says_that_its_money_is_held(alices: Client, made: Make) -> None:
    made("a lighthouse #lost")
    assert "<strong>0.01 XTS stays held</strong>" in alices.get("/").content.decode()


def test_updates_bring_only_cards_that_changed(alices: Client) -> None:
    alices.post("/studio/generations", WISH)
    generation = Generation.objects.get()
    seen = {"pending": f"{generation.id}:queued-0-0-0-0"}
    assert alices.get("/studio/updates", seen, headers=HTMX).status_code == 204
    engine.run_once()
    text = alices.get("/studio/updates", seen, headers=HTMX).content.decode()
    assert f'id="generation-{generation.id}"' in text
    assert 'name="pending"' not in text
    assert "Done: 4 of 4 images, 0.04 XTS." in text


def test_updates_of_nonsense_are_empty(alices: Client) -> None:
    assert alices.get("/studio/updates", {"pending": ["x", "1:2", "\x00"]}, headers=HTMX).status_code == 204


def test_a_stranger_gets_no_updates_and_no_recall(charlies: Client, made: Make) -> None:
    generation = made()
    assert charlies.get("/studio/updates", {"pending": f"{generation.id}:x"}).status_code == 204
    assert charlies.get(f"/?recall={generation.id}").status_code == 404
    assert charlies.post(f"/studio/generations/{generation.id}/cancel").status_code == 404


def test_cancelling_a_waiting_generation_gives_the_money_back(alices: Client) -> None:
    alices.post("/studio/generations", WISH)
    generation = Generation.objects.get()
    answer = alices.post(f"/studio/generations/{generation.id}/cancel", headers=HTMX)
    assert "Cancelled" in answer.content.decode()
    assert sum(LedgerEntry.objects.values_list("held_delta", flat=True)) == 0


def test_cancelling_what_is_finished_is_told(alices: Client, made: Make) -> None:
    answer = alices.post(f"/studio/generations/{made().id}/cancel", headers=HTMX)
    assert (answer.status_code, answer["HX-Retarget"]) == (409, "#problem")


def test_recall_fills_the_form_with_exactly_what_was_asked(alices: Client) -> None:
    asked = {"num_images": "3", "seed": "7", "negative_prompt": "fog", "quality": "fine", "guidance_scale": "4.5",
             "size": "own", "width": "1536", "height": "1024", "enhance_prompt": "no", "options.palette": "sea",
             "resolution": "2K", "background": "opaque", "output_format": "webp", "style": "vista"}  # fmt: skip

    def ask(prompt: str, **fields: object) -> Generation:
        posted = alices.post("/studio/generations", {"model": "practice-1", "prompt": prompt, **fields})
        assert posted.status_code == 302, posted.content
        return Generation.objects.latest("id")

    first = ask("a lighthouse\n  and <b>gulls</b>", **asked)
    page = alices.get(f"/?recall={first.id}")
    values = {name: page.context["values"][name] for name in asked}
    again = ask(page.context["values"]["prompt"], **{name: as_posted(value) for name, value in values.items()})
    assert again.request == first.request
    assert "a lighthouse\n  and &lt;b&gt;gulls&lt;/b&gt;</textarea>" in page.content.decode()


def as_posted(value: object) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def test_remix_leaves_the_seed_out(alices: Client, made: Make) -> None:
    generation = made(seed="7")
    assert (
        'name="seed" type="number" inputmode="numeric" min="0" max="2147483647" step="1" value=""'
        in alices.get(f"/?recall={generation.id}&remix=1").content.decode()
    )


def test_recalling_a_switched_off_model_says_so(alices: Client, made: Make) -> None:
    register_model(provider="practice", cloud_model_id="practice-1", key="other")
    generation = made()
    CloudModel.objects.filter(key="practice-1").update(enabled=False)
    page = alices.get(f"/?recall={generation.id}").content.decode()
    assert "The model practice-1 is switched off. Practice 1 is chosen here." in page


def test_only_the_settings_that_a_model_has_are_shown(alices: Client) -> None:
    register_model(provider="google-gemini", cloud_model_id="gemini-2.5-flash-image")
    practice = alices.post("/studio/fields", WISH, headers=HTMX).content.decode()
    gemini = alices.post("/studio/fields", {**WISH, "model": "gemini-2.5-flash-image"}, headers=HTMX).content.decode()
    assert 'name="negative_prompt"' in practice
    assert 'name="negative_prompt"' not in gemini
    assert 'value="4"' in gemini


def test_practice_names_its_outcomes_and_others_have_none(alices: Client) -> None:
    register_model(provider="google-gemini", cloud_model_id="gemini-2.5-flash-image")
    assert "<code>#lost</code>" in alices.post("/studio/fields", WISH).content.decode()
    assert "#lost" not in alices.post("/studio/fields", {**WISH, "model": "gemini-2.5-flash-image"}).content.decode()


def test_the_model_that_was_used_last_is_chosen_again(alices: Client, made: Make) -> None:
    register_model(provider="google-gemini", cloud_model_id="gemini-3-pro-image")
    assert alices.get("/").context["model"].key == "gemini-3-pro-image"
    made()
    assert alices.get("/").context["model"].key == "practice-1"


def test_models_past_their_date_stand_last_with_their_successor(alices: Client) -> None:
    register_model(provider="google-gemini", cloud_model_id="gemini-2.5-flash-image", name="A first name")
    page = alices.get("/")
    assert page.context["models"][-1]["model"].name == "A first name"
    assert "past its date, now gemini-nano-banana-2.1" in page.content.decode()


def test_a_reference_picture_is_kept_and_travels_by_its_id(alices: Client, png: bytes) -> None:
    upload = SimpleUploadedFile("r.png", png, "image/png")
    text = alices.post("/studio/references", {"reference": upload}, headers=HTMX).content.decode()
    image = Image.objects.get()
    assert f'value="{image.id}" checked' in text
    alices.post("/studio/generations", {**WISH, "input_images": [str(image.id)]})
    assert Generation.objects.get().request["input_images"] == [str(image.id)]


def test_without_javascript_a_reference_picture_travels_with_the_form(alices: Client, png: bytes) -> None:
    upload = SimpleUploadedFile("r.png", png, "image/png")
    alices.post("/studio/generations", {**WISH, "reference": upload})
    assert Generation.objects.get().request["input_images"] == [str(Image.objects.get().id)]


def test_a_file_that_is_no_picture_is_refused_by_name(alices: Client) -> None:
    upload = SimpleUploadedFile("r.png", b"not a picture", "image/png")
    answer = alices.post("/studio/references", {"reference": upload}, headers=HTMX)
    assert answer.status_code == 422
    assert "not a readable PNG, JPEG or WebP" in answer.content.decode()
    assert not Image.objects.exists()


def test_the_studio_says_when_no_model_is_there(alices: Client, cast: object) -> None:
    CloudModel.objects.update(enabled=False)
    page = alices.get("/")
    assert page.status_code == 200
    assert "No model is registered and switched on yet." in page.content.decode()


def test_where_prompt_and_pictures_go_stands_beside_the_button(alices: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "Prompt and pictures stay on this machine;" in alices.get("/").content.decode()
    register_model(provider="openai", cloud_model_id="gpt-image-1.5")
    monkeypatch.delenv("OPENAI_BASE_URL")
    fragment = alices.post("/studio/fields", {"model": "gpt-image-1.5"}).content.decode()
    assert 'id="privacy" class="privacy hint" hx-swap-oob="true"' in fragment
    assert "Prompt and pictures go to OpenAI (United States); kept up to 30 days" in fragment
    monkeypatch.setenv("OPENAI_BASE_URL", "https://gateway.example/v1")
    fragment = alices.post("/studio/fields", {"model": "gpt-image-1.5"}).content.decode()
    assert "go to gateway.example (OPENAI_BASE_URL) instead of OpenAI&#x27;s own address" in fragment
