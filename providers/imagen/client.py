"""The vendor google-imagen: which call is made and what it costs. What is in a body is `wire`'s business.

Vertex AI wins as soon as GOOGLE_CLOUD_PROJECT is set, also beside an API key, because Imagen can do more there;
GOOGLE_GENAI_USE_VERTEXAI=false gives the key the way. Google has retired these models on both public services: see
`catalog.toml`.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path

from providers.base import CloudGenerationRequest, CloudGenerationResponse, Key, ModelEntry, Quantities
from providers.catalogue import read_catalog, read_privacy_note
from providers.google.provider import GoogleProvider
from providers.google.reading import count
from providers.google.services import ENABLE_BILLING, OVERLOAD_WORDS, Case, gemini_api, vertex_ai
from providers.imagen import wire

CATALOG = Path(__file__).with_name("catalog.toml")
READ_SECONDS = 300
# Answers of https://cloud.google.com/vertex-ai/generative-ai/docs/image/responsible-ai-imagen, and a real one.
CASES = (
    Case(
        400, "Responsible AI|sensitive words|could not be submitted|violate our policies|Prohibited Use",
        "refused_prompt", "The prompt is refused", wire.CHANGE_PROMPT,
    ),
    Case(400, "only accessible to billed users", "billing_disabled", "Billing is not enabled", ENABLE_BILLING),
)  # fmt: skip


class Imagen(GoogleProvider):
    """Google's Imagen 4 models by `predict`, one to four pictures a call. `transport` is for tests."""

    id = "google-imagen"
    label = "Google Imagen"
    error_prefix = wire.PREFIX
    project_decides = True
    check_model = "imagen-4.0-generate-001"
    # A 503 of Imagen's has come from the middle of the work too ("Fail to execute model"): only an overload is sure.
    gemini_api = gemini_api(error_prefix, cases=CASES, overload=OVERLOAD_WORDS)
    vertex_ai = vertex_ai(error_prefix, cases=CASES)
    longest_wait_seconds = READ_SECONDS
    # "You will not be charged for blocked images", says the answer itself.
    billed_on_filter = "no"
    billed_on_cancel = "yes"
    billed_on_timeout = "unknown"
    models = read_catalog(CATALOG)
    privacy = read_privacy_note(CATALOG)
    retired: Mapping[str, str] = tomllib.loads(CATALOG.read_text("utf-8"))["retired"]

    def only_on_vertex(self, request: CloudGenerationRequest) -> list[str]:
        return wire.only_on_vertex(request)

    def start(self, request: CloudGenerationRequest, key: Key) -> CloudGenerationResponse:
        """Draw one to four pictures. Raises `Rejected`, `Busy` or `OutcomeUnknown`."""
        entry = self.model(request.model)
        if entry is None:
            raise self.unknown_model(request.model)
        document, redact = self.post(request, key, entry, "predict", wire.to_body(request, entry))
        return wire.from_answer(document, request, redact)

    def normalise(self, request: CloudGenerationRequest, model: ModelEntry) -> tuple[CloudGenerationRequest, list[str]]:
        """As the contract says, with the rules of seeds and of JPEG quality."""
        seeded, seed_notes = wire.settle_seed(request, model)
        fitted, notes = super().normalise(seeded, model)
        wire.check_quality(fitted)
        return fitted, [*notes, *seed_notes]

    def quantities(self, request: CloudGenerationRequest, model: ModelEntry) -> Quantities:
        return {"image": request.num_images}

    def billed(self, response: CloudGenerationResponse, model: ModelEntry) -> Quantities:
        return {"image": count(response.usage.get("images")) or len(response.images)}
