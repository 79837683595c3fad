"""Small jobs in a process of their own, on the killed hub's database; each prints one JSON line.

prepare   database, catalogue, owner, the Gemini models and a budget; prints a hub key
report    every attempt, generation and picture, and what the audit finds
pace      lets ten calls in two seconds through the lane of the flat-priced Gemini model
"""

import json
import os
import sys

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "cloudhub.settings"
django.setup()

from cloudhub.accounts.actor import PERMISSIONS, actor_of_user  # noqa: E402
from cloudhub.accounts.first_owner import first_owner  # noqa: E402
from cloudhub.accounts.hub_keys import create_hub_key  # noqa: E402
from cloudhub.billing.audit import differences as ledger_differences  # noqa: E402
from cloudhub.billing.budgets import create_budget  # noqa: E402
from cloudhub.catalog.register import register_model  # noqa: E402
from cloudhub.generations.audit import differences as generation_differences  # noqa: E402
from cloudhub.generations.models import Generation, Image  # noqa: E402
from cloudhub.lanes.find import lane_name  # noqa: E402
from cloudhub.web.prepare import prepare  # noqa: E402
from providers.catalogue import find_provider  # noqa: E402
from tests.generations.books import booked_attempts  # noqa: E402
from tests.lanes.stage import limit_to, requests  # noqa: E402


def prepared() -> dict[str, str]:
    prepare()
    owner = actor_of_user(first_owner())
    for model in ("gemini-2.5-flash-image", "gemini-nano-banana-2.1"):
        register_model(provider="google-gemini", cloud_model_id=model)
    create_budget(owner, {"name": "day", "scope": "hub", "window": "day", "limit": "50"})
    _, text = create_hub_key(name="test", user=owner.user, team=owner.team, scopes=PERMISSIONS)
    return {"key": text}


def report() -> dict[str, object]:
    attempts = [vars(attempt) for vendor in ("google-gemini", "practice") for attempt in booked_attempts(vendor)]
    generations = Generation.objects.order_by("id")
    return {
        "differences": [*ledger_differences(), *generation_differences()],
        "attempts": attempts,
        "generations": [
            {"id": str(row.id), "state": row.state, "door": row.door, "error": row.error, "wished": row.num_images}
            for row in generations
        ],
        "pictures": Image.objects.exclude(attempt=None).count(),
    }


def paced() -> dict[str, int]:
    name = lane_name(find_provider("google-gemini"), "gemini-2.5-flash-image")
    return {"lane": limit_to(requests(10, 2), name=name).pk}


print(json.dumps({"prepare": prepared, "report": report, "pace": paced}[sys.argv[1]]()))
