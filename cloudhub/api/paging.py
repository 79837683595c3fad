"""Cursor-paged lists: the primary key is the paging key, so that a page costs the same wherever it lies."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from django.db.models import IntegerField, Model, QuerySet
from rest_framework.request import Request

from cloudhub.core.errors import Invalid
from cloudhub.core.identifiers import read_id

Row = TypeVar("Row", bound=Model)
Item = TypeVar("Item")
USUAL_LIMIT = 50
MOST_LIMIT = 200
PAGE_FIELDS = ("limit", "cursor")
LARGEST_ID = 2**63 - 1


def answer_page(
    request: Request,
    query: Mapping[str, str],
    rows: QuerySet[Row],
    present: Callable[[list[Row]], list[dict[str, Any]]],
    *,
    newest_first: bool,
) -> dict[str, Any]:
    """One page of rows, ordered by primary key, and the address of the next page. Raises `Invalid` naming the field."""
    limit = _read_limit(query.get("limit"))
    after = _read_cursor(query.get("cursor"), rows.model)
    rows = rows.order_by("-pk" if newest_first else "pk")
    if after is not None:
        rows = rows.filter(**{"pk__lt" if newest_first else "pk__gt": after})
    found = list(rows[: limit + 1])
    following = None
    if len(found) > limit:
        following = _address_after(request, str(found[limit - 1].pk))
    return {"results": present(found[:limit]), "next": following}


def answer_list(
    request: Request, query: Mapping[str, str], items: Sequence[tuple[str, Item]], present: Callable[[Item], Any]
) -> dict[str, Any]:
    """One page of a short list that is in memory, by each item's name; a name is also the cursor.

    Raises `Invalid` naming the field.
    """
    limit, after = _read_limit(query.get("limit")), query.get("cursor")
    names = [name for name, _ in items]
    if after is not None and after not in names:
        raise Invalid.of({"cursor": "Take the cursor from the address in `next`."})
    begin = 0 if after is None else names.index(after) + 1
    page = items[begin : begin + limit]
    following = _address_after(request, page[-1][0]) if begin + limit < len(items) else None
    return {"results": [present(item) for _, item in page], "next": following}


def _address_after(request: Request, cursor: str) -> str:
    address = request.query_params.copy()
    address["cursor"] = cursor
    return f"{request.build_absolute_uri(request.path)}?{address.urlencode()}"


def _read_limit(text: str | None) -> int:
    if text is None:
        return USUAL_LIMIT
    limit = read_number(text)
    if limit is None or not 1 <= limit <= MOST_LIMIT:
        raise Invalid.of({"limit": f"Must be a whole number from 1 to {MOST_LIMIT}."})
    return limit


def _read_cursor(text: str | None, model: type[Model]) -> Any:
    if text is None:
        return None
    after = read_number(text) if isinstance(model._meta.pk, IntegerField) else read_id(text)
    if after is None:
        raise Invalid.of({"cursor": "Take the cursor from the address in `next`."})
    return after


def read_number(text: str) -> int | None:
    """A whole number that fits a primary key, None for every other text."""
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        return None
    number = int(text)
    return number if number <= LARGEST_ID else None
