"""Which texts can be stored at all."""


def is_storable(text: str) -> bool:
    """No NUL, which PostgreSQL does not store, and no half of a surrogate pair, which UTF-8 cannot write."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\x00" not in text
