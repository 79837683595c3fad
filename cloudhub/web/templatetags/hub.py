"""Template tags of the hub's pages: money, shapes, navigation. Words only; they decide nothing."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import template
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from cloudhub.accounts.actor import Actor
from cloudhub.accounts.members import requires_factor
from cloudhub.accounts.models import User
from cloudhub.core.money import format_money
from cloudhub.health.attention import count_for_owner
from cloudhub.web.studio_form import label_of

register = template.Library()


@dataclass(frozen=True)
class Place:
    """An entry of the navigation; `mark` counts the things there that need the owner."""

    label: str
    address: str
    is_here: bool
    mark: int = 0


PLACES = (
    ("Studio", "web:studio", "generate"),
    ("Gallery", "web:gallery", "read"),
    ("Models", "web:models", "read"),
    ("Keys", "web:keys", "read"),
    ("Costs", "web:costs", "read"),
    ("Budgets", "web:budgets", "read"),
    ("Status", "web:status", "read"),
    ("People", "web:people", "manage"),
    ("Data", "web:data", "manage"),
)
MARKED = "web:status"
# The first mark that fits: browsers also name those that they want to pass for.
BROWSERS = (("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
SYSTEMS = (
    ("Windows", "Windows"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Mac OS", "macOS"),
    ("CrOS", "ChromeOS"), ("Linux", "Linux"),
)  # fmt: skip


@register.simple_tag(takes_context=True)
def navigation(context: dict[str, Any]) -> list[Place]:
    """The pages that the person may use; none for somebody without a team."""
    request = context.get("request")
    actor = getattr(request, "actor", None)
    if request is None or actor is None:
        return []
    places = []
    for label, name, permission in PLACES:
        if actor.may(permission):
            mark = _mark(context, actor) if name == MARKED else 0
            places.append(Place(label, reverse(name), _is_here(request.path, reverse(name)), mark))
    return places


def _mark(context: dict[str, Any], actor: Actor) -> int:
    """How many things need the owner; the Status page itself has counted them already."""
    return int(context["mark"]) if "mark" in context else count_for_owner(actor)


def _is_here(path: str, address: str) -> bool:
    return path == address if address == "/" else path.startswith(address)


@register.filter
def money(micros: int, currency: str) -> str:
    """Micro-units as people read them: "$0.039", with a true minus sign."""
    return format_money(micros, currency).replace("-", "−")


@register.filter
def label(field: str) -> str:
    """A field's name as the pages call it."""
    return label_of(field)


@register.filter
def words(name: str) -> str:
    """A name of the program as words: write_off → write off."""
    return str(name).replace("_", " ").replace("-", " ")


@register.filter
def of(mapping: Any, key: str) -> Any:
    """A value of a mapping by a key that a template holds; empty when it is not there."""
    return mapping.get(key, "") if mapping else ""


@register.filter
def ago(moment: datetime | None) -> str:
    """How long ago in a few words; a date for what is older than a week."""
    if moment is None:
        return "never"
    seconds = int((timezone.now() - moment).total_seconds())
    for length, word in ((60, "second"), (3600, "minute"), (86400, "hour"), (7 * 86400, "day")):
        if seconds < length:
            unit = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}[word]
            count = max(seconds // unit, 0)
            return "just now" if word == "second" and count < 5 else f"{count} {word}{'s' if count != 1 else ''} ago"
    return f"{moment:%-d %b %Y}"


@register.filter
def until(moment: datetime) -> str:
    """How long until then in a few words: "in 42 s", "in 5 min", "in 3 h"."""
    seconds = int((moment - timezone.now()).total_seconds())
    if seconds <= 0:
        return "now"
    for length, unit, word in ((120, 1, "s"), (7200, 60, "min"), (172_800, 3600, "h")):
        if seconds < length:
            return f"in {seconds // unit} {word}"
    return f"in {seconds // 86400} days"


@register.simple_tag
def must_have_factor(user: User) -> bool:
    """Whether the hub asks this person for a second factor."""
    return requires_factor(user)


@register.filter
def browser(user_agent: str) -> str:
    """A browser and its system in two words, from what it calls itself."""
    name = next((name for mark, name in BROWSERS if mark in user_agent), "A program")
    system = next((system for mark, system in SYSTEMS if mark in user_agent), "")
    return f"{name} on {system}" if system else name


@register.simple_tag
def shape(name: str) -> SafeString:
    """The small shape that stands beside a word, so that no state is told by colour alone."""
    return format_html(
        '<svg class="shape shape-{}" viewBox="0 0 16 16" aria-hidden="true"><use href="{}#{}"/></svg>',
        name, static("img/shapes.svg"), name,
    )  # fmt: skip
