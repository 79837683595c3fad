"""Secrets that a container platform hands over as files."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

import hub
from cloudhub import secret_files
from cloudhub.secret_files import HUB_SECRETS, read_secret_files
from cloudhub.vault.keys import environment_key
from providers.catalogue import installed_providers

pytestmark = pytest.mark.sqlite_only
CANARY = "canary-in-a-file-0123456789"
ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(autouse=True)
def _none_came_from_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secret_files, "FROM_FILES", set())


def test_the_value_is_the_files_content_without_the_line_end(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(f"{CANARY}\n")
    values = {"OPENAI_API_KEY_FILE": str(tmp_path / "secret"), "OPENAI_API_KEY": ""}
    read_secret_files(["OPENAI_API_KEY", "STABILITY_API_KEY"], values)
    assert values["OPENAI_API_KEY"] == CANARY
    assert "STABILITY_API_KEY" not in values
    read_secret_files(["OPENAI_API_KEY"], values)
    assert values["OPENAI_API_KEY"] == CANARY


def test_two_values_for_one_name_are_refused(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(CANARY)
    values = {"SECRET_KEY_FILE": str(tmp_path / "secret"), "SECRET_KEY": "another"}
    with pytest.raises(ImproperlyConfigured, match="Both SECRET_KEY and SECRET_KEY_FILE are set") as caught:
        read_secret_files(HUB_SECRETS, values)
    assert CANARY not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "says"),
    [(None, "cannot be read"), (b"", "is empty"), (b" \n", "is empty"), (b"\xff\xfe", "no text"), (b"a\0b", "no text"),
     (b"x" * 70_000, "larger than 64 KB")],
)  # fmt: skip
def test_a_file_that_is_no_use_is_named_by_its_variable(tmp_path: Path, content: bytes | None, says: str) -> None:
    path = tmp_path / "secret"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ImproperlyConfigured, match=f"SECRET_KEY_FILE names a file that .*{says}"):
        read_secret_files(HUB_SECRETS, {"SECRET_KEY_FILE": str(path)})


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ImproperlyConfigured, match="DATABASE_URL_FILE"):
        read_secret_files(HUB_SECRETS, {"DATABASE_URL_FILE": str(tmp_path)})


def test_a_key_from_a_file_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secret").write_text(CANARY)
    monkeypatch.setenv("OPENAI_API_KEY_FILE", str(tmp_path / "secret"))
    monkeypatch.setattr("cloudhub.vault.keys.FROM_FILES", secret_files.FROM_FILES)
    # Set first, so that it is taken away again afterwards.
    monkeypatch.setenv("OPENAI_API_KEY", "")
    read_secret_files(["OPENAI_API_KEY"])
    key = environment_key(installed_providers()["openai"])
    assert (key.secret, key.source) == (CANARY, "a file")


def start(**values: str) -> subprocess.CompletedProcess[str]:
    """What Django knows of the hub's secrets when it starts with these variables alone."""
    # Backwards, since commands print no secret that the hub knows.
    known = (
        "from django.conf import settings; import os; print((settings.SECRET_KEY + os.environ['OPENAI_API_KEY'])[::-1])"
    )
    environment = {"PATH": os.environ["PATH"], "CLOUDHUB_ENV_FILE": "", **values}
    command = [sys.executable, "manage.py", "shell", "--no-imports", "-c", known]
    return subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_hub_starts_with_all_its_secrets_in_files(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("signing-secret\n")
    (tmp_path / "vendor").write_text("vendor-secret\n")
    data = {"CLOUDHUB_DATA_DIR": str(tmp_path)}
    files = {"SECRET_KEY_FILE": str(tmp_path / "key"), "OPENAI_API_KEY_FILE": str(tmp_path / "vendor")}
    assert start(**data, **files).stdout == "terces-rodnevterces-gningis\n"
    broken = start(**data, **files, OPENAI_API_KEY="another")
    assert broken.returncode == 1
    assert "Both OPENAI_API_KEY and OPENAI_API_KEY_FILE are set" in broken.stderr
    assert "Traceback" not in broken.stderr


def test_the_launcher_writes_no_fresh_key_beside_a_file(tmp_path: Path) -> None:
    files = {"SECRET_KEY_FILE": "/run/secrets/a", "CLOUDHUB_ENCRYPTION_KEYS_FILE": "/run/secrets/b"}
    assert hub.missing_values("", files) == []
    assert hub.missing_values("SECRET_KEY=\nSECRET_KEY_FILE=/run/secrets/a\n", {}) == ["CLOUDHUB_ENCRYPTION_KEYS"]
    assert hub.missing_values("", dict.fromkeys(files, "")) == ["SECRET_KEY", "CLOUDHUB_ENCRYPTION_KEYS"]


def test_the_launcher_finds_postgresql_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "url").write_text("postgres://hub@db/hub\n")
    found = hub.packages_to_run(hub.Checkout(tmp_path), {"DATABASE_URL_FILE": str(tmp_path / "url")})
    assert found == hub.SCALE_PACKAGES


def test_the_secret_of_single_sign_on_may_lie_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(CANARY)
    values = {"OIDC_CLIENT_SECRET_FILE": str(tmp_path / "secret")}
    read_secret_files(HUB_SECRETS, values)
    assert values["OIDC_CLIENT_SECRET"] == CANARY
