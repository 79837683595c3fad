"""Small jobs in a process of their own, on the killed hub's database, one after the other.

    python -m tests.processes.inside JOB [JOB …]

Each prints one JSON line at its end:

prepare   database, catalogue, owner, the Gemini models and a budget; prints a hub key
recover   what the next start does with what a dead process left, by the command `run_generations --once`
audit     what the command `audit_ledger` says
report    every attempt, generation and picture, and what the audit finds
pace      lets ten calls in two seconds through the lane of the flat-priced Gemini model
"""

import io
import json
import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cloudhub.settings")
django.setup()

from django.core.management import call_command  # noqa: E402

from cloudhub.accounts.actor import PERMISSIONS, actor_of_user  # noqa: E402
from cloudhub.accounts.first_owner import first_owner  # noqa: E402
from cloudhub.billing.audit import differences as ledger_differences  # noqa: E402
from cloudhub.billing.budgets import create_budget  # noqa: E402
from cloudhub.catalog.register import register_model  # noqa: E402
from cloudhub.generations.audit import differences as generation_differences  # noqa: E402
from cloudhub.generations.models import Generation, Image  # noqa: E402
from cloudhub.lanes.find import lane_name  # noqa: E402
from cloudhub.web.prepare import prepare  # noqa: E402
from providers.catalogue import find_provider  # noqa: E402
from tests.generations.books import booked_attempts  # noqa: E402
from tests.hub_keys import create_hub_key  # noqa: E402
from tests.lanes.stage import limit_to, requests  # noqa: E402


def prepared() -> dict[str, str]:
    prepare()
    owner = actor_of_user(first_owner())
    for model in ("gemini-2.5-flash-image", "gemini-nano-banana-2.1"):
        register_model(provider="google-gemini", cloud_model_id=model)
    create_budget(owner, {"name": "day", "scope": "hub", "window": "day", "limit": "50"})
    _, text = create_hub_key(name="test", user=owner.user, team=owner.team, scopes=PERMISSIONS)
    return {"key": text}


def recovered() -> dict[str, str]:
    return said("run_generations", once=True)


def audited() -> dict[str, str]:
    return said("audit_ledger")


def said(command: str, **options: object) -> dict[str, str]:
    """What a command prints; its failure is the process's."""
    words = io.StringIO()
    call_command(command, stdout=words, **options)
    return {"said": words.getvalue()}


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


JOBS = {"prepare": prepared, "recover": recovered, "audit": audited, "report": report, "pace": paced}
for job in sys.argv[1:]:
    print(json.dumps(JOBS[job]()))
