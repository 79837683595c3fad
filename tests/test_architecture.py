"""The shape of the code, held by tests: who may import whom, how long things may get, who may call a vendor."""

import ast
import functools
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps

from providers.catalogue import ProviderConfig, installed_providers

ROOT = Path(__file__).resolve().parent.parent
LONGEST_FILE = 400
LONGEST_FUNCTION = 40

# Each package may import the ones before it in its own row and the rows before; never a later one.
LAYERS = [
    ["core"],
    ["accounts"],
    ["catalog", "vault", "billing"],
    ["lanes"],
    ["generations"],
    ["records"],
    ["health"],
    ["web", "api"],
]
ORDER = {package: level for level, packages in enumerate(LAYERS) for package in packages}
# Within a row only these pairs: the vault knows vendors alone, the catalogue asks a vendor what a model can do, billing
# matches budgets to models and prices.
WITHIN_A_ROW = {("billing", "catalog"), ("catalog", "vault")}
SHARED_BY_VENDORS = {
    "base", "catalogue", "counting", "emulation", "google", "guarded", "http", "masks", "openai_form", "pictures",
    "reading", "results", "self_hosted", "vertex",
}  # fmt: skip
CONTRACT_FOR_THE_HUB = {"base", "http", "catalogue", "pictures"}
CONTRACT_PARTS = {
    "abilities", "base", "catalogue", "counting", "credentials", "errors", "google", "guarded", "http", "inflate",
    "input_pictures", "masks", "models", "normalise", "openai_form", "pictures", "privacy", "reading", "request",
    "results", "self_hosted", "vertex",
}  # fmt: skip


def python_files(*folders: str) -> list[Path]:
    files = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    return sorted(path for path in files if "migrations" not in path.parts)


@functools.cache
def nodes_of(path: Path) -> tuple[ast.AST, ...]:
    """Everything in a file's syntax tree; a file is read once for all tests."""
    return tuple(ast.walk(ast.parse(path.read_text())))


def imports_of(path: Path) -> Iterator[str]:
    for node in nodes_of(path):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            # What is imported may itself be a module: `from cloudhub import web`.
            yield from (node.module, *(f"{node.module}.{alias.name}" for alias in node.names))


def is_test(path: Path) -> bool:
    return "tests" in path.relative_to(ROOT).parts


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


HUB_FILES = [path for path in python_files("cloudhub") if len(path.relative_to(ROOT).parts) > 2]
VENDOR_FILES = [path for path in python_files("providers") if not is_test(path)]
SOURCE = [*python_files("cloudhub", "providers"), ROOT / "hub.py", ROOT / "manage.py"]


@pytest.mark.parametrize("path", HUB_FILES, ids=name)
def test_the_hub_imports_only_downwards(path: Path) -> None:
    own = path.relative_to(ROOT).parts[1]
    for imported in imports_of(path):
        parts = imported.split(".")
        if parts[0] != "cloudhub" or len(parts) < 2 or parts[1] == own or parts[1] not in ORDER:
            continue
        below = ORDER[parts[1]] < ORDER[own] or (own, parts[1]) in WITHIN_A_ROW
        assert below, f"{own} may not import {imported}"


@pytest.mark.parametrize("path", HUB_FILES, ids=name)
def test_the_hub_imports_no_vendor(path: Path) -> None:
    for imported in imports_of(path):
        parts = imported.split(".")
        if parts[0] == "providers" and len(parts) > 1:
            assert parts[1] in CONTRACT_FOR_THE_HUB, f"{imported} is not part of the contract"


@pytest.mark.parametrize("path", VENDOR_FILES, ids=name)
def test_vendors_know_neither_each_other_nor_the_hub(path: Path) -> None:
    own = path.relative_to(ROOT).parts[1].removesuffix(".py")
    for imported in imports_of(path):
        parts = imported.split(".")
        assert parts[0] != "cloudhub", f"{own} may not import {imported}"
        if parts[0] != "providers" or len(parts) < 2 or parts[1] == own:
            continue
        allowed = CONTRACT_PARTS if own in CONTRACT_PARTS else SHARED_BY_VENDORS
        assert parts[1] in allowed, f"{own} may not import {imported}"


