"""The fields of a `generateContent` body, as the Gemini API has them and as Vertex AI has them.

Gemini API: the request converters of https://github.com/googleapis/python-genai (3.4.0). Vertex AI:
https://cloud.google.com/vertex-ai/docs/reference/rest/v1/projects.locations.publishers.models/generateContent
"""

from collections.abc import Mapping

from providers.emulation.proto_json import Choice, Kind, Message, Repeated

GEMINI_API = "type.googleapis.com/google.ai.generativelanguage.v1beta"
VERTEX = "type.googleapis.com/google.cloud.aiplatform.v1"
CATEGORIES = ("HARASSMENT", "HATE_SPEECH", "SEXUALLY_EXPLICIT", "DANGEROUS_CONTENT", "CIVIC_INTEGRITY")
THRESHOLDS = ("BLOCK_LOW_AND_ABOVE", "BLOCK_MEDIUM_AND_ABOVE", "BLOCK_ONLY_HIGH", "BLOCK_NONE", "OFF")

_CONTENT = Message(
    {
        "role": "string",
        "parts": Repeated(
            Message(
                {
                    "text": "string",
                    "inlineData": Message({"mimeType": "string", "data": "bytes", "displayName": "string"}),
                    "fileData": Message({"mimeType": "string", "fileUri": "string", "displayName": "string"}),
                    "thought": "bool",
                    "thoughtSignature": "bytes",
                    "mediaResolution": "anything",
                    "videoMetadata": "anything",
                    "partMetadata": "anything",
                }
            )
        ),
    }
)
_SETTINGS: Mapping[str, Kind] = {
    "candidateCount": "int32",
    "stopSequences": Repeated("string"),
    "maxOutputTokens": "int32",
    "temperature": "number",
    "topP": "number",
    "topK": "number",
    "seed": "int32",
    "presencePenalty": "number",
    "frequencyPenalty": "number",
    "responseMimeType": "string",
    "responseSchema": "anything",
    "responseJsonSchema": "anything",
    "responseLogprobs": "bool",
    "logprobs": "int32",
    "mediaResolution": "string",
    "speechConfig": "anything",
}


def _enum(package: str, name: str, *words: str) -> Choice:
    return Choice(f"{package}.{name}", frozenset(words))


def _settings(package: str, image_config: Mapping[str, Kind], more: Mapping[str, Kind]) -> Message:
    level = _enum(package, "ThinkingConfig.ThinkingLevel", "MINIMAL", "LOW", "MEDIUM", "HIGH")
    own: Mapping[str, Kind] = {
        "responseModalities": Repeated(_enum(package, "GenerationConfig.Modality", "TEXT", "IMAGE", "AUDIO")),
        "imageConfig": Message({"aspectRatio": "string", "imageSize": "string", **image_config}),
        "thinkingConfig": Message({"includeThoughts": "bool", "thinkingBudget": "int32", "thinkingLevel": level}),
    }
    return Message({**_SETTINGS, **own, **more})


def _request(package: str, settings: Message, categories: tuple[str, ...], more: Mapping[str, Kind]) -> Message:
    safety: Mapping[str, Kind] = {
        "category": _enum(package, "HarmCategory", *(f"HARM_CATEGORY_{word}" for word in categories)),
        "threshold": _enum(package, "SafetySetting.HarmBlockThreshold", *THRESHOLDS),
    }
    if package == VERTEX:
        safety = {**safety, "method": _enum(package, "SafetySetting.HarmBlockMethod", "SEVERITY", "PROBABILITY")}
    fields: Mapping[str, Kind] = {
        "contents": Repeated(_CONTENT),
        "systemInstruction": _CONTENT,
        "safetySettings": Repeated(Message(safety)),
        "tools": Repeated(Message({"googleSearch": "anything", "functionDeclarations": "anything"})),
        "toolConfig": "anything",
        "generationConfig": settings,
        "cachedContent": "string",
        "labels": "anything",
    }
    return Message({**fields, **more})


GEMINI_API_REQUEST = _request(
    GEMINI_API,
    _settings(GEMINI_API, {}, {"enableEnhancedCivicAnswers": "bool"}),
    CATEGORIES,
    {
        "model": "string",
        "serviceTier": _enum(GEMINI_API, "ServiceTier", "STANDARD", "FLEX", "PRIORITY"),
        "store": "bool",
    },
)
VERTEX_REQUEST = _request(
    VERTEX,
    _settings(
        VERTEX,
        {
            "personGeneration": _enum(VERTEX, "ImageConfig.PersonGeneration", "ALLOW_ALL", "ALLOW_ADULT", "ALLOW_NONE"),
            "prominentPeople": _enum(
                VERTEX, "ImageConfig.ProminentPeople", "ALLOW_PROMINENT_PEOPLE", "BLOCK_PROMINENT_PEOPLE"
            ),
            "imageOutputOptions": Message({"mimeType": "string", "compressionQuality": "int32"}),
        },
        {"responseFormat": "anything", "audioTimestamp": "bool", "routingConfig": "anything"},
    ),
    (*CATEGORIES, "IMAGE_HATE", "IMAGE_DANGEROUS_CONTENT", "IMAGE_HARASSMENT", "IMAGE_SEXUALLY_EXPLICIT", "JAILBREAK"),
    {"modelArmorConfig": "anything", "outputConfig": "anything", "continuationToken": "string"},
)
