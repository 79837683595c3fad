"""Pictures lie in files: no column of any table holds one, in no spelling, however it came in or went out."""

import base64
from typing import Any

import pytest
from django.apps import apps
from django.db.models import BinaryField, FileField

from cloudhub.generations import storage
from cloudhub.generations.engine import engine
from cloudhub.generations.models import Generation, Image
from tests.api.caller import caller_of
from tests.conftest import Cast
from tests.generations.stage import assert_books_are_right, png

MOST_IN_A_ROW = 16_384


def rows() -> list[tuple[str, dict[str, Any]]]:
    """Every row of every table, Django's own too."""
    return [(model._meta.label, row) for model in apps.get_models() for row in model._default_manager.values()]


@pytest.mark.sqlite_only
def test_no_table_has_a_column_for_files() -> None:
    for model in apps.get_models():
        assert not [field for field in model._meta.fields if isinstance(field, BinaryField | FileField)], model


def test_a_picture_that_comes_in_and_goes_out_as_base64_is_in_no_row(cast: Cast) -> None:
    caller, given = caller_of(cast.bob), png(size=(256, 256))
    sent = f"data:image/png;base64,{base64.b64encode(given).decode()}"
    wish = {"model": "practice-1", "prompt": "a fox", "input_images": [sent], "resolution": "0.5K"}
    assert caller.post("/api/v1/generations", wish).status_code in (200, 201, 202)
    assert caller.post("/api/v1/generations", {**wish, "input_images": [sent[:-9]]}).status_code == 400
    engine.run_once()
    made = Image.objects.filter(generation__isnull=False).latest("created_at")
    assert Generation.objects.get().state == "succeeded"
    files = [given, storage.read_bytes(made.sha256)]
    coded = [base64.b64encode(data).decode()[20:60] for data in files]
    for table, row in rows():
        text = repr(row)
        assert len(text) < MOST_IN_A_ROW, table
        assert not any(part in text for part in coded), table
    assert_books_are_right()
