"""The application: routes, problems, manners, put together on the services it is given."""

from collections.abc import Sequence
from typing import Any

from litestar import Controller, Litestar, Request
from litestar.di import Provide
from litestar.types import ASGIApp

from api.command import Command, Query
from api.docs import DOCS_HANDLERS
from api.health import HealthController, metrics_handlers
from api.middleware.admission import Admission, known_parameters
from api.middleware.body_limit import BodyLimit
from api.middleware.cors import Cors
from api.middleware.outermost import Outermost
from api.middleware.paths import PathGate, PathIndex
from api.operation import promise_of
from api.problems import HANDLERS
from api.request import LeanRequest
from api.routes import ROUTES
from api.services import Services
from compliance.access.permissions import PERMISSIONS, PUBLIC

COMMON_PARTS = frozenset({"services", "clock", "command", "reading"})


class PermissionMissing(Exception):
    """A route promises nothing: it has no `opt=operation(...)`."""


class Application(Litestar):
    """The framework's application inside our outer layers."""

    def enclose(self, services: Services) -> None:
        """Lay the outer layers around the framework: they also see what it never routes."""
        inner: ASGIApp = PathGate(self.asgi_handler, PathIndex(self))
        inner = BodyLimit(inner, services.settings)
        inner = Cors(inner, services.settings.cors_origins)
        self.asgi_handler = Outermost(inner, services.settings, services.observe)


def build_app(services: Services, routes: Sequence[type[Controller]] = ROUTES) -> Application:
    """Return the ASGI application.

    Raises:
        PermissionMissing: a route of the contract says nothing of who may call it.
    """
    app = Application(
        route_handlers=[*routes, HealthController, *DOCS_HANDLERS, *metrics_handlers(services)],
        dependencies=dependencies(services),
        middleware=[Admission(services)],
        before_request=known_parameters,
        exception_handlers=dict(HANDLERS),
        request_class=LeanRequest,
        openapi_config=None,  # the contract is built from the promises, see api.openapi
        logging_config=None,
        request_max_body_size=None,  # BodyLimit counts, with our own problem
        on_startup=list(services.start),
        on_shutdown=list(services.stop),
        debug=False,
    )
    require_promises(app)
    give_one_by_one(app)
    app.enclose(services)
    return app


def dependencies(services: Services) -> dict[str, Provide]:
    """Return what handlers may ask for by name: services, clock, command, reading, and every part of the services."""

    def command(request: Request[Any, Any, Any]) -> Command:
        return Command(services, request)

    def reading(request: Request[Any, Any, Any]) -> Query:
        return Query(services, request)

    named = {
        "services": Provide(lambda: services, sync_to_thread=False),
        "clock": Provide(lambda: services.clock, sync_to_thread=False),
        "command": Provide(command, sync_to_thread=False),
        "reading": Provide(reading, sync_to_thread=False),
    }
    for name, part in services.parts.items():
        if name not in COMMON_PARTS:
            named[name] = Provide(_giver(part), sync_to_thread=False)
    return named


def _giver(part: Any) -> Any:
    def give() -> Any:
        return part

    return give


def give_one_by_one(app: Litestar) -> None:
    """Let handlers get what they ask for one by one: all of it is at hand, and the framework's task group is dear."""
    for route in app.routes:
        for _, model in getattr(route, "route_handler_map", {}).values():
            model.dependency_batches = [{one} for batch in model.dependency_batches for one in batch]


def require_promises(app: Litestar) -> None:
    """Look at every documented handler.

    Raises:
        PermissionMissing: one has no promise, or its permission is not in the table.
    """
    for route in app.routes:
        for handler in getattr(route, "route_handlers", []):
            if not handler.resolve_include_in_schema():
                continue
            promise = promise_of(handler.opt)
            if promise is None or promise.permission not in PERMISSIONS | {PUBLIC}:
                msg = f"{route.path}: {handler.handler_name} has no opt=operation(permission, …)"
                raise PermissionMissing(msg)
