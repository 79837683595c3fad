"""Bad input on every field of every door is refused by the field's name, and changes nothing."""

from typing import Any

import pytest

from cloudhub.billing.models import Budget
from cloudhub.catalog.models import CloudModel
from cloudhub.generations.models import Generation
from tests.api.caller import WISH, Caller

WISHES: list[tuple[dict[str, Any], str]] = [
    ({"model": None}, "model"), ({"model": 5}, "model"), ({"model": ["practice-1"]}, "model"),
    ({"prompt": None}, "prompt"), ({"prompt": ""}, "prompt"), ({"prompt": " "}, "prompt"), ({"prompt": 7}, "prompt"),
    ({"prompt": "a\x00b"}, "prompt"), ({"prompt": "x" * 4001}, "prompt"),
    ({"num_images": 0}, "num_images"), ({"num_images": 11}, "num_images"), ({"num_images": "2"}, "num_images"),
    ({"num_images": 1.5}, "num_images"), ({"num_images": True}, "num_images"), ({"num_images": 10**30}, "num_images"),
    ({"aspect_ratio": "wide"}, "aspect_ratio"), ({"aspect_ratio": "7:5"}, "aspect_ratio"),
    ({"aspect_ratio": 1}, "aspect_ratio"),
    ({"width": 512}, "height"), ({"height": 512}, "width"), ({"width": 10, "height": 512}, "width"),
    ({"width": 512, "height": 9999}, "height"), ({"width": "512", "height": 512}, "width"),
    ({"resolution": "9K"}, "resolution"), ({"resolution": 1}, "resolution"),
    ({"quality": "best"}, "quality"), ({"quality": 1}, "quality"), ({"style": "cubist"}, "style"),
    ({"background": "pink"}, "background"), ({"background": 3}, "background"),
    ({"output_format": "gif"}, "output_format"), ({"output_format": []}, "output_format"),
    ({"seed": -1}, "seed"), ({"seed": 2**31}, "seed"), ({"seed": "7"}, "seed"), ({"seed": 1.0}, "seed"),
    ({"negative_prompt": 1}, "negative_prompt"), ({"guidance_scale": -1}, "guidance_scale"),
    ({"guidance_scale": "7"}, "guidance_scale"), ({"strength": 2}, "strength"), ({"strength": "half"}, "strength"),
    ({"safety_level": "none"}, "safety_level"), ({"enhance_prompt": "yes"}, "enhance_prompt"),
    ({"input_images": "data:,"}, "input_images"), ({"input_images": ["nothing"]}, "input_images[0]"),
    ({"input_images": [1]}, "input_images[0]"), ({"input_images": ["data:image/png;base64,###"]}, "input_images[0]"),
    ({"input_images": ["data:image/png;base64,aGk="]}, "input_images[0]"), ({"mask": "nothing"}, "mask"),
    ({"options": []}, "options"), ({"options": {"colour": 1}}, "options.colour"),
    ({"options": {"palette": "mud"}}, "options.palette"), ({"tags": "zoo"}, "tags"), ({"tags": [""]}, "tags"),
    ({"tags": ["a|b"]}, "tags"), ({"tags": [1]}, "tags"), ({"tags": ["x"] * 21}, "tags"), ({"cache": "on"}, "cache"),
    ({"cache": 1}, "cache"), ({"steps": 20}, "steps"),
]  # fmt: skip


@pytest.mark.parametrize("path", ["/api/v1/generations", "/api/v1/estimates"])
@pytest.mark.parametrize(("change", "field"), WISHES, ids=lambda value: repr(value)[:40])
def test_a_bad_wish_is_refused_by_name(alices: Caller, path: str, change: dict[str, Any], field: str) -> None:
    answer = alices.post(path, {**WISH, **change})
    assert answer.status_code == 400, answer.content
    assert field in answer.json()["error"]["fields"]
    assert answer.json()["error"]["code"] in ("invalid", "capability")
    assert not Generation.objects.exists()


def test_several_faults_are_named_at_once(alices: Caller) -> None:
    answer = alices.post("/api/v1/generations", {**WISH, "seed": -1, "steps": 2, "num_images": 0})
    assert set(answer.json()["error"]["fields"]) == {"seed", "steps", "num_images"}


