"""`check_provider` and `generate`: each step in words, users' best-known troubles with their remedy."""

import io
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from PIL import Image as PillowImage

from cloudhub.catalog.models import CloudModel
from cloudhub.generations.models import Attempt, Generation
from cloudhub.generations.recipe import read_recipe
from providers.base import FAILURES
from providers.emulation.server import RunningServer
from tests.canary import TEST_KEY
from tests.conftest import Cast
from tests.generations.books import check_invoice_against_ledger
from tests.generations.stage import FLASH, FLASH_PRICE, budget, fault, invoice


def run(name: str, *arguments: str, **options: Any) -> tuple[int, str]:
    """Exit code and everything that the command said."""
    said = io.StringIO()
    try:
        call_command(name, *arguments, stdout=said, **options)
    except SystemExit as ended:
        return int(ended.code or 0), said.getvalue()
    except CommandError as error:
        return 1, f"{said.getvalue()}{error}"
    return 0, said.getvalue()


def saved() -> set[Path]:
    return set((settings.DATA_DIR / "outputs").glob("*"))


def test_every_step_that_passes_has_a_line_and_nothing_is_spent(gemini: RunningServer, cast: Cast) -> None:
    code, said = run("check_provider", "google-gemini")
    lines = said.splitlines()
    assert (code, lines[-1]) == (0, "ALL CHECKS PASSED")
    assert all(line.startswith("✓ ") for line in lines[:-1])
    assert "API key found in GOOGLE_API_KEY (environment), ending in …6789" in said
    assert "API credentials are valid" in said
    assert TEST_KEY not in said
    assert (invoice(gemini), Generation.objects.count()) == ([], 0)


def test_with_generate_a_picture_is_made_paid_and_saved(
    gemini: RunningServer, gemini_flash: CloudModel, committed_cast: Cast
) -> None:
    before = saved()
    code, said = run("check_provider", "google-gemini", "--generate")
    assert (code, said.splitlines()[-1]) == (0, "ALL CHECKS PASSED")
    assert "for $0.039" in said
    (path,) = saved() - before
    assert str(path) in said
    with PillowImage.open(path) as picture:
        assert picture.size == (1024, 1024)
    assert Generation.objects.get().user == committed_cast.alice.user
    check_invoice_against_ledger(gemini)


@pytest.mark.sqlite_only
@pytest.mark.parametrize(("vendor", "count"), [("practice", "1 model "), ("stability", "20 models ")])
def test_a_catalogue_is_counted(cast: Cast, monkeypatch: pytest.MonkeyPatch, vendor: str, count: str) -> None:
    monkeypatch.setenv("STABILITY_API_KEY", TEST_KEY)
    monkeypatch.setenv("STABILITY_BASE_URL", "http://127.0.0.1:9")
    assert f"is ready with {count}in its catalogue" in run("check_provider", vendor)[1]


