"""Whose credentials, which region, which address: a Bedrock API key in a header, or an access key that signs.

https://docs.aws.amazon.com/bedrock/latest/userguide/api-keys.html and, for regional addresses,
https://docs.aws.amazon.com/general/latest/gr/bedrock.html
"""

import os
import re
from datetime import UTC, datetime
from urllib.parse import quote

from providers.base import Key, KeyForm, Rejected
from providers.bedrock.signing import AccessKey, signed
from providers.http import is_header_safe

API_KEY = "AWS_BEARER_TOKEN_BEDROCK"
KEY_ID, SECRET, SESSION = "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"
REGION, OTHER_REGION = "AWS_REGION", "AWS_DEFAULT_REGION"
ADDRESS_VARIABLE = "BEDROCK_BASE_URL"
# The only one that has the models that draw from words.
DEFAULT_REGION = "us-west-2"
# Nothing else may stand in an address, which the key goes to.
_REGION_NAME = re.compile(r"[a-z]{2}(?:-[a-z]{2,12}){1,3}-[0-9]{1,2}")
# What could end its part of a signed header.
_BAD_IN_KEY_ID = frozenset("/,=;")

KEYS_PAGE = "https://console.aws.amazon.com/bedrock/home#/api-keys"
MAKE_KEY = (
    f"Make a Bedrock API key at {KEYS_PAGE} in the region that you use, and put it into .env as {API_KEY}=…, with "
    f"{REGION}=… unless it is {DEFAULT_REGION}. Then start the hub again."
)
MAKE_ACCESS_KEY = (
    f"Make an access key of an IAM user or role that may do bedrock:InvokeModel, and set {KEY_ID} and {SECRET} "
    f"({SESSION} too for temporary ones), with {REGION}=… unless it is {DEFAULT_REGION}."
)
NO_KEY = f"API key not found for amazon-bedrock. Please set {API_KEY} in .env file or environment variables."
CHECK_KEY = (
    f"Check that {API_KEY} holds the whole key, has not expired and is of the region in {REGION}, "
    f"or make a new one at {KEYS_PAGE}; with an access key check its parts and this machine's clock."
)
REGIONS = (REGION, OTHER_REGION)
BEARER_FORM = KeyForm(name="api_key", required=(API_KEY,), optional=REGIONS, public=REGIONS, help=MAKE_KEY)
ACCESS_FORM = KeyForm(
    name="access_key", required=(KEY_ID, SECRET), optional=(SESSION, *REGIONS), public=REGIONS, help=MAKE_ACCESS_KEY
)


def region_of(key: Key) -> str:
    """The region that calls go to. Raises `Rejected` for a name that is none."""
    region = key.get(REGION).strip() or key.get(OTHER_REGION).strip() or DEFAULT_REGION
    if not _REGION_NAME.fullmatch(region):
        message = f"{REGION} is no region of AWS: it looks like {DEFAULT_REGION}. Nothing was sent."
        raise Rejected("key_invalid", message, remedy=MAKE_KEY)
    return region


def model_url(key: Key, model: str) -> str:
    """The address of a model's InvokeModel."""
    return f"{_base_url('bedrock-runtime', region_of(key))}/model/{quote(model, safe='')}/invoke"


def list_url(key: Key) -> str:
    """The address of ListFoundationModels, for models that give pictures."""
    return f"{_base_url('bedrock', region_of(key))}/foundation-models?byOutputModality=IMAGE"


def headers(method: str, url: str, body: bytes, key: Key) -> dict[str, str]:
    """What goes with a call: the API key, or the signature of this very call. Raises `Rejected` for no usable key."""
    sent = {"accept": "application/json"} | ({"content-type": "application/json"} if body else {})
    if key.get(API_KEY).strip():
        return {**sent, "authorization": f"Bearer {_value(key, API_KEY)}"}
    key_id = _value(key, KEY_ID)
    if _BAD_IN_KEY_ID & set(key_id):
        raise _unusable(KEY_ID)
    session = _value(key, SESSION) if key.get(SESSION).strip() else ""
    access = AccessKey(key_id, _value(key, SECRET), session)
    return signed(method, url, sent, body, access, region_of(key), datetime.now(UTC))


def _base_url(service: str, region: str) -> str:
    """Read at each call, so that tests and `emulate_vendors` can point elsewhere; there both services share one."""
    other = os.environ.get(ADDRESS_VARIABLE, "").strip().rstrip("/")
    return other or f"https://{service}.{region}.amazonaws.com"


def _value(key: Key, name: str) -> str:
    value = key.get(name).strip()
    if not value:
        raise Rejected("no_key", NO_KEY, remedy=MAKE_KEY)
    if not is_header_safe(value):
        raise _unusable(name)
    return value


def _unusable(name: str) -> Rejected:
    message = f"API credentials are invalid: {name} holds white space or other characters that no key has."
    return Rejected("key_invalid", f"{message} Nothing was sent.", remedy=CHECK_KEY)
