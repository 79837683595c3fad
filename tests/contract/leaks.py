"""A key that is looked for afterwards: where vendors repeat it, and where it may have stayed."""

import base64
from typing import Any

from django.apps import apps
from django.conf import settings

from providers.base import Key, ProviderError

CANARY = "canary-5e1f7d93ab20-key"


def echoes(secret: str) -> list[dict[str, Any]]:
    """Faults in which the vendor repeats a secret, in every place where vendors put words."""
    said = f"Incorrect API key provided: {secret}. You can find your key in the console."
    body = {"error": {"message": said, "code": secret, "status": said}, "detail": said, "title": said, "message": said,
            "errors": [said], "name": said, "id": "job-1"}  # fmt: skip
    return [
        *({"status": status, "body": body} for status in (400, 401, 403, 404, 422, 429, 500)),
        *({"status": status, "body": f"<html>{said}</html>"} for status in (400, 401)),
        {"status": 200, "body": {**body, "status": "failed"}},
        {"status": 200, "body": said},
        {"drop": "after_work"},
    ]


def spellings(texts: list[str]) -> list[bytes]:
    """The secrets as they are, and as they travel in a header of the basic kind."""
    plain = [text.encode() for text in texts if text]
    return [*plain, *(base64.b64encode(text) for text in plain)]


def shown(text: bytes, key: Key) -> list[bytes]:
    """The secrets in a text, each with what stands around its first place."""
    found = {secret: text.find(secret) for secret in spellings(key.secrets)}
    return [text[max(0, at - 80) : at + 80] for at in found.values() if at >= 0]


def rows() -> bytes:
    """Every column of every row of the hub's tables."""
    tables = [model for model in apps.get_models() if model.__module__.startswith("cloudhub.")]
    return "\n".join(str(row) for model in tables for row in model.objects.values()).encode()


def files() -> bytes:
    """Everything in the data folder but the database, and answers of unknown outcomes, which are kept as they came."""
    paths = [path for path in settings.DATA_DIR.rglob("*") if path.is_file() and ".sqlite3" not in path.name]
    return b"\n".join(path.read_bytes() for path in paths if path.parent.name != "incoming")


def told(error: ProviderError) -> bytes:
    return f"{error!r} {error.message} {error.remedy} {error.answer_text} {error.request_id}".encode()
