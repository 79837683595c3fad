from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "cloudhub.web"

    def ready(self) -> None:
        from cloudhub.web.sign_in import events  # noqa: F401, PLC0415 - connects them; needs the models
