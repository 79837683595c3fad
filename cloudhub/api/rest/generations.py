"""Generations: submit, list, read, cancel; and the owner's decision on an unknown outcome."""

from django.db.models import Q, QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from cloudhub.api import shapes
from cloudhub.api.door import Door, actor_of, address_of, read_body, read_query
from cloudhub.api.headers import CACHE, IDEMPOTENCY, add_headers
from cloudhub.api.paging import PAGE_FIELDS, answer_page, read_number
from cloudhub.api.rest.present import present_attempt, present_generation, present_generations
from cloudhub.api.schema import (
    CACHE_HEADER,
    PAGING,
    RANGE,
    WISH_EXAMPLE,
    describe,
    generation_headers,
    header,
    in_path,
    query,
)
from cloudhub.api.schema import (
    IDEMPOTENCY as IDEMPOTENCY_HEADER,
)
from cloudhub.billing.reports import read_range
from cloudhub.core.errors import Invalid
from cloudhub.generations.cancel import cancel_generation
from cloudhub.generations.decide import decide_attempt
from cloudhub.generations.find import find_generation, generations_for
from cloudhub.generations.models import Generation
from cloudhub.generations.run import LONGEST_WAIT, submit_and_wait
from cloudhub.generations.submit import Submission, submit_generation

ROUTE = "rest:generations"
TAG = "Generations"
LOOK_AGAIN_SECONDS = 2
BEGINNING = "1970-01-01"
ID = in_path("generation_id", "The generation's id.")


class Generations(Door):
    @describe("list_generations", TAG, answers={200: shapes.page_of(shapes.GenerationRecord)},
              parameters=[
                  query("state", "One state.", enum=Generation.State.values),
                  query("model", "A model's key, id, or vendor's id."), *RANGE,
                  query("tag", "One tag, whole."), *PAGING,
              ], errors=(400,))  # fmt: skip
    def get(self, request: Request) -> Response:
        """List your team's generations, the newest first."""
        wished = read_query(request, "state", "model", "since", "until", "tag", *PAGE_FIELDS)
        rows = _filtered(generations_for(actor_of(request)), wished)
        return Response(
            answer_page(request, wished, rows, lambda found: present_generations(request, found), newest_first=True)
        )

    @describe("submit_generation", TAG, request=shapes.Wish, example=WISH_EXAMPLE,
              answers={
                  200: (shapes.GenerationRecord, "Finished, well or badly: see `state` and `error`."),
                  202: (shapes.GenerationRecord, "Under way; ask again at `Location`."),
              },
              parameters=[
                  query("wait", f"Seconds to wait for the end, 0 to {LONGEST_WAIT}; without it 202 at once.", int),
                  IDEMPOTENCY_HEADER, CACHE_HEADER, *generation_headers(200, unfinished=(202,)),
                  header("Idempotent-Replayed", "`true` when the generation had been submitted before.", 200, 202),
                  header("Location", "The generation's address.", 202),
                  header("Retry-After", "Seconds after which to ask again.", 202, 503, kind=int),
              ], errors=(400, 402, 404, 409, 413, 422, 503))  # fmt: skip
    def post(self, request: Request) -> Response:
        """Ask for pictures: priced, held and written down, then carried out.

        When the waiting ends, the work goes on. A generation that ended badly is answered with 200, its `state` and
        its `error`, which says whether it was billed.
        """
        seconds = _read_wait(read_query(request, "wait"))
        fields = read_body(request)
        model, tags = fields.pop("model", None), fields.pop("tags", None)
        cache = fields.pop("cache", None)
        wish = {
            "actor": actor_of(request), "model": model, "fields": fields, "route": ROUTE,
            "tags": () if tags is None else tags,
            "cache": cache if cache is not None else request.headers.get(CACHE, "off"),
            "idempotency_key": request.headers.get(IDEMPOTENCY),
        }  # fmt: skip
        submission = submit_and_wait(seconds=seconds, **wish) if seconds else submit_generation(**wish)
        return _answer(request, submission)


class OneGeneration(Door):
    @describe("get_generation", TAG, answers={200: shapes.GenerationRecord},
              parameters=[ID, *generation_headers(200)], errors=(404,))  # fmt: skip
    def get(self, request: Request, generation_id: str) -> Response:
        """One generation as it stands now."""
        read_query(request)
        return _answer_one(request, find_generation(actor_of(request), generation_id))


class CancelGeneration(Door):
    @describe("cancel_generation", TAG, request=None, answers={200: shapes.GenerationRecord},
              parameters=[ID, *generation_headers(200)], errors=(404, 409))  # fmt: skip
    def post(self, request: Request, generation_id: str) -> Response:
        """Stop what was not sent yet; what was sent is settled as billed, and its pictures are kept."""
        read_query(request)
        read_body(request, ())
        return _answer_one(request, cancel_generation(actor_of(request), generation_id))


class AttemptDecision(Door):
    @describe("decide_attempt", TAG, request=shapes.Decision, answers={200: shapes.AttemptAnswer},
              parameters=[in_path("attempt_id", "The attempt's id.")], errors=(400, 404, 409))  # fmt: skip
    def post(self, request: Request, attempt_id: str) -> Response:
        """Settle, release or write off an attempt whose outcome is unknown; for owners.

        Giving the money back is possible once the vendor's longest time-out and ten minutes have passed.
        """
        read_query(request)
        body = read_body(request, ("action", "amount", "reason"), needed=("action", "reason"))
        return Response(present_attempt(decide_attempt(actor_of(request), attempt_id, **body)))


def _answer(request: Request, submission: Submission) -> Response:
    generation = submission.generation
    response = Response(present_generation(request, generation), status=200 if generation.is_finished else 202)
    if not generation.is_finished:
        response["Location"] = address_of(request, "generation", generation_id=str(generation.id))
        response["Retry-After"] = str(LOOK_AGAIN_SECONDS)
    add_headers(response, generation, replayed=submission.replayed)
    return response


def _answer_one(request: Request, generation: Generation) -> Response:
    response = Response(present_generation(request, generation))
    add_headers(response, generation)
    return response


def _read_wait(wished: dict[str, str]) -> int:
    text = wished.get("wait", "0")
    seconds = read_number(text)
    if seconds is None or seconds > LONGEST_WAIT:
        raise Invalid.of({"wait": f"Must be a whole number of seconds from 0 to {LONGEST_WAIT}."})
    return seconds


def _filtered(rows: QuerySet[Generation], wished: dict[str, str]) -> QuerySet[Generation]:
    """The rows that every given filter leaves. Raises `Invalid` naming the field."""
    state, tag, model = wished.get("state"), wished.get("tag"), wished.get("model")
    if state is not None and state not in Generation.State.values:
        raise Invalid.of({"state": f"Choose one of {', '.join(Generation.State.values)}."})
    if tag is not None and (not tag or "|" in tag):
        raise Invalid.of({"tag": "A tag is text without a vertical bar."})
    if state is not None:
        rows = rows.filter(state=state)
    if tag is not None:
        rows = rows.filter(tags__contains=f"|{tag}|")
    if model is not None:
        number = read_number(model)
        same = Q(model__key=model) | Q(model__cloud_model_id=model)
        rows = rows.filter(same | Q(model_id=number) if number is not None else same)
    if "since" in wished or "until" in wished:
        start, end = read_range(wished.get("since") or BEGINNING, wished.get("until"))
        rows = rows.filter(created_at__gte=start, created_at__lt=end)
    return rows
