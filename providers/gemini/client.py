"""The vendor google-gemini: which call is made and what it costs. What is in a body is `wire`'s business.

The Gemini API's key wins where both it and a Google Cloud project are set; GOOGLE_GENAI_USE_VERTEXAI=true puts
Vertex AI first. Prices are those of the Gemini API and of Vertex AI's global region. One public project reckons with a
tenth more in single regions, which no page of Google's that we could read confirms: with GOOGLE_CLOUD_REGION=global,
the default, the quote holds. In any other region a call may be booked a tenth too low. It is not added on a guess: a
quote is made before it is known which of a team's keys, and so which region, will be used, and a bill above what was
held stops a price. Who finds the tenth on Google's bill sets the model's price by hand.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path

from providers.base import (
    CloudGenerationRequest,
    CloudGenerationResponse,
    InvalidField,
    Key,
    ModelEntry,
    Quantities,
)
from providers.catalogue import read_catalog, read_privacy_note
from providers.gemini import usage, wire
from providers.google.provider import GoogleProvider
from providers.google.services import gemini_api, vertex_ai
from providers.reading import mapping

CATALOG = Path(__file__).with_name("catalog.toml")
# Nine calls of ten end within 252 s even at 4K with reference pictures, by the slowest measurement known.
READ_SECONDS = 300


class Gemini(GoogleProvider):
    """Google's Gemini image models by `generateContent`, one picture a call. `transport` is for tests."""

    id = "google-gemini"
    label = "Google Gemini"
    error_prefix = "Gemini API"
    check_model = "gemini-3-pro-image"
    gemini_api = gemini_api(error_prefix)
    vertex_ai = vertex_ai(error_prefix)
    longest_wait_seconds = READ_SECONDS
    # Google's pages say nothing of charges for withheld pictures: what `usageMetadata` counts is what is booked.
    billed_on_filter = "unknown"
    # A client that leaves does not end the work, and resellers report that it is charged (docs.laozhang.ai, 2026).
    billed_on_cancel = "yes"
    billed_on_timeout = "unknown"
    models = read_catalog(CATALOG)
    privacy = read_privacy_note(CATALOG)
    retired: Mapping[str, str] = tomllib.loads(CATALOG.read_text("utf-8"))["retired"]

    def only_on_vertex(self, request: CloudGenerationRequest) -> list[str]:
        return [f"options.{name}" for name in wire.VERTEX_OPTIONS if name in request.options]

    def start(self, request: CloudGenerationRequest, key: Key) -> CloudGenerationResponse:
        """Draw one picture. Raises `Rejected`, `Busy` or `OutcomeUnknown`."""
        entry = self.model(request.model)
        if entry is None:
            raise self.unknown_model(request.model)
        document, redact = self.post(request, key, entry, "generateContent", wire.to_body(request, entry))
        return wire.from_answer(document, request, entry, redact)

    def normalise(self, request: CloudGenerationRequest, model: ModelEntry) -> tuple[CloudGenerationRequest, list[str]]:
        """As the contract says, and the reference pictures of one call stay within `most_input_bytes`."""
        fitted, notes = super().normalise(request, model)
        size = sum(len(image.data) for image in request.input_images)
        most = model.capabilities.facts["most_input_bytes"]
        if size > most:
            sentence = f"The reference pictures have {size:,} bytes together; at most {most:,} can be sent."
            raise InvalidField({"input_images": sentence})
        return fitted, notes

    def quantities(self, request: CloudGenerationRequest, model: ModelEntry) -> Quantities:
        return usage.most_units(request, model)

    def billed(self, response: CloudGenerationResponse, model: ModelEntry) -> Quantities:
        most = mapping(response.metadata.get("most_units"))
        pictures = int(response.metadata.get("pictures_in_answer", 1)) if usage.is_flat(model) else 1
        return usage.billed_units(response.usage, model, pictures=pictures, most=most)
