"""Two e-mail addresses are one in any case of ASCII letters, and in no other spelling."""

import pytest

from cloudhub.core.addresses import is_same_address

pytestmark = pytest.mark.sqlite_only


def test_case_does_not_count_and_no_other_letter_stands_for_one() -> None:
    assert is_same_address("Bob.K@Example.org", "bob.k@eXAMPLE.ORG")
    for look_alike in ("bob.k@example.org", "bob.\u212a@example.org", "bob.k@exampl\u0117.org"):
        assert is_same_address(look_alike, "bob.k@example.org") is look_alike.isascii()
