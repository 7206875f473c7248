"""The outermost layer: ids, security headers, the access log, and the last net under everything."""

import ipaddress
import time
from collections.abc import Callable, Sequence
from functools import lru_cache
from urllib.parse import urlsplit

import structlog
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Send

from api.context import KEY, RequestContext, fresh_context
from api.middleware.asgi import HttpLayer, header_map, send_problem
from api.problems import InternalError, described
from api.services import EdgeSettings
from domain.kernel.errors import DomainError

log = structlog.get_logger("access")
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

Observe = Callable[[str, str, int, float], None]
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

SECURITY_HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
}


class Outermost(HttpLayer):
    """Gives each request its context and each answer its common headers; writes one line per request."""

    def __init__(self, app: ASGIApp, settings: EdgeSettings, observe: Observe | None = None) -> None:
        super().__init__(app)
        self._observe = observe
        self._proxies = networks(settings.trusted_proxies)
        secure = urlsplit(settings.public_url).scheme == "https"
        headers = SECURITY_HEADERS | ({"strict-transport-security": "max-age=31536000"} if secure else {})
        self._headers = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]

    async def serve(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        headers = header_map(scope)
        context = fresh_context(headers)
        peer = scope.get("client")
        context.client = client_prefix(
            peer[0] if peer else "", headers.get(b"x-forwarded-for", b"").decode("latin-1"), self._proxies
        )
        scope[KEY] = context  # type: ignore[literal-required]  # ours, beside the keys of the specification
        status, started = 0, time.perf_counter()

        async def finished(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message = {**message, "headers": self._completed(list(message["headers"]), context)}
            await send(message)

        try:
            await self._app(scope, receive, finished)
        except Exception as error:
            status = await self._caught(error, context, finished, answered=status != 0)
        finally:
            self._told(scope["method"], status, time.perf_counter() - started, context)

    def _told(self, method: str, status: int, seconds: float, context: RequestContext) -> None:
        known = method if method in METHODS else "?"
        _write(known, status, seconds, context)
        if self._observe is not None:
            self._observe(known, context.route or "?", status, seconds)

    def _completed(self, headers: list[tuple[bytes, bytes]], context: RequestContext) -> list[tuple[bytes, bytes]]:
        present = {name.lower() for name, _ in headers}
        own = {"x-request-id": context.request_id, **context.headers}
        wanted = [(name.lower().encode(), value.encode("latin-1")) for name, value in own.items()]
        names = {name for name, _ in wanted}
        wanted += [header for header in self._headers if header[0] not in names]
        return headers + [header for header in wanted if header[0] not in present]

    @staticmethod
    async def _caught(error: Exception, context: RequestContext, send: Send, *, answered: bool) -> int:
        """Tell what came past the framework's own handlers; after the answer began there is nothing left to say."""
        problem = error if isinstance(error, DomainError) else InternalError()
        if not isinstance(error, DomainError):
            log.error("unhandled", trace_id=context.trace_id, **described(error))
        if not answered:
            await send_problem(send, problem, context)
        return 500 if problem is not error else 0


def networks(trusted: Sequence[str]) -> tuple[Network, ...]:
    """Return the networks of TRUSTED_PROXIES.

    Raises:
        ValueError: an entry is neither an address nor a network.
    """
    return tuple(ipaddress.ip_network(entry.strip(), strict=False) for entry in trusted if entry.strip())


@lru_cache(maxsize=4096)
@lru_cache(maxsize=1024)
def client_prefix(peer: str, forwarded: str, trusted: tuple[Network, ...]) -> str:
    """Return the caller's network (/24 or /48), never the whole address.

    X-Forwarded-For is read from the right as long as the speaker is a trusted proxy; anything else is hearsay.
    """
    speaker = _address(peer)
    for hop in reversed(forwarded.split(",")):
        if speaker is None or not any(speaker in network for network in trusted):
            break
        before = _address(hop.strip())
        if before is None:
            break
        speaker = before
    if speaker is None:
        return ""
    return str(ipaddress.ip_network((speaker, 24 if speaker.version == 4 else 48), strict=False))


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def _write(method: str, status: int, seconds: float, context: RequestContext) -> None:
    principal = context.principal
    watched = context.route.startswith("/health/") and status < 400
    write = log.debug if watched else log.info  # a supervisor asks every second, and nobody reads that
    write(
        "request",
        method=method,
        route=context.route or "?",
        status=status,
        ms=round(seconds * 1000, 2),
        request_id=context.request_id,
        trace_id=context.trace_id,
        tenant=str(principal.tenant_id) if principal and principal.tenant_id else None,
        key=str(principal.key_id) if principal else None,
        client=context.client,
    )
