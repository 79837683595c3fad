"""Token figures as OpenAI's answers have them, from what was billed by the token."""

from collections import Counter
from typing import Any

from cloudhub.generations.answers import kept_answer
from cloudhub.generations.models import Attempt, Generation

INPUT, OUTPUT, PICTURE = "input_token", "output_token", "image_output_token"
# Each also with "cached_" before it.
TEXT_IN, PICTURE_IN = "text_input_token", "image_input_token"


def usage_of(generation: Generation) -> dict[str, Any] | None:
    """The tokens of all calls together; None for a model that is not priced by tokens, and for a cache hit.

    What came in is split where the vendor bills text and pictures apart, cached ones included, or where no picture can
    be part of it.
    """
    tokens: Counter[str] = Counter()
    settled = Attempt.objects.filter(generation=generation, state=Attempt.State.SETTLED)
    for attempt_id in settled.values_list("hold_id", flat=True):
        answer = kept_answer(attempt_id)
        if answer is not None and not answer.reported:
            tokens.update({unit: count for unit, count in answer.billed.items() if unit.endswith("_token")})
    if not tokens:
        return None
    came_in = sum(count for unit, count in tokens.items() if unit.endswith(INPUT))
    went_out = sum(count for unit, count in tokens.items() if unit.endswith(OUTPUT))
    usage: dict[str, Any] = {
        "input_tokens": came_in,
        "output_tokens": went_out,
        "output_tokens_details": {"image_tokens": tokens[PICTURE], "text_tokens": went_out - tokens[PICTURE]},
        "total_tokens": came_in + went_out,
    }
    pictures = sum(count for unit, count in tokens.items() if unit.endswith(PICTURE_IN))
    is_split = pictures + sum(count for unit, count in tokens.items() if unit.endswith(TEXT_IN)) == came_in
    if is_split or "input_images" not in generation.sent:
        usage["input_tokens_details"] = {"image_tokens": pictures, "text_tokens": came_in - pictures}
    return usage
