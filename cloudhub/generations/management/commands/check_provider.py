"""Say step by step whether a vendor works here: without spending, or with one picture."""

import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import DatabaseError

from cloudhub.accounts.first_owner import first_owner
from cloudhub.accounts.models import Membership, User
from cloudhub.catalog.find import default_among, models_for_picking
from cloudhub.core.errors import HubError, NotFound
from cloudhub.core.money import format_money
from cloudhub.generations.management.commands.generate import make_pictures
from cloudhub.generations.models import Generation
from cloudhub.generations.outputs import save_pictures
from cloudhub.vault.check import check_key
from cloudhub.vault.keys import environment_key, key_for
from providers.base import Key, Provider, ProviderError
from providers.catalogue import installed_providers

PROMPT = "A red apple on a wooden table, soft window light"


class StepFailed(Exception):
    """A step that did not pass: what happened, and what to do."""

    def __init__(self, sentence: str, remedy: str = "") -> None:
        super().__init__(sentence)
        self.remedy = remedy


class Command(BaseCommand):
    help = "Check a vendor: settings, key, credentials; with --generate also one picture, which is paid."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("provider", help="a vendor's id, such as google-gemini")
        parser.add_argument("--generate", action="store_true", help="make one picture, which costs its usual price")
        parser.add_argument("--model", default="", help="with --generate: which registered model")

    def handle(self, *_: Any, **options: Any) -> None:
        try:
            for sentence in steps(options["provider"], options["generate"], options["model"]):
                self.stdout.write(f"✓ {sentence}")
        except (ProviderError, StepFailed) as error:
            self.stdout.write(f"✗ {error}")
            if error.remedy:
                self.stdout.write(f"  {error.remedy}")
            sys.exit(1)
        self.stdout.write("ALL CHECKS PASSED")


def steps(provider_id: str, generate: bool, model: str) -> Iterator[str]:
    """A sentence for each step that passed. Raises `ProviderError` or `StepFailed` at the first that did not."""
    env_file = Path(settings.ENV_FILE) if settings.ENV_FILE else None
    if env_file and env_file.is_file():
        yield f".env loaded from {env_file}"
    else:
        yield "No .env file here; settings come from the environment"
    provider = find_vendor(provider_id)
    key = _key(provider)
    yield _found(provider, key)
    count = len(provider.models)
    yield f"{provider.label} is ready with {count} model{'' if count == 1 else 's'} in its catalogue"
    yield check_key(provider, key)
    if generate:
        yield from _picture(provider, model)


def _key(provider: Provider) -> Key:
    """The key that the first owner's calls are sent with; the environment's before the first start, when there is no
    database yet. Raises `Rejected`."""
    try:
        owner = Membership.objects.filter(user=first_owner(), team__archived_at=None).order_by("id").first()
        return key_for(provider, owner.team_id if owner else None)
    except (User.DoesNotExist, DatabaseError):
        return environment_key(provider)


def _found(provider: Provider, key: Key) -> str:
    """Where the credentials come from; the end of a key is told where it is one and not a project, region or file."""
    names = ", ".join(key.values)
    if not names:
        return f"{provider.label} needs no API key"
    if key.public:
        return f"Credentials found in {names} ({key.source})"
    return f"API key found in {names} ({key.source}), ending in …{key.last_four}"


def find_vendor(provider_id: str) -> Provider:
    """The installed vendor with that id. Raises `StepFailed` naming those there are."""
    vendors = installed_providers()
    if provider_id not in vendors:
        raise StepFailed(f"There is no vendor {provider_id}.", f"Choose one of {', '.join(vendors)}.")
    return vendors[provider_id]


def _picture(provider: Provider, model: str) -> Iterator[str]:
    registered = [known for known in models_for_picking(None) if known.provider == provider.id]
    usual = default_among(registered) or next(iter(registered), None)
    if not model and usual is None:
        # A vendor whose own server says what it has lists no model here.
        example = provider.models[0].id if provider.models else "MODEL"
        command = f"python3 hub.py manage register_model {provider.id} {example}"
        raise StepFailed(f"No model of {provider.id} is registered.", f"Register one: {command}")
    generation = _generate(model or (usual.key if usual else ""))
    cost = format_money(generation.cost_micros, generation.currency)
    yield f"Picture generated by {generation.model} for {cost}"
    try:
        paths = save_pictures(generation, settings.DATA_DIR / "outputs")
    except OSError as error:
        raise StepFailed(
            f"The picture could not be saved: {error.strerror}.", "It is paid and in the Gallery."
        ) from error
    yield f"Saved {', '.join(str(path) for path in paths)}"


def _generate(model: str) -> Generation:
    try:
        generation = make_pictures(model, {"prompt": PROMPT})
    except NotFound as error:
        raise StepFailed(error.message, "See `manage list_models`.") from error
    except (HubError, User.DoesNotExist) as error:
        raise StepFailed(str(error)) from error
    if generation.state != Generation.State.SUCCEEDED:
        told = generation.error or {"message": f"The generation is {generation.state}.", "remedy": ""}
        raise StepFailed(told["message"], told["remedy"])
    return generation
