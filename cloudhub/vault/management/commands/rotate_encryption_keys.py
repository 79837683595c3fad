"""Encrypt the stored vendors' keys and people's second factors anew with the newest of CLOUDHUB_ENCRYPTION_KEYS."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from cloudhub.accounts.first_owner import actor_of_commands
from cloudhub.core.errors import HubError
from cloudhub.vault.envelope import VARIABLE, encryption_keys
from cloudhub.vault.rotation import Progress, keys_to_rotate, record_rotation, rotate_encryption_keys
from cloudhub.vault.second_factors import reseal_second_factors
from cloudhub.vault.standing import WHAT_TO_DO, in_words, known_keys, unopened

FACTORS = (
    f"Put the encryption key that they were stored under back into {VARIABLE}, behind the newest; or remove them under "
    "People, and their owners set them up again."
)


class Command(BaseCommand):
    help = "Encrypt stored vendors' keys anew with the newest encryption key. The hub may run; repeat it at any time."

    def handle(self, *_: Any, **__: Any) -> None:
        try:
            progress = Progress(keys_to_rotate(), 0, 0)
            self.stdout.write(f"Stored keys that need an older encryption key: {progress.found}.")
            for progress in rotate_encryption_keys():
                self.stdout.write(f"{progress.done} of {progress.found} are encrypted anew.")
            factors = reseal_second_factors()
            if progress.done or factors.done:
                record_rotation(actor_of_commands(), progress.done, factors.done)
        except HubError as error:
            raise CommandError(error.message) from error
        if factors.done:
            self.stdout.write(f"Second factors of people that are encrypted anew: {factors.done}.")
        if factors.failed:
            self.stdout.write(f"Second factors that cannot be decrypted: {factors.failed}. {FACTORS}")
            sys.exit(1)
        # Keys that were damaged under the newest encryption key count too: they are lost just the same.
        lost = len(unopened(known_keys()))
        if lost:
            self.stdout.write(f"{in_words(lost)}. {WHAT_TO_DO}")
            sys.exit(1)
        if keys_to_rotate():
            self.stdout.write(
                "Some keys were stored with an older encryption key meanwhile: start every process of the hub with the "
                "new setting, then run this again."
            )
            sys.exit(1)
        older = len(encryption_keys()) - 1
        self.stdout.write(f"Every stored key needs only the newest encryption key. {self._advice(older)}")

    def _advice(self, older: int) -> str:
        if not older:
            return f"{VARIABLE} holds no other."
        others, them = ("other one", "it") if older == 1 else ("others", "them")
        return (
            f"When every process of the hub runs with this setting, the {others} can be removed from {VARIABLE}. "
            f"Backups of the database made before still need {them}."
        )
