"""Credentials: one of several forms, some of their values public, the others in no text ever."""

import json
import pickle

import pytest

from providers.base import Key, KeyForm
from tests.generations.errand.client import Errand

FORM = KeyForm(
    name="account", required=("PROJECT", "SECRET"), optional=("REGION", "TOKEN"), public=("PROJECT", "REGION")
)
KEY = Key(
    {"PROJECT": "my-project", "SECRET": "very-secret-0123456789", "REGION": "us-central1", "TOKEN": "token-abcdefgh"},
    source=".env", form="account", public=FORM.public,
)  # fmt: skip


def test_a_form_names_all_its_variables_the_required_ones_first() -> None:
    assert FORM.variables == ("PROJECT", "SECRET", "REGION", "TOKEN")


def test_public_values_are_no_secrets() -> None:
    assert KEY.secrets == ["very-secret-0123456789", "token-abcdefgh"]
    assert KEY.secret == "very-secret-0123456789"
    assert KEY.last_four == "6789"


def test_values_are_found_by_name() -> None:
    assert (KEY.get("PROJECT"), KEY.get("TOKEN"), KEY.get("OTHER")) == ("my-project", "token-abcdefgh", "")


def test_a_vendor_without_a_key_has_no_secret() -> None:
    empty = Key({})
    assert (empty.secret, empty.secrets, empty.last_four, empty.redact("as it was")) == ("", [], "", "as it was")


def test_secrets_are_taken_out_of_a_text_and_public_values_stay() -> None:
    told = KEY.redact("very-secret-0123456789 for my-project in us-central1, with token-abcdefgh twice: token-abcdefgh")
    assert told == "[key] for my-project in us-central1, with [key] twice: [key]"


def test_a_secret_inside_another_does_not_leave_half_of_it() -> None:
    key = Key({"SHORT": "abcdef", "LONG": "abcdef-and-more"})
    assert key.redact("abcdef-and-more, abcdef") == "[key], [key]"


@pytest.mark.parametrize("shown", [repr(KEY), str(KEY), f"{KEY}", f"{KEY!r}", repr([KEY]), repr({"key": KEY})])
def test_a_key_that_is_printed_shows_none_of_its_values(shown: str) -> None:
    assert "account" in shown
    for value in KEY.secrets:
        assert value not in shown


def test_the_last_four_of_a_short_secret_are_not_told() -> None:
    assert Key({"A": "elevenchars"}).last_four == ""
    assert Key({"A": "twelve-chars"}).last_four == "hars"


def test_a_key_cannot_be_written_as_json_by_mistake() -> None:
    with pytest.raises(TypeError):
        json.dumps(KEY)  # type: ignore[arg-type]
    assert pickle.loads(pickle.dumps(KEY)) == KEY  # noqa: S301 - our own bytes: it may travel between our processes


def test_a_vendor_with_one_key_has_one_form() -> None:
    assert Errand.forms() == (KeyForm(name="key", required=("ERRAND_KEY",)),)
