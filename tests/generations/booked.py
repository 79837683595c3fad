"""An attempt as the ledger has it, also for processes that know nothing of Django."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Booked:
    """One attempt as the ledger has it; amounts in micro-units."""

    id: str
    state: str
    model: str
    request_id: str
    posted: int
    held: int
    decided: bool = False

    @property
    def may_be_invoiced_unseen(self) -> bool:
        """Nobody told us the vendor's id of this call, so that its invoice line can only be matched by the model."""
        return not self.request_id and (self.state == "unknown" or self.decided)

    @property
    def is_nameless(self) -> bool:
        """Settled by a vendor that tells no id of its calls, so that only model and amount can name its line."""
        return not self.request_id and self.state == "settled" and not self.decided and self.posted > 0
