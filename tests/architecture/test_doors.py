"""Every door has a lock that the table of permissions knows."""

from typing import Any

import pytest
from litestar import Controller, get
from litestar.routes import HTTPRoute
from pydantic import SecretStr

from api.app import Application, PermissionMissing, build_app
from api.operation import operation, promise_of
from api.routes import ROUTES
from compliance.access.permissions import GRANTS, PUBLIC
from runtime.adapters.key_provider import encode_root_key
from runtime.container import build_core, build_services
from runtime.settings import Settings

OPEN_TO_ALL = {"checkLive", "checkReady"}


def application(*more: type[Controller]) -> Application:
    """Return the application as the container wires it; nothing is connected."""
    settings = Settings(
        database_url=SecretStr("postgresql://nobody@nowhere/nothing"),
        master_key=SecretStr(encode_root_key(bytes(32))),
    )
    return build_app(build_services(settings, build_core(settings)), (*ROUTES, *more))


def handlers() -> list[Any]:
    routes = [route for route in application().routes if isinstance(route, HTTPRoute)]
    return [handler for route in routes for handler in route.route_handlers if not handler.name]


def test_every_operation_names_a_permission_of_the_table() -> None:
    """`x-permission` on every operation; only the health checks ask for no credential."""
    assert len(handlers()) >= 7
    for handler in handlers():
        promise = promise_of(handler.opt)
        if promise is not None:
            assert promise.permission in GRANTS or handler.operation_id in OPEN_TO_ALL, handler.operation_id
            assert (promise.permission == PUBLIC) is (handler.operation_id in OPEN_TO_ALL), handler.operation_id


def test_what_stands_outside_the_contract_is_pages_only() -> None:
    """A handler that hides from the document would have no lock: only the documentation's own pages may."""
    hidden = {handler.fn.__module__ for handler in handlers() if promise_of(handler.opt) is None}
    assert {module for module in hidden if not module.startswith("litestar.")} <= {"api.docs"}


@pytest.mark.parametrize("opt", [{}, {"permission": "customers:read"}, operation("customers:fly", answers={200: None})])
def test_the_application_refuses_to_start_with_an_unlocked_door(opt: dict[str, Any]) -> None:
    """A forgotten or misspelt permission stops the start, not the first caller."""

    class Forgotten(Controller):
        path = "/v1/forgotten"

        @get(operation_id="getForgotten", opt=opt)
        async def forgotten(self) -> None:
            """Nobody said who may."""

    with pytest.raises(PermissionMissing):
        application(Forgotten)
