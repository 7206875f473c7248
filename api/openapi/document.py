"""The contract of the routes as they are, without anything behind them."""

import json
from collections.abc import Sequence
from functools import lru_cache
from importlib.metadata import version
from typing import Any, get_args, get_origin, get_type_hints

from litestar import Controller, Litestar
from litestar.di import Dependency, Provide
from litestar.handlers import HTTPRouteHandler

from api.health import HealthController
from api.openapi.build import build_document
from api.routes import ROUTES

DISTRIBUTION = "regulars-shop-base"


@lru_cache(maxsize=1)
def contract() -> dict[str, Any]:
    """Return the document of all routes."""
    return contract_of(ROUTES)


def contract_text() -> str:
    """Return the document as the committed file holds it."""
    return json.dumps(contract(), ensure_ascii=False, indent=1) + "\n"


def contract_of(routes: Sequence[type[Controller]]) -> dict[str, Any]:
    """Return the document of `routes` and the health checks."""
    controllers = [*routes, HealthController]
    app = Litestar(
        route_handlers=controllers,
        dependencies={name: Provide(_nothing(), sync_to_thread=False) for name in _asked_for(controllers)},
        openapi_config=None,
        logging_config=None,
    )
    return build_document(app, version(DISTRIBUTION))


def _nothing() -> Any:
    return lambda: None  # one object per name: the framework compares providers


def _asked_for(controllers: Sequence[type[Controller]]) -> set[str]:
    """Return the names of all dependencies that handlers take; nobody calls them here."""
    found = set()
    for controller in controllers:
        for handler in vars(controller).values():
            if isinstance(handler, HTTPRouteHandler):
                hints = get_type_hints(handler.fn, include_extras=True)
                found |= {name for name, hint in hints.items() if _is_dependency(hint)}
    return found


def _is_dependency(hint: Any) -> bool:
    metadata = getattr(hint, "__metadata__", ()) or (get_args(hint)[1:] if get_origin(hint) is not None else ())
    return any(isinstance(one, Dependency) for one in metadata)
