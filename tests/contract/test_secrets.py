"""A key is in no text: no error, log, row, answer, page or file, also when the vendor itself repeats it."""

import io
import logging
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from cloudhub.vault.keys import environment_key
from providers.base import KeyForm, ProviderError
from providers.catalogue import installed_providers
from providers.emulation.server import RunningServer
from tests.api.caller import caller_of
from tests.conftest import Cast, client_of
from tests.contract.faults import OF_THE_WORK
from tests.contract.hub import carry
from tests.contract.leaks import CANARY, echoes, files, rows, shown, told
from tests.contract.subjects import marks_of, set_credentials, usual_subject, vendors
from tests.contract.tap import Tap
from tests.generations.stage import fault

PAGES = ("/", "/gallery/", "/models/", "/costs/", "/budgets/", "/account/")
ANSWERS = ("cloud_models", "generations", "usage?group_by=provider", "usage/entries", "hub_keys", "budgets")
CASES = [
    pytest.param(vendor, form, id=f"{vendor}:{form.name}", marks=marks_of(vendor))
    for vendor in vendors()
    for form in installed_providers()[vendor].forms()
]


def command(*words: str) -> bytes:
    said = io.StringIO()
    try:
        call_command(*words, stdout=said, stderr=said)
    except (SystemExit, Exception) as ended:  # noqa: BLE001 - its words are looked at, whatever it is
        said.write(f"{ended!r} {ended}")
    return said.getvalue().encode()


def seen_from_outside(cast: Cast) -> bytes:
    """What pages and APIs say of everything that happened."""
    caller, browser = caller_of(cast.alice), client_of(cast.alice)
    answers = [caller.get(f"/api/v1/{path}") for path in ANSWERS] + [browser.get(page) for page in PAGES]
    assert {answer.status_code for answer in answers} == {200}
    generations = answers[1].json()["results"]
    assert generations
    answers += [caller.get(f"/api/v1/generations/{one['id']}") for one in generations]
    answers += [browser.get(f"/gallery/generations/{one['id']}/") for one in generations[:8]]
    return b"\n".join(answer.content for answer in answers)


@pytest.mark.usefixtures("quick_hub")
@pytest.mark.parametrize(("vendor", "form"), CASES)
def test_i33_a_key_is_in_no_text(
    tap: Tap, emulator: RunningServer, cast: Cast, vendor: str, form: KeyForm, papers: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, settings: Any,
) -> None:  # fmt: skip
    set_credentials(vendor, tmp_path, monkeypatch, form=form, canary=CANARY)
    provider, settings.GENERATION_SECONDS = installed_providers()[vendor], 2
    key = environment_key(provider)
    assert key.form == form.name
    caplog.set_level(logging.DEBUG)
    texts = [command("check_provider", vendor)]
    subject = usual_subject(vendor)
    carry(cast, subject)
    for wish in echoes(next(iter(key.secrets), CANARY)):
        fault(emulator, vendor=vendor, **wish, **OF_THE_WORK)
        carry(cast, subject)
        emulator.exchange.faults.clear()
        fault(
            emulator,
            vendor=vendor,
            **{name: value for name, value in wish.items() if name in ("status", "body")} or wish,
        )
        texts += [command("check_provider", vendor), described(vendor)]
        emulator.exchange.faults.clear()
    texts += [repr(key).encode(), caplog.text.encode(), rows(), files(), seen_from_outside(cast)]
    assert any(arrived.vendor == vendor for arrived in tap.work())
    assert [around for text in texts for around in shown(text, key)] == []


def checked(vendor: str) -> bytes:
    """What the free check of the key says."""
    provider = installed_providers()[vendor]
    try:
        return provider.validate_credentials(environment_key(provider)).encode()
    except ProviderError as error:
        return told(error)


def described(vendor: str) -> bytes:
    """What an open catalogue says of a model that nobody knows."""
    provider = installed_providers()[vendor]
    if not provider.open_catalogue:
        return b""
    try:
        return repr(provider.describe("nobody/knows-this", environment_key(provider))).encode()
    except ProviderError as error:
        return told(error)


@pytest.mark.parametrize(("vendor", "form"), CASES)
def test_a_key_travels_in_a_header_or_a_body_and_never_in_an_address(
    tap: Tap, emulator: RunningServer, vendor: str, form: KeyForm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_credentials(vendor, tmp_path, monkeypatch, form=form, canary=CANARY)
    provider = installed_providers()[vendor]
    try:
        provider.validate_credentials(environment_key(provider))
    except ProviderError as error:
        assert CANARY not in f"{error!r} {error.remedy}"  # noqa: PT017 - either outcome is fine, if it keeps the secret
    for arrived in tap.calls:
        assert CANARY not in arrived.call.path
        assert CANARY not in str(arrived.call.query)
