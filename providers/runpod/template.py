"""A job's input with places for a wish: `{{prompt}}` and its like, filled in. Pure.

A text that is a single place becomes the value itself (a number stays a number); within other text the value is
written out. In an input, what has no value is left out together with its name; a workflow must be filled in wholly.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

_PLACE = re.compile(r"\{\{ ?([a-z][a-z0-9_]*) ?\}\}")
_MISSING = object()


def places(template: Any) -> set[str]:
    """The names of all places in a template."""
    return set(_places(template))


def _places(template: Any) -> Iterator[str]:
    if isinstance(template, Mapping):
        for part in template.values():
            yield from _places(part)
    elif isinstance(template, list | tuple):
        for part in template:
            yield from _places(part)
    elif isinstance(template, str):
        yield from _PLACE.findall(template)


def filled(template: Any, values: Mapping[str, Any]) -> Any:
    """The template with its values; entries without one are left out."""
    found = _filled(template, values)
    return None if found is _MISSING else found


def _filled(template: Any, values: Mapping[str, Any]) -> Any:
    if isinstance(template, Mapping):
        entries = {name: _filled(part, values) for name, part in template.items()}
        return {name: part for name, part in entries.items() if part is not _MISSING}
    if isinstance(template, list | tuple):
        return [part for part in (_filled(part, values) for part in template) if part is not _MISSING]
    if not isinstance(template, str):
        return template
    whole = _PLACE.fullmatch(template)
    if whole:
        return values.get(whole[1], _MISSING)
    if any(name not in values for name in _PLACE.findall(template)):
        return _MISSING
    return _PLACE.sub(lambda place: str(values[place[1]]), template)
