"""What each thing that can happen at a vendor comes to: state, code, billed or not, what to do, what is booked."""

from typing import Any

import pytest

from cloudhub.catalog.models import CloudModel
from cloudhub.generations import storage
from cloudhub.generations.engine import engine
from cloudhub.generations.images import upload_image
from cloudhub.generations.models import Generation
from providers.base import FAILURES
from providers.emulation.server import RunningServer
from tests.canary import TEST_KEY
from tests.conftest import Cast
from tests.generations.books import check_invoice_against_ledger
from tests.generations.stage import (
    FLASH,
    FLASH_PRICE,
    NANO,
    again,
    attempts_of,
    carry_out,
    fault,
    invoice,
    ledger_of,
    png,
    states_of,
    submit,
)

DAY_QUOTA = {
    "error": {
        "code": 429,
        "status": "RESOURCE_EXHAUSTED",
        "message": "You exceeded your current quota.",
        "details": [
            {
                "@type": "type.googleapis.com/google.rpc.QuotaFailure",
                "violations": [{"quotaId": "GenerateRequestsPerDayPerProjectPerModel", "quotaValue": "250"}],
            }
        ],
    }
}

# fault, then state, code, billed, states of the attempts, lines on the vendor's invoice
OUTCOMES: list[tuple[dict[str, Any], str, str, str, list[str], int]] = [
    ({"status": 400}, "failed", "capability", "no", ["released"], 0),
    ({"status": 401}, "failed", "key_invalid", "no", ["released"], 0),
    ({"status": 402}, "failed", "billing_disabled", "no", ["released"], 0),
    ({"status": 403}, "failed", "permission_region", "no", ["released"], 0),
    ({"status": 404}, "failed", "model_retired", "no", ["released"], 0),
    ({"status": 413}, "failed", "capability", "no", ["released"], 0),
    ({"status": 429, "times": None}, "failed", "rate_minute", "no", ["released"] * 3, 0),
    ({"status": 429, "body": DAY_QUOTA, "times": None}, "failed", "rate_day", "no", ["released"], 0),
    ({"status": 500}, "unknown", "provider_5xx", "unknown", ["unknown"], 0),
    ({"status": 502}, "unknown", "provider_5xx", "unknown", ["unknown"], 0),
    ({"status": 503, "times": None}, "failed", "provider_5xx", "no", ["released"] * 3, 0),
    ({"status": 504}, "unknown", "provider_5xx", "unknown", ["unknown"], 0),
    ({"status": 408}, "unknown", "unknown_outcome", "unknown", ["unknown"], 0),
    ({"status": 200, "body": "<html>a proxy</html>"}, "unknown", "unknown_outcome", "unknown", ["unknown"], 0),
    ({"status": 200, "body": {}}, "unknown", "unknown_outcome", "unknown", ["unknown"], 0),
    ({"drop": "before_work"}, "unknown", "unknown_outcome", "unknown", ["unknown"], 0),
    ({"drop": "after_work"}, "unknown", "unknown_outcome", "unknown", ["unknown"], 1),
    ({"cut_after_bytes": 0}, "unknown", "unknown_outcome", "unknown", ["unknown"], 1),
    ({"cut_after_bytes": 5000}, "unknown", "unknown_outcome", "unknown", ["unknown"], 1),
    ({"filtered": True}, "refused", "refused_output", "no", ["released"], 0),
    ({"filtered": "prompt"}, "refused", "refused_prompt", "no", ["released"], 0),
    ({"text_only": True}, "failed", "no_image_text_answer", "no", ["released"], 0),
    ({"partial": 0}, "failed", "no_image_text_answer", "no", ["released"], 0),
]


def name_of(value: object) -> str | None:
    return ",".join(f"{key}={part}"[:24] for key, part in value.items()) if isinstance(value, dict) else None


@pytest.mark.parametrize(("wish", "state", "code", "billed", "attempts", "lines"), OUTCOMES, ids=name_of)
def test_i18_i20_each_failure_ends_in_its_state_with_its_words(
    gemini: RunningServer, gemini_flash: CloudModel, cast: Cast,
    wish: dict[str, Any], state: str, code: str, billed: str, attempts: list[str], lines: int,
) -> None:  # fmt: skip
    fault(gemini, **wish)
    generation = carry_out(cast.bob, FLASH)
    assert (generation.state, generation.error["code"], generation.error["billed"]) == (state, code, billed)
    assert generation.error["message"].endswith(".")
    assert generation.error["remedy"]
    assert states_of(generation) == attempts
    assert generation.cost_micros == 0
    assert len(invoice(gemini)) == lines
    check_invoice_against_ledger(gemini)


def test_a_picture_is_settled_at_its_price(gemini: RunningServer, gemini_flash: CloudModel, cast: Cast) -> None:
    generation = carry_out(cast.bob, FLASH, aspect_ratio="16:9")
    image = generation.images.get()
    assert (generation.state, generation.cost_micros, generation.error) == ("succeeded", FLASH_PRICE, None)
    assert (image.width, image.height, image.mime_type, image.attempt_id) == (
        1344, 768, "image/png", attempts_of(generation)[0].pk,
    )  # fmt: skip
    assert ledger_of(generation) == [("hold", FLASH_PRICE, 0), ("settle", -FLASH_PRICE, FLASH_PRICE)]
    check_invoice_against_ledger(gemini)


