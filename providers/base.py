"""The provider contract: what a vendor's Django app promises, and every name that a vendor or the hub needs from it."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar, Literal

from providers.credentials import Key, KeyForm
from providers.errors import FAILURES, Billed, Busy, Failure, OutcomeUnknown, ProviderError, Rejected, Retry
from providers.models import (
    Capabilities,
    FreeSize,
    InputLimits,
    Lifecycle,
    Limit,
    ModelEntry,
    Option,
    PriceLine,
    PriceList,
    ReportedCost,
)
from providers.normalise import expected_size, normalise
from providers.privacy import PrivacyNote, note_at, sending_addresses
from providers.request import (
    LARGEST_SIDE,
    SMALLEST_SIDE,
    CloudGenerationRequest,
    CloudGenerationResponse,
    InputImage,
    InvalidField,
    Pending,
    Picture,
)

__all__ = [
    "FAILURES", "LARGEST_SIDE", "SMALLEST_SIDE", "Billed", "Busy", "Capabilities", "CloudGenerationRequest",
    "CloudGenerationResponse", "Failure", "FreeSize", "InputImage", "InputLimits", "InvalidField", "Key", "KeyForm",
    "Lifecycle", "Limit", "ModelEntry", "Option", "OutcomeUnknown", "Pending", "Picture", "PriceLine", "PriceList",
    "PrivacyNote", "Provider", "ProviderError", "Quantities", "Rejected", "ReportedCost", "Retry", "expected_size",
]  # fmt: skip

Quantities = Mapping[str, int]
WhenBilled = Literal["yes", "no", "unknown"]


class Provider(ABC):
    """One vendor. Class attributes are data; the contract test checks their form, and what it can see of their truth.

    `id` is small letters, digits and hyphens; `error_prefix` begins its errors ("Gemini API"), `key_help` says how to
    get a key.
    `key_variables` are the environment variables of its credentials, empty when it needs none; a vendor that takes
    several kinds of credentials, or optional ones, gives `key_forms` instead, the preferred first.
    `address_variables` point it at another address, such as an emulator or a gateway. `limits` are the vendor's
    published limits for one key; a model's own stand in its `ModelEntry`. With `open_catalogue` models that
    `catalog.toml` does not list can be registered by their id, and `takes_address` says that such a registration
    may carry a base address of its own. `is_paced` is false for a vendor without limits or failures of its own,
    `is_practice` true for one whose pictures are for trying the hub only.
    `longest_wait_seconds` is the vendor's longest time-out: ten minutes after it a person may release an unknown
    outcome. `billed_on_*` say whether the vendor charges when its filter withholds the picture, when the call is
    cancelled, and when we stop waiting; `reports_cost`, whether its answers name their cost; `result_seconds`, how long
    it keeps a job's result once it is ready, in seconds, None where no page says: so long an unknown outcome is asked
    about. These five stand on the Status page and in `GET /api/v1/providers`; what is booked is what `billed` and an
    error's `billed` say. `status_by_id`: a job can be asked for by its id; `can_cancel`: and be stopped, which the hub
    then passes on. `privacy` is what the vendor says it does with prompts and pictures. `retired` names the ids that
    are gone, each with its successor, or with a table of "successor" and, where they are known, "retired_on" and
    "source".
    """

    id: ClassVar[str]
    label: ClassVar[str]
    error_prefix: ClassVar[str]
    key_variables: ClassVar[tuple[str, ...]] = ()
    key_forms: ClassVar[tuple[KeyForm, ...]] = ()
    key_help: ClassVar[str] = ""
    address_variables: ClassVar[tuple[str, ...]] = ()
    longest_wait_seconds: ClassVar[int] = 600
    status_by_id: ClassVar[bool] = False
    can_cancel: ClassVar[bool] = False
    reports_cost: ClassVar[bool] = False
    billed_on_filter: ClassVar[WhenBilled] = "unknown"
    billed_on_cancel: ClassVar[WhenBilled] = "unknown"
    billed_on_timeout: ClassVar[WhenBilled] = "unknown"
    result_seconds: ClassVar[int | None] = None
    limits: ClassVar[tuple[Limit, ...]] = ()
    open_catalogue: ClassVar[bool] = False
    takes_address: ClassVar[bool] = False
    is_paced: ClassVar[bool] = True
    is_practice: ClassVar[bool] = False
    retired: Mapping[str, Any] = MappingProxyType({})
    privacy: PrivacyNote = PrivacyNote(goes_to="the vendor")
    models: tuple[ModelEntry, ...]

    def prepare(self, request: CloudGenerationRequest, key: Key) -> CloudGenerationRequest:
        """Free work before `start`, such as fetching a token or uploading reference pictures; nothing is billed.

        What it brings goes into `request.prepared`, which is never stored. Raises `Rejected` or `Busy`. When a kept
        answer is read again, `start` is called without it and must not need it.
        """
        return request

    @abstractmethod
    def start(self, request: CloudGenerationRequest, key: Key) -> Pending | CloudGenerationResponse:
        """Send the wish, once. May cost money. Raises `Rejected`, `Busy` or `OutcomeUnknown`.

        `request.model` is the vendor's id and `request.entry` the registration's own description of the model.
        """

    def check(self, remote_id: str, key: Key) -> Pending | CloudGenerationResponse:
        """Ask how a `Pending` job stands: a read, free to repeat. Raises as `start`.

        A `Rejected` that tells how the job ended names the job in `request_id`; without it, one about the wish
        (capability, model_retired) is taken for a refusal of the question, and the job stays unknown.

        `remote_id` is the adapter's own text from `Pending`: all that it needs to ask and to read the answer.
        """
        raise OutcomeUnknown(f"{self.label} cannot be asked for the job {remote_id}.")

    def cancel(self, remote_id: str, key: Key) -> None:
        """Ask the vendor to stop a job. The job is still settled by what the vendor says of it."""
        raise Rejected("cancelled_after_send", f"{self.label} cannot cancel a job that was sent.")

    @abstractmethod
    def validate_credentials(self, key: Key) -> str:
        """Check the key without spending; a sentence of what was seen. Raises `ProviderError` with the remedy."""

    def normalise(self, request: CloudGenerationRequest, model: ModelEntry) -> tuple[CloudGenerationRequest, list[str]]:
        """The wish as the model can carry it out, and notes. Raises `InvalidField`. Pure."""
        return normalise(request, model)

    @abstractmethod
    def quantities(self, request: CloudGenerationRequest, model: ModelEntry) -> Quantities:
        """An upper bound, by unit, of what one call for the normalised `request` can be charged for. Pure.

        Always holds "image". Every other unit must stand in the model's price list, else the price is unknown;
        a list with the single unit "image" is a flat price and charges only that.
        """

    @abstractmethod
    def billed(self, response: CloudGenerationResponse, model: ModelEntry) -> Quantities | ReportedCost:
        """What the vendor charges for this answer, by unit, or the cost that it reports itself. Pure."""

    def read_lifecycles(self, key: Key) -> Mapping[str, Lifecycle]:
        """What the vendor itself announces of its models' ends, by its ids: a free read. Raises as
        `validate_credentials`.

        Only models with a date; for the others the catalogue goes on being what is known.
        """
        return {}

    def describe(self, model_id: str, key: Key, *, address: str = "") -> ModelEntry:
        """A model outside the catalogue, as the vendor itself describes it: a free read. For `open_catalogue`.

        Raises `Rejected` (capability) when there is no such image model, or as `validate_credentials`.
        """
        offer = ", ".join(entry.id for entry in self.models)
        raise Rejected("capability", f"{self.label} has no model {model_id!r}. It has {offer}.")

    def entry_of(self, request: CloudGenerationRequest) -> ModelEntry | None:
        """The description that goes with a wish: the registration's, else the catalogue's."""
        return request.entry or self.model(request.model)

    def privacy_for(self, entry: ModelEntry | None = None) -> PrivacyNote:
        """What becomes of prompts and pictures of calls to a model, at the addresses that are set here and now."""
        if entry is not None and entry.address:
            return note_at(self.privacy, self.label, [("", entry.address)])
        return note_at(self.privacy, self.label, sending_addresses(self.address_variables))

    @classmethod
    def forms(cls) -> tuple[KeyForm, ...]:
        """The kinds of credentials that the vendor takes, the preferred first."""
        return cls.key_forms or (KeyForm(name="key", required=cls.key_variables),)

    def model(self, model_id: str) -> ModelEntry | None:
        """The catalogue's entry by the vendor's id or an alias."""
        return next((entry for entry in self.models if model_id == entry.id or model_id in entry.aliases), None)
