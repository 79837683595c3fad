"""The packages: each pinned to one release, and what runs a hub locked by hash with all that it brings."""

import hashlib
import importlib.metadata
import os
import re
import subprocess
import zipfile
from pathlib import Path

import pytest

import hub
from tests.test_architecture import ROOT, name

pytestmark = pytest.mark.sqlite_only
LOCKS = ["requirements", "requirements-scale"]
# One package of a lock: name, release, where it is needed, and its files' hashes on lines of their own.
PACKAGE = re.compile(
    r"^([a-z0-9.-]+)(?:\[[a-z,-]+\])?==(\S+)(?: ; [^\\\n]+)?(?: \\\n +--hash=sha256:[0-9a-f]{64})+$", re.MULTILINE
)


@pytest.mark.parametrize("path", sorted(ROOT.glob("requirements*.txt")), ids=name)
def test_every_package_is_pinned_to_one_release(path: Path) -> None:
    lines = [line.partition("#")[0].strip() for line in path.read_text().splitlines()]
    named = [line for line in lines if line]
    assert named
    for line in named:
        assert re.fullmatch(r"-r requirements(-\w+)?\.txt|[\w.-]+(\[[\w,-]+\])?==[\w.]+", line), line


def releases(lock: str) -> dict[str, str]:
    """The release of each package of a lock, of which every line but the first is one of them or its hash."""
    text = (ROOT / f"{lock}.lock").read_text()
    assert [line for line in PACKAGE.sub("", text).splitlines() if line] == text.splitlines()[:1]
    return {found[1]: found[2] for found in PACKAGE.finditer(text)}


@pytest.mark.parametrize("lock", LOCKS)
def test_every_package_that_a_hub_runs_is_locked_by_hash(lock: str) -> None:
    listed = (ROOT / f"{lock}.txt").read_text()
    pins = dict(re.findall(r"^([\w.-]+)(?:\[[\w,-]+\])?==([\w.]+)", listed, re.MULTILINE))
    assert pins
    assert pins.items() <= releases(lock).items(), "make the locks anew, as CONTRIBUTING says"


def test_who_adds_postgresql_later_changes_no_other_package() -> None:
    assert releases("requirements").items() <= releases("requirements-scale").items()


def test_the_tests_run_the_releases_that_a_hub_runs() -> None:
    known = releases("requirements-scale")
    found = {re.sub(r"[-_.]+", "-", one.metadata["Name"].lower()): one.version
             for one in importlib.metadata.distributions()}  # fmt: skip
    ours = {package: version for package, version in found.items() if package in known}
    assert len(ours) > 40
    assert ours == {package: known[package] for package in ours}


def wheel(folder: Path) -> Path:
    """The smallest package that pip installs."""
    path, about = folder / "tiny-1.0-py3-none-any.whl", "tiny-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("tiny.py", "")
        file.writestr(f"{about}/METADATA", "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n")
        file.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        file.writestr(f"{about}/RECORD", "")
    return path


def test_a_package_whose_hash_is_another_is_not_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable, value in {
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(tmp_path),
        "PIP_CONFIG_FILE": os.devnull,
    }.items():
        monkeypatch.setenv(variable, value)
    checkout, packed, lock = hub.Checkout(tmp_path), wheel(tmp_path), tmp_path / "requirements.lock"
    (tmp_path / "requirements.txt").write_text("tiny==1.0\n")
    (tmp_path / "requirements-dev.txt").write_text("-r requirements.txt\n")
    hub.make_environment(checkout)
    lock.write_text(f"tiny==1.0 --hash=sha256:{'0' * 64}\n")
    with pytest.raises(hub.HubError, match="DO NOT MATCH"):
        hub.prepare_packages(checkout, "requirements.txt")
    assert not hub.is_installed(checkout, "requirements.txt")
    lock.write_text(f"tiny==1.0 --hash=sha256:{hashlib.sha256(packed.read_bytes()).hexdigest()}\n")
    hub.prepare_packages(checkout, "requirements-dev.txt")
    assert hub.is_installed(checkout, "requirements.txt")
    assert subprocess.run([checkout.python, "-c", "import tiny"]).returncode == 0
    lock.write_text("# another\n")
    assert not hub.is_installed(checkout, "requirements-dev.txt")
