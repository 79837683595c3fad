"""The launcher and what it starts the tests with: real files and processes in temporary folders, no network."""

import ast
import base64
import contextlib
import os
import re
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import environ
import psycopg
import pytest

import hub
from tests import suite
from tests.suite import Outcome

ROOT = Path(hub.__file__).parent
STUB_OF_MANAGE = """
import os, sys
print(sys.argv[1:], os.environ["HUB_PORT"], os.environ["CLOUDHUB_DATA_DIR"])
sys.exit(7)
"""


@pytest.fixture
def checkout(tmp_path: Path) -> hub.Checkout:
    """A copy of the launcher with its example of settings and an empty list of packages."""
    for name in ("hub.py", ".env.example"):
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "requirements.txt").write_text("# nothing\n")
    (tmp_path / "requirements-dev.txt").write_text("-r requirements.txt\n")
    (tmp_path / "manage.py").write_text(STUB_OF_MANAGE)
    return hub.Checkout(tmp_path)


def make_bare_environment(checkout: hub.Checkout) -> None:
    venv.create(checkout.root / ".venv", symlinks=True, with_pip=False)


def stamp(checkout: hub.Checkout, list_name: str) -> None:
    checkout.stamp(list_name).write_text(hub.fingerprint(checkout, list_name))


def program(path: Path, exit_code: int = 0) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\nexit {exit_code}\n")
    path.chmod(0o755)
    return str(path)


# Settings


def test_settings_are_read_as_django_environ_reads_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [
        "# A=comment",
        "PLAIN=a#b",
        "export EXPORTED=1",
        'QUOTED="two words"',
        "SINGLE='x'",
        "EMPTY=",
        "EQUALS=a=b==",
    ]
    text = "\n".join([*lines, "PLAIN=last", ""])
    (tmp_path / "env").write_text(text)
    monkeypatch.setattr(environ.Env, "ENVIRON", {})
    environ.Env.read_env(tmp_path / "env")
    assert hub.read_settings(text) == environ.Env.ENVIRON


def test_the_first_start_makes_private_settings_with_usable_keys(checkout: hub.Checkout) -> None:
    hub.prepare_settings(checkout, {})
    path = checkout.root / ".env"
    values = hub.read_settings(path.read_text())
    assert path.stat().st_mode & 0o777 == 0o600
    assert len(values["SECRET_KEY"]) >= 50
    assert len(base64.urlsafe_b64decode(values["CLOUDHUB_ENCRYPTION_KEYS"])) == 32
    assert len(path.read_text().splitlines()) == len((checkout.root / ".env.example").read_text().splitlines())


def test_a_second_start_leaves_the_settings_alone(checkout: hub.Checkout) -> None:
    hub.prepare_settings(checkout, {})
    before = (checkout.root / ".env").read_bytes()
    hub.prepare_settings(checkout, {})
    assert (checkout.root / ".env").read_bytes() == before


@pytest.mark.parametrize("ending", ["", "\n", "\nCLOUDHUB_ENCRYPTION_KEYS=\n", '\nCLOUDHUB_ENCRYPTION_KEYS=""'])
def test_own_settings_are_kept_and_only_completed(checkout: hub.Checkout, ending: str) -> None:
    path = checkout.root / ".env"
    path.write_text("# mine\nSECRET_KEY=mine\nHUB_PORT=7000" + ending)
    hub.prepare_settings(checkout, {})
    *kept, added = path.read_text().splitlines()
    assert kept == ["# mine", "SECRET_KEY=mine", "HUB_PORT=7000"]
    assert added.startswith("CLOUDHUB_ENCRYPTION_KEYS=")
    assert hub.missing_values(path.read_text(), {}) == []


def test_keys_of_the_real_environment_are_not_written(checkout: hub.Checkout) -> None:
    hub.prepare_settings(checkout, {"SECRET_KEY": "real"})
    values = hub.read_settings((checkout.root / ".env").read_text())
    assert values["SECRET_KEY"] == ""
    assert values["CLOUDHUB_ENCRYPTION_KEYS"] != ""


def test_starts_at_once_agree_on_one_set_of_keys(checkout: hub.Checkout) -> None:
    def start(_: int) -> str:
        hub.prepare_settings(checkout, {})
        return (checkout.root / ".env").read_text()

    with ThreadPoolExecutor(8) as starts:
        assert len(set(starts.map(start, range(8)))) == 1


