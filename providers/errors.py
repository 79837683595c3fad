"""What can go wrong at a vendor, in three classes and one table.

    ProviderError
    ├── Rejected         the vendor refused; nothing ran, or what ran is told in `billed`; do not repeat
    ├── Busy             surely not run; may be repeated after `retry_after` seconds
    └── OutcomeUnknown   sent, and nobody can say whether it ran: never repeated by itself

`FAILURES` is the taxonomy of codes that every door, page and test speaks.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from providers.models import Limit, ReportedCost

Billed = Literal["no", "yes", "unknown"]
Retry = Literal["no", "safe", "after"]


@dataclass(frozen=True)
class Failure:
    """What a code means for people: was it billed, may it be repeated, what can they do."""

    billed: Billed
    retry: Retry
    remedy: str


FAILURES: dict[str, Failure] = {
    "no_key": Failure("no", "safe", "Ask the owner to set the vendor's key, then try again."),
    "key_invalid": Failure("no", "no", "Ask the owner to check the vendor's key or make a new one."),
    "org_unverified": Failure("no", "no", "The vendor wants the organisation verified in its console first."),
    "billing_disabled": Failure("no", "no", "Switch on billing for the vendor's account, or add credit there."),
    "permission_region": Failure("no", "no", "The vendor does not allow this for the account or its region."),
    "model_retired": Failure("no", "no", "Choose the model's successor."),
    "capability": Failure("no", "no", "Change the named field, or choose a model that has it."),
    "budget_exceeded": Failure("no", "no", "Ask the owner to raise the budget, or wait for its next window."),
    "rate_minute": Failure("no", "after", "Wait a moment; the vendor limits requests a minute."),
    "rate_day": Failure("no", "after", "The vendor's day limit is used up; it opens again at its reset."),
    "refused_prompt": Failure("no", "no", "Change the prompt; the vendor's filter refused it."),
    "refused_output": Failure("no", "no", "Change the prompt; the vendor withheld the picture."),
    "no_image_text_answer": Failure("no", "safe", "The model answered in words. Ask for a picture more plainly."),
    "partial": Failure("yes", "safe", "Some pictures did not come; ask for the missing ones again."),
    "invalid_output": Failure("yes", "no", "The vendor's answer holds no readable picture; tell the owner."),
    "provider_5xx": Failure("unknown", "no", "The vendor failed. Look at the attempt before you repeat it."),
    "connect_failed_not_sent": Failure("no", "safe", "The vendor could not be reached; nothing was sent. Try again."),
    "unknown_outcome": Failure("unknown", "no", "Do not simply repeat it: the owner, or a late answer, decides."),
    "save_failed_paid": Failure("yes", "no", "The picture is paid and kept; it is filed as soon as storage works."),
    "cancelled_before_send": Failure("no", "safe", "Nothing was sent."),
    "cancelled_after_send": Failure("unknown", "no", "It was already sent and will be settled as billed."),
    "interrupted": Failure("no", "safe", "The hub stopped before anything was sent. Try again."),
}


class ProviderError(Exception):
    """Root of what `start`, `check` and `validate_credentials` raise.

    `code` is a key of `FAILURES`; `message` a sentence for people without any secret; `remedy` what to do, by
    default the code's; `request_id` the vendor's; `billed` what the vendor charges all the same, as units or as
    the cost that it reports, empty when it charges nothing; `answer_text` the words that the model sent instead of
    a picture.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        remedy: str = "",
        request_id: str = "",
        billed: Mapping[str, int] | ReportedCost | None = None,
        answer_text: str = "",
    ) -> None:
        self.code = code
        self.message = message
        self.remedy = remedy or FAILURES[code].remedy
        self.request_id = request_id
        self.billed = billed if isinstance(billed, ReportedCost) else dict(billed or {})
        self.answer_text = answer_text
        super().__init__(message)


class Rejected(ProviderError):
    """Refused: not run, or run and charged as `billed` says. Never repeated by itself."""


class Busy(ProviderError):
    """Surely not run. `retry_after` is in seconds, None when the vendor named no time.

    `limit` is the limit that was met, where the vendor says its size: the lane then keeps to it.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        retry_after: float | None = None,
        limit: Limit | None = None,
        remedy: str = "",
        request_id: str = "",
    ) -> None:
        super().__init__(code, message, remedy=remedy, request_id=request_id)
        self.retry_after = retry_after
        self.limit = limit


class OutcomeUnknown(ProviderError):
    """Sent, and it may have run and been billed. The hold stays."""

    def __init__(self, message: str, *, code: str = "unknown_outcome", remedy: str = "", request_id: str = "") -> None:
        super().__init__(code, message, remedy=remedy, request_id=request_id)
