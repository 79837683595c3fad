"""The settings under test: nothing from `.env`, a data folder of its own, cheap password hashes."""

import os
import tempfile

os.environ["CLOUDHUB_ENV_FILE"] = ""
os.environ["SECRET_KEY"] = "a-secret-for-tests-only-0123456789-abcdefghijklmnopqrstuvwxyz"
os.environ["CLOUDHUB_DATA_DIR"] = tempfile.mkdtemp(prefix="cloudhub-tests-", dir=os.environ.get("CLOUDHUB_DATA_DIR"))
for name in ("GOOGLE_API_KEY", "GOOGLE_GEMINI_BASE_URL", "OWNER_EMAIL", "OWNER_PASSWORD"):
    os.environ.pop(name, None)

from cloudhub.settings import *  # noqa: E402, F403
from cloudhub.settings import DATA_DIR, DATABASES  # noqa: E402

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A file, as in real life: threads and processes must meet real locks.
    DATABASES["default"]["TEST"] = {"NAME": str(DATA_DIR / "test.sqlite3")}
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
CALL_THREADS = 64
# A heartbeat would meet the transaction that a test holds.
LEASE_SECONDS = 3600
WEB_THREADS = 24
WAITING_REQUESTS = 16
