"""Errors of the hub, each a sentence fit for a person. Doors map them to HTTP once.

HubError
├── Invalid              400  a field is wrong; `fields` names each
│   └── AmbiguousModel   400
├── Forbidden            403
├── NotFound             404
├── Conflict             409  the object's state does not allow it
├── BudgetExceeded       402  `budget`, `remaining` and `needed` in micro-units
├── IdempotencyMismatch  422
├── TooLarge             413
├── TooMany              429  too often; nothing was done; repeat after `retry_after` seconds
└── Unavailable          503  nothing was held or sent; repeat after `retry_after` seconds
"""

from collections.abc import Mapping


class HubError(Exception):
    """Root. `code` is what programs read, `message` what people read, `fields` maps a field's name to a sentence."""

    code = "error"

    def __init__(self, message: str, *, code: str = "", fields: Mapping[str, str] | None = None) -> None:
        self.message = message
        self.code = code or type(self).code
        self.fields = dict(fields or {})
        super().__init__(message)


class Invalid(HubError):
    code = "invalid"

    @classmethod
    def of(cls, fields: Mapping[str, str], *, code: str = "") -> "Invalid":
        """From sentences by field; the message names them all."""
        return cls(" ".join(f"{name}: {sentence}" for name, sentence in fields.items()), code=code, fields=fields)


class AmbiguousModel(Invalid):
    code = "model_ambiguous"


class Forbidden(HubError):
    code = "forbidden"


class NotFound(HubError):
    code = "not_found"


class Conflict(HubError):
    code = "conflict"


class TooLarge(HubError):
    code = "too_large"


class TooMany(HubError):
    code = "throttled"

    def __init__(self, message: str, *, code: str = "", retry_after: int = 60) -> None:
        super().__init__(message, code=code)
        self.retry_after = retry_after


class IdempotencyMismatch(HubError):
    code = "idempotency_mismatch"


class BudgetExceeded(HubError):
    """`budget` is the name of the first budget that does not fit; amounts are micro-units of `currency`."""

    code = "budget_exceeded"

    def __init__(
        self, message: str, *, budget: str, budget_id: str, remaining: int, needed: int, currency: str
    ) -> None:
        super().__init__(message)
        self.budget = budget
        self.budget_id = budget_id
        self.remaining = remaining
        self.needed = needed
        self.currency = currency


class Unavailable(HubError):
    code = "unavailable"

    def __init__(self, message: str, *, code: str = "", retry_after: int = 2) -> None:
        super().__init__(message, code=code)
        self.retry_after = retry_after
