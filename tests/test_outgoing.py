"""What leaves the hub, and to where: by two doors, to addresses that no caller names."""

import ast
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from providers.emulation.contract import Reply
from providers.emulation.server import RunningServer
from tests.api.caller import caller_of
from tests.conftest import Cast
from tests.contract.tap import tapped
from tests.test_architecture import ROOT, SOURCE, imports_of, is_test, name

CONNECTING = {"socket", "ssl", "http.client", "urllib.request", "requests", "urllib3", "aiohttp", "httpcore", "ftplib",
              "telnetlib", "smtplib", "subprocess", "asyncio"}  # fmt: skip
# Both doors; the web server's own listening socket; the machine's own name beside a process's number; the launcher, and
# the live test, which starts the hub's own commands.
MAY_CONNECT = {"providers/guarded.py", "providers/http.py", "cloudhub/web/server.py", "cloudhub/web/prepare.py",
               "hub.py", "cloudhub/generations/management/commands/live_test.py"}  # fmt: skip
DESTINATIONS = ("api_base", "base_url", "headers", "extra_headers", "api_key", "webhook", "callback_url", "proxy")
# Statements of guards, which databases take no parameters in: names of tables, columns and guards.
COMPOSES_SQL = {
    "cloudhub/billing/triggers.py": {"TABLE", "_REFUSAL", "verb", "verb.lower()", "name", "on_table"},
    "cloudhub/accounts/audit_guards.py": {
        "TABLE", "_REFUSAL", "verb", "verb.lower()", "name", "on_table", "column", "erases", "keeps", "refuse",
    },
}  # fmt: skip
OUR_HEADERS = {
    "content-type", "content-length", "content-disposition", "x-request-id", "cache-control", "vary", "allow",
    "x-frame-options", "content-security-policy", "permissions-policy", "cross-origin-resource-policy",
    "referrer-policy", "cross-origin-opener-policy", "x-content-type-options", "x-should-retry", "etag",
}  # fmt: skip
OURS = [path for path in SOURCE if not is_test(path) and "emulat" not in str(path)]


@pytest.mark.sqlite_only
@pytest.mark.parametrize("path", OURS, ids=name)
def test_only_the_doors_connect(path: Path) -> None:
    if name(path) in MAY_CONNECT:
        return
    own = set(imports_of(path)) & CONNECTING
    assert own <= ({"socket"} if name(path) == "cloudhub/generations/worker.py" else set())
    # Clients of httpx are made in the one door, which takes a transport; vendors only name the type.
    made = {ast.unparse(node.func) for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)}
    if name(path) != "providers/http.py":
        assert not {called for called in made if called.startswith("httpx.") and called.rpartition(".")[2] in
                    {"Client", "get", "post", "put", "request", "stream", "HTTPTransport", "AsyncClient"}}  # fmt: skip


@pytest.mark.sqlite_only
@pytest.mark.parametrize("path", OURS, ids=name)
def test_no_text_of_a_user_becomes_a_program(path: Path) -> None:
    tree = ast.parse(path.read_text())
    called = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    assert not called & {"eval", "exec", "os.system", "os.popen", "Template", "mark_safe", "SafeString",
                         "pickle.loads", "yaml.load", "RawSQL"}  # fmt: skip
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            assert node.func.attr not in ("raw", "extra"), ast.unparse(node)
            if node.func.attr in ("execute", "executemany") and name(path) not in COMPOSES_SQL:
                assert isinstance(node.args[0], ast.Constant | ast.Name), ast.unparse(node)


@pytest.mark.sqlite_only
@pytest.mark.parametrize("path", COMPOSES_SQL)
def test_composed_statements_take_names_of_the_source_alone(path: str) -> None:
    """Where a statement has to be put together, its parts are constants of that file or of those named here."""
    tree = ast.parse((ROOT / path).read_text())
    composed = [node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)]
    parts = {
        ast.unparse(part.value) for text in composed for part in text.values if isinstance(part, ast.FormattedValue)
    }
    assert parts <= COMPOSES_SQL[path]


@pytest.mark.sqlite_only
def test_no_template_takes_text_for_markup() -> None:
    for path in (ROOT / "templates").rglob("*.html"):
        assert not re.search(r"\|\s*safe(seq)?\b|autoescape\s+off|\bdebug\b", path.read_text()), path


@pytest.mark.parametrize("path", ["/api/v1/generations", "/api/v1/estimates", "/v1/images/generations"])
@pytest.mark.parametrize("field", DESTINATIONS)
def test_a_caller_never_names_the_destination(cast: Cast, path: str, field: str) -> None:
    caller = caller_of(cast.alice)
    value: Any = {"x-key": "mine"} if "headers" in field else "https://evil.example"
    for body in ({field: value}, {"options": {field: value}}):
        answer = caller.post(path, {"model": "practice-1", "prompt": "a fox", **body})
        assert answer.status_code == 400
        assert field in answer.content.decode() or "options" in answer.content.decode()


@pytest.mark.parametrize(
    "address", ["http://169.254.169.254/latest", "https://pictures.example/a.png", "file:///etc/passwd"]
)
def test_a_picture_by_address_is_refused_in_words(cast: Cast, address: str) -> None:
    caller = caller_of(cast.bob)
    wish = {"model": "practice-1", "prompt": "a fox", "input_images": [address]}
    for path in ("/api/v1/generations", "/api/v1/estimates"):
        answer = caller.post(path, wish)
        assert (answer.status_code, list(answer.json()["error"]["fields"])) == (400, ["input_images[0]"])
        assert "data URI" in answer.json()["error"]["message"]
    edit = {"model": "practice-1", "prompt": "a fox", "images": [{"image_url": address}]}
    assert caller.post("/v1/images/edits", edit).status_code == 400


@pytest.mark.sqlite_only
def test_no_header_of_a_vendor_is_passed_on(committed_cast: Cast, gemini: RunningServer, gemini_flash: object) -> None:
    """Neither with an answer that waited for the vendor's nor with the picture itself."""
    caller = caller_of(committed_cast.alice)
    wish = {"model": "gemini-2.5-flash-image", "prompt": "a red fox"}
    theirs = {"X-Vendor-Trace": "marked", "Set-Cookie": "vendor=marked", "Server": "marked", "Via": "marked"}
    with tapped(gemini) as tap:
        tap.change = lambda reply: replace(reply, headers={**reply.headers, **theirs})
        answers = [caller.post("/v1/images/generations", wish), caller.post("/api/v1/generations?wait=20", wish)]
        assert len(tap.work()) == 2
        tap.change = lambda reply: Reply(status=400, body=b"{}", headers=theirs)
        answers.append(caller.post("/v1/images/generations", {**wish, "prompt": "a blue fox"}))
    assert [answer.status_code for answer in answers] == [200, 200, 400]
    answers.append(caller.get(answers[1].json()["images"][0]["url"]))
    answers += [caller.get(f"/api/v1/{path}") for path in ("generations", "providers", "cloud_models", "usage")]
    for answer in answers:
        passed_on = {header.lower() for header in answer.headers} - OUR_HEADERS
        assert {header for header in passed_on if not header.startswith("x-cloudhub-")} == set()
        assert "marked" not in str(answer.headers) + str(answer.cookies)
