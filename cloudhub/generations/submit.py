"""Submit a wish: validated, priced, held and written down in one transaction; or refused with nothing changed."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError
from django.utils import timezone

from cloudhub.accounts.actor import Actor
from cloudhub.billing.holds import admit, place_holds
from cloudhub.billing.models import Hold
from cloudhub.core.errors import Conflict, IdempotencyMismatch, Invalid
from cloudhub.core.identifiers import new_id
from cloudhub.core.text import is_storable
from cloudhub.generations import wake
from cloudhub.generations.cache import copy_cached, find_cached, named_as_in
from cloudhub.generations.crash_points import reach
from cloudhub.generations.images import keep_pictures
from cloudhub.generations.models import Attempt, Generation, Image
from cloudhub.generations.previews import with_previews
from cloudhub.generations.quote import Quote, dimensions_of, quote_wish
from cloudhub.generations.wish import read_tags, wish_as_json
from providers.base import CloudGenerationRequest, InputImage

JOIN_WITHIN = timedelta(minutes=15)
LONGEST_KEY = 255
CACHE_CHOICES = ("off", "use")


@dataclass(frozen=True)
class Submission:
    """`replayed` is true when the generation had been submitted before and this changed nothing."""

    generation: Generation
    replayed: bool = False


def submit_generation(
    *,
    actor: Actor,
    model: object,
    fields: Mapping[str, Any],
    route: str,
    worker_id: UUID | None = None,
    idempotency_key: str | None = None,
    tags: object = (),
    cache: object = "off",
    join: bool = False,
    previews: int = 0,
) -> Submission:
    """Price a wish, hold the money and write it down; nothing is sent here.

    `fields` are named as in `WISH_FIELDS`. With `worker_id` the generation belongs to that process from the start
    (doors that answer with the picture), else it is queued. `join` lets an automatic repeat find the call it repeats.
    `previews` asks for unfinished pictures where the model shows any.
    Raises `Forbidden`, `Invalid`, `NotFound`, `BudgetExceeded`, `IdempotencyMismatch`, `Conflict` or `Unavailable`;
    after each of them nothing has changed.
    """
    actor.require("generate")
    scope = idempotency_scope(actor, route)
    body = {"model": model, "fields": fields, "tags": tags, "cache": cache}
    body_hash = hash_body({**body, "previews": previews} if previews else body)
    earlier = find_replay(scope, body_hash, idempotency_key, join)
    if earlier is not None:
        return Submission(earlier, replayed=True)
    from_cache = _may_reuse(cache)
    quote = _priced(actor, model, fields, previews)
    generation = _new_generation(actor, quote, scope, body_hash, idempotency_key, read_tags(tags), worker_id)
    try:
        _insert(generation, actor, quote, from_cache=from_cache)
    except IntegrityError:
        # Two requests with one key at once: the other one's transaction won, ours is gone with its hold.
        earlier = find_replay(scope, body_hash, idempotency_key, join)
        if earlier is None:
            raise
        return Submission(earlier, replayed=True)
    return Submission(generation)


def idempotency_scope(actor: Actor, route: str) -> str:
    """Keys belong to the hub key (APIs) or the person (pages), and to the route."""
    owner = f"key:{actor.hub_key.pk}" if actor.hub_key else f"user:{actor.user.pk}"
    return f"{owner}:{actor.team.pk}:{route}"


def hash_body(body: Mapping[str, Any]) -> str:
    """SHA-256 of a body in canonical form; pictures count by their own hash."""
    # The standard library's writer takes every text and number that a body can hold; the wish is checked afterwards.
    return hashlib.sha256(json.dumps(body, default=_hashable, sort_keys=True).encode()).hexdigest()


def _hashable(value: Any) -> Any:
    if isinstance(value, InputImage):
        return hashlib.sha256(value.data).hexdigest()
    if isinstance(value, Mapping):
        return dict(value)
    return str(value)


def find_replay(scope: str, body_hash: str, key: str | None, join: bool = False) -> Generation | None:
    """The generation that an idempotency key, or an automatic repeat with `join`, means.

    Raises `Invalid` for an unusable key and `IdempotencyMismatch` when the key came with another body.
    """
    if key is not None:
        if not 0 < len(key) <= LONGEST_KEY or not is_storable(key):
            raise Invalid.of({"Idempotency-Key": f"The key has 1 to {LONGEST_KEY} characters."})
        earlier = Generation.objects.filter(idempotency_scope=scope, idempotency_key=key).first()
        if earlier is not None and earlier.request_hash != body_hash:
            raise IdempotencyMismatch("This idempotency key was used with another body. Use a new key for a new wish.")
        return earlier
    if not join:
        return None
    since = timezone.now() - JOIN_WITHIN
    same = Generation.objects.filter(idempotency_scope=scope, request_hash=body_hash, created_at__gte=since)
    newest = same.order_by("-created_at").first()
    return None if newest is None or _asks_to_be_repeated(newest) else newest


def _asks_to_be_repeated(generation: Generation) -> bool:
    """Whether the caller was told that nothing ran and that it may simply ask again."""
    error = generation.error or {}
    return generation.state == Generation.State.FAILED and error.get("billed") == "no" and error.get("retry") != "no"


def _may_reuse(cache: object) -> bool:
    if cache not in CACHE_CHOICES:
        raise Invalid.of({"cache": f"Choose one of {', '.join(CACHE_CHOICES)}."})
    return cache == "use"


def _priced(actor: Actor, model: object, fields: Mapping[str, Any], previews: int) -> Quote:
    fields, notes = with_previews(model, fields, previews)
    quote = quote_wish(actor, model, fields)
    _refuse_blocked_price(quote)
    return replace(quote, notes=[*quote.notes, *notes])


def _refuse_blocked_price(quote: Quote) -> None:
    if quote.price is not None and quote.price.blocked_at is not None:
        raise Conflict(
            f"New calls at this price are stopped: {quote.price.blocked_reason} "
            "An owner can acknowledge it on the admin site.",
            code="price_blocked",
        )


def _new_generation(
    actor: Actor, quote: Quote, scope: str, body_hash: str, key: str | None, tags: str, worker_id: UUID | None
) -> Generation:
    now = timezone.now()
    return Generation(
        id=new_id(),
        team=actor.team,
        user=actor.user,
        hub_key=actor.hub_key,
        model=quote.model,
        door=Generation.Door.INLINE if worker_id else Generation.Door.QUEUED,
        notes=quote.notes,
        request=wish_as_json(quote.asked),
        sent=wish_as_json(quote.request),
        prompt=quote.asked.prompt,
        num_images=quote.asked.num_images,
        tags=tags,
        estimate_micros=quote.amount,
        currency=quote.currency,
        request_hash=body_hash,
        idempotency_scope=scope,
        idempotency_key=key,
        created_at=now,
        deadline_at=now + timedelta(seconds=settings.GENERATION_SECONDS),
        state=Generation.State.RUNNING if worker_id else Generation.State.QUEUED,
        worker_id=worker_id,
        claims=1 if worker_id else 0,
    )


def _insert(generation: Generation, actor: Actor, quote: Quote, *, from_cache: bool) -> None:
    source = find_cached(generation, quote.request) if from_cache else None
    if source is not None:
        _name_pictures(generation, named_as_in(source, quote.request))
        copy_cached(generation, source)
        return
    _write_down(generation, actor, quote)
    if generation.state == Generation.State.QUEUED:
        wake.new_work.set()


def _write_down(generation: Generation, actor: Actor, quote: Quote) -> None:
    """The one transaction: generation, holds, attempts, ledger lines and counters, or nothing of it."""
    kept, pictures = keep_pictures(actor, quote.request)
    _name_pictures(generation, kept)
    dimensions = dimensions_of(actor, quote, generation.tags)

    def work() -> None:
        holds = [_new_hold(actor, quote, generation.tags, slot) for slot in range(len(quote.calls))]
        Image.objects.bulk_create(pictures)
        generation.save(force_insert=True)
        place_holds(holds)
        Attempt.objects.bulk_create(
            Attempt(hold=hold, generation=generation, slot=slot, num_images=quote.calls[slot].request.num_images)
            for slot, hold in enumerate(holds)
        )

    admit(work, dimensions)
    reach("after_held")


def _name_pictures(generation: Generation, kept: CloudGenerationRequest) -> None:
    """Write the ids of the wish's pictures into both stored forms of it."""
    generation.sent = wish_as_json(kept)
    generation.request["input_images"] = generation.sent.get("input_images", [])
    if kept.mask:
        generation.request["mask"] = kept.mask.image_id
    generation.request = {name: value for name, value in generation.request.items() if value != []}


def _new_hold(actor: Actor, quote: Quote, tags: str, slot: int) -> Hold:
    call = quote.calls[slot]
    hold = dimensions_of(actor, quote, tags)
    hold.amount_micros = call.cost.amount if call.cost else 0
    hold.quote = call.frozen
    return hold
