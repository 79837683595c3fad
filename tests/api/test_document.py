"""The OpenAPI document is valid, complete, and shown on a page without inline script."""

import base64

import pytest
import yaml
from django.core.management import call_command
from django.test import Client
from pytest_django import Settings

from cloudhub.api import urls
from cloudhub.api.door import Door, NothingHere
from tests.api.caller import Caller


@pytest.fixture(scope="module")
def document() -> dict:
    return yaml.safe_load(Client().get("/api/schema").content)


def test_the_document_is_valid_without_a_warning(tmp_path: object) -> None:
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", f"{tmp_path}/schema.yaml")


def test_every_address_and_method_of_the_api_is_described(document: dict) -> None:
    for pattern in urls.urlpatterns:
        view = getattr(pattern.callback, "cls", None)
        if view is None or not issubclass(view, Door) or issubclass(view, NothingHere):
            continue
        address = "/" + str(pattern.pattern).replace("<str:", "{").replace("<path:", "{").replace(">", "}")
        methods = {name for name in ("get", "post", "patch", "delete") if hasattr(view, name)}
        assert methods == set(document["paths"][address]), address


def test_every_operation_names_its_errors_and_its_key(document: dict) -> None:
    for address, operations in document["paths"].items():
        for operation in operations.values():
            assert operation["summary"]
            if address.startswith("/images/signed"):
                continue
            assert operation["security"] == [{"hubKey": []}, {"hubKeyAsGoogleKey": []}]
            assert {"401", "403"} <= set(operation["responses"])


def test_described_fields_are_the_fields_that_come(document: dict, alices: Caller, settings: Settings) -> None:
    shapes = document["components"]["schemas"]
    alices.post("/api/v1/budgets", {"name": "day", "scope": "hub", "window": "day", "limit": "1", "currency": "XTS"})
    wish = {"model": "practice-1", "prompt": "a fox"}
    settings.CLOUDHUB_ENCRYPTION_KEYS = base64.urlsafe_b64encode(b"o" * 32).decode()
    stored = alices.post("/api/v1/keys", {"provider": "openai", "values": {"OPENAI_API_KEY": "k" * 20}}).json()
    answers = {
        "CloudModelRecord": alices.get("/api/v1/cloud_models/practice-1").json(),
        "QuoteRecord": alices.post("/api/v1/estimates", wish).json(),
        "GenerationRecord": alices.post("/api/v1/generations", wish).json(),
        "BudgetRecord": alices.get("/api/v1/budgets").json()["results"][0],
        "HubKeyRecord": alices.get("/api/v1/hub_keys").json()["results"][0],
        "VendorKeyRecord": stored,
        "EntryRecord": alices.get("/api/v1/usage/entries").json()["results"][0],
        "OpenAIModel": alices.get("/v1/models/practice-1").json(),
        "ErrorAnswer": alices.get("/api/v1/nothing").json(),
    }
    for name, answer in answers.items():
        assert set(answer) == set(shapes[name]["properties"]), name


def test_the_page_has_no_inline_script_or_style(db: None) -> None:
    page = Client().get("/api/docs").content.decode()
    assert "<style" not in page
    assert " style=" not in page
    assert page.count("<script") == page.count("<script src=")
