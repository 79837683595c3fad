"""Notes on prompts and pictures: the vendor's own word at its own hosts, the address's name everywhere else."""

from datetime import date
from pathlib import Path

import pytest

from providers.catalogue import read_privacy_note
from providers.privacy import PrivacyNote, host_of, note_at

NOTE = PrivacyNote(
    goes_to="Atelier (France)", kept="kept a week", training="never used for training",
    hosts=("api.atelier.example", "*.eu.atelier.example"), source="https://atelier.example/terms",
    read_on=date(2026, 11, 22),
)  # fmt: skip


def test_a_note_is_one_sentence() -> None:
    assert NOTE.words == "Prompt and pictures go to Atelier (France); kept a week; never used for training."


@pytest.mark.parametrize(
    "address", ["", "https://api.atelier.example", "https://API.atelier.example:443/v1", "https://a.eu.atelier.example"]
)
def test_at_the_vendors_own_hosts_its_word_holds(address: str) -> None:
    assert note_at(NOTE, "Atelier", [("ATELIER_BASE_URL", address)]) == NOTE


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:9191/atelier", "https://evil-eu.atelier.example", "https://eu.atelier.example.evil"]
)
def test_elsewhere_the_host_is_named_and_nothing_is_promised_for_it(address: str) -> None:
    note = note_at(NOTE, "Atelier", [("ATELIER_BASE_URL", address)])
    assert note.goes_to == f"{host_of(address)} (ATELIER_BASE_URL) instead of Atelier's own address"
    assert "not documented" in note.kept
    assert "not documented" in note.training


def test_of_several_addresses_only_the_foreign_one_is_named() -> None:
    note = note_at(NOTE, "Atelier", [("ONE_BASE_URL", "https://proxy.example"), ("TWO_BASE_URL", "")])
    assert "proxy.example (ONE_BASE_URL)" in note.words
    assert "else to Atelier (France)" in note.words


def test_a_server_of_ones_own_is_named_with_its_address() -> None:
    note = note_at(PrivacyNote(goes_to="your own server"), "Own", [("", "http://10.0.0.5:7860")])
    assert note.goes_to == "10.0.0.5:7860, your own server"


def test_credentials_in_an_address_are_never_told() -> None:
    assert host_of("https://user:secret@Host.example:1/x") == "host.example:1"
    assert host_of("http://[broken") == ""


@pytest.mark.parametrize("text", ["models = []", '[privacy]\nkept = "a day"', '[privacy]\ngoes_to = "X"\nplace = "Y"'])
def test_a_table_that_is_missing_or_wrong_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "catalog.toml"
    path.write_text(text)
    with pytest.raises((KeyError, TypeError)):
        read_privacy_note(path)
