"""Who may come in: credential, permission, rate, accepted media types, known query parameters."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from litestar import Request
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Receive, Scope, Send

from api.body import query_items
from api.context import RequestContext, context_of
from api.errors import BadParameter, NotAcceptable, ParameterError, PermissionDenied, Unauthenticated
from api.idempotency import sent_key
from api.masks import read_by
from api.middleware.asgi import header_map
from api.operation import Operation, Raw, promise_of
from api.rate_limit import admit
from api.services import Services
from compliance.access.permissions import PUBLIC
from compliance.access.principal import Principal
from tenancy.tenant import TenantSuspended

BEARER = "bearer"


class Admission(ASGIMiddleware):
    """Stands before every operation of the contract; pages and files outside it pass."""

    scopes = (ScopeType.HTTP,)

    def __init__(self, services: Services) -> None:
        self._services = services

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Let the request in or raise the problem that says why not."""
        promise = promise_of(scope["route_handler"].opt)
        if promise is not None:
            context = context_of(scope)
            if promise.permission != PUBLIC:
                principal = await authenticated(self._services, scope)
                scope["auth"] = context.principal = principal
                read_by(principal.permissions)
                await self._prepare(principal, context)
                if promise.limited:
                    await admit(
                        self._services.rate_limiter, principal, context, self._services.settings.rate_per_second
                    )
                require_permission(principal, promise)
            require_acceptable(scope, promise)
        await next_app(scope, receive, send)

    async def _prepare(self, principal: Principal, context: RequestContext) -> None:
        if principal.tenant_id is not None:
            context.locale = await locale_of(self._services.tenant_locale, principal.tenant_id)


async def locale_of(read: Callable[[UUID], Awaitable[str]], tenant_id: UUID) -> str:
    """Return the tenant's locale, English when it cannot be had: no request fails for the language of its errors."""
    try:
        return await read(tenant_id)
    except Exception:
        return "en"


async def authenticated(services: Services, scope: Scope) -> Principal:
    """Return who calls.

    Raises:
        Unauthenticated: without a valid credential, whatever is wrong with it.
    """
    scheme, _, token = header_map(scope).get(b"authorization", b"").decode("latin-1").partition(" ")
    token = token.strip()
    if scheme.lower() != BEARER or not token or len(token) > 1000:
        raise Unauthenticated
    principal = await services.credentials.authenticate(token)
    if principal is None:
        raise Unauthenticated
    return principal


def require_permission(principal: Principal, promise: Operation) -> None:
    """Compare the operation's permission with the caller's.

    No guard of the framework: it copies the handler for each call of one.

    Raises:
        PermissionDenied: the role does not hold it.
        TenantSuspended: the role would hold it, the shop is suspended.
    """
    if not principal.may(promise.permission):
        raise PermissionDenied
    if principal.shut_out(promise.permission, exempt=promise.suspended_may):
        raise TenantSuspended


async def known_parameters(request: Request[Any, Any, Any]) -> None:
    """Before each operation: refuse a malformed key, and query parameters that nobody reads; async spares a thread.

    Operations that store nothing ignore the key, but do not accept what the contract says is none.

    Raises:
        BadParameter: a malformed Idempotency-Key, or unknown query parameters.
    """
    promise = promise_of(request.route_handler.opt)
    if promise is not None and request.method == "POST":
        sent_key(request)
    if promise is None or promise.query is not None or not request.scope.get("query_string"):
        return
    known = {"dry_run"} if promise.dry_run else set()
    known |= request.route_handler.parsed_fn_signature.parameters.keys()
    errors = [
        ParameterError("", "unknown_parameter", "unknown query parameter")
        for name, _ in query_items(request)
        if name not in known
    ]
    if errors:
        raise BadParameter(errors=errors)


def require_acceptable(scope: Scope, promise: Operation) -> None:
    """Compare Accept with what the operation answers.

    Raises:
        NotAcceptable: nothing of it is accepted.
    """
    accept = header_map(scope).get(b"accept", b"").decode("latin-1").strip()
    if accept in {"", "*/*", "application/json"}:
        return
    offered = {answer.media_type for answer in promise.answers.values() if isinstance(answer, Raw)}
    offered = offered or {"application/json"}
    for entry in accept.split(","):
        kind, *parameters = (part.strip().lower() for part in entry.split(";"))
        if any(p.replace(" ", "") in {"q=0", "q=0.0", "q=0.00", "q=0.000"} for p in parameters):
            continue
        if any(_accepts(kind, own) for own in offered):
            return
    raise NotAcceptable(offered=sorted(offered))


def _accepts(kind: str, own: str) -> bool:
    return kind in {"*/*", own, own.partition("/")[0] + "/*"}
