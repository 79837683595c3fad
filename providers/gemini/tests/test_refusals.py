"""Every finish and block reason of Google's, as our code, with what it costs and what the model said."""

import pytest

from providers.base import FAILURES, OutcomeUnknown, Rejected
from providers.gemini.tests.answers import CANARY, FLAT, KEY, NEWEST, USAGE, answer, candidate, entry, image_part, wish
from providers.gemini.wire import from_answer
from providers.google.reading import redactor

FINISH = {
    "NO_IMAGE": "no_image_text_answer", "STOP": "no_image_text_answer", "IMAGE_OTHER": "no_image_text_answer",
    "OTHER": "no_image_text_answer", "IMAGE_SAFETY": "refused_output", "IMAGE_PROHIBITED_CONTENT": "refused_output",
    "PROHIBITED_CONTENT": "refused_output", "IMAGE_RECITATION": "refused_output", "RECITATION": "refused_output",
    "SAFETY": "refused_output", "BLOCKLIST": "refused_output", "SPII": "refused_output",
    "MODEL_ARMOR": "refused_output", "MAX_TOKENS": "invalid_output", "LANGUAGE": "invalid_output",
    "MALFORMED_FUNCTION_CALL": "invalid_output", "UNEXPECTED_TOOL_CALL": "invalid_output",
    "TOO_MANY_TOOL_CALLS": "invalid_output", "MALFORMED_RESPONSE": "invalid_output",
    "MISSING_THOUGHT_SIGNATURE": "invalid_output", "ESCALATION": "invalid_output",
    "PUP_LIMITED_DISABLED": "invalid_output", "CONTINUATION": "invalid_output",
    "FINISH_REASON_UNSPECIFIED": "invalid_output", "A_REASON_OF_2028": "invalid_output",
}  # fmt: skip
BLOCK = ("SAFETY", "OTHER", "BLOCKLIST", "PROHIBITED_CONTENT", "IMAGE_SAFETY", "MODEL_ARMOR", "JAILBREAK",
         "BLOCK_REASON_UNSPECIFIED", "A_REASON_OF_2028")  # fmt: skip
COUNTED = {"input_token": 2076, "text_output_token": 212 + 137, "image_output_token": 1120}


def refusal(document, model_id=NEWEST):
    with pytest.raises(Rejected) as rejected:
        from_answer(document, wish(model_id), entry(model_id), redactor(KEY))
    return rejected.value


@pytest.mark.parametrize("reason", FINISH)
def test_a_finish_reason_without_a_picture_has_its_code_and_is_named(reason):
    error = refusal({"candidates": [{"finishReason": reason}], "responseId": "abc-1"})
    assert (error.code, error.request_id, error.billed) == (FINISH[reason], "abc-1", {})
    assert reason == "STOP" or f"({reason})" in error.message
    assert error.message.endswith("Nothing was billed.")
    assert error.remedy


@pytest.mark.parametrize("reason", BLOCK)
def test_a_blocked_prompt_is_refused_and_the_reason_named(reason):
    error = refusal({"promptFeedback": {"blockReason": reason}})
    assert (error.code, error.billed) == ("refused_prompt", {})
    assert f"({reason})" in error.message
    assert error.remedy


def test_a_block_reason_counts_before_an_empty_candidate():
    error = refusal(answer({}, promptFeedback={"blockReason": "SAFETY"}, usageMetadata={"promptTokenCount": 9}))
    assert (error.code, error.billed) == ("refused_prompt", {"input_token": 9})


def test_the_models_words_are_shown_and_kept():
    thought = {"text": "hm", "thought": True}
    error = refusal(answer(candidate({"text": "I cannot draw"}, {"text": "that for you."}, thought)))
    assert error.code == "no_image_text_answer"
    assert error.answer_text == "I cannot draw\nthat for you."
    assert "answered in words" in error.message
    assert "“I cannot draw that for you.”" in error.message


def test_long_words_are_cut_in_the_message_and_whole_in_the_answer_text():
    error = refusal(answer(candidate({"text": "word " * 500})))
    assert len(error.message) < 600
    assert len(error.answer_text) == len("word " * 500) - 1


def test_googles_own_explanation_is_quoted():
    error = refusal(answer(candidate(finish="IMAGE_SAFETY", finishMessage="Unable to show the picture.")))
    assert "Google says: “Unable to show the picture.”" in error.message


def test_a_refusal_bills_the_tokens_that_google_counted():
    error = refusal(answer(candidate(finish="IMAGE_SAFETY")))
    assert error.billed == COUNTED
    assert error.message.endswith("Google charges the tokens that it counted for this.")


def test_the_flat_model_bills_nothing_without_a_picture():
    error = refusal(answer(candidate({"text": "No."})), FLAT)
    assert error.billed == {}
    assert error.message.endswith("Nothing was billed.")


def test_a_draft_in_the_thoughts_is_no_picture():
    assert refusal(answer(candidate(image_part(thought=True), finish="IMAGE_SAFETY"))).code == "refused_output"


def test_usage_without_any_candidate_is_an_answer_and_is_billed():
    error = refusal({"usageMetadata": USAGE})
    assert (error.code, error.billed) == ("no_image_text_answer", COUNTED)


def test_an_answer_without_reason_words_or_usage_is_no_refusal():
    with pytest.raises(OutcomeUnknown):
        from_answer({"candidates": [{"index": 0}]}, wish(NEWEST), entry(NEWEST), str)


def test_words_with_the_key_in_them_lose_it():
    error = refusal(answer(candidate({"text": f"x{CANARY}"}, finishMessage=f"is {CANARY}")))
    assert CANARY not in f"{error.message} {error.answer_text} {error.remedy}"


def test_every_code_used_is_one_of_the_taxonomy():
    assert {*FINISH.values(), "refused_prompt"} <= set(FAILURES)
