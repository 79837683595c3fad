from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "cloudhub.web"
