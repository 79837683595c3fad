"""Try a vendor with its real key: the contract's questions that cost nothing and, with --spend, one cheap picture.

It runs on a hub of its own in a throw-away folder, whose only budget is a hard one of five cents: what costs more is
refused before anything is sent.
"""

import itertools
import os
import subprocess
import sys
import tempfile
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand

from cloudhub.accounts.actor import Actor, actor_of_user
from cloudhub.accounts.first_owner import ensure_first_owner, first_owner
from cloudhub.billing.audit import differences
from cloudhub.billing.budgets import create_budget
from cloudhub.catalog.find import entry_of
from cloudhub.catalog.lifecycle import standing
from cloudhub.catalog.models import CloudModel
from cloudhub.catalog.register import register_model
from cloudhub.core.errors import HubError
from cloudhub.core.money import format_money
from cloudhub.generations.management.commands.check_provider import StepFailed, find_vendor
from cloudhub.generations.management.commands.generate import make_pictures
from cloudhub.generations.models import Generation, Image
from cloudhub.generations.quote import Quote, quote_model
from cloudhub.secret_files import FROM_FILES
from cloudhub.vault.check import check_key, check_wrong_key
from providers.base import Provider, ProviderError

CAP = "0.05"
PROMPT = "A red apple on a wooden table"
INSIDE = "CLOUDHUB_LIVE_TEST_FOLDER"


class Command(BaseCommand):
    help = "Try a vendor with its real key, for at most five cents; without --spend nothing is spent."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("provider", help="a vendor's id, such as google-gemini")
        parser.add_argument("--spend", action="store_true", help="make one picture, for at most five cents")
        parser.add_argument("--model", default="", help="the vendor's model id, by default its cheapest")
        parser.add_argument("--price", help="dollars a picture, for a model whose price is not known")

    def handle(self, *_: Any, **options: Any) -> None:
        try:
            provider = find_vendor(options["provider"])
            if os.environ.get(INSIDE) != str(settings.DATA_DIR):
                sys.exit(_run_on_a_hub_of_its_own())
            for sentence in steps(provider, options["spend"], options["model"], options["price"]):
                self.stdout.write(f"✓ {sentence}")
        except (ProviderError, StepFailed, HubError) as error:
            self.stdout.write(f"✗ {error}")
            remedy = getattr(error, "remedy", "")
            if remedy:
                self.stdout.write(f"  {remedy}")
            sys.exit(1)
        self.stdout.write("ALL CHECKS PASSED" if options["spend"] else "NOTHING WAS SPENT. Add --spend for a picture.")


def _run_on_a_hub_of_its_own() -> int:
    """The same command again in a process whose data folder and database are thrown away afterwards."""
    with tempfile.TemporaryDirectory(prefix="cloudhub-live-test-") as folder:
        path = str(Path(folder).resolve())
        # What came from files stands in the environment already. Empty, not left out, so that `.env` says it no more.
        files = {f"{name}_FILE": "" for name in (*FROM_FILES, "DATABASE_URL")}
        own = {**os.environ, **files, "CLOUDHUB_DATA_DIR": path, "DATABASE_URL": "", INSIDE: path}
        return subprocess.run([sys.executable, *sys.argv], env=own, check=False).returncode


def steps(provider: Provider, spend: bool, model: str, price: str | None) -> Iterator[str]:
    """A sentence for each step that passed. Raises `ProviderError`, `StepFailed` or `HubError` at the first that did
    not."""
    actor = _prepare_hub()
    yield f"A hub of its own with a hard budget of ${CAP} is ready"
    yield check_key(provider)
    if provider.forms()[0].required:
        yield f"A wrong key is told as such: {check_wrong_key(provider)}"
    quote, fields = _cheapest(actor, provider, model, price)
    amount = format_money(quote.amount or 0, quote.currency)
    yield f"The cheapest call is {quote.model.name} at most {amount}"
    if spend:
        yield from _picture(quote, fields)


def _prepare_hub() -> Actor:
    call_command("migrate", verbosity=0, interactive=False)
    ensure_first_owner()
    actor = actor_of_user(first_owner())
    for currency in ("USD", "XTS"):
        limit = {"name": f"Live test {currency}", "scope": "hub", "window": "total", "limit": CAP, "currency": currency}
        create_budget(actor, limit)
    return actor


def _cheapest(actor: Actor, provider: Provider, model: str, price: str | None) -> tuple[Quote, dict[str, Any]]:
    """The cheapest call that draws a picture from words alone, and its fields."""
    ids = [model] if model else [entry.id for entry in provider.models]
    priced = []
    for number, model_id in enumerate(ids):
        registered = register_model(
            actor=actor, provider=provider.id, cloud_model_id=model_id, key=f"live-{number}", price_per_image=price
        )
        if model or not standing(registered).is_past:
            priced += [(quote, fields) for quote, fields in _quotes(actor, registered) if quote.amount is not None]
    if not priced:
        raise StepFailed(
            f"No model of {provider.label} with a known price draws from words alone.",
            "Name one with --model, and its price with --price where the catalogue has none.",
        )
    return min(priced, key=lambda found: found[0].amount or 0)


def _quotes(actor: Actor, model: CloudModel) -> Iterator[tuple[Quote, dict[str, Any]]]:
    able = entry_of(model).capabilities
    if "text-to-image" not in able.modes:
        return
    for quality, resolution in itertools.product(able.qualities or (None,), able.resolutions or (None,)):
        fields = {"prompt": PROMPT, "quality": quality, "resolution": resolution}
        yield quote_model(actor, model, fields), fields


def _picture(quote: Quote, fields: dict[str, Any]) -> Iterator[str]:
    generation = make_pictures(quote.model.key, fields)
    if generation.state != Generation.State.SUCCEEDED:
        told = generation.error or {"message": f"The generation is {generation.state}.", "remedy": ""}
        raise StepFailed(told["message"], told["remedy"])
    image = Image.objects.get(generation=generation)
    yield f"A picture came: {image.mime_type}, {image.width}×{image.height} pixels"
    cost = format_money(generation.cost_micros, generation.currency)
    if generation.cost_micros > (quote.amount or 0):
        raise StepFailed(f"It was billed {cost}, more than the quote.", "Tell the maintainers: the quote is no bound.")
    yield f"It was settled at {cost}, within the quote"
    wrong = list(differences())
    if wrong:
        raise StepFailed(f"The books do not agree: {wrong[0]}")
    yield "The books agree"