def test_i20_an_unknown_outcome_keeps_its_hold(gemini: RunningServer, gemini_flash: CloudModel, cast: Cast) -> None:
    fault(gemini, drop="after_work")
    generation = carry_out(cast.bob, FLASH)
    assert ledger_of(generation) == [("hold", FLASH_PRICE, 0)]
    assert "may have been carried out and billed" in generation.error["message"]
    assert generation.error["retry"] == "no"


@pytest.mark.parametrize(
    ("wish", "state", "code"),
    [
        ({"filtered": True}, "refused", "refused_output"),
        ({"filtered": "prompt"}, "refused", "refused_prompt"),
        ({"text_only": True}, "failed", "no_image_text_answer"),
        ({"partial": 0}, "failed", "no_image_text_answer"),
    ],
    ids=name_of,
)
def test_i18_a_token_priced_refusal_is_billed_by_its_tokens(
    gemini: RunningServer, gemini_models: object, cast: Cast, wish: dict[str, Any], state: str, code: str
) -> None:
    fault(gemini, **wish)
    generation = carry_out(cast.bob, NANO)
    assert (generation.state, generation.error["code"], generation.error["billed"]) == (state, code, "yes")
    assert states_of(generation) == ["settled"]
    assert 0 < generation.cost_micros < (generation.estimate_micros or 0)
    assert not generation.images.exists()
    check_invoice_against_ledger(gemini)


def test_i16_a_token_priced_picture_is_settled_down_to_its_usage(
    gemini: RunningServer, gemini_models: object, cast: Cast
) -> None:
    generation = carry_out(cast.bob, NANO)
    assert generation.state == "succeeded"
    assert 0 < generation.cost_micros < (generation.estimate_micros or 0)
    check_invoice_against_ledger(gemini)


def test_i16_a_bill_above_the_quote_is_an_overrun_and_stops_the_price(
    gemini: RunningServer, gemini_models: list[CloudModel], cast: Cast
) -> None:
    fault(gemini, wrong_cost="3")
    generation = carry_out(cast.bob, NANO)
    held = generation.estimate_micros or 0
    over = generation.cost_micros - held
    assert ledger_of(generation) == [("hold", held, 0), ("settle", -held, held), ("overrun", 0, over)]
    assert over > 0
    assert gemini_models[1].prices.exclude(blocked_at=None).exists()
    check_invoice_against_ledger(gemini)


def test_words_instead_of_a_picture_are_kept_for_the_person(
    gemini: RunningServer, gemini_flash: CloudModel, cast: Cast
) -> None:
    fault(gemini, text_only=True)
    error = carry_out(cast.bob, FLASH).error
    assert error is not None
    assert "imagine the scene" in error["answer_text"]


@pytest.mark.parametrize(
    ("word", "state", "code", "billed"),
    [
        ("#refuse", "refused", "refused_prompt", "no"),
        ("#refuse-output", "refused", "refused_output", "no"),
        ("#lost", "unknown", "unknown_outcome", "unknown"),
        ("#text", "failed", "no_image_text_answer", "no"),
        ("#broken", "failed", "invalid_output", "yes"),
    ],
)
def test_the_practice_vendor_shows_every_outcome(cast: Cast, word: str, state: str, code: str, billed: str) -> None:
    generation = carry_out(cast.bob, prompt=f"a fox {word}")
    assert (generation.state, generation.error["code"], generation.error["billed"]) == (state, code, billed)


def test_without_a_key_nothing_is_sent_and_the_remedy_names_the_variable(
    gemini: RunningServer, gemini_flash: CloudModel, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GOOGLE_API_KEY")
    generation = carry_out(cast.bob, FLASH)
    assert (generation.state, generation.error["code"], states_of(generation)) == ("failed", "no_key", ["released"])
    assert generation.error["message"] == (
        "API key not found for google-gemini. Please set GOOGLE_API_KEY in .env file or environment variables."
    )
    assert attempts_of(generation)[0].sent_at is None


def test_the_key_stands_in_no_row(gemini: RunningServer, gemini_flash: CloudModel, cast: Cast) -> None:
    for wish in ({"status": 400, "body": f"key {TEST_KEY} is bad"}, {"status": 403}, {"drop": "before_work"}):
        fault(gemini, **wish)
        carry_out(cast.bob, FLASH)
    for generation in Generation.objects.all():
        stored = f"{generation.error} {[attempt.error for attempt in attempts_of(generation)]}"
        assert TEST_KEY not in stored


def test_a_state_other_than_queued_or_running_is_final() -> None:
    finished = {state for state in Generation.State.values if Generation(state=state).is_finished}
    assert finished == set(Generation.State.values) - {"queued", "running"}


def test_every_code_of_the_taxonomy_has_words() -> None:
    assert all(failure.remedy.endswith(".") for failure in FAILURES.values())


def test_a_wish_whose_reference_picture_is_gone_is_not_sent(cast: Cast) -> None:
    image = upload_image(cast.bob, png())
    generation = submit(cast.bob, input_images=[str(image.id)]).generation
    storage.object_path(image.sha256).unlink()
    engine.run_once()
    storage.keep_bytes(png())
    assert again(generation).error["message"] == "The file of this picture is missing. Nothing was sent."
    assert states_of(generation) == ["released"]
