"""Secrets from files, as container platforms hand them over: NAME_FILE names a file that holds the value of NAME.

The value is put into the environment under its own name when the program starts, so that everything else reads it as
ever. A line of `.env` may say NAME_FILE too.
"""

import os
from collections.abc import Iterable, MutableMapping
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from cloudhub.core.redaction import know_environment

# The hub's own secrets; vendors name theirs themselves.
HUB_SECRETS = (
    "SECRET_KEY", "CLOUDHUB_ENCRYPTION_KEYS", "DATABASE_URL", "CACHE_URL", "EMAIL_URL", "CELERY_BROKER_URL",
    "METRICS_TOKEN", "OWNER_PASSWORD", "OIDC_CLIENT_SECRET",
)  # fmt: skip
LARGEST_BYTES = 64 * 1024
# The names whose values came from files, to say where a key comes from.
FROM_FILES: set[str] = set()


def read_secret_files(names: Iterable[str], environment: MutableMapping[str, str] = os.environ) -> None:
    """Put the content of the files, without white space around it, under the names.

    Raises `ImproperlyConfigured`, which names the variable and never the content, when a value is given twice, or its
    file cannot be read, is empty or is no text.
    """
    for name in names:
        path = environment.get(f"{name}_FILE", "").strip()
        if not path:
            continue
        if environment.get(name, "").strip() and name not in FROM_FILES:
            raise ImproperlyConfigured(f"Both {name} and {name}_FILE are set. Leave one of them out.")
        environment[name] = _content(name, path)
        know_environment({name: environment[name]})
        FROM_FILES.add(name)


def _content(name: str, path: str) -> str:
    try:
        with Path(path).expanduser().open("rb") as file:
            data = file.read(LARGEST_BYTES + 1)
        text = data.decode().strip()
    except OSError as error:
        raise ImproperlyConfigured(f"{name}_FILE names a file that cannot be read ({error.strerror}): {path}") from None
    except UnicodeDecodeError:
        raise ImproperlyConfigured(f"{name}_FILE names a file that holds no text: {path}") from None
    if not text or len(data) > LARGEST_BYTES or "\x00" in text:
        what = "is larger than 64 KB" if len(data) > LARGEST_BYTES else "is empty" if not text else "holds no text"
        raise ImproperlyConfigured(f"{name}_FILE names a file that {what}: {path}")
    return text
