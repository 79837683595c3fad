"""Google Cloud accounts for tests: key files with a fresh RSA key, whose tokens come from the emulator."""

from functools import cache
from pathlib import Path
from typing import Any

import orjson
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

PROJECT = "studio-1"
EMAIL = f"hub@{PROJECT}.iam.gserviceaccount.com"


@cache
def private_key() -> str:
    """An RSA key in PEM, made once for all tests."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def service_account(vendors_url: str, **changes: Any) -> dict[str, Any]:
    """A service account whose assertions are exchanged at the emulator, which is at `vendors_url`."""
    return {
        "type": "service_account",
        "project_id": PROJECT,
        "private_key_id": "0123456789abcdef",
        "private_key": private_key(),
        "client_email": EMAIL,
        "client_id": "100000000000000000001",
        "token_uri": f"{vendors_url}/vertex/token",
        **changes,
    }


def signed_in_user(vendors_url: str, **changes: Any) -> dict[str, Any]:
    """What `gcloud auth application-default login` leaves behind."""
    return {
        "type": "authorized_user",
        "client_id": "764086051850.apps.googleusercontent.com",
        "client_secret": "d-canary-client-secret",
        "refresh_token": "1//canary-refresh-token",
        "token_uri": f"{vendors_url}/vertex/token",
        **changes,
    }


def write_key_file(folder: Path, account: dict[str, Any], name: str = "account.json") -> str:
    path = folder / name
    path.write_bytes(orjson.dumps(account))
    return str(path)