def test_a_model_that_nobody_has_is_404(alices: Caller) -> None:
    answer = alices.post("/api/v1/estimates", {**WISH, "model": "dall-e-9"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "model_not_found")


@pytest.mark.parametrize("model", ["practice-1\x00", "\x00"])
def test_a_name_with_nul_is_refused_before_the_database_sees_it(alices: Caller, model: str) -> None:
    answer = alices.post("/api/v1/estimates", {**WISH, "model": model, "tags": ["a\x00"]})
    assert answer.status_code == 400
    assert set(answer.json()["error"]["fields"]) == {"model", "tags[0]"}


MODELS: list[tuple[dict[str, Any], str]] = [
    ({"provider": None}, "provider"), ({"provider": "nobody"}, "provider"), ({"provider": 5}, "provider"),
    ({"cloud_model_id": None}, "cloud_model_id"), ({"cloud_model_id": "x"}, "cloud_model_id"),
    ({"cloud_model_id": []}, "cloud_model_id"), ({"name": 5}, "name"), ({"name": "x" * 121}, "name"),
    ({"key": "With Space"}, "key"), ({"key": 5}, "key"), ({"key": "x" * 101}, "key"),
    ({"description": 5}, "description"),
    ({"enabled": "yes"}, "enabled"), ({"enabled": 1}, "enabled"), ({"defaults": []}, "defaults"),
    ({"defaults": {"prompt": "x"}}, "defaults.prompt"), ({"defaults": {"num_images": 99}}, "defaults.num_images"),
    ({"price_per_image": 0.039}, "price_per_image"), ({"price_per_image": "-1"}, "price_per_image"),
    ({"price_per_image": "1e-3"}, "price_per_image"), ({"price_per_image": ""}, "price_per_image"),
    ({"colour": 1}, "colour"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "field"), MODELS, ids=lambda value: repr(value)[:40])
def test_a_bad_registration_is_refused_by_name(alices: Caller, change: dict[str, Any], field: str) -> None:
    body = {"provider": "practice", "cloud_model_id": "practice-1", "key": "second", **change}
    answer = alices.post("/api/v1/cloud_models", body)
    assert answer.status_code == 400, answer.content
    assert field in answer.json()["error"]["fields"]
    assert CloudModel.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [({"name": ""}, "name"), ({"enabled": None}, "enabled"), ({"defaults": 5}, "defaults"), ({"key": "other"}, "key"),
     ({"price_per_image": 1}, "price_per_image"), ({"provider": "openai"}, "provider")],
)  # fmt: skip
def test_a_bad_change_of_a_model_is_refused_by_name(alices: Caller, change: dict[str, Any], field: str) -> None:
    answer = alices.patch("/api/v1/cloud_models/practice-1", change)
    assert answer.status_code == 400, answer.content
    assert field in answer.json()["error"]["fields"]


BUDGET = {"name": "day", "scope": "hub", "window": "day", "limit": "1.000000", "currency": "XTS"}
BUDGETS: list[tuple[dict[str, Any], str]] = [
    ({"name": ""}, "name"), ({"name": 5}, "name"), ({"name": "x" * 101}, "name"), ({"scope": "world"}, "scope"),
    ({"scope": None}, "scope"), ({"scope": []}, "scope"), ({"window": "year"}, "window"), ({"window": {}}, "window"),
    ({"limit": 1}, "limit"), ({"limit": "-1"}, "limit"), ({"limit": "0.0000001"}, "limit"), ({"limit": "1e3"}, "limit"),
    ({"limit": None}, "limit"), ({"currency": "EUR"}, "currency"), ({"currency": 1}, "currency"),
    ({"hard": "yes"}, "hard"),
    ({"timezone": "Mars/Base"}, "timezone"), ({"timezone": 5}, "timezone"), ({"alerts": 50}, "alerts"),
    ({"alerts": [0]}, "alerts"), ({"alerts": [True]}, "alerts"), ({"target": "x"}, "target"), ({"colour": 1}, "colour"),
    ({"scope": "team"}, "target"), ({"scope": "team", "target": "999"}, "target"),
    ({"scope": "user", "target": []}, "target"),
    ({"scope": "team", "target": "9" * 5000}, "target"), ({"scope": "hub_key", "target": "9" * 30}, "target"),
    ({"scope": "model", "target": "none"}, "target"), ({"scope": "provider", "target": "none"}, "target"),
    ({"scope": "tag", "target": "a|b"}, "target"), ({"scope": "model", "target": "a\x00"}, "target"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "field"), BUDGETS, ids=lambda value: repr(value)[:40])
def test_a_bad_budget_is_refused_by_name(alices: Caller, change: dict[str, Any], field: str) -> None:
    answer = alices.post("/api/v1/budgets", {**BUDGET, **change})
    assert answer.status_code == 400, answer.content
    assert field in answer.json()["error"]["fields"]
    assert not Budget.objects.exists()


@pytest.mark.parametrize(
    ("change", "field"),
    [({"scope": "team"}, "scope"), ({"currency": "USD"}, "currency"), ({"limit": "x"}, "limit"), ({"hard": 1}, "hard"),
     ({"name": None}, "name"), ({"alerts": "50"}, "alerts"), ({"colour": 1}, "colour")],
)  # fmt: skip
def test_a_bad_change_of_a_budget_is_refused_by_name(alices: Caller, change: dict[str, Any], field: str) -> None:
    made = alices.post("/api/v1/budgets", BUDGET).json()
    answer = alices.patch(f"/api/v1/budgets/{made['id']}", change)
    assert answer.status_code == 400, answer.content
    assert field in answer.json()["error"]["fields"]


