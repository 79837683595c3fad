"""The Studio and its fragments."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import reswap, retarget, trigger_client_event

from cloudhub.catalog.access import require_use
from cloudhub.catalog.find import entry_of, find_model
from cloudhub.catalog.models import CloudModel
from cloudhub.core.errors import BudgetExceeded, Conflict, HubError, Invalid
from cloudhub.core.identifiers import new_id
from cloudhub.generations.cancel import cancel_generation
from cloudhub.generations.find import find_generation
from cloudhub.generations.images import upload_image
from cloudhub.generations.submit import submit_generation
from cloudhub.web.cards import cards_of, pending_cards
from cloudhub.web.htmx import HubRequest, signed_in, status_of, tell
from cloudhub.web.offer import make_offer, refusal
from cloudhub.web.studio_form import can_size, posted_values, read_form, read_uploads
from cloudhub.web.studio_page import form_context, studio_context

MONEY_MOVED = "hub:money"


@require_GET
@signed_in()
def studio(request: HubRequest) -> HttpResponse:
    """The page; `?recall=<generation>` fills the form with that wish, `&remix=1` without its seed, `&keep=1` with its
    own model though a successor is there. `?picture=<image>` begins with a picture to work on."""
    if not request.actor.may("generate"):
        return redirect("web:gallery")
    given = request.GET
    context = studio_context(
        request.actor, given.get("recall", ""), "remix" in given, "keep" in given, given.get("picture", "")
    )
    return render(request, "studio/studio.html", context)


@require_POST
@signed_in("generate")
def model_fields(request: HubRequest) -> HttpResponse:
    """The fields of another model, with what was already put into those that both have."""
    context = form_context(_model(request), posted_values(request.POST))
    response = render(request, "studio/_model_fields.html", {**context, "is_fragment": True})
    return trigger_client_event(response, MONEY_MOVED, after="settle")


def _model(request: HubRequest) -> CloudModel:
    """The posted model. Raises as `find_model`, and `Forbidden` when it is kept for others."""
    model = find_model(request.POST.get("model"))
    require_use(request.actor, model)
    return model


@require_POST
@signed_in("generate")
def price(request: HubRequest) -> HttpResponse:
    """What the button says for the form as it stands."""
    has_frame = False
    try:
        able = entry_of(_model(request)).capabilities
        has_frame = can_size(able)
        wish = read_form(request.POST, request.FILES, able)
        offer = make_offer(request.actor, request.POST["model"], wish)
    except HubError as error:
        offer = refusal(error)
    return render(request, "studio/_price.html", {"offer": offer, "has_frame": has_frame, "is_fragment": True})


@require_POST
@signed_in("generate")
def add_references(request: HubRequest) -> HttpResponse:
    """Keep dropped, pasted or chosen pictures and show them in the form."""
    uploads = read_uploads(request.FILES.getlist("reference"), "input_images")
    images = [upload_image(request.actor, upload.data) for upload in uploads]
    response = render(request, "studio/_references.html", {"images": images})
    return trigger_client_event(response, MONEY_MOVED, after="settle")


@require_POST
@signed_in("generate")
def add_mask(request: HubRequest) -> HttpResponse:
    """Keep a chosen or painted mask and show it in the form, so that its faults are told before it is sent."""
    uploads = read_uploads(request.FILES.getlist("mask_file")[:1], "mask")
    mask = upload_image(request.actor, uploads[0].data).id if uploads else None
    response = render(request, "studio/_mask.html", {"mask": mask}) if mask else HttpResponse(status=204)
    return trigger_client_event(response, MONEY_MOVED, after="settle")


@require_POST
@signed_in("generate")
def generate(request: HubRequest) -> HttpResponse:
    """Submit the wish and show its card; without htmx, come back to the page, where the card stands first."""
    try:
        able = entry_of(_model(request)).capabilities
        submission = submit_generation(
            actor=request.actor,
            model=request.POST["model"],
            fields=read_form(request.POST, request.FILES, able),
            route="studio",
            idempotency_key=request.POST.get("idempotency_key"),
        )
    except (Invalid, BudgetExceeded, Conflict) as error:
        return _refuse(request, error)
    if not request.htmx:
        return redirect("web:studio")
    generation = find_generation(request.actor, submission.generation.id)
    context = {"cards": cards_of(request.actor, [generation]), "idempotency_key": new_id()}
    return trigger_client_event(render(request, "studio/_submitted.html", context), MONEY_MOVED, after="settle")


def _refuse(request: HubRequest, error: HubError) -> HttpResponse:
    """A refusal stands where the price stood; nothing was held or sent."""
    if not request.htmx:
        return tell(request, error)
    context = {"offer": refusal(error), "is_fragment": True}
    response = render(request, "studio/_price.html", context, status=status_of(error))
    return reswap(retarget(response, "#price"), "innerHTML")


@require_GET
@signed_in()
def updates(request: HubRequest) -> HttpResponse:
    """The cards that changed since the page drew them; nothing when none did."""
    cards = pending_cards(request.actor, request.GET.getlist("pending"))
    if not cards:
        return HttpResponse(status=204)
    response = render(request, "studio/_updates.html", {"cards": cards})
    return trigger_client_event(response, MONEY_MOVED, after="settle")


@require_POST
@signed_in("generate")
def cancel(request: HubRequest, generation_id: UUID) -> HttpResponse:
    """Stop what was not sent yet."""
    generation = cancel_generation(request.actor, generation_id)
    if not request.htmx:
        return redirect("web:studio")
    response = render(request, "studio/_updates.html", {"cards": cards_of(request.actor, [generation])})
    return trigger_client_event(response, MONEY_MOVED, after="settle")