def test_a_start_waits_for_the_one_that_prepares(checkout: hub.Checkout, capfd: pytest.CaptureFixture[str]) -> None:
    with ThreadPoolExecutor(1) as other:
        with hub.only_one(checkout):
            waiting = other.submit(hub.prepare_settings, checkout, {})
            with pytest.raises(TimeoutError):
                waiting.result(timeout=0.3)
            assert not (checkout.root / ".env").exists()
        waiting.result(timeout=10)
    assert "Another start is preparing this folder" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("option", "real", "stored", "port"),
    [("1", "2", "3", "1"), (None, "2", "3", "2"), (None, "", "3", "3"), (None, None, None, "9090")],
)
def test_the_command_line_wins_over_the_environment_over_the_file(
    checkout: hub.Checkout, option: str | None, real: str | None, stored: str | None, port: str
) -> None:
    (checkout.root / ".env").write_text("" if stored is None else f"HUB_PORT={stored}\n")
    real_environment = {} if real is None else {"HUB_PORT": real}
    assert hub.launch_environment(checkout, real_environment, {"HUB_PORT": option})["HUB_PORT"] == port


def test_a_relative_data_folder_starts_where_it_was_written(
    checkout: hub.Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = checkout.root / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    (checkout.root / ".env").write_text("CLOUDHUB_DATA_DIR=stored\n")
    typed = hub.launch_environment(checkout, {}, {"CLOUDHUB_DATA_DIR": "typed"})
    assert typed["CLOUDHUB_DATA_DIR"] == str(elsewhere / "typed")
    assert hub.launch_environment(checkout, {}, {})["CLOUDHUB_DATA_DIR"] == str(checkout.root / "stored")


def test_an_empty_key_in_the_environment_does_not_hide_the_file(checkout: hub.Checkout) -> None:
    (checkout.root / ".env").write_text("SECRET_KEY=stored\n")
    assert "SECRET_KEY" not in hub.launch_environment(checkout, {"SECRET_KEY": ""}, {})


@pytest.mark.parametrize("port", ["abc", "-1", "65536", "²"])
def test_a_port_that_is_none_is_named(checkout: hub.Checkout, port: str) -> None:
    (checkout.root / ".env").touch()
    with pytest.raises(hub.HubError, match="must be a number up to 65535"):
        hub.launch_environment(checkout, {"HUB_PORT": port}, {})


def test_tests_and_checks_see_no_settings_of_the_developer(checkout: hub.Checkout) -> None:
    mine = {"GOOGLE_API_KEY": "paid", "DATABASE_URL": "mine", "HUB_HTTPS": "true", "SECRET_KEY": "mine", "PATH": "/bin"}
    seen = hub.isolated_environment(checkout, mine)
    assert not {"GOOGLE_API_KEY", "DATABASE_URL", "HUB_HTTPS"} & seen.keys()
    assert seen["SECRET_KEY"] != "mine"
    assert seen["PATH"] == "/bin"


def test_every_setting_is_explained_in_the_example_of_settings() -> None:
    """So tests and checks keep each of them away too: `isolated_environment` goes by that file."""
    read = set(re.findall(r'\benv(?:\.\w+|iron\.get)\(\s*"(\w+)"', (ROOT / "cloudhub/settings.py").read_text()))
    assert len(read) > 30
    given = hub.isolated_environment(hub.Checkout(ROOT), dict.fromkeys(read, "mine"))
    assert {name for name, value in given.items() if value == "mine"} == set()


# Packages


def test_packages_count_as_installed_until_a_list_changes(checkout: hub.Checkout) -> None:
    make_bare_environment(checkout)
    assert not hub.is_installed(checkout, "requirements-dev.txt")
    stamp(checkout, "requirements-dev.txt")
    assert hub.is_installed(checkout, "requirements-dev.txt")
    (checkout.root / "requirements.txt").write_text("django==5.2.19\n")
    assert not hub.is_installed(checkout, "requirements-dev.txt")


@pytest.mark.parametrize(
    ("name", "value", "needed"),
    [
        ("DATABASE_URL", "postgres://hub@localhost/hub", "requirements-scale.txt"),
        ("DATABASE_URL", "sqlite:////tmp/hub.sqlite3", "requirements.txt"),
        ("CACHE_URL", "rediscache://127.0.0.1:6379/1", "requirements-scale.txt"),
        ("CACHE_URL", "rediss://127.0.0.1:6379/1", "requirements-scale.txt"),
        ("CACHE_URL", "locmemcache://", "requirements.txt"),
    ],
)
def test_a_database_and_a_cache_bring_their_drivers(checkout: hub.Checkout, name: str, value: str, needed: str) -> None:
    assert hub.packages_to_run(checkout, {}) == "requirements.txt"
    assert hub.packages_to_run(checkout, {name: value}) == needed
    (checkout.root / ".env").write_text(f"{name}={value}\n")
    assert hub.packages_to_run(checkout, {}) == needed
    (checkout.root / "url").write_text(value)
    (checkout.root / ".env").write_text(f"{name}_FILE={checkout.root / 'url'}\n")
    assert hub.packages_to_run(checkout, {}) == needed


def test_the_larger_list_has_the_driver_of_the_documented_cache() -> None:
    documented = re.findall(r"^# CACHE_URL=(.+)$", (ROOT / ".env.example").read_text(), re.MULTILINE)
    assert documented
    for url in documented:
        assert environ.Env.cache_url_config(url)["BACKEND"] == "django.core.cache.backends.redis.RedisCache"
    assert re.search(r"^redis==", (ROOT / "requirements-scale.txt").read_text(), re.MULTILINE)


def test_packages_count_as_gone_with_the_python_below_them(checkout: hub.Checkout) -> None:
    make_bare_environment(checkout)
    stamp(checkout, "requirements.txt")
    other = checkout.root / "python"
    shutil.copy(checkout.python.resolve(), other)
    checkout.python.unlink()
    assert not hub.is_installed(checkout, "requirements.txt")
    checkout.python.symlink_to(other)
    assert not hub.is_installed(checkout, "requirements.txt")


def test_an_environment_without_pip_is_not_taken_for_a_whole_one(checkout: hub.Checkout) -> None:
    assert not hub.environment_works(checkout)
    make_bare_environment(checkout)
    assert not hub.environment_works(checkout)


def test_a_python_without_venv_is_told_what_to_install(checkout: hub.Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ensurepip", None)
    with pytest.raises(hub.HubError, match="apt install python3-venv"):
        hub.make_environment(checkout)


# The command line


def test_the_launcher_can_be_read_by_an_old_python() -> None:
    ast.parse((ROOT / "hub.py").read_text(), feature_version=(3, 8))


def test_an_old_python_is_told_so(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 2))
    assert hub.main(["run"], {}) == 1
    assert "needs Python 3.11 or newer; this is 3.9" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["--help"], ["help"]])
