from django.apps import AppConfig


class HealthConfig(AppConfig):
    name = "cloudhub.health"

    def ready(self) -> None:
        from cloudhub.generations.engine import engine  # noqa: PLC0415 - models can be imported only from here on
        from cloudhub.health.schedule import do_chores  # noqa: PLC0415

        engine.chores["health"] = do_chores
