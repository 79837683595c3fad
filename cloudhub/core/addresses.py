"""When two e-mail addresses are one: in any case of ASCII letters, and in no other spelling.

A database folds more than that: PostgreSQL takes the dotless "ı" for an "i", and Python the Kelvin sign for a "k". Both
may stand in somebody else's domain, so what `iexact` finds can be another person.
"""


def is_same_address(one: str, other: str) -> bool:
    return _folded(one) == _folded(other)


def _folded(address: str) -> bytes:
    """`lower` of bytes changes ASCII letters alone."""
    return address.encode("utf-8", "surrogatepass").lower()
