from django.apps import AppConfig


class VaultConfig(AppConfig):
    name = "cloudhub.vault"

    def ready(self) -> None:
        from cloudhub.vault import setup_check  # noqa: F401, PLC0415 - registers itself
