"""Read a `generateContent` body as strictly as Google does and check it against what the model can do.

Texts of refusals that no source gives are our own.
"""

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from PIL import Image

from providers.emulation.google_errors import Refused, refused_body
from providers.emulation.proto_json import BadBody, read_message
from providers.gemini.emulator.body import GEMINI_API_REQUEST, VERTEX_REQUEST
from providers.gemini.emulator.models import GeminiModel

LARGEST_BODY = 100 * 1024 * 1024
DRAWN_TYPES = ("image/png", "image/jpeg", "image/webp", "image/gif", "image/bmp", "image/tiff")
OUTPUT_TYPES = ("image/png", "image/jpeg")
ONE_OF = ("text", "inlineData", "fileData")


@dataclass(frozen=True, kw_only=True)
class Wish:
    """One request that the model can carry out. `size` is "" for a model without image sizes."""

    model: GeminiModel
    text: str
    text_tokens: int
    references: tuple[Image.Image, ...] = field(repr=False)
    wants_text: bool
    wants_image: bool
    size: str
    ratio: str
    level: str | None
    shows_thoughts: bool
    most_output_tokens: int
    tier: str
    mime_type: str
    through_vertex: bool

    @property
    def pixels(self) -> tuple[int, int]:
        return self.model.sizes[self.size][self.ratio]


def read_wish(body: bytes, model: GeminiModel, *, through_vertex: bool = False) -> Wish:
    """The wish in a request's body, as the Gemini API or Vertex AI reads it. Raises `Refused` with Google's answer."""
    if len(body) > LARGEST_BODY:
        raise Refused(400, f"Request payload size exceeds the limit: {LARGEST_BODY} bytes.")
    try:
        request = read_message(orjson.loads(body), VERTEX_REQUEST if through_vertex else GEMINI_API_REQUEST)
    except orjson.JSONDecodeError as error:
        raise Refused(400, f"Invalid JSON payload received. {error}") from error
    except BadBody as error:
        raise refused_body(error) from error
    settings = request.get("generationConfig", {})
    _check_tools(request, model)
    _check_settings(settings, model)
    texts, references = _read_contents(request, model, "" if through_vertex else "user")
    text_tokens = sum(count_tokens(text) for text in texts)
    _check_input_length(text_tokens + len(references) * model.input_image_tokens, model)
    modalities = settings.get("responseModalities") or ["TEXT", "IMAGE"]
    picture = settings.get("imageConfig", {})
    size, ratio = _read_image_config(picture, model, references)
    thinking = settings.get("thinkingConfig", {})
    return Wish(
        model=model,
        text="\n".join(texts),
        text_tokens=text_tokens,
        references=references,
        wants_text="TEXT" in modalities,
        wants_image="IMAGE" in modalities,
        size=size,
        ratio=ratio,
        level=_thinking_level(thinking, model),
        shows_thoughts=thinking.get("includeThoughts", False),
        most_output_tokens=settings.get("maxOutputTokens", model.output_tokens),
        tier=_service_tier(request, model),
        mime_type=_output_type(picture, model),
        through_vertex=through_vertex,
    )


