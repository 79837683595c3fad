"""Of a vendor's keys the first whose lane lets calls through is taken, else the one that does soonest."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from cloudhub.lanes.choose import key_in_turn
from cloudhub.lanes.find import LaneName, lanes_named
from cloudhub.lanes.models import Lane
from cloudhub.vault import stored as verbs
from cloudhub.vault.models import ProviderKey
from providers.base import Rejected
from providers.catalogue import installed_providers
from tests.conftest import Cast
from tests.vault.conftest import OLD

MODEL = "gpt-image-1.5"


@pytest.fixture
def keys(cast: Cast, settings: Any) -> list[ProviderKey]:
    settings.CLOUDHUB_ENCRYPTION_KEYS = OLD
    return [
        verbs.add_key(
            cast.alice, provider="openai", values={"OPENAI_API_KEY": f"key-{number}-0123456789"}, priority=number
        )
        for number in range(3)
    ]


def chosen(model: str = MODEL) -> int:
    return int(key_in_turn(installed_providers()["openai"], model).secret.split("-")[1])


def change(stored: ProviderKey, *, model: str = "", **fields: Any) -> None:
    lanes = lanes_named(LaneName("openai", stored.key_print, MODEL))
    Lane.objects.filter(id=lanes[1 if model else 0].pk).update(**fields)


def later(**span: float) -> Any:
    return timezone.now() + timedelta(**span)


def test_the_first_by_priority_is_taken_while_all_is_well(cast: Cast, keys: list[ProviderKey]) -> None:
    assert chosen() == 0
    verbs.set_priority(cast.alice, keys[0].pk, 9)
    assert chosen() == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"opened_until": timedelta(seconds=30), "failures": 5},
        {"opened_until": timedelta(seconds=-1), "trial_until": timedelta(seconds=60), "failures": 5},
        {"paused_until": timedelta(hours=1)},
        {"failures": 1, "last_failure_code": "key_invalid"},
        {"failures": 1, "last_failure_code": "billing_disabled"},
    ],
)
def test_a_key_that_cannot_go_gives_way(keys: list[ProviderKey], fields: dict[str, Any]) -> None:
    now = timezone.now()
    change(keys[0], **{name: now + value if isinstance(value, timedelta) else value for name, value in fields.items()})
    assert chosen() == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"opened_until": timedelta(seconds=-1), "failures": 5},
        {"paused_until": timedelta(seconds=20)},
        {"failures": 4, "last_failure_code": "provider_5xx"},
        {"failures": 0, "last_failure_code": "key_invalid"},
    ],
)
def test_what_passes_soon_or_has_passed_is_no_reason(keys: list[ProviderKey], fields: dict[str, Any]) -> None:
    now = timezone.now()
    change(keys[0], **{name: now + value if isinstance(value, timedelta) else value for name, value in fields.items()})
    assert chosen() == 0


def test_a_models_own_pause_is_that_models_alone(keys: list[ProviderKey]) -> None:
    change(keys[0], model=MODEL, paused_until=later(hours=1))
    assert (chosen(), chosen("gpt-image-1")) == (1, 0)


def test_when_none_can_go_the_one_that_can_soonest_is_taken(keys: list[ProviderKey]) -> None:
    change(keys[0], paused_until=later(hours=3))
    change(keys[1], failures=1, last_failure_code="key_invalid")
    change(keys[2], paused_until=later(hours=2))
    assert chosen() == 2
    change(keys[2], failures=1, last_failure_code="key_invalid")
    assert chosen() == 0


def test_one_query_for_the_keys_and_one_for_their_lanes(
    keys: list[ProviderKey], django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(2):
        chosen()


def test_without_any_key_the_variable_is_named(cast: Cast) -> None:
    with pytest.raises(Rejected, match="OPENAI_API_KEY"):
        key_in_turn(installed_providers()["openai"], MODEL)
