"""Which credentials a call gets: the first whole form; a sentence that names what is missing; no key in a print."""

import hashlib
import itertools
from typing import ClassVar

import pytest
from django.test import override_settings

from cloudhub.vault.keys import fingerprint, has_key, key_for
from providers.base import Key, KeyForm, Rejected
from tests.generations.errand.client import Errand

pytestmark = pytest.mark.django_db
NAMES = ("CLOUD_PROJECT", "CLOUD_SECRET", "CLOUD_REGION", "SIMPLE_KEY")


class TwoWays(Errand):
    """Takes an account (preferred) or a simple key."""

    id = "two-ways"
    key_variables = ()
    key_help = "Make a key in the console."
    key_forms: ClassVar[tuple[KeyForm, ...]] = (
        KeyForm(name="account", required=("CLOUD_PROJECT", "CLOUD_SECRET"), optional=("CLOUD_REGION",),
                public=("CLOUD_PROJECT", "CLOUD_REGION"), help="Make an account."),
        KeyForm(name="simple", required=("SIMPLE_KEY",)),
    )  # fmt: skip


class MayGoWithout(Errand):
    id = "may-go-without"
    key_forms = (KeyForm(name="server", optional=("SIMPLE_KEY",)),)


VENDOR = TwoWays()


@pytest.fixture(autouse=True)
def _nothing_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def put(monkeypatch: pytest.MonkeyPatch) -> object:
    def set_variables(**values: str) -> None:
        for name, value in values.items():
            monkeypatch.setenv(name, value)

    return set_variables


def refusal() -> Rejected:
    with pytest.raises(Rejected) as refused:
        key_for(VENDOR)
    return refused.value


WHOLE = [
    ({"CLOUD_PROJECT": "p", "CLOUD_SECRET": "s"}, "account", {"CLOUD_PROJECT": "p", "CLOUD_SECRET": "s"}),
    ({"CLOUD_PROJECT": "p", "CLOUD_SECRET": "s", "CLOUD_REGION": "r", "SIMPLE_KEY": "k"}, "account",
     {"CLOUD_PROJECT": "p", "CLOUD_SECRET": "s", "CLOUD_REGION": "r"}),
    ({"SIMPLE_KEY": "k"}, "simple", {"SIMPLE_KEY": "k"}),
    ({"CLOUD_PROJECT": "p", "SIMPLE_KEY": "k"}, "simple", {"SIMPLE_KEY": "k"}),
    ({"CLOUD_PROJECT": "p", "CLOUD_SECRET": "  ", "SIMPLE_KEY": " k\n"}, "simple", {"SIMPLE_KEY": "k"}),
]  # fmt: skip


@pytest.mark.parametrize(("values", "form", "found"), WHOLE)
def test_the_first_whole_form_is_taken_and_only_its_variables(put, values, form, found) -> None:  # type: ignore[no-untyped-def]
    put(**values)
    key = key_for(VENDOR)
    assert (key.form, dict(key.values), key.source) == (form, found, "environment")
    assert has_key(VENDOR)


def test_public_names_go_with_the_key(put) -> None:  # type: ignore[no-untyped-def]
    put(CLOUD_PROJECT="my-project", CLOUD_SECRET="the-secret-0123")
    assert key_for(VENDOR).redact("my-project the-secret-0123") == "my-project [key]"


MISSING = [
    ({}, "CLOUD_PROJECT", "Make an account."),
    ({"CLOUD_PROJECT": "p"}, "CLOUD_SECRET", "Make an account."),
    ({"CLOUD_SECRET": "s"}, "CLOUD_PROJECT", "Make an account."),
    ({"CLOUD_SECRET": "  ", "CLOUD_PROJECT": ""}, "CLOUD_PROJECT", "Make an account."),
    ({"CLOUD_REGION": "r"}, "CLOUD_PROJECT", "Make an account."),
    ({"SIMPLE_KEY": " "}, "CLOUD_PROJECT", "Make an account."),
]


