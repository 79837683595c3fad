"""The Costs page: spend by day and the ledger with its filters."""

from collections.abc import Callable
from datetime import date

import pytest
from django.test import Client

from cloudhub.billing.models import LedgerEntry
from cloudhub.billing.reports import Row
from cloudhub.generations.models import Generation
from cloudhub.web.chart import charts
from cloudhub.web.views import costs

Make = Callable[..., Generation]


def lines(client: Client, **query: object) -> list[LedgerEntry]:
    return client.get("/costs/", query).context["entries"]


def test_it_shows_what_was_spent_and_every_line_of_it(alices: Client, made: Make) -> None:
    made(num_images="2")
    page = alices.get("/costs/")
    assert page.context["charts"][0].total == "0.02 XTS"
    assert [entry.kind for entry in page.context["entries"]] == ["settle", "hold"]
    assert "−0.02 XTS" in page.content.decode()


def test_it_filters_by_kind_model_generation_and_date(alices: Client, made: Make) -> None:
    first = made()
    made("a lighthouse #refuse")
    assert [entry.kind for entry in lines(alices, kind="release")] == ["release"]
    assert len(lines(alices, generation=str(first.id))) == 2
    assert lines(alices, generation="nonsense") == []
    assert lines(alices, model="other") == []
    assert lines(alices, until="2026-01-02", since="2026-01-01") == []
    assert len(lines(alices, since="2026-01-01")) == 4


def test_older_lines_follow_without_gap_or_repeat(alices: Client, made: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(costs, "PAGE", 3)
    for _ in range(4):
        made()
    page, seen = alices.get("/costs/"), []
    while True:
        seen += [entry.pk for entry in page.context["entries"]]
        if not page.context["older"]:
            break
        page = alices.get(f"/costs/?{page.context['older']}")
    assert seen == list(LedgerEntry.objects.order_by("-id").values_list("pk", flat=True))


@pytest.mark.parametrize(("field", "value"), [("since", "yesterday"), ("until", "31.12.2026"), ("since", "2999-01-01")])
def test_a_bad_date_stands_at_its_field(field: str, value: str, alices: Client) -> None:
    answer = alices.get("/costs/", {field: value})
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.content.decode()


def test_a_stranger_sees_none_of_the_teams_money(charlies: Client, made: Make) -> None:
    made()
    assert lines(charlies) == []
    assert "Nothing was spent" in charlies.get("/costs/").content.decode()


def test_the_ledger_takes_a_fixed_number_of_queries(
    alices: Client, made: Make, django_assert_max_num_queries: Callable
) -> None:
    for _ in range(5):
        made()
    # Five of them are the owner's mark beside "Status".
    with django_assert_max_num_queries(13):
        alices.get("/costs/")


def test_currencies_get_a_chart_each_and_are_never_added() -> None:
    rows = [Row("2026-01-01", 1, 1, 30, "XTS"), Row("2026-01-01", 1, 1, 50, "USD"), Row("2026-01-03", 1, 1, 100, "USD")]
    dollars, practice = charts(rows, date(2026, 1, 1), date(2026, 1, 3))
    assert (dollars.currency, dollars.total, practice.total) == ("USD", "$0.00015", "0.00003 XTS")
    assert [column.height for column in dollars.columns] == [50, 0, 100]
    assert [column.height for column in practice.columns] == [100, 0, 0]
