"""What a vendor's part of the emulator is: the addresses it serves, a function from call to reply, and its errors."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from providers.emulation.faults import NO_FAULT, Fault
from providers.emulation.invoice import Charge


@dataclass(frozen=True, kw_only=True)
class Mount:
    """One base address of a vendor: `http://host:port/<name><suffix>`, which the hub reads from `variable`."""

    name: str
    variable: str
    suffix: str = ""


@dataclass(frozen=True, kw_only=True)
class Call:
    """One HTTP request to a vendor.

    `path` is decoded, starts with "/" and follows the mount's name. Header names are lower case. `origin` is the
    emulator's own address, for vendors whose answers hold addresses. `fault` is what shall go wrong in the work;
    delays, dropped connections and given answers are the server's business.
    """

    method: str
    mount: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = field(default=b"", repr=False)
    origin: str = ""
    fault: Fault = NO_FAULT


@dataclass(frozen=True, kw_only=True)
class Reply:
    """One HTTP answer, and what the vendor charges for the work behind it, None when there was none.

    `void` is the request id of an earlier charge that is taken back, because its job was stopped before it ran.
    """

    status: int = 200
    body: bytes = field(default=b"", repr=False)
    content_type: str = "application/json; charset=UTF-8"
    headers: Mapping[str, str] = field(default_factory=dict)
    charge: Charge | None = None
    void: str = ""


@dataclass(frozen=True, kw_only=True)
class VendorEmulator:
    """A vendor's part; `ProviderConfig.emulator` names it as "module:object".

    `id` is the provider id. `answer` does the work of a call. `failure` is the vendor's usual answer with that HTTP
    status, for a fault that gives a status without a body. `does_work` says whether a call can cost money, `counts`
    whether it counts in the vendor's rate limit, None that only work does.
    Vendors may share a mount: `takes` says which of its calls are this vendor's, None that all others are.
    """

    id: str
    mounts: tuple[Mount, ...]
    answer: Callable[[Call], Reply]
    failure: Callable[[Call, int], Reply]
    does_work: Callable[[Call], bool]
    takes: Callable[[Call], bool] | None = None
    counts: Callable[[Call], bool] | None = None


def json_reply(document: Any, *, status: int = 200, charge: Charge | None = None) -> Reply:
    """A reply whose body is `document` as JSON."""
    return Reply(status=status, body=orjson.dumps(document), charge=charge)
