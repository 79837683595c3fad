"""SECURITY.md names a test for each threat; each of them is there."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROWS = [line for line in (ROOT / "SECURITY.md").read_text().splitlines() if line.startswith("| ")][2:]


# What a hub of this kind has to defend against.
THREATS = (
    "SSRF", "base_url", "decompression bomb", "SVG, HTML, polyglots", "shared file", "key in a log",
    "secrets at rest", "IDOR", "CSRF", "token timing", "token theft", "login", "webhooks", "SQL, shell, template",
    "stored XSS", "abuse of paid buttons", "supply chain", "logs as liability", "tampering",
)  # fmt: skip


@pytest.mark.parametrize("threat", THREATS)
def test_each_threat_is_there(threat: str) -> None:
    assert [row for row in ROWS if threat in row.split("|")[1]]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.split("|")[1].strip())
def test_each_threat_names_a_test_that_is_there(row: str) -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", row.split("|")[3])
    assert named
    assert all(name for _, name in named)
    for path, name in named:
        functions = {node.name for node in ast.walk(ast.parse((ROOT / path).read_text()))
                     if isinstance(node, ast.FunctionDef)}  # fmt: skip
        assert name in functions, name
