"""A vendor's credentials: the ways to prove who we are, and the values in hand, which are never printed."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class KeyForm:
    """One way to prove who we are at a vendor, by the names of environment variables.

    It is complete when every one of `required` is set. `public` are those that are no secret, such as a region: they
    may be shown and are not taken out of texts. A form without required names suits a vendor that needs no key. The
    value of one of `files` may be a file's path in the environment; a key that people store holds the file's JSON text,
    of one of the kinds in `file_fields`: (its `type`, the fields that it must hold).
    `switches` mean something in the environment alone.
    """

    name: str
    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    public: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    switches: tuple[str, ...] = ()
    file_fields: tuple[tuple[str, tuple[str, ...]], ...] = ()
    help: str = ""

    @property
    def variables(self) -> tuple[str, ...]:
        return (*self.required, *self.optional)


@dataclass(frozen=True)
class Key:
    """A vendor's credentials by variable name, and in words where they come from. Never printed.

    `form` is the name of the `KeyForm` that they fill, `public` the names among them that are no secret, `stored_id`
    the id of the hub's own record of it, empty for a key of the environment.
    """

    values: Mapping[str, str] = field(repr=False)
    source: str = ""
    form: str = ""
    public: tuple[str, ...] = ()
    stored_id: str = ""

    @property
    def secret(self) -> str:
        """The one secret of a vendor that has a single key; the first one of several."""
        return next(iter(self.secrets), "")

    @property
    def secrets(self) -> list[str]:
        return [value for name, value in self.values.items() if name not in self.public]

    @property
    def last_four(self) -> str:
        """What may be shown of a key; nothing of a short one or of a key file's text."""
        return self.secret[-4:] if len(self.secret) >= 12 and not self.secret.startswith("{") else ""

    def get(self, name: str) -> str:
        """The value of a variable, empty when it is not set."""
        return self.values.get(name, "")

    def redact(self, text: str) -> str:
        """`text` without any of the secrets, for errors and stored answers."""
        for value in sorted(self.secrets, key=len, reverse=True):
            if value:
                text = text.replace(value, "[key]")
        return text
