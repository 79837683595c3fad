"""Answer a repeated wish from what the team has already paid for, only when asked to."""

from django.db.models import Count, F, Q
from django.utils import timezone

from cloudhub.core.database import run_transaction
from cloudhub.core.errors import Conflict
from cloudhub.core.identifiers import new_id
from cloudhub.generations.models import Generation, Image


def find_cached(generation: Generation) -> Generation | None:
    """A finished generation of the same team with the same vendor wish and all its pictures; never another team's."""
    same = Generation.objects.filter(
        team=generation.team, model=generation.model, prompt=generation.prompt, state=Generation.State.SUCCEEDED,
        cache_source=None,
    )  # fmt: skip
    whole = same.annotate(left=Count("images", filter=Q(images__deleted_at=None))).filter(left__gte=F("num_images"))
    return next((other for other in whole.order_by("-id")[:50] if other.sent == generation.sent), None)


def copy_cached(generation: Generation, source: Generation) -> None:
    """Finish and insert a generation at cost 0 that names the one that paid."""
    generation.state = Generation.State.SUCCEEDED
    generation.cache_source = source
    generation.finished_at = timezone.now()
    generation.worker = None

    def insert() -> None:
        # Locked, so that their files cannot be removed before the copies name them too.
        living = Image.objects.filter(generation=source, deleted_at=None).select_for_update(of=("self",))
        images = list(living.order_by("attempt__slot", "index"))
        if len(images) < generation.num_images:
            raise Conflict("The pictures to reuse were deleted meanwhile; nothing was held or sent. Ask again.")
        generation.save(force_insert=True)
        for image in images:
            image.id, image.generation, image.attempt, image._state.adding = new_id(), generation, None, True
            image.created_at = timezone.now()
            image.save(force_insert=True)

    run_transaction(insert)
