"""The provider contract: what a vendor's Django app promises, and every name that a vendor or the hub needs from it."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from providers.errors import FAILURES, Billed, Busy, Failure, OutcomeUnknown, ProviderError, Rejected, Retry
from providers.models import Capabilities, Lifecycle, ModelEntry, Option, PriceLine, PriceList
from providers.normalise import expected_size, normalise
from providers.request import (
    CloudGenerationRequest,
    CloudGenerationResponse,
    InputImage,
    InvalidField,
    Pending,
    Picture,
)

__all__ = [
    "FAILURES", "Billed", "Busy", "Capabilities", "CloudGenerationRequest", "CloudGenerationResponse", "Failure",
    "InputImage", "InvalidField", "Key", "Lifecycle", "ModelEntry", "Option", "OutcomeUnknown", "Pending", "Picture",
    "PriceLine", "PriceList", "Provider", "ProviderError", "Quantities", "Rejected", "ReportedCost", "Retry",
    "expected_size",
]  # fmt: skip

Quantities = Mapping[str, int]
WhenBilled = Literal["yes", "no", "unknown"]


@dataclass(frozen=True)
class Key:
    """A vendor's credentials by variable name, and in words where they come from. Never printed."""

    values: Mapping[str, str] = field(repr=False)
    source: str = ""

    @property
    def secret(self) -> str:
        """The one secret of a vendor that has a single key."""
        return next(iter(self.values.values()), "")

    @property
    def last_four(self) -> str:
        return self.secret[-4:] if len(self.secret) >= 12 else ""

    def redact(self, text: str) -> str:
        """`text` without any of the secrets, for errors and stored answers."""
        for value in self.values.values():
            if value:
                text = text.replace(value, "[key]")
        return text


@dataclass(frozen=True)
class ReportedCost:
    """What the vendor itself says that the call cost: exact decimal text in `currency`."""

    amount: str
    currency: str


class Provider(ABC):
    """One vendor. Class attributes are data that pages show and the contract test checks.

    `key_variables` are the environment variables of its credentials, empty when it needs none; `address_variables`
    those that point it at another address, such as an emulator or a gateway.
    `longest_wait_seconds` is the vendor's longest time-out: ten minutes after it a person may release an unknown
    outcome. `billed_on_*` say whether the vendor charges when its filter withholds the picture, when the call is
    cancelled, and when we stop waiting.
    """

    id: ClassVar[str]
    label: ClassVar[str]
    error_prefix: ClassVar[str]
    key_variables: ClassVar[tuple[str, ...]] = ()
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
    models: tuple[ModelEntry, ...]

    @abstractmethod
    def start(self, request: CloudGenerationRequest, key: Key) -> Pending | CloudGenerationResponse:
        """Send the wish, once. May cost money. Raises `Rejected`, `Busy` or `OutcomeUnknown`."""

    def check(self, remote_id: str, key: Key) -> Pending | CloudGenerationResponse:
        """Ask how a `Pending` job stands: a read, free to repeat. Raises as `start`."""
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

    def model(self, model_id: str) -> ModelEntry | None:
        """The catalogue's entry by the vendor's id or an alias."""
        return next((entry for entry in self.models if model_id == entry.id or model_id in entry.aliases), None)