def test_alone_it_explains_its_words(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert hub.main(arguments, {}) == 0
    explanation = capsys.readouterr().out
    assert all(f"python3 hub.py {word}" in explanation for word in hub.WORDS)


def test_an_unknown_word_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert hub.main(["start"], {}) == 2
    assert "'start'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["manage", "migrate", "--help"], "['migrate', '--help'] 9090 {data}"),
        (["run"], "['serve', '--host', '127.0.0.1', '--port', '9090'] 9090 {data}"),
        (
            ["run", "--port=81", "--host=::", "--grace=5", "--data=/d"],
            "['serve', '--host', '::', '--port', '81', '--grace', '5'] 81 /d",
        ),
    ],
)
def test_a_prepared_start_becomes_manage_py(checkout: hub.Checkout, words: list[str], said: str) -> None:
    make_bare_environment(checkout)
    stamp(checkout, "requirements.txt")
    command = [sys.executable, str(checkout.root / "hub.py"), *words]
    ended = subprocess.run(command, capture_output=True, text=True, env={"PATH": os.defpath})
    assert ended.stdout == said.format(data=checkout.root / "data") + "\n"
    assert ended.returncode == 7


# What the tests need


def test_chromium_is_sought_by_name_then_in_playwrights_folder(tmp_path: Path) -> None:
    environment = {"PATH": str(tmp_path / "bin"), "HOME": str(tmp_path)}
    assert suite.find_chromium(environment) is None
    places = [
        tmp_path / ".cache/ms-playwright/chromium-1255/chrome-linux64/chrome",
        tmp_path / "bin/google-chrome",
        tmp_path / "bin/chromium-browser",
        tmp_path / "bin/chromium",
    ]
    for better in places:
        assert suite.find_chromium(environment) != str(better)
        assert program(better) == suite.find_chromium(environment)
    chosen = program(tmp_path / "mine")
    assert suite.find_chromium({**environment, "CHROMIUM": chosen}) == chosen


