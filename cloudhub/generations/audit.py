"""Compare generations and attempts with the ledger: states, costs and pictures must tell the same story."""

from collections.abc import Iterator

from django.db.models import F, Sum

from cloudhub.billing.models import Hold
from cloudhub.generations import storage
from cloudhub.generations.models import Attempt, Generation, Image

OPEN = [Attempt.State.HELD, Attempt.State.SENT, Attempt.State.UNKNOWN]


def differences() -> Iterator[str]:
    """Sentences for every attempt, generation or picture that disagrees with the ledger or the store."""
    for hold in Hold.objects.filter(attempt=None).iterator():
        yield f"Hold {hold.pk} belongs to no attempt."
    for attempt in Attempt.objects.filter(state__in=OPEN).exclude(hold__state="open").iterator():
        yield f"Attempt {attempt.pk} is {attempt.state} but its hold is closed."
    for attempt in Attempt.objects.exclude(state__in=OPEN).exclude(hold__state="closed").iterator():
        yield f"Attempt {attempt.pk} is {attempt.state} but its hold is open."
    costs = Generation.objects.annotate(posted=Sum("attempts__hold__entries__posted_delta", default=0))
    for costed in costs.exclude(posted=F("cost_micros")).iterator():
        yield f"Generation {costed.id} says cost {costed.cost_micros}, the ledger {costed.posted}."
    live = Generation.objects.filter(attempts__state__in=["held", "sent"])
    for generation in live.exclude(state__in=["queued", "running"]).distinct().iterator():
        yield f"Generation {generation.id} is {generation.state} but an attempt is still under way."
    for image in Image.objects.filter(deleted_at=None).iterator():
        if not storage.object_path(image.sha256).exists():
            yield f"The file of picture {image.id} is missing."
