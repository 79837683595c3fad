"""What a vendor's pages say can go wrong, as data: each vendor's `tests/documented.py` lists its own as `ERRORS`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True, kw_only=True)
class DocumentedError:
    """One error of a vendor's pages, and what the hub must make of it.

    `status` and `body` are what the vendor answers to the call named by `on`. `ends` is the class that the adapter
    raises. `state` is how the attempt ends: released (money back), settled (billed all the same) or unknown.
    """

    name: str
    status: int
    body: str | dict[str, Any] | list[Any]
    code: str
    ends: Literal["rejected", "busy", "unknown"]
    state: Literal["released", "settled", "unknown"]
    on: Literal["start", "check"] = "start"
    headers: Mapping[str, str] = field(default_factory=dict)
    source: str = ""
