"""What the emulated Gemini API gives back: pictures, usage figures and what they cost by Google's price page."""

import json
from fractions import Fraction
from typing import Any

import httpx
import pytest

from providers.emulation.server import RunningServer
from tests.emulation.calls import (
    FLASH_2_5,
    FLASH_3_1,
    LITE,
    MODELS,
    NANO_BANANA,
    PRO,
    amounts,
    body,
    generate,
    opened,
    pictures,
    png,
)

# Dollars for a million tokens: input, text and thinking output, image output (Google's price page, 9 October 2026).
PRICES = {
    NANO_BANANA: ("1.50", "7.50", "30"),
    LITE: ("0.25", "1.50", "30"),
    FLASH_3_1: ("0.50", "3", "60"),
    PRO: ("2", "12", "120"),
}


def expected_amount(model: str, usage: dict[str, Any]) -> str:
    """The bill for a usage report, by the sentence of Google's page and with exact fractions."""
    image = sum(part["tokenCount"] for part in usage.get("candidatesTokensDetails", ()))
    text = usage.get("candidatesTokenCount", 0) - image + usage.get("thoughtsTokenCount", 0)
    rates = (Fraction(rate) for rate in PRICES[model])
    exact = sum(rate * count for rate, count in zip(rates, (usage["promptTokenCount"], text, image), strict=True))
    micro = -(-exact.numerator // exact.denominator)
    return f"{micro // 10**6}.{micro % 10**6:06d}"


def sized(ratio: str, size: str | None = None) -> dict[str, Any]:
    return body(imageConfig={"aspectRatio": ratio} | ({"imageSize": size} if size else {}))


@pytest.mark.parametrize(
    ("model", "ratio", "size", "pixels"),
    [
        (FLASH_2_5, "1:1", None, (1024, 1024)),
        (FLASH_2_5, "3:2", None, (1248, 832)),
        (FLASH_2_5, "4:5", None, (896, 1152)),
        (FLASH_2_5, "16:9", None, (1344, 768)),
        (FLASH_2_5, "21:9", None, (1536, 672)),
        (NANO_BANANA, "16:9", None, (1376, 768)),
        (NANO_BANANA, "2:3", "2K", (1696, 2528)),
        (NANO_BANANA, "8:1", "1K", (3072, 384)),
        (PRO, "5:4", "4K", (4608, 3712)),
        (FLASH_3_1, "9:16", "512", (384, 688)),
        (FLASH_3_1, "1:8", "2K", (768, 6144)),
        (LITE, "4:1", None, (2048, 512)),
    ],
)
def test_a_picture_has_the_size_of_googles_table(
    google: httpx.Client, model: str, ratio: str, size: str | None, pixels: tuple[int, int]
) -> None:
    (picture,) = pictures(generate(google, sized(ratio, size), model))
    assert opened(picture).size == pixels


@pytest.mark.parametrize(("model", "kind"), [(FLASH_2_5, "PNG"), *((model, "JPEG") for model in PRICES)])
def test_a_picture_has_the_format_that_the_model_gives(google: httpx.Client, model: str, kind: str) -> None:
    answer = generate(google, model=model)
    part = answer.json()["candidates"][0]["content"]["parts"][-1]
    assert part["inlineData"]["mimeType"] == f"image/{kind.lower()}"
    assert opened(pictures(answer)[0]).format == kind


def test_no_two_pictures_are_equal_even_for_the_same_wish(google: httpx.Client) -> None:
    made = [opened(pictures(generate(google, body(seed=7)))[0]).tobytes() for _ in range(3)]
    assert len(set(made)) == 3


def test_a_reference_picture_shows_in_the_result(google: httpx.Client) -> None:
    for colour, channel in (("red", 0), ("blue", 2)):
        (picture,) = pictures(generate(google, body("x", png(90, 60, colour))))
        means = opened(picture).resize((1, 1)).getpixel((0, 0))
        assert means[channel] > 150
        assert means[channel] > 60 + max(means[other] for other in range(3) if other != channel)


def test_without_a_ratio_the_picture_follows_the_reference(google: httpx.Client) -> None:
    (picture,) = pictures(generate(google, body("x", png(160, 90))))
    assert opened(picture).size == (1344, 768)


@pytest.mark.parametrize("model", list(PRICES))
@pytest.mark.parametrize("prompt", ["A fox", "A much longer wish, with many words, for a fox in fresh snow at dawn"])
def test_a_model_priced_by_tokens_bills_what_it_reports(
    emulator: RunningServer, google: httpx.Client, model: str, prompt: str
) -> None:
    usage = generate(google, body(prompt, png()), model).json()["usageMetadata"]
    assert amounts(emulator) == [expected_amount(model, usage)]


def test_the_flat_price_does_not_ask_for_tokens(emulator: RunningServer, google: httpx.Client) -> None:
    generate(google, body("A long wish " * 500, png(), png()))
    assert amounts(emulator) == ["0.039000"]


@pytest.mark.parametrize(("tier", "amount"), [("flex", "0.019500"), ("standard", "0.039000"), ("priority", "0.070200")])
def test_a_service_tier_has_its_own_flat_price(
    emulator: RunningServer, google: httpx.Client, tier: str, amount: str
) -> None:
    usage = generate(google, body() | {"serviceTier": tier}).json()["usageMetadata"]
    assert (usage["serviceTier"], amounts(emulator)) == (tier, [amount])


def test_flex_halves_the_price_of_tokens(emulator: RunningServer, google: httpx.Client) -> None:
    generate(google, model=PRO)
    generate(google, body() | {"serviceTier": "flex"}, PRO)
    standard, flex = (int(amount.replace(".", "")) for amount in amounts(emulator))
    assert flex == -(-standard // 2)


def test_a_tier_that_the_model_lacks_is_refused(google: httpx.Client) -> None:
    assert generate(google, body() | {"serviceTier": "flex"}, FLASH_3_1).status_code == 400


@pytest.mark.parametrize(
    ("model", "size", "tokens"),
    [
        (FLASH_2_5, None, 1290),
        (LITE, None, 1120),
        (NANO_BANANA, "1K", 1120),
        (NANO_BANANA, "2K", 1680),
        (NANO_BANANA, "4K", 3780),
        (PRO, "2K", 1120),
        (PRO, "4K", 2000),
        (FLASH_3_1, "512", 747),
        (FLASH_3_1, "4K", 2520),
    ],
)
def test_a_picture_takes_the_tokens_of_googles_table(
    google: httpx.Client, model: str, size: str | None, tokens: int
) -> None:
    usage = generate(google, sized("1:1", size), model).json()["usageMetadata"]
    assert usage["candidatesTokensDetails"] == [{"modality": "IMAGE", "tokenCount": tokens}]
    assert usage["candidatesTokenCount"] > tokens


@pytest.mark.parametrize(("model", "tokens"), [(PRO, 560), (NANO_BANANA, 1120), (FLASH_2_5, 258)])
def test_input_pictures_and_words_are_counted_apart(google: httpx.Client, model: str, tokens: int) -> None:
    usage = generate(google, body("12345678", png(), png()), model).json()["usageMetadata"]
    assert usage["promptTokensDetails"] == [
        {"modality": "TEXT", "tokenCount": 2},
        {"modality": "IMAGE", "tokenCount": 2 * tokens},
    ]
    assert usage["promptTokenCount"] == 2 + 2 * tokens


@pytest.mark.parametrize("prompt", ["a", "ä", "狐", "a red fox", "🦊" * 9])
def test_a_prompt_never_has_more_tokens_than_bytes(google: httpx.Client, prompt: str) -> None:
    count = generate(google, body(prompt)).json()["usageMetadata"]["promptTokenCount"]
    assert 1 <= count <= len(prompt.encode())


@pytest.mark.parametrize("model", MODELS)
def test_the_total_is_the_sum_of_its_parts(google: httpx.Client, model: str) -> None:
    usage = generate(google, model=model).json()["usageMetadata"]
    parts = ("promptTokenCount", "candidatesTokenCount", "thoughtsTokenCount")
    assert usage["totalTokenCount"] == sum(usage.get(part, 0) for part in parts)


def test_the_same_wish_reports_the_same_usage_and_another_another(google: httpx.Client) -> None:
    usages = [
        generate(google, body(prompt), NANO_BANANA).json()["usageMetadata"] for prompt in ("A fox", "A fox", "An ox")
    ]
    assert usages[0] == usages[1]
    assert usages[0]["thoughtsTokenCount"] != usages[2]["thoughtsTokenCount"]


def test_more_thinking_takes_more_tokens(google: httpx.Client) -> None:
    counts = [
        generate(google, body(thinkingConfig={"thinkingLevel": level}), NANO_BANANA).json()["usageMetadata"]
        for level in ("MINIMAL", "HIGH")
    ]
    assert counts[0]["thoughtsTokenCount"] < counts[1]["thoughtsTokenCount"]


@pytest.mark.parametrize("limit", [100, 1000])
def test_too_low_a_limit_leaves_no_picture_and_bills_no_more_than_the_limit(
    emulator: RunningServer, google: httpx.Client, limit: int
) -> None:
    answer = generate(google, body(maxOutputTokens=limit), NANO_BANANA).json()
    usage = answer["usageMetadata"]
    assert answer["candidates"][0]["finishReason"] == "MAX_TOKENS"
    assert usage.get("candidatesTokenCount", 0) + usage["thoughtsTokenCount"] == limit
    assert amounts(emulator) == [expected_amount(NANO_BANANA, usage)]


def test_a_limit_that_just_fits_gives_the_picture_and_is_kept(google: httpx.Client) -> None:
    answer = generate(google, body(maxOutputTokens=2025), NANO_BANANA)
    usage = answer.json()["usageMetadata"]
    assert len(pictures(answer)) == 1
    assert usage["candidatesTokenCount"] + usage["thoughtsTokenCount"] <= 2025


def test_the_pro_model_puts_a_draft_before_the_picture(google: httpx.Client) -> None:
    answer = generate(google, model=PRO)
    parts = answer.json()["candidates"][0]["content"]["parts"]
    assert [(part.get("thought", False), "inlineData" in part) for part in parts] == [(True, True), (False, True)]
    assert opened(pictures(answer)[0]).size == (1024, 1024)


def test_thoughts_come_in_words_when_asked_for(google: httpx.Client) -> None:
    request = body(thinkingConfig={"includeThoughts": True}, responseModalities=["TEXT", "IMAGE"])
    parts = generate(google, request, NANO_BANANA).json()["candidates"][0]["content"]["parts"]
    assert [(part.get("thought", False), "text" in part) for part in parts] == [
        (True, True),
        (False, True),
        (False, False),
    ]


def test_words_alone_are_answered_in_words(google: httpx.Client) -> None:
    answer = generate(google, body(responseModalities=["TEXT"]))
    assert "text" in answer.json()["candidates"][0]["content"]["parts"][0]
    assert pictures(answer) == []


def test_a_deprecated_model_says_so(google: httpx.Client) -> None:
    status = generate(google).json()["modelStatus"]
    assert (status["modelStage"], status["retirementTime"]) == ("DEPRECATED", "2026-10-02T00:00:00Z")
    assert "gemini-3.1-flash-image" in status["message"]
    assert "modelStatus" not in generate(google, model=NANO_BANANA).json()


def test_every_answer_has_a_number_of_its_own(google: httpx.Client) -> None:
    answers = [generate(google).json() for _ in range(3)]
    assert len({answer["responseId"] for answer in answers}) == 3
    assert {answer["modelVersion"] for answer in answers} == {FLASH_2_5}


def test_an_alias_answers_as_its_model(google: httpx.Client) -> None:
    assert generate(google, model="nano-banana-pro-preview").json()["modelVersion"] == PRO


def test_the_stream_is_one_event(emulator: RunningServer, google: httpx.Client) -> None:
    answer = google.post(f"/v1beta/models/{FLASH_2_5}:streamGenerateContent", params={"alt": "sse"}, json=body())
    event, end = answer.text.split("\r\n\r\n")
    assert answer.headers["content-type"] == "text/event-stream"
    assert json.loads(event.removeprefix("data: "))["candidates"][0]["finishReason"] == "STOP"
    assert (end, amounts(emulator)) == ("", ["0.039000"])


def test_a_picture_draws_on_all_turns_of_a_conversation(google: httpx.Client) -> None:
    first = generate(google, body("A fox"), PRO).json()["candidates"][0]["content"]
    request = body("Now at night")
    request["contents"] = [body("A fox")["contents"][0], first, request["contents"][0]]
    assert len(pictures(generate(google, request, PRO))) == 1