TROUBLES = [
    ({"GOOGLE_API_KEY": ""}, None, "API key not found for google-gemini. Please set GOOGLE_API_KEY in .env file or "
     "environment variables.", "Make a key in Google AI Studio"),
    ({"GOOGLE_API_KEY": "an-invalid-key"}, None, "Gemini API error (HTTP 400): API credentials are invalid",
     "Check that GOOGLE_API_KEY holds the whole key"),
    ({}, {"status": 429}, "Gemini API error (HTTP 429): Rate limit exceeded", "You are making too many requests: wait"),
    ({}, {"status": 403}, "Gemini API error (HTTP 403): Permission denied", "verify that billing is enabled"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("variables", "wish", "sentence", "remedy"), TROUBLES, ids=["no-key", "invalid-key", "rate-limit", "permission"]
)
def test_the_four_best_known_troubles_say_what_happened_and_what_to_do(
    gemini: RunningServer, cast: Cast, monkeypatch: pytest.MonkeyPatch,
    variables: dict[str, str], wish: dict[str, Any] | None, sentence: str, remedy: str,
) -> None:  # fmt: skip
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    if wish:
        fault(gemini, **wish)
    code, said = run("check_provider", "google-gemini")
    failed = [line for line in said.splitlines() if not line.startswith("✓ ")]
    assert code == 1
    assert failed[0].startswith(f"✗ {sentence}")
    assert remedy in failed[1]
    assert "ALL CHECKS PASSED" not in said
    assert "an-invalid-key" not in said


@pytest.mark.parametrize(("wish", "sentence", "remedy"), [
    ({"status": 403}, "Gemini API error (HTTP 403): Permission denied", "verify that billing is enabled"),
    ({"filtered": True}, "The picture was made and then withheld", "Change the prompt."),
    ({"drop": "after_work"}, "The connection to Gemini API broke", FAILURES["unknown_outcome"].remedy),
])  # fmt: skip
def test_a_generation_that_fails_is_the_failing_step(
    gemini: RunningServer, gemini_flash: CloudModel, committed_cast: Cast,
    wish: dict[str, Any], sentence: str, remedy: str,
) -> None:  # fmt: skip
    # The check of the credentials comes first and is a question: a fault of the work waits for the work.
    if "status" in wish:
        fault(gemini, delay_ms=1)
    fault(gemini, **wish)
    code, said = run("check_provider", "google-gemini", "--generate")
    failed = [line for line in said.splitlines() if not line.startswith("✓ ")]
    assert code == 1
    assert failed[0].startswith(f"✗ {sentence}")
    assert remedy in failed[1]
    check_invoice_against_ledger(gemini)


def test_a_vendor_without_a_registered_model_says_how_to_register_one(gemini: RunningServer, cast: Cast) -> None:
    code, said = run("check_provider", "google-gemini", "--generate")
    assert code == 1
    assert "✗ No model of google-gemini is registered." in said
    assert "python3 hub.py manage register_model google-gemini " in said
    assert CloudModel.objects.filter(provider="google-gemini").count() == 0


@pytest.mark.parametrize("provider", ["automatic1111", "comfyui"])
def test_a_vendor_without_a_catalogue_says_how_to_register_one_too(
    vendors: RunningServer, cast: Cast, provider: str
) -> None:
    code, said = run("check_provider", provider, "--generate")
    assert code == 1
    assert "No key is needed: " in said
    assert f"python3 hub.py manage register_model {provider} MODEL" in said


def test_a_vendor_that_is_not_here_is_said_with_those_that_are(cast: Cast) -> None:
    code, said = run("check_provider", "goggle")
    assert code == 1
    assert "✗ There is no vendor goggle." in said
    assert "google-gemini" in said


def test_the_practice_vendor_passes_without_a_key(committed_cast: Cast) -> None:
    code, said = run("check_provider", "practice", "--generate")
    assert (code, said.splitlines()[-1]) == (0, "ALL CHECKS PASSED")
    assert "needs no API key" in said


def test_a_picture_is_made_from_the_terminal_with_its_recipe_inside(
    gemini: RunningServer, gemini_flash: CloudModel, committed_cast: Cast, tmp_path: Path
) -> None:
    code, said = run("generate", "a red fox", "--model", FLASH, "--out", str(tmp_path / "fox.png"))
    assert code == 0
    assert "Done: 1 pictures of Gemini 2.5 Flash Image, $0.039." in said
    recipe = read_recipe((tmp_path / "fox.png").read_bytes())
    assert recipe is not None
    assert (recipe["prompt"], recipe["cost"]) == ("a red fox", "0.039000")


def test_several_pictures_get_numbers(
    gemini: RunningServer, gemini_flash: CloudModel, committed_cast: Cast, tmp_path: Path
) -> None:
    run("generate", "a red fox", "--model", FLASH, "--num-images", "2", "--out", str(tmp_path / "fox.png"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["fox-1.png", "fox-2.png"]
    assert sum(attempt.hold.amount_micros for attempt in Attempt.objects.all()) == 2 * FLASH_PRICE


def test_the_terminal_has_no_way_around_a_budget(
    gemini: RunningServer, gemini_flash: CloudModel, committed_cast: Cast, tmp_path: Path
) -> None:
    budget(committed_cast.alice, "0.038")
    code, said = run("generate", "a red fox", "--model", FLASH, "--out", str(tmp_path))
    assert code == 1
    assert "This needs $0.039" in said
    assert invoice(gemini) == []


def test_a_refusal_ends_with_its_remedy_and_without_a_file(committed_cast: Cast, tmp_path: Path) -> None:
    code, said = run("generate", "a fox #refuse", "--model", "practice-1", "--out", str(tmp_path))
    assert code == 1
    assert "Change the prompt" in said
    assert list(tmp_path.iterdir()) == []
