from django.apps import AppConfig


class VaultConfig(AppConfig):
    name = "cloudhub.vault"

    def ready(self) -> None:
        from cloudhub.secret_files import read_secret_files  # noqa: PLC0415 - vendors are known only from here on
        from cloudhub.vault import setup_check  # noqa: F401, PLC0415 - registers itself
        from providers.catalogue import installed_providers  # noqa: PLC0415

        forms = [form for vendor in installed_providers().values() for form in vendor.forms()]
        secrets = {name for form in forms for name in form.variables if name not in form.public}
        read_secret_files(sorted(secrets))
