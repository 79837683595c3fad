"""The control API: `/`, `/invoice` and `/faults`."""

from datetime import datetime

import httpx
import pytest

from tests.emulation.calls import FLASH_2_5, NANO_BANANA, generate


def test_the_root_answers_and_names_the_mounts(control: httpx.Client) -> None:
    answer = control.get("/")
    assert answer.status_code == 200
    assert answer.json()["vendors"]["/google"] == "google-gemini, google-imagen"


def test_a_fresh_invoice_is_empty(control: httpx.Client) -> None:
    assert control.get("/invoice").json() == {"calls": [], "totals": {}}


def test_a_picture_stands_on_the_invoice(control: httpx.Client, google: httpx.Client) -> None:
    answer = generate(google).json()
    invoice = control.get("/invoice").json()
    at = invoice["calls"][0].pop("at")
    assert invoice == {
        "calls": [
            {
                "vendor": "google-gemini",
                "model": FLASH_2_5,
                "amount": "0.039000",
                "currency": "USD",
                "request_id": answer["responseId"],
            }
        ],
        "totals": {"USD": "0.039000"},
    }
    assert datetime.fromisoformat(at).tzinfo is not None


def test_the_total_is_the_sum_of_the_calls(control: httpx.Client, google: httpx.Client) -> None:
    generate(google)
    generate(google, model=NANO_BANANA)
    invoice = control.get("/invoice").json()
    micro = [int(call["amount"].replace(".", "")) for call in invoice["calls"]]
    assert len(micro) == 2
    assert int(invoice["totals"]["USD"].replace(".", "")) == sum(micro)


def test_a_cleared_invoice_is_empty(control: httpx.Client, google: httpx.Client) -> None:
    generate(google)
    assert control.delete("/invoice").json() == {"calls": [], "totals": {}}
    assert control.get("/invoice").json()["calls"] == []


def test_posted_faults_are_listed_with_the_times_they_have_left(control: httpx.Client, google: httpx.Client) -> None:
    answer = control.post("/faults", json={"vendor": "google-gemini", "status": 503, "times": 3})
    assert answer.status_code == 201
    generate(google)
    assert control.get("/faults").json() == {
        "faults": [{"vendor": "google-gemini", "status": 503, "times": 3, "left": 2}]
    }


def test_cleared_faults_are_gone(control: httpx.Client, google: httpx.Client) -> None:
    control.post("/faults", json={"status": 503, "times": None})
    assert control.delete("/faults").json() == {"faults": []}
    assert generate(google).status_code == 200


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("vendor", "nobody"),
        ("times", 0),
        ("times", True),
        ("times", "2"),
        ("delay_ms", -1),
        ("delay_ms", 1.5),
        ("status", 99),
        ("status", 600),
        ("status", "429"),
        ("body", 7),
        ("drop", "midway"),
        ("cut_after_bytes", -1),
        ("wrong_cost", "much"),
        ("wrong_cost", -1),
        ("wrong_cost", "NaN"),
        ("wrong_cost", "1e-999999"),
        ("wrong_cost", True),
        ("partial", -1),
        ("filtered", "answer"),
        ("text_only", 1),
        ("duplicate_webhook", "yes"),
        ("dealy_ms", 5),
    ],
)
def test_a_fault_that_cannot_be_read_is_refused_by_name(control: httpx.Client, field: str, value: object) -> None:
    answer = control.post("/faults", json={"status": 500} | {field: value})
    assert answer.status_code == 400
    assert list(answer.json()["error"]["fields"]) == [field]
    assert control.get("/faults").json() == {"faults": []}


@pytest.mark.parametrize("posted", ["", "{", "[]", '"drop"', "{}", '{"vendor": "google-gemini", "times": 2}'])
def test_a_fault_without_anything_wrong_is_refused(control: httpx.Client, posted: str) -> None:
    assert control.post("/faults", content=posted).status_code == 400


def test_every_fault_of_the_menu_is_accepted(control: httpx.Client) -> None:
    menu = [
        {"delay_ms": 5}, {"status": 500}, {"body": "<html>"}, {"body": {"error": {}}}, {"drop": "before_work"},
        {"drop": "after_work"}, {"cut_after_bytes": 9}, {"wrong_cost": 1.5}, {"wrong_cost": "0.25"}, {"partial": 0},
        {"filtered": True}, {"filtered": "prompt"}, {"text_only": True}, {"duplicate_webhook": True},
    ]  # fmt: skip
    assert [control.post("/faults", json=fault).status_code for fault in menu] == [201] * len(menu)


def test_a_wrong_address_is_told_the_right_ones(control: httpx.Client) -> None:
    answer = control.get("/bill")
    assert answer.status_code == 404
    assert "/invoice" in answer.json()["error"]["message"]
    assert "/google" in answer.json()["error"]["message"]


def test_a_wrong_method_is_told_the_right_ones(control: httpx.Client) -> None:
    answer = control.post("/invoice")
    assert answer.status_code == 405
    assert "DELETE" in answer.json()["error"]["message"]