def count_tokens(text: str) -> int:
    """About four bytes to a token, and never more tokens than bytes."""
    return -(-len(text.encode()) // 4)


def _check_tools(request: Mapping[str, Any], model: GeminiModel) -> None:
    if request.get("cachedContent"):
        raise Refused(400, f"CachedContent is not supported by models/{model.id}.")
    for tool in request.get("tools", ()):
        if "functionDeclarations" in tool:
            raise Refused(400, f"Function calling is not enabled for models/{model.id}")
        if "googleSearch" in tool and not model.search:
            raise Refused(400, f"Search as tool is not enabled for models/{model.id}")


def _check_settings(settings: Mapping[str, Any], model: GeminiModel) -> None:
    for name in model.rejected:
        if name in settings:
            raise Refused(400, f"{name} is not supported by models/{model.id}.")
    if settings.get("candidateCount", 1) != 1:
        raise Refused(400, "Multiple candidates is not enabled for this model")
    for name in ("responseSchema", "responseJsonSchema", "speechConfig"):
        if name in settings:
            raise Refused(400, f"{name} is not enabled for models/{model.id}")
    if settings.get("responseMimeType", "text/plain") != "text/plain":
        raise Refused(400, f"JSON mode is not enabled for models/{model.id}")
    if "AUDIO" in settings.get("responseModalities", ()):
        raise Refused(400, f"models/{model.id} accepts the response modalities TEXT and IMAGE, not AUDIO.")
    most = settings.get("maxOutputTokens", model.output_tokens)
    if not 1 <= most <= model.output_tokens:
        limit = model.output_tokens + 1
        raise Refused(400, f"maxOutputTokens is {most}; supported are 1 (inclusive) to {limit} (exclusive).")


def _thinking_level(thinking: Mapping[str, Any], model: GeminiModel) -> str | None:
    """The level in force, None for a model that does not think."""
    if "thinkingBudget" in thinking:
        raise Refused(400, f"Thinking budget is not supported by models/{model.id}.")
    level = thinking.get("thinkingLevel")
    if level is not None and level not in model.thinking:
        raise Refused(400, f"Thinking level {level} is not supported by models/{model.id}.")
    return level or next(iter(model.thinking), None)


def _service_tier(request: Mapping[str, Any], model: GeminiModel) -> str:
    tier = str(request.get("serviceTier", "STANDARD")).lower()
    if tier not in model.tiers:
        raise Refused(400, f"Service tier {tier} is not supported by models/{model.id}.")
    return tier


def _read_contents(
    request: Mapping[str, Any], model: GeminiModel, usual_role: str
) -> tuple[list[str], tuple[Image.Image, ...]]:
    """All texts, the system instruction's first, and all input pictures, in order. `usual_role` is for none given."""
    contents = request.get("contents", [])
    if not contents:
        raise Refused(400, "* GenerateContentRequest.contents: contents is not specified\n")
    texts: list[str] = []
    pictures: list[Image.Image] = []
    for place, content in (("systemInstruction", request.get("systemInstruction")), *_numbered(contents)):
        if content is None:
            continue
        if place != "systemInstruction" and (content.get("role") or usual_role) not in ("user", "model"):
            raise Refused(400, "Please use a valid role: user, model.")
        if not content.get("parts"):
            raise Refused(400, f"* GenerateContentRequest.{place}.parts: contents.parts must not be empty.\n")
        for index, part in enumerate(content["parts"]):
            _read_part(part, f"{place}.parts[{index}]", texts, pictures)
    if len(pictures) > model.most_input_images:
        raise Refused(400, f"models/{model.id} takes at most {model.most_input_images} input images.")
    return texts, tuple(pictures)


def _numbered(contents: list[Any]) -> list[tuple[str, Any]]:
    return [(f"contents[{index}]", content) for index, content in enumerate(contents)]


def _read_part(part: Mapping[str, Any], place: str, texts: list[str], pictures: list[Image.Image]) -> None:
    given = [name for name in ONE_OF if name in part]
    if len(given) != 1:
        raise Refused(
            400, f"* GenerateContentRequest.{place}.data: required oneof field 'data' must have one initialized field\n"
        )
    if "fileData" in part:
        name = part["fileData"].get("fileUri", "").rpartition("/")[2]
        raise Refused(403, f"You do not have permission to access the File {name} or it may not exist.")
    if "text" in part:
        texts.append(part["text"])
    else:
        pictures.append(_read_picture(part["inlineData"]))


def _read_picture(blob: Mapping[str, Any]) -> Image.Image:
    mime_type = blob.get("mimeType", "")
    if mime_type not in DRAWN_TYPES:
        raise Refused(400, f"Unsupported MIME type: {mime_type}")
    try:
        return Image.open(io.BytesIO(blob.get("data", b""))).convert("RGB")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise Refused(400, "Unable to process input image.") from error


def _check_input_length(tokens: int, model: GeminiModel) -> None:
    if tokens > model.input_tokens:
        text = f"The input token count ({tokens}) exceeds the maximum number of tokens allowed ({model.input_tokens})."
        raise Refused(400, text)


def _read_image_config(
    config: Mapping[str, Any], model: GeminiModel, references: tuple[Image.Image, ...]
) -> tuple[str, str]:
    """Image size and ratio. Without a ratio the picture follows the first input picture's shape, else it is square."""
    size = config.get("imageSize", model.default_size)
    if size not in model.sizes or ("imageSize" in config and not model.default_size):
        offered = ", ".join(name for name in model.sizes if name)
        raise Refused(400, f"image_size {size} is not supported by models/{model.id}; supported: {offered or 'none'}.")
    ratios = model.sizes[size]
    ratio = config.get("aspectRatio")
    if ratio is None:
        shape = references[0].width / references[0].height if references else 1.0
        return size, min(ratios, key=lambda name: _distance(ratios[name], shape))
    if ratio not in ratios:
        raise Refused(400, f"aspect_ratio must be one of {', '.join(ratios)}.")
    return size, ratio


def _output_type(config: Mapping[str, Any], model: GeminiModel) -> str:
    options = config.get("imageOutputOptions", {})
    mime_type = str(options.get("mimeType", model.mime_type))
    if mime_type not in OUTPUT_TYPES:
        raise Refused(400, f"Unsupported output MIME type: {mime_type}")
    if not 0 <= options.get("compressionQuality", 75) <= 100:
        raise Refused(400, "compression_quality must be between 0 and 100.")
    return mime_type


def _distance(pixels: tuple[int, int], shape: float) -> float:
    own = pixels[0] / pixels[1]
    return max(own / shape, shape / own)
