"""Forget the secrets of vendors' keys that were replaced, once no job has to be asked about with them."""

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from cloudhub.accounts.audit_trail import record
from cloudhub.core.database import run_transaction
from cloudhub.generations.models import Attempt
from cloudhub.vault.models import ProviderKey

KEPT_FOR = timedelta(days=1)
REASON = "Replaced by a new key; its secrets are forgotten."


def forget_retired_keys(now: datetime | None = None) -> int:
    """Blank the secrets of keys that were replaced more than a day ago and that no open call was sent with, an unknown
    outcome included. Returns how many lost them here; each leaves a line in the audit trail."""
    return sum(_forget(stored) for stored in _unneeded((now or timezone.now()) - KEPT_FOR).select_related("team"))


def _unneeded(before: datetime) -> QuerySet[ProviderKey]:
    # No call is sent with a retired key, so that none can come to name it between looking and forgetting.
    open_calls = Attempt.objects.filter(provider_key=OuterRef("pk"), state__in=Attempt.OPEN_STATES)
    retired = ProviderKey.objects.filter(state=ProviderKey.State.RETIRED, ended_at__lt=before)
    return retired.exclude(ciphertext="").filter(~Exists(open_calls))


def _forget(stored: ProviderKey) -> bool:
    """Whether it was this process that blanked them."""
    sealed = ProviderKey.objects.filter(id=stored.pk, state=ProviderKey.State.RETIRED).exclude(ciphertext="")

    def work() -> bool:
        if not sealed.update(ciphertext="", encryption_key_id="", ended_reason=REASON):
            return False
        record(
            None, "provider_key.forgotten", target_kind="provider_key", target_id=stored.pk, target_name=str(stored),
            team=stored.team, details={"provider": stored.provider, "shared": stored.team_id is None},
        )  # fmt: skip
        return True

    return run_transaction(work)