@pytest.mark.parametrize("path", [path for path in SOURCE if not is_test(path)], ids=name)
def test_http_clients_live_with_the_vendors(path: Path) -> None:
    if path.relative_to(ROOT).parts[0] == "providers":
        return
    assert not {"httpx", "requests", "urllib.request", "http.client"} & set(imports_of(path))


@pytest.mark.parametrize("path", [path for path in HUB_FILES if not is_test(path)], ids=name)
def test_only_the_doors_know_http(path: Path) -> None:
    if path.relative_to(ROOT).parts[1] in ("web", "api") or path.name == "admin.py":
        return
    known = {imported for imported in imports_of(path) if imported.split(".")[0] in ("rest_framework", "django_htmx")}
    known |= {imported for imported in imports_of(path) if imported in ("django.http", "django.shortcuts")}
    assert not known


@pytest.mark.parametrize("path", [path for path in SOURCE if "emulator" not in path.parts], ids=name)
def test_pictures_are_opened_at_one_place(path: Path) -> None:
    """Where formats, size and the number of pictures decoded at once are limited."""
    opened = {ast.unparse(node) for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Attribute)}
    assert is_test(path) or name(path) == "providers/pictures.py" or not opened & {"Image.open", "PillowImage.open"}


def calls_of(path: Path, methods: set[str]) -> Iterator[str]:
    for node in nodes_of(path):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in methods:
            receiver = node.func.value
            if isinstance(receiver, ast.Attribute | ast.Name):
                named = receiver.attr if isinstance(receiver, ast.Attribute) else receiver.id
                if named == "provider":
                    yield node.func.attr


def test_i14_only_one_module_may_start_or_cancel_at_a_vendor() -> None:
    callers = {name(path) for path in HUB_FILES if list(calls_of(path, {"start", "cancel"}))}
    assert callers == {"cloudhub/generations/perform.py"}


def test_the_hub_names_no_vendor() -> None:
    """What is special about one is an attribute of its `Provider`."""
    vendors = installed_providers()
    named = {
        (name(path), node.value)
        for path in HUB_FILES for node in nodes_of(path)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in vendors
    }  # fmt: skip
    assert named == set()


def test_only_the_vault_checks_credentials() -> None:
    callers = {name(path) for path in HUB_FILES if list(calls_of(path, {"validate_credentials"}))}
    assert callers == {"cloudhub/vault/check.py"}


@pytest.mark.parametrize("path", [*SOURCE, *python_files("tests")], ids=name)
def test_no_file_is_longer_than_a_person_reads(path: Path) -> None:
    lines = len(path.read_text().splitlines())
    assert lines <= LONGEST_FILE, f"{lines} lines"


@pytest.mark.parametrize("path", SOURCE, ids=name)
def test_no_function_is_longer_than_a_screen(path: Path) -> None:
    for node in nodes_of(path):
        if isinstance(node, ast.FunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            assert lines <= LONGEST_FUNCTION, f"{node.name} has {lines} lines"


def test_every_vendor_is_one_folder_and_one_line() -> None:
    settings = (ROOT / "cloudhub/settings.py").read_text()
    configs = [config for config in apps.get_app_configs() if isinstance(config, ProviderConfig)]
    folders = {Path(config.path).name for config in configs if Path(config.path).parent == ROOT / "providers"}
    assert folders >= {path.parent.name for path in (ROOT / "providers").glob("*/catalog.toml")}
    for folder in folders:
        mentions = [
            name(path)
            for path in python_files("cloudhub")
            if f"providers.{folder}" in path.read_text() and path.name != "settings.py"
        ]
        assert settings.count(f'"providers.{folder}"') == 1
        assert not mentions
