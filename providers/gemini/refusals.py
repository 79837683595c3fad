"""Answers of HTTP 200 without a picture: each finish and block reason as an error of ours.

Both enums are open: a reason that is not named here is told as it is.
https://ai.google.dev/api/generate-content (FinishReason, BlockReason)
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from providers.base import Rejected
from providers.reading import LONGEST_KEPT, Redact, items, mapping, quotation, shown, text

LONGEST_REASON = 60
CHANGE_PROMPT = "Change the prompt or the reference pictures; asking again unchanged will be refused again."
TRY_ONCE = "Try once more; if it happens again, ask for a picture more plainly or change the prompt."
PLAINER = 'Say more plainly that you want a picture, for example "Draw …" or "A photo of …".'
TELL_OWNER = "Ask for a simpler picture or choose another model; if it stays, tell the owner."


@dataclass(frozen=True)
class Reason:
    """Our code for the vendor's reason, what it means in a sentence, and what to do."""

    code: str
    sentence: str
    remedy: str


_NO_PICTURE = Reason("no_image_text_answer", "The model gave no picture.", PLAINER)
_WORDS = Reason("no_image_text_answer", "The model answered in words instead of a picture.", PLAINER)
_UNUSUAL = Reason("invalid_output", "The model ended without a picture, for an unusual reason.", TELL_OWNER)
_FAILED = Reason("no_image_text_answer", "The model failed to draw and gave no reason.", TRY_ONCE)
_FORBIDDEN = Reason("refused_output", "The result is content that Google always forbids.", CHANGE_PROMPT)
_TOO_CLOSE = Reason("refused_output", "The result came too close to a known work.", CHANGE_PROMPT)
_FILTERED = Reason(
    "refused_output", "Google's safety filter stopped the answer.",
    "Change the prompt, or choose a lower safety level where that is allowed.",
)  # fmt: skip

FINISH_REASONS: Mapping[str, Reason] = {
    "": _NO_PICTURE,
    "STOP": _NO_PICTURE,
    "NO_IMAGE": _NO_PICTURE,
    "IMAGE_SAFETY": Reason(
        "refused_output", "The picture was made and then withheld by Google's image safety filter.",
        "Change the prompt. The filter is not always of the same mind: one more try may pass.",
    ),
    "IMAGE_PROHIBITED_CONTENT": _FORBIDDEN,
    "PROHIBITED_CONTENT": _FORBIDDEN,
    "IMAGE_RECITATION": _TOO_CLOSE,
    "RECITATION": _TOO_CLOSE,
    "IMAGE_OTHER": _FAILED,
    "OTHER": _FAILED,
    "SAFETY": _FILTERED,
    "BLOCKLIST": Reason("refused_output", "The answer held a word of Google's block list.", CHANGE_PROMPT),
    "SPII": Reason("refused_output", "The answer held sensitive personal data.", CHANGE_PROMPT),
    "MODEL_ARMOR": Reason("refused_output", "Google's Model Armor stopped the answer.", CHANGE_PROMPT),
    "MAX_TOKENS": Reason(
        "invalid_output", "The model used up its output tokens before the picture was finished.",
        "Choose a lower thinking level or a simpler prompt.",
    ),
    "LANGUAGE": Reason("invalid_output", "The model does not take the prompt's language.", "Write it in English."),
}  # fmt: skip

BLOCK_REASONS: Mapping[str, Reason] = {
    "SAFETY": Reason(
        "refused_prompt", "Google's safety filter refused the prompt.",
        "Change the prompt, or choose a lower safety level where that is allowed.",
    ),
    "BLOCKLIST": Reason("refused_prompt", "The prompt holds a word of Google's block list.", CHANGE_PROMPT),
    "PROHIBITED_CONTENT": Reason("refused_prompt", "The prompt asks for content that Google forbids.", CHANGE_PROMPT),
    "IMAGE_SAFETY": Reason("refused_prompt", "Google's filter refused what the prompt would show.", CHANGE_PROMPT),
    "OTHER": Reason("refused_prompt", "Google refused the prompt without naming a reason.", CHANGE_PROMPT),
    "MODEL_ARMOR": Reason("refused_prompt", "Google's Model Armor refused the prompt.", CHANGE_PROMPT),
    "JAILBREAK": Reason("refused_prompt", "Google takes the prompt for a way around its rules.", CHANGE_PROMPT),
}  # fmt: skip


def without_picture(
    answer: Mapping[str, Any], words: str, billed: Mapping[str, int], redact: Redact, request_id: str
) -> Rejected | None:
    """Why a decoded HTTP 200 holds no picture; None when it says nothing that could be understood.

    `words` is what the model said instead; `answer_text` keeps them. `billed` is what Google counted all the same.
    """
    words = redact(words).replace("\x00", "")[:LONGEST_KEPT]
    feedback, candidates = mapping(answer.get("promptFeedback")), items(answer.get("candidates"))
    block = shown(text(feedback.get("blockReason")), redact, LONGEST_REASON)
    if block:
        known = BLOCK_REASONS.get(block, BLOCK_REASONS["OTHER"])
        note = shown(text(feedback.get("blockReasonMessage")), redact)
        return _rejected(known, block, note, "", billed, request_id)
    finish = shown(_first(candidates, "finishReason"), redact, LONGEST_REASON)
    if not (finish or words or answer.get("usageMetadata")):
        return None
    known = FINISH_REASONS.get(finish, _UNUSUAL)
    if known is _NO_PICTURE and words:
        known = _WORDS
    return _rejected(known, finish, shown(_first(candidates, "finishMessage"), redact), words, billed, request_id)


def _first(candidates: list[dict[str, Any]], name: str) -> str:
    return next((found for candidate in candidates if (found := text(candidate.get(name)))), "")


def _rejected(
    known: Reason, reason: str, note: str, words: str, billed: Mapping[str, int], request_id: str
) -> Rejected:
    named = f" ({reason})" if reason and reason != "STOP" else ""
    charge = "Google charges the tokens that it counted for this." if billed else "Nothing was billed."
    said = quotation(shown(words, str), "It", "said")
    sentences = (f"{known.sentence.rstrip('.')}{named}.", said, quotation(note, "Google"), charge)
    message = " ".join(sentence for sentence in sentences if sentence)
    return Rejected(known.code, message, remedy=known.remedy, request_id=request_id, billed=billed, answer_text=words)
