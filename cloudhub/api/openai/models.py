"""GET /v1/models in OpenAI's form: what this hub's key can name."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from cloudhub.api.door import actor_of
from cloudhub.api.openai import shapes
from cloudhub.api.openai.errors import OpenAIDoor
from cloudhub.api.schema import describe, in_path
from cloudhub.catalog.access import require_use
from cloudhub.catalog.find import find_model, models_for_picking
from cloudhub.catalog.models import CloudModel

TAG = "OpenAI-compatible"


class Models(OpenAIDoor):
    @describe("openai_list_models", TAG, answers={200: shapes.OpenAIModels}, envelope=shapes.OpenAIErrorAnswer)
    def get(self, request: Request) -> Response:
        """List the models that are switched on and that the key may use; those past their date stand last."""
        actor_of(request).require("read")
        return Response(
            {"object": "list", "data": [_present(model) for model in models_for_picking(actor_of(request))]}
        )


class OneModel(OpenAIDoor):
    @describe("openai_get_model", TAG, answers={200: shapes.OpenAIModel}, errors=(400, 404),
              parameters=[in_path("model", "A model's key, its id, or the vendor's id where one registration has it.")],
              envelope=shapes.OpenAIErrorAnswer)  # fmt: skip
    def get(self, request: Request, model: str) -> Response:
        """One model."""
        actor_of(request).require("read")
        found = find_model(model)
        require_use(actor_of(request), found)
        return Response(_present(found))


def _present(model: CloudModel) -> dict[str, Any]:
    return {
        "id": model.key,
        "object": "model",
        "created": int(model.registered_at.timestamp()),
        "owned_by": model.provider,
        "shutdown_date": model.shut_down_on.isoformat() if model.shut_down_on else None,
    }
