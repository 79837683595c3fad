"""The Status page: what is wrong first, who sees and may do what, lanes in a form, decisions without leaving."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from cloudhub.accounts.actor import Actor
from cloudhub.catalog.models import CloudModel
from cloudhub.catalog.register import change_model, register_model
from cloudhub.generations.models import Attempt
from cloudhub.health.models import KeyCheck
from cloudhub.lanes.change import set_limits
from cloudhub.lanes.models import Lane
from cloudhub.web.status_words import billing_words
from providers.base import Limit
from providers.emulation.server import RunningServer
from providers.gemini.client import Gemini
from providers.ideogram.client import Ideogram
from tests.conftest import Cast
from tests.generations.stage import NANO, fault
from tests.health.stage import a_runner, attempts, key_lane, lane_calls, model_lane
from tests.web.conftest import HTMX

PAGE = "/status/"
CHECK = "/status/vendors/google-gemini/check"


@pytest.fixture
def nano(gemini: RunningServer, cast: Cast) -> CloudModel:
    return register_model(provider="google-gemini", cloud_model_id=NANO)


@pytest.fixture(autouse=True)
def _a_runner(cast: Cast) -> None:
    a_runner()


def text_of(client: Client, path: str = PAGE) -> str:
    """The page's words, one space between them."""
    html = client.get(path).content.decode()
    html = re.sub(r"</?(span|strong|code|a|time|svg|use)\b[^>]*>", "", html)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def test_a_hub_in_order_says_so(nano: CloudModel, alices: Client) -> None:
    page = text_of(alices)
    assert "Everything works" in page
    assert "need you" not in page
    assert "Google Gemini not tried yet" in page


def test_a_model_without_a_key_is_told_quietly(cast: Cast, alices: Client) -> None:
    register_model(provider="google-gemini", cloud_model_id=NANO)
    page = text_of(alices)
    assert "Everything that has its key works." in page
    assert (
        "No key: nothing can be sent. Add one under Keys, or set GOOGLE_API_KEY in .env. 1 model waits for it." in page
    )


def test_vendors_that_nobody_uses_have_a_line_each(alices: Client) -> None:
    page = text_of(alices)
    assert "Google Gemini no key: nothing can be sent; add one under Keys, or set GOOGLE_API_KEY in .env" in page
    assert "Cannot be used by any program: Midjourney" in page


