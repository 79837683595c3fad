"""The Gemini API (generativelanguage.googleapis.com): its address, its key and the free check of that key.

https://ai.google.dev/gemini-api/docs/api-key
"""

import os
from typing import Any

from providers.base import Key, KeyForm, Rejected
from providers.google.check import check_answer
from providers.google.services import AI_STUDIO_KEYS, CHECK_KEY, Service
from providers.http import Answer, Door
from providers.reading import mapping

API_KEY = "GOOGLE_API_KEY"
ADDRESS_VARIABLE = "GOOGLE_GEMINI_BASE_URL"
DEFAULT_BASE_URL = "https://generativelanguage.googleapis.com"
MAKE_KEY = (
    f"Make a key in Google AI Studio ({AI_STUDIO_KEYS}), put it into .env as GOOGLE_API_KEY=… and start the hub "
    "again. New keys begin with AQ., older ones with AIza. Image models need billing switched on."
)
API_KEY_FORM = KeyForm(name="api_key", required=(API_KEY,), help=MAKE_KEY)
KEY_WORKS = (
    "API credentials are valid: Google listed its models for this key, free of charge. "
    "A success does not prove that you can generate: quota, billing and access to a model show only then."
)


def model_url(model: str, method: str) -> str:
    """The address of a model's method. Read at each call, so that tests and `emulate_vendors` can point elsewhere."""
    return f"{_base_url()}/v1beta/models/{model}:{method}"


def headers(key: Key, vendor_id: str, read_seconds: int) -> dict[str, str]:
    """The key travels in this header alone, never in an address, which ends in logs.

    Google's own SDK sends X-Server-Timeout too, so that the vendor does not work for longer than we wait.
    Raises `Rejected` for a key that is missing or that no header can carry.
    """
    secret = key.get(API_KEY).strip()
    if not secret:
        message = f"API key not found for {vendor_id}. Please set {API_KEY} in .env file or environment variables."
        raise Rejected("no_key", message, remedy=MAKE_KEY)
    if not (secret.isascii() and secret.isprintable()) or " " in secret:
        message = "API credentials are invalid: the key holds white space or other characters that no key has."
        raise Rejected("key_invalid", message, remedy=CHECK_KEY)
    return {"x-goog-api-key": secret, "X-Server-Timeout": str(read_seconds)}


def check_key(door: Door, service: Service, key: Key, sent_headers: dict[str, str]) -> str:
    """List one model: free, no tokens. Raises `Rejected` or `Busy`, never anything that may have cost."""
    answer = door.read(f"{_base_url()}/v1beta/models", headers=sent_headers, params={"pageSize": 1})
    if answer.status == 200 and isinstance(_document(answer).get("models"), list):
        return KEY_WORKS
    raise check_answer(answer, service, key, what="the Gemini API")


def _base_url() -> str:
    return (os.environ.get(ADDRESS_VARIABLE, "").strip() or DEFAULT_BASE_URL).rstrip("/")


def _document(answer: Answer) -> dict[str, Any]:
    try:
        return mapping(answer.json())
    except ValueError:
        return {}
