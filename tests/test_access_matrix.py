"""Role × route × method × whose thing: every address of the URL table keeps to its line in `access_rules.py`.

The world is built once and every request is undone, so a route is asked some hundred times within a second or two.
"""

import json
import re
from http.cookies import SimpleCookie

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from cloudhub.accounts.actor import PERMISSIONS
from tests.access_rules import RULES, Rule
from tests.access_world import NOBODY, OWNERS, Role_, Route, World, built_world, other_values, routes, undone

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_only]
__all__ = ["built_world"]
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
# What a rule does not name: HEAD answers as GET does or not at all, OPTIONS tells what there is.
LOOSE = "described or no such method or let in or forbidden or absent"
ANYTHING = f"{LOOSE} or sign in"
UNSAFE = ("POST", "PUT", "PATCH", "DELETE")
# To the account page, which asks to sign in.
SENT_ON = ("admin:password_change",)
# Who tries the methods too that a rule does not name: what they may not do, nobody may.
ASKED_EVERYTHING = ("hub owner",)
ROUTES = routes()
RULED = sorted(set(ROUTES) & set(RULES))
ADMIN_ROUTES = sorted(name for name in ROUTES if name.startswith("admin:") and name not in RULES)
# What may differ between two answers that say the same.
_CHANGING = re.compile(r'csrfmiddlewaretoken" value="\w+"|X-CSRFToken": "\w+"|req_\w+|[\w-]{36}|\b\d{1,20}\b')


def test_every_route_has_a_rule_and_every_rule_a_route() -> None:
    missing = [name for name in ROUTES if name not in RULES and not name.startswith("admin:")]
    lines = [f'    "{name}": rule({_guess(ROUTES[name])}),' for name in missing]
    assert not missing, "Add to tests/access_rules.py who may do what there:\n" + "\n".join(lines)
    stale = sorted(set(RULES) - set(ROUTES))
    assert not stale, f"Remove from tests/access_rules.py the rules of routes that are gone: {', '.join(stale)}"


def _guess(route: Route) -> str:
    """The line's beginning, as far as the view tells its methods."""
    view = getattr(route.callback, "cls", None) or getattr(route.callback, "view_class", None)
    found = [name for name in METHODS if hasattr(view, name.lower())] if view else ["GET"]
    return ", ".join(f'{name}="manage"' for name in found if name not in ("HEAD", "OPTIONS"))


@pytest.mark.parametrize("name", RULED)
def test_the_route_keeps_to_its_rule(name: str, world: World) -> None:
    rule, faults = RULES[name], []
    for method in METHODS:
        for role in _roles(name, world):
            is_named = method in rule.methods
            if not is_named and role.name not in ASKED_EVERYTHING:
                continue
            for owner in OWNERS if is_named and _belongs_to_a_team(name, world) else OWNERS[:1]:
                fault = _fault(name, method, role, owner, world)
                if fault:
                    faults.append(f"{method} {name} of {owner} things by {role.name}: {fault}")
    assert not faults, "\n".join(faults)


def _roles(name: str, world: World) -> list[Role_]:
    """Those who ask at the route's door; where everybody is let in, a few are enough."""
    roles = world.programs if name.startswith("api:") else world.people
    if "everybody" in RULES[name].methods.values():
        return [role for role in roles if role.name in ("hub owner", "viewer", "visitor", "no key")]
    return roles


def _belongs_to_a_team(name: str, world: World) -> bool:
    return bool(set(ROUTES[name].parts) & set(world.values))


def _address(name: str, owner: str, world: World) -> str:
    rule, values = RULES.get(name), other_values()
    if name.startswith("("):
        return f"/{name[1:-1]}"
    parts = {}
    for part in ROUTES[name].parts:
        source = rule.instead.get(part, part) if rule else part
        parts[part] = world.values[source][owner] if source in world.values else values[part]
    return reverse(name, kwargs=parts)


def _send(role: Role_, method: str, address: str, name: str, client: Client | None = None) -> HttpResponse:
    """The role's cookies stay as they were, also where the answer ends the session."""
    sender = client or role.client
    cookies = SimpleCookie({name: morsel.value for name, morsel in sender.cookies.items()})
    try:
        return _ask(role, method, address, name, sender)
    finally:
        sender.cookies = cookies


def _ask(role: Role_, method: str, address: str, name: str, sender: Client) -> HttpResponse:
    body = RULES[name].body if name in RULES else {}
    if name.startswith("api:") and method in UNSAFE:
        return sender.generic(method, address, json.dumps(body), content_type="application/json", headers=role.headers)
    if method == "POST":
        return sender.post(address, body, headers=role.headers)
    return sender.generic(method, address, headers=role.headers)


def _fault(name: str, method: str, role: Role_, owner: str, world: World) -> str:
    """What is wrong with the answer; "" when it is the one that the rule wants."""
    address = _address(name, owner, world)
    with undone():
        answer = _send(role, method, address, name)
        text = _text(answer)
    wanted = _wanted(name, method, role, owner, world)
    got = _verdict(answer, method)
    if got not in wanted.split(" or "):
        return f"{wanted} was wanted, the answer is {got} ({answer.status_code}): {text[:200]}"
    if RULES[name].theirs and RULES[name].methods["GET"] == "read" and role.name == "visitor":
        return "a visitor is shown it" if answer.status_code == 200 and method != "OPTIONS" else ""
    foreign = [mark for other, marks in world.marks.items() if other not in role.teams for mark in marks]
    told = [mark for mark in foreign if mark in text.replace(address, "") and mark not in address]
    if told and name != "api:signed-picture":
        return f"the answer tells of another team's things: {told}"
    return "HEAD has a body" if method == "HEAD" and text else ""


