"""What a vendor's folder tells the contract test, as data in its `tests/documented.py`. Every part may be left out.

`ERRORS`            a list of `DocumentedError`: what the vendor's pages say can go wrong
`REGISTRATIONS`     a list of arguments of `register_model` (without `provider`) that take the place of the catalogue's
                    model with that id, or stand for the models of an open catalogue; `price_per_image` where the
                    vendor's price stands in a contract, as the emulator charges it
`FORM`              the name of the `KeyForm` that has most abilities, when it is not the first
`credentials`       a function (form name, folder for files, canary) → environment, in which every secret holds the
                    canary; without it, or where it gives None, every variable that is no public one is the canary
`VALUES`            values of options that take any text, by "options.name": each must be sent differently
`SAME_ON_THE_WIRE`  by "model:ability" or "ability", why an ability needs nothing to be sent
`UNPRICED`          by model, why its price is unknown
`LONGEST_PROMPT`    characters that surely fit, where the vendor counts tokens
`FINDS_LOST_JOBS`   true where the hub chooses the job's id and can ask whether a lost call arrived
`QUICK`             by dotted name, a shorter time in place of one that the vendor's module waits through
`BILLS_NOBODY`      true for servers of one's own: nothing ever stands on their invoice
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

# In the body of an answer to "check" this stands for the id of the job, as the last part of the address names it.
JOB_ID = "0a1b2c3d-0000-4000-8000-000000000001"


@dataclass(frozen=True, kw_only=True)
class DocumentedError:
    """One error of a vendor's pages, and what the hub must make of it.

    `status` and `body` are what the vendor answers to the call named by `on`. `ends` is the class that the adapter
    raises. `state` is how the attempt ends: released (money back), settled (billed all the same) or unknown; what is
    busy on "check" is asked again and ends well. `model` is the one that it is about, by default the vendor's usual.
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
    model: str = ""
