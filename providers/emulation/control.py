"""`/`, `/invoice`, `/faults` and `/limits`: how tests and people look at the emulator and tell it what to do wrong."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from providers.emulation.contract import Reply, json_reply
from providers.emulation.exchange import Exchange
from providers.emulation.faults import BadFault
from providers.emulation.limits import BadLimit


def control(exchange: Exchange, method: str, path: str, body: bytes) -> Reply:
    """The answer to a request outside the vendors' mounts."""
    routes: dict[str, dict[str, Callable[[], Reply]]] = {
        "/": {"GET": lambda: _overview(exchange)},
        "/invoice": {
            "GET": lambda: json_reply(exchange.invoice.as_json()),
            "DELETE": lambda: _cleared(exchange.invoice.clear, exchange.invoice.as_json),
        },
        "/faults": {
            "GET": lambda: json_reply(exchange.faults.as_json()),
            "POST": lambda: _post_fault(exchange, body),
            "DELETE": lambda: _cleared(exchange.faults.clear, exchange.faults.as_json),
        },
        "/limits": {
            "GET": lambda: json_reply(exchange.limits.as_json()),
            "POST": lambda: _post_limit(exchange, body),
            "DELETE": lambda: _cleared(exchange.limits.clear, exchange.limits.as_json),
        },
    }
    methods = routes.get(path if path == "/" else path.rstrip("/"))
    if methods is None:
        known = ", ".join(["/", "/invoice", "/faults", "/limits", *(f"/{name}" for name in exchange.mounts)])
        return _error(404, "not_found", f"There is no {path} here; there are {known}.")
    if method not in methods:
        return _error(405, "wrong_method", f"{path} takes {', '.join(methods)}.")
    return methods[method]()


def _overview(exchange: Exchange) -> Reply:
    vendors = {f"/{name}": ", ".join(sorted(one.id for one in sharing)) for name, sharing in exchange.mounts.items()}
    return json_reply({"vendors": vendors})


def _cleared(clear: Callable[[], None], rest: Callable[[], dict[str, Any]]) -> Reply:
    clear()
    return json_reply(rest())


def _post_fault(exchange: Exchange, body: bytes) -> Reply:
    try:
        wish = json.loads(body, parse_float=Decimal)
        posted = exchange.faults.post(wish, tuple(vendor.id for vendor in exchange.vendors))
    except BadFault as error:
        return _error(400, "invalid", str(error), error.fields)
    except (ValueError, RecursionError):
        return _error(400, "invalid", "The body is not JSON.")
    return json_reply(posted, status=201)


def _post_limit(exchange: Exchange, body: bytes) -> Reply:
    try:
        posted = exchange.limits.post(json.loads(body), tuple(vendor.id for vendor in exchange.vendors))
    except BadLimit as error:
        return _error(400, "invalid", str(error), error.fields)
    except (ValueError, RecursionError):
        return _error(400, "invalid", "The body is not JSON.")
    return json_reply(posted, status=201)


def _error(status: int, code: str, message: str, fields: dict[str, str] | None = None) -> Reply:
    error: dict[str, Any] = {"code": code, "message": message}
    if fields:
        error["fields"] = fields
    return json_reply({"error": error}, status=status)
