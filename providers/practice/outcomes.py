"""Outcomes on request: words in a prompt that make the practice vendor behave in a certain way.

    word            what happens                                                   what is billed
    #busy           429, nothing runs, for as long as the word stands              nothing
    #busy:2         busy twice for the same prompt and seed, then a picture        the picture
    #refuse         the prompt is refused                                          nothing
    #refuse-output  the filter withholds the picture                               nothing
    #lost           the picture is drawn, the connection breaks before the answer  everything
    #partial        one picture fewer than asked, none when one was asked          what came
    #slow:5         five seconds go by first; 0 to 600, five without a number      the pictures
    #text           an answer in words, no picture                                 nothing
    #broken         bytes that are no picture                                      everything
    #overrun        pictures as usual                                              twice the quote

Several words may stand together. The drawing itself does not depend on them. The sentences that pages show stand
in `catalog.toml` and are `OUTCOMES` in `client.py`.
"""

import re
from dataclasses import dataclass, field
from decimal import Decimal

LONGEST_SLOW_SECONDS = 600.0
USUAL_SLOW_SECONDS = 5.0

_WORD = re.compile(
    r"(?<!\S)#(busy|refuse-output|refuse|lost|partial|slow|text|broken|overrun)(?::(\d{1,9}(?:\.\d{1,6})?))?(?!\S)",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """A prompt without its outcome words, and what those words ask for. `busy_times` is None for "always"."""

    prompt: str
    words: frozenset[str] = field(default_factory=frozenset)
    busy_times: int | None = None
    slow_seconds: float = 0.0


def read_wishes(prompt: str) -> Wishes:
    """Take the outcome words out of a prompt."""
    found = {match[1].lower(): match[2] for match in _WORD.finditer(prompt)}
    slow = found.get("slow")
    return Wishes(
        prompt=" ".join(_WORD.sub(" ", prompt).split()),
        words=frozenset(found),
        busy_times=int(Decimal(found["busy"])) if found.get("busy") else None,
        slow_seconds=0.0 if "slow" not in found else min(float(slow or USUAL_SLOW_SECONDS), LONGEST_SLOW_SECONDS),
    )