def test_a_chromium_that_does_not_start_is_passed_over(tmp_path: Path) -> None:
    program(tmp_path / "chromium", exit_code=1)
    environment = {"PATH": str(tmp_path), "HOME": str(tmp_path)}
    assert suite.find_chromium(environment) is None
    assert program(tmp_path / "google-chrome") == suite.find_chromium(environment)


def test_a_named_chromium_must_start(tmp_path: Path) -> None:
    program(tmp_path / "chromium")
    with pytest.raises(suite.CannotTest, match="CHROMIUM is 'missing'"):
        suite.find_chromium({"PATH": str(tmp_path), "CHROMIUM": "missing"})


def test_the_report_of_pytest_is_counted(tmp_path: Path) -> None:
    (tmp_path / "test_sample.py").write_text(
        "import pytest\n"
        "def test_good(): pass\n"
        "def test_bad(): assert 0\n"
        "@pytest.fixture\n"
        "def broken(): raise ValueError\n"
        "def test_error(broken): pass\n"
        "@pytest.mark.skip\n"
        "def test_skipped(): pass\n"
    )
    report = tmp_path / "report.xml"
    options = ["-p", "no:cacheprovider", "-c", os.devnull, f"--rootdir={tmp_path}"]
    command = [sys.executable, "-m", "pytest", *options, f"--junitxml={report}", str(tmp_path)]
    alone = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    exit_code = subprocess.run(command, capture_output=True, cwd=tmp_path, env=alone).returncode
    assert suite.outcome("SQLite", exit_code, report) == Outcome("SQLite", passed=1, failed=2, skipped=1)


def test_a_run_that_broke_off_has_failed(tmp_path: Path) -> None:
    broken = suite.outcome("SQLite", 3, tmp_path / "never-written.xml")
    assert broken == Outcome("SQLite", failed=1, remark="pytest ended with exit code 3")


def test_the_closing_lines_sum_up_both_runs() -> None:
    lines, well = suite.verdict([Outcome("SQLite", 5, 0, 1), Outcome("PostgreSQL", 3, 1)], some_selected=False)
    assert lines.splitlines() == [
        "SQLite      5 passed, 0 failed, 1 skipped",
        "PostgreSQL  3 passed, 1 failed",
        "8 passed, 1 failed",
    ]
    assert not well


@pytest.mark.parametrize(
    ("sqlite", "postgres", "some_selected", "well"),
    [(2, 2, False, True), (2, 0, True, True), (0, 2, True, True), (2, 0, False, False), (0, 0, True, False)],
)
def test_only_a_selection_may_be_empty_in_one_run(sqlite: int, postgres: int, some_selected: bool, well: bool) -> None:
    outcomes = [Outcome("SQLite", sqlite), Outcome("PostgreSQL", postgres)]
    lines, is_well = suite.verdict(outcomes, some_selected)
    assert is_well is well
    assert lines.endswith(" 0 failed") is well


@contextlib.contextmanager
def server_process() -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, str(ROOT / "tests" / "servers.py"), "postgres"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process


def test_postgres_comes_with_the_program_and_goes_with_its_input() -> None:
    with server_process() as process:
        assert process.stdout is not None
        assert process.stdin is not None
        url = process.stdout.readline().strip()
        with psycopg.connect(url) as connection:
            assert connection.execute("SHOW max_connections").fetchone() == ("200",)
            (folder,) = connection.execute("SHOW data_directory").fetchone() or ("",)
        process.stdin.close()
        assert process.wait(timeout=30) == 0
    assert not Path(folder).parent.exists()
    with pytest.raises(psycopg.OperationalError, match="refused"):
        psycopg.connect(url, connect_timeout=5)
