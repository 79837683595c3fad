"""The shape of templates, style sheets and scripts."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
PARTIALS = [path for path in TEMPLATES if path.name.startswith("_")]
SCRIPTS = sorted((ROOT / "static/js").glob("*.js"))
LONGEST_TEMPLATE, LONGEST_SCRIPT = 120, 150


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_a_template_is_short(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= LONGEST_TEMPLATE


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_a_template_holds_nothing_that_the_policy_forbids(path: Path) -> None:
    text = path.read_text()
    assert not re.search(r"<script(?![^>]*\bsrc=)", text), "an inline script"
    assert not re.search(r"<style|\sstyle=|\shx-on|\son[a-z]+=|javascript:", text), "inline style or handler"
    assert not re.search(r'(src|href)="https?://', text), "a foreign host"


@pytest.mark.parametrize("path", PARTIALS, ids=name)
def test_a_partial_opens_by_saying_what_it_needs(path: Path) -> None:
    assert re.match(r"(\{% load [^%]+ %\})?\{# ", path.read_text())


@pytest.mark.parametrize("path", SCRIPTS, ids=name)
def test_a_script_is_short_and_evaluates_nothing(path: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) <= LONGEST_SCRIPT
    assert not re.search(r"\beval\(|new Function|innerHTML|document\.write", text)