def test_a_refused_key_stands_first_with_what_to_do(
    nano: CloudModel, alices: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOOGLE_API_KEY", "invalid-key-0123456789")
    assert alices.post(CHECK)["Location"] == "/status/#vendor-google-gemini"
    KeyCheck.objects.update(checked_at=timezone.now() - timedelta(minutes=4))
    page = text_of(alices)
    assert "Google Gemini: the key was refused 4 minutes ago." in page
    assert "Everything" not in page
    assert "Google Gemini key refused" in page
    assert "1 needs you" in page
    html = alices.get(PAGE).content.decode()
    assert '<a href="https://aistudio.google.com/apikey" rel="nofollow">' in html
    assert "invalid-key-0123456789" not in html


def test_the_check_shows_the_vendors_word_and_costs_nothing(nano: CloudModel, alices: Client) -> None:
    assert "Not checked yet" in text_of(alices)
    alices.post(CHECK)
    assert "Works, checked just now. Check now at Google Gemini, free of charge API credentials are valid" in text_of(
        alices
    )


def test_with_htmx_a_check_renews_the_page_part_by_part(nano: CloudModel, alices: Client) -> None:
    answer = alices.post(CHECK, headers=HTMX)
    assert answer.status_code == 200
    html = answer.content.decode()
    assert "<html" not in html
    for part in ("concerns", "unknown", "vendor-google-gemini", "retirements", "unused", "status-mark"):
        assert re.search(rf'id="{part}"[^>]*hx-swap-oob="true"', html), part


def test_the_renewed_parts_have_their_place_on_the_page(nano: CloudModel, alices: Client) -> None:
    page, live = alices.get(PAGE).content.decode(), alices.get("/status/live").content.decode()
    parts = re.findall(r'id="([^"]+)"[^>]*hx-swap-oob="true"', live)
    assert len(parts) == live.count("hx-swap-oob") >= 7
    for part in parts:
        assert page.count(f'id="{part}"') == 1


def test_traffic_latency_and_circuit_are_told_in_words(nano: CloudModel, alices: Client, bob: Actor) -> None:
    attempts(bob, nano, 20, took=[4.12])
    attempts(bob, nano, 2, state="released", code="rate_minute")
    page = text_of(alices)
    assert "22 calls: 20 succeeded 2 too fast for the vendor" in page
    assert "4.1 s typical (p50) · 4.1 s slow (p95)" in page
    assert "Circuit Closed: calls go." in page
    assert "Google Gemini works" in page


def test_an_open_circuit_says_when_and_why_and_an_owner_ends_it(nano: CloudModel, alices: Client) -> None:
    now = timezone.now()
    lane = key_lane(nano, failures=5, opened_until=now + timedelta(seconds=90), last_failure="HTTP 503: overloaded.",
                    last_failure_at=now - timedelta(minutes=2))  # fmt: skip
    page = text_of(alices)
    assert "Google Gemini: 5 calls failed in a row, the last one 2 minutes ago." in page
    assert "Open: 5 failures in a row, calls wait. One is tried in 89 s" in page
    assert "HTTP 503: overloaded." in page
    alices.post(f"/status/lanes/{lane.pk}/open")
    assert "Closed: calls go." in text_of(alices)


def test_a_half_open_circuit_says_what_happens_next(nano: CloudModel, alices: Client) -> None:
    now = timezone.now()
    key_lane(nano, failures=5, opened_until=now - timedelta(seconds=1), last_failure_at=now)
    assert "Half open after 5 failures in a row: the next call is the trial." in text_of(alices)
    key_lane(nano, trial_until=now + timedelta(seconds=60))
    assert "one call is being tried" in text_of(alices)


def test_a_pause_counts_down_with_its_reason(nano: CloudModel, alices: Client, bobs: Client) -> None:
    lane = model_lane(nano, paused_until=timezone.now() + timedelta(seconds=45), pause_reason="HTTP 429: slower.")
    page = text_of(alices)
    assert "Pausing; it goes on in 44 s. HTTP 429: slower." in page
    assert "End the pause" in page
    assert "End the pause" not in text_of(bobs)
    assert re.search(r'class="countdown"[^>]*data-until="20[^"]+"', alices.get(PAGE).content.decode())
    alices.post(f"/status/lanes/{lane.pk}/open")
    assert "Pausing" not in text_of(alices)


def test_limits_tell_whose_they_are_and_how_much_is_used(
    nano: CloudModel, alices: Client, alice: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        Gemini, "limits", (Limit(kind="requests", count=5, seconds=60, source="https://example.org/l"),)
    )
    set_limits(alice, model_lane(nano), [{"kind": "spend", "count": 5_000_000, "seconds": 86400}])
    lane_calls(nano, 5)
    page = text_of(alices)
    assert "5 requests a minute the vendor's 5 of 5 used: full" in page
    assert "$5.00 a day set by an owner $0.195 of $5.00 used" in page
    assert 'href="https://example.org/l"' in alices.get(PAGE).content.decode()


def test_everybody_reads_and_only_who_manages_acts(nano: CloudModel, bobs: Client, victors: Client, cast: Cast) -> None:
    attempts(cast.bob, nano, state="unknown")
    key_lane(nano, failures=5, opened_until=timezone.now() + timedelta(minutes=1), last_failure_at=timezone.now())
    for client in (bobs, victors):
        html = client.get(PAGE).content.decode()
        assert "GOOGLE_API_KEY from the environment" in html
        assert "6789" not in html
        assert html.count("<form") == 1  # signing out
        assert "1 unknown outcome waits for an owner" in html
        assert "need you" not in html


def test_another_teams_unknown_outcomes_are_not_there(nano: CloudModel, charlies: Client, cast: Cast) -> None:
    attempts(cast.bob, nano, state="unknown")
    page = text_of(charlies)
    assert "a red fox" not in page
    assert "unknown outcome waits" not in page


def test_an_owner_decides_without_leaving(nano: CloudModel, alices: Client, bob: Actor) -> None:
    (attempt,) = attempts(bob, nano, state="unknown", ago=timedelta(minutes=2))
    html = alices.get(PAGE).content.decode()
    assert '<option value="release" disabled>' in html
    assert "The vendor may still answer: the money can be given back from" in html
    address = f"/status/attempts/{attempt.pk}/decision"
    refused = alices.post(address, {"action": "release", "reason": "The bill says so."})
    assert refused.status_code == 409
    assert "This can be released or written off from" in refused.content.decode()
    assert re.search(rf'id="decide-{attempt.pk}" open', refused.content.decode())
    Attempt.objects.update(sent_at=timezone.now() - timedelta(hours=1))
    assert '<option value="release">' in alices.get(PAGE).content.decode()


def test_a_decision_comes_back_to_the_page(
    alices: Client, made: Callable[..., object], django_assert_max_num_queries: object
) -> None:
    made("a lost fox #lost")
    attempt = Attempt.objects.get(state="unknown")
    assert "0.01 XTS held" in text_of(alices)
    answer = alices.post(f"/status/attempts/{attempt.pk}/decision", {"action": "settle", "reason": "On the bill."})
    assert answer["Location"] == "/status/#unknown"
    assert "Decided: settled." in text_of(alices)
    assert Attempt.objects.get(pk=attempt.pk).state == "settled"


def limits_form(**columns: list[str]) -> dict[str, list[str]]:
    return {"count": ["10", "2", "2.50", ""], "kind": ["requests", "parallel", "spend", "requests"],
            "every": ["5", "1", "1", "1"], "unit": ["second", "minute", "day", "minute"], **columns}  # fmt: skip


def test_an_owner_writes_limits_in_rows(nano: CloudModel, alices: Client) -> None:
    lane = model_lane(nano)
    answer = alices.post(f"/status/lanes/{lane.pk}/limits", limits_form())
    assert answer["Location"] == "/status/#vendor-google-gemini"
    assert Lane.objects.get(pk=lane.pk).limits == [
        {"kind": "requests", "count": 10, "seconds": 5},
        {"kind": "parallel", "count": 2, "seconds": 0},
        {"kind": "spend", "count": 2_500_000, "seconds": 86400},
    ]
    html = alices.get(PAGE).content.decode()
    form = html[html.index(f'id="limits-{lane.pk}"') :].split("</details>")[0]
    assert re.findall(r'name="count"[^>]*value="([^"]*)"', form) == ["10", "2", "2.5", ""]
    assert re.findall(r'name="every"[^>]*value="([^"]*)"', form) == ["5", "1", "1", "1"]


def test_the_vendors_limits_come_back(nano: CloudModel, alices: Client, alice: Actor) -> None:
    lane = set_limits(alice, model_lane(nano), [])
    assert "No limit, set by an owner." in text_of(alices)
    alices.post(f"/status/lanes/{lane.pk}/limits", {**limits_form(), "vendors": "yes"})
    assert Lane.objects.get(pk=lane.pk).limits is None


def test_no_row_is_no_limit(nano: CloudModel, alices: Client, alice: Actor) -> None:
    lane = set_limits(alice, model_lane(nano), [{"kind": "parallel", "count": 1}])
    alices.post(f"/status/lanes/{lane.pk}/limits", limits_form(count=["", "", "", ""]))
    assert Lane.objects.get(pk=lane.pk).limits == []


@pytest.mark.parametrize(
    ("columns", "row", "sentence"),
    [
        ({"count": ["10", "many", "1", ""]}, 2, "whole number"),
        ({"count": ["0", "2", "1", ""]}, 1, "whole number"),
        ({"count": ["1", "2", "cheap", ""]}, 3, ""),
        ({"every": ["soon", "1", "1", "1"]}, 1, "whole number"),
        ({"unit": ["day", "minute", "day", "minute"], "every": ["99", "1", "1", "1"]}, 1, "whole number"),
        ({"kind": ["smiles", "parallel", "spend", "requests"]}, 1, "A limit has a kind"),
    ],
)
def test_a_fault_stands_at_its_row_and_keeps_what_was_written(
    nano: CloudModel, alices: Client, columns: dict[str, list[str]], row: int, sentence: str
) -> None:
    lane = model_lane(nano)
    answer = alices.post(f"/status/lanes/{lane.pk}/limits", limits_form(**columns))
    html = answer.content.decode()
    assert answer.status_code == 422
    form = html[html.index(f'id="limits-{lane.pk}" open') :].split("</details>")[0]
    assert re.findall(r'id="fault-\d+-(\d)"', form) == [str(row)]
    assert sentence in form
    assert re.findall(r'name="count"[^>]*value="([^"]*)"', form) == limits_form(**columns)["count"]
    assert Lane.objects.get(pk=lane.pk).limits is None


def test_an_unknown_lane_or_vendor_is_not_found(alices: Client) -> None:
    assert alices.post("/status/lanes/77/limits", limits_form()).status_code == 404
    assert alices.post("/status/lanes/77/open").status_code == 404
    assert alices.post("/status/vendors/nobody/check").status_code == 404


def test_models_at_rest_are_folded_away(nano: CloudModel, alices: Client) -> None:
    register_model(provider="google-gemini", cloud_model_id="gemini-3-pro-image")
    assert "2 models without limits of their own" in text_of(alices)


def test_retirements_name_date_and_successor(nano: CloudModel, alices: Client) -> None:
    ends = timezone.now().date() + timedelta(days=60)
    CloudModel.objects.filter(pk=nano.pk).update(shut_down_on=ends, successor="gemini-next")
    page = text_of(alices)
    assert "Nano Banana 2.1 60 days left" in page
    assert "Its successor is gemini-next" in page
    change_model(nano, {"enabled": False})
    assert "60 days left switched off" in text_of(alices)


def test_the_mark_stands_beside_status_on_every_page(alices: Client, bobs: Client, cast: Cast) -> None:
    attempts(cast.bob, cast.practice, 2, state="unknown")
    for path in ("/", "/costs/", "/status/"):
        assert "Status 1 needs you" in text_of(alices, path)
        assert "need you" not in text_of(bobs, path)


def test_many_calls_and_lanes_take_a_fixed_number_of_queries(
    nano: CloudModel, alices: Client, bob: Actor, django_assert_max_num_queries: Callable
) -> None:
    alices.get(PAGE)
    attempts(bob, nano, 300)
    attempts(bob, nano, 30, state="unknown")
    with django_assert_max_num_queries(15):
        alices.get(PAGE)
    with django_assert_max_num_queries(15):
        alices.get("/status/live")


def test_pressing_check_again_at_once_asks_nobody(nano: CloudModel, alices: Client, gemini: RunningServer) -> None:
    alices.post(CHECK)
    fault(gemini, status=500, times=None)
    alices.post(CHECK)
    assert KeyCheck.objects.get().state == "valid"


@pytest.mark.sqlite_only
def test_a_vendors_card_says_what_is_charged_without_a_picture(nano: CloudModel, alices: Client) -> None:
    said = (
        "Charges for cancelled calls. Its pages do not say whether it charges for filtered pictures and calls that "
        "outlast our waiting."
    )
    assert said in text_of(alices)
    assert billing_words(Ideogram()).startswith("Charges for filtered pictures, cancelled calls and calls that")
    assert billing_words(Ideogram()).endswith("It keeps results for 24 h.")