@pytest.mark.parametrize(("values", "name", "help_text"), MISSING)
def test_the_sentence_names_the_variable_that_is_missing(put, values, name, help_text) -> None:  # type: ignore[no-untyped-def]
    put(**values)
    error = refusal()
    assert error.message == (
        f"API key not found for two-ways. Please set {name} in .env file or environment variables."
    )
    assert (error.code, error.remedy) == ("no_key", help_text)
    assert not has_key(VENDOR)


def test_the_form_that_was_begun_is_the_one_that_is_meant(monkeypatch: pytest.MonkeyPatch, put) -> None:  # type: ignore[no-untyped-def]
    simple = KeyForm(name="simple", required=("SIMPLE_KEY", "SIMPLE_ID"))
    monkeypatch.setattr(TwoWays, "key_forms", (TwoWays.key_forms[0], simple))
    put(SIMPLE_KEY="k")
    error = refusal()
    assert "Please set SIMPLE_ID in" in error.message
    assert error.remedy == "Make a key in the console."


def test_without_any_words_of_the_vendor_the_remedy_is_the_line_to_write(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TwoWays, "key_forms", (TwoWays.key_forms[1],))
    monkeypatch.setattr(TwoWays, "key_help", "")
    assert refusal().remedy == "Put SIMPLE_KEY=… into .env and start the hub again."


def test_a_vendor_that_may_go_without_a_key_takes_one_that_is_there(put) -> None:  # type: ignore[no-untyped-def]
    vendor = MayGoWithout()
    assert has_key(vendor)
    assert (key_for(vendor).secrets, key_for(vendor).source) == ([], "not needed")
    put(SIMPLE_KEY="the-key")
    assert key_for(vendor).secret == "the-key"


@pytest.mark.parametrize(("from_file", "source"), [
    ({"CLOUD_PROJECT", "CLOUD_SECRET"}, ".env"), ({"CLOUD_SECRET"}, "environment"), (set(), "environment"),
])  # fmt: skip
def test_where_a_key_comes_from_is_told(put, from_file: set[str], source: str) -> None:  # type: ignore[no-untyped-def]
    put(CLOUD_PROJECT="p", CLOUD_SECRET="s")
    with override_settings(FROM_ENV_FILE=frozenset(from_file)):
        assert key_for(VENDOR).source == source


# Fingerprints


SECRETS = ["a", "0123456789", "sk-live-0123456789abcdef", "ümlaut-schlüssel", "x" * 5000]


@pytest.mark.parametrize("secret", SECRETS)
def test_a_fingerprint_says_nothing_of_the_key(secret: str) -> None:
    mark = fingerprint(Key({"A": secret}))
    assert len(mark) == 16
    assert int(mark, 16) >= 0
    assert all(part not in mark for part in (secret[:4], secret[-4:]) if len(part) == 4)
    plain = {
        hashlib.blake2b(secret.encode(), digest_size=8).hexdigest(),
        hashlib.sha256(secret.encode()).hexdigest()[:16],
    }
    assert mark not in plain


def test_equal_secrets_have_equal_marks_and_others_have_others() -> None:
    keys = [Key({"A": "one", "B": "two"}), Key({"A": "onetwo"}), Key({"A": "one"}), Key({"A": "two", "B": "one"})]
    for first, second in itertools.combinations(keys, 2):
        assert fingerprint(first) != fingerprint(second)
    assert fingerprint(Key({"A": "one"}, source=".env", form="key")) == fingerprint(
        Key({"A": "one"}, source="environment")
    )


def test_public_values_do_not_make_another_key() -> None:
    here = Key({"A": "one", "REGION": "here"}, public=("REGION",))
    there = Key({"A": "one", "REGION": "there"}, public=("REGION",))
    assert fingerprint(here) == fingerprint(there)


def test_without_a_secret_there_is_no_mark() -> None:
    assert fingerprint(Key({})) == ""
    assert fingerprint(Key({"REGION": "here"}, public=("REGION",))) == ""


def test_another_hub_has_other_marks() -> None:
    here = fingerprint(Key({"A": "one"}))
    with override_settings(SECRET_KEY="another-secret"):
        assert fingerprint(Key({"A": "one"})) != here