def _text(answer: HttpResponse) -> str:
    data = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return data.decode("utf-8", "replace")


def _wanted(name: str, method: str, role: Role_, owner: str, world: World) -> str:
    rule = RULES[name]
    needed = rule.methods.get(method)
    if rule.theirs:
        return ANYTHING
    if name.startswith("api:nothing"):
        return "absent" if role.permissions is not None else "sign in"
    if needed == "everybody" and not rule.gone:
        return "let in" if owner != NOBODY or not _belongs_to_a_team(name, world) else "absent"
    if needed is None and "everybody" in rule.methods.values():
        return "no such method or described or let in"
    if role.permissions is None and needed != "everybody":
        return "sign in or no such method"
    if needed is None:
        return LOOSE if method in ("HEAD", "OPTIONS") else "no such method"
    if rule.gone:
        return "absent or let in or no such method"
    if needed != "any" and not _has(role.permissions, needed):
        return "forbidden"
    if not _is_seen(role, rule, owner, name, world):
        return "absent"
    is_personal = method in rule.personal if isinstance(rule.personal, tuple) else rule.personal
    if is_personal and (len(role.teams) < 2 or len(role.permissions) < len(PERMISSIONS)):
        return "let in or forbidden"
    if method in rule.only_hub_owner and len(role.teams) < 2:
        return "forbidden"
    return "let in"


def _has(permissions: frozenset[str], needed: str) -> bool:
    if "|" in needed:
        return bool(permissions & set(needed.split("|")))
    return set(needed.split("+")) <= permissions


def _is_seen(role: Role_, rule: Rule, owner: str, name: str, world: World) -> bool:
    if not _belongs_to_a_team(name, world):
        return True
    return owner in (role.owns if rule.own else role.teams)


def _verdict(answer: HttpResponse, method: str) -> str:
    status = answer.status_code
    if status >= 500 and status != 503:
        return "broken"
    if status == 302 and answer["Location"].startswith(("/login/?", "/admin/login/?")):
        return "sign in"
    known = {401: "sign in", 403: "forbidden", 404: "absent", 405: "no such method"}
    if method == "OPTIONS" and status == 200:
        return "described"
    return known.get(status, "let in")


@pytest.mark.parametrize("name", [name for name in RULED if name.startswith(("web:", "admin:"))])
def test_nothing_is_changed_without_the_token_of_a_page(name: str, world: World) -> None:
    """Also for the hub's owner: another site cannot make their browser act."""
    strict = Client(enforce_csrf_checks=True, raise_request_exception=False)
    owner = next(role for role in world.people if role.name == "hub owner")
    with undone():
        strict.cookies = owner.client.cookies
        for method in UNSAFE:
            answer = _send(owner, method, _address(name, OWNERS[0], world), name, strict)
            assert answer.status_code == 403 or answer.status_code == 405, method
            if method in RULES[name].methods:
                assert answer.status_code == 403, method


@pytest.mark.parametrize("name", RULED)
def test_another_teams_thing_is_as_absent_as_nobodys(name: str, world: World) -> None:
    """The same words, so that nobody learns by asking which ids exist elsewhere."""
    if not _belongs_to_a_team(name, world) or "everybody" in RULES[name].methods.values():
        return
    role = next(role for role in _roles(name, world) if role.name == "team owner")
    for method in RULES[name].methods:
        with undone():
            theirs = _send(role, method, _address(name, OWNERS[1], world), name)
            nobodys = _send(role, method, _address(name, NOBODY, world), name)
        assert (theirs.status_code, nobodys.status_code) == (404, 404), method
        assert _CHANGING.sub("", _text(theirs)) == _CHANGING.sub("", _text(nobodys)), method
        assert _headers(theirs) == _headers(nobodys), method


def _headers(answer: HttpResponse) -> dict[str, str]:
    changing = ("X-Request-Id", "Content-Length", "Expires")
    return {name: text for name, text in answer.items() if name not in changing}


def test_the_admin_site_is_for_staff(world: World) -> None:
    """What staff sees there is tested in tests/web/test_admin.py."""
    faults = []
    for name in ADMIN_ROUTES:
        address = "/admin/nowhere/at/all/" if "(" in name else _address(name, OWNERS[0], world)
        for role in world.people:
            if role.name not in ("visitor", "viewer", "team owner"):
                continue
            for method in ("GET", "POST") if role.name == "team owner" else ("GET",):
                with undone():
                    answer = _send(role, method, address, name)
                refused = _verdict(answer, method) == "sign in" or answer.get("Location") == "/admin/"
                if not refused and name not in ("admin:jsi18n", *SENT_ON):
                    faults.append(f"{method} {address} by {role.name}: {answer.status_code}")
    assert not faults, "\n".join(faults)
