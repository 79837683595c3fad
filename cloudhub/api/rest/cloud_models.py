"""Registered models: read, register, change."""

from rest_framework.request import Request
from rest_framework.response import Response

from cloudhub.accounts.actor import Actor
from cloudhub.api import shapes
from cloudhub.api.door import Door, actor_of, address_of, read_body, read_query
from cloudhub.api.paging import PAGE_FIELDS, answer_page, read_number
from cloudhub.api.rest.present import present_model
from cloudhub.api.schema import PAGING, describe, header, in_path
from cloudhub.catalog.access import usable_models
from cloudhub.catalog.models import CloudModel
from cloudhub.catalog.register import change_model, register_model
from cloudhub.core.errors import NotFound

WISH_FIELDS = (
    "provider", "cloud_model_id", "name", "key", "description", "enabled", "defaults", "price_per_image", "address",
    "capabilities",
)  # fmt: skip
TAG = "Models"
REFERENCE = in_path("reference", "The model's key or its id.")


class CloudModels(Door):
    @describe("list_cloud_models", TAG, answers={200: shapes.page_of(shapes.CloudModelRecord)}, parameters=PAGING,
              errors=(400,))  # fmt: skip
    def get(self, request: Request) -> Response:
        """List the registered models that the key may use, also those that are switched off."""
        actor_of(request).require("read")
        query = read_query(request, *PAGE_FIELDS)
        return Response(
            answer_page(
                request, query, usable_models(actor_of(request), CloudModel.objects.all()),
                lambda rows: [present_model(row) for row in rows], newest_first=False,
            )
        )  # fmt: skip

    @describe("register_cloud_model", TAG, request=shapes.CloudModelWish, answers={201: shapes.CloudModelRecord},
              parameters=[header("Location", "The model's address.", 201)], errors=(400, 409, 413))  # fmt: skip
    def post(self, request: Request) -> Response:
        """Register a model of a vendor's catalogue, or any other where the vendor takes any.

        A model outside a catalogue is described by the vendor itself, a free read; `capabilities` say what it does not
        tell, `address` is the base address of a self-hosted server, and without `price_per_image` its price is unknown.
        A key that is taken is answered with 409 `already_registered`. A model past its date registers with a warning.
        """
        actor_of(request).require("manage")
        read_query(request)
        body = read_body(request, WISH_FIELDS, needed=("provider", "cloud_model_id"))
        given = {name: value for name, value in body.items() if value is not None}
        model = register_model(actor=actor_of(request), **given)
        address = address_of(request, "cloud-model", reference=model.key)
        return Response(present_model(model), status=201, headers={"Location": address})


class OneCloudModel(Door):
    @describe("get_cloud_model", TAG, answers={200: shapes.CloudModelRecord}, parameters=[REFERENCE], errors=(404,))
    def get(self, request: Request, reference: str) -> Response:
        """One registered model, by key or id."""
        actor_of(request).require("read")
        read_query(request)
        return Response(present_model(_find(actor_of(request), reference)))

    @describe("change_cloud_model", TAG, request=shapes.CloudModelChange, answers={200: shapes.CloudModelRecord},
              parameters=[REFERENCE], errors=(400, 404))  # fmt: skip
    def patch(self, request: Request, reference: str) -> Response:
        """Change name, description, defaults or price, switch a model on or off."""
        actor_of(request).require("manage")
        read_query(request)
        actor = actor_of(request)
        changed = change_model(_find(actor, reference), read_body(request), actor=actor)
        return Response(present_model(changed))


def _find(actor: Actor, reference: str) -> CloudModel:
    """Any that the actor may use, also one that is switched off: what is off must be found to be switched on."""
    usable = usable_models(actor, CloudModel.objects.all())
    model = usable.filter(key=reference).first()
    if model is None and (number := read_number(reference)) is not None:
        model = usable.filter(id=number).first()
    if model is None:
        raise NotFound(f"There is no model {reference[:100]}.", code="model_not_found")
    return model