@pytest.mark.parametrize(
    ("change", "field"),
    [({"name": ""}, "name"), ({"name": 5}, "name"), ({"name": None}, "name"),
     ({"scopes": []}, "scopes"), ({"scopes": "read"}, "scopes"), ({"scopes": ["spend"]}, "scopes"),
     ({"scopes": 5}, "scopes"),
     ({"scopes": [["read"]]}, "scopes"), ({"expires_at": "soon"}, "expires_at"), ({"expires_at": 5}, "expires_at"),
     ({"expires_at": "2020-01-01T00:00:00Z"}, "expires_at"), ({"expires_at": "2026-13-01T00:00:00Z"}, "expires_at"),
     ({"user": "nobody@example.org"}, "user"), ({"user": 5}, "user"), ({"colour": 1}, "colour")],
    ids=lambda value: repr(value)[:40],
)  # fmt: skip
def test_a_bad_hub_key_is_refused_by_name(alices: Caller, change: dict[str, Any], field: str) -> None:
    answer = alices.post("/api/v1/hub_keys", {"name": "ci", "scopes": ["read"], **change})
    assert answer.status_code == 400, answer.content
    assert field in answer.json()["error"]["fields"]
    assert "key" not in answer.json()


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("generations?limit=0", "limit"), ("generations?limit=201", "limit"), ("generations?limit=x", "limit"),
        ("generations?cursor=x", "cursor"), ("generations?state=done", "state"), ("generations?tag=a|b", "tag"),
        ("generations?tag=", "tag"), ("generations?tag=%00", "tag"), ("generations?since=monday", "since"),
        ("generations?until=2026-02-30", "until"), ("generations?modle=x", "modle"), ("budgets?limit=-1", "limit"),
        ("budgets?cursor=-1", "cursor"), ("hub_keys?cursor=9999999999999999999", "cursor"),
        ("cloud_models?limit=1.5", "limit"),
        ("usage?group_by=colour", "group_by"), ("usage?since=x", "since"), ("usage?until=2020-99-01", "until"),
        ("usage?since=2026-02-02&until=2026-01-01", "since"), ("usage/entries?cursor=a", "cursor"),
        ("usage?page=2", "page"),
    ],
)  # fmt: skip
def test_a_bad_query_is_refused_by_name(alices: Caller, path: str, field: str) -> None:
    answer = alices.get(f"/api/v1/{path}")
    assert answer.status_code == 400, answer.content
    assert field in answer.json()["error"]["fields"]


@pytest.mark.parametrize("wait", ["-1", "601", "1.5", "soon", "", "²", "9" * 5000])
def test_wait_is_a_whole_number_up_to_600(alices: Caller, wait: str) -> None:
    answer = alices.post(f"/api/v1/generations?wait={wait}", WISH)
    assert (answer.status_code, list(answer.json()["error"]["fields"])) == (400, ["wait"])


@pytest.mark.parametrize("key", ["", "k" * 256])
def test_an_unusable_idempotency_key_is_refused_by_name(alices: Caller, key: str) -> None:
    answer = alices.post("/api/v1/generations", WISH, **{"Idempotency-Key": key})
    assert (answer.status_code, list(answer.json()["error"]["fields"])) == (400, ["Idempotency-Key"])


POSTS = ("cloud_models", "estimates", "generations", "budgets", "hub_keys")


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize(
    "body", ["[]", '"text"', "null", "5", "{", "", "{'a': 1}", '{"a": NaN}', b"\xff\xfe", '"\\ud800"']
)
def test_a_body_that_is_no_json_object_is_400(alices: Caller, path: str, body: str | bytes) -> None:
    answer = alices.post(f"/api/v1/{path}", body)
    assert answer.status_code == 400, answer.content
    assert answer.json()["error"]["code"] == "invalid"


@pytest.mark.parametrize(
    ("change", "field"),
    [({"action": "forgive"}, "action"), ({"action": None}, "action"), ({"action": []}, "action"),
     ({"reason": ""}, "reason"),
     ({"reason": None}, "reason"), ({"reason": 5}, "reason"), ({"reason": "x" * 401}, "reason"),
     ({"amount": 1}, "amount"),
     ({"amount": "-1"}, "amount"), ({"action": "release", "amount": "1"}, "amount"), ({"colour": 1}, "colour")],
    ids=lambda value: repr(value)[:40],
)  # fmt: skip
def test_a_bad_decision_is_refused_by_name(alices: Caller, finished: Any, change: dict[str, Any], field: str) -> None:
    attempt = finished("#lost a fox")["attempts"][0]["id"]
    body = {"action": "settle", "reason": "seen on the bill", **change}
    answer = alices.post(f"/api/v1/attempts/{attempt}/decision", body)
    assert answer.status_code == 400, answer.content
    assert field in answer.json()["error"]["fields"]
