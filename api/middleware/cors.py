"""CORS for the origins an operator names; never a wildcard together with credentials, since there are no cookies."""

from collections.abc import Sequence

from litestar.types import ASGIApp, HTTPScope, Message, Receive, Send

from api.middleware.asgi import HttpLayer, header_map, send_answer

METHODS = "GET, HEAD, POST, PATCH, PUT, DELETE"
REQUEST_HEADERS = "Authorization, Content-Type, Idempotency-Key, If-Match, X-Request-Id, traceparent"
ANSWER_HEADERS = "ETag, Location, Retry-After, Idempotent-Replayed, RateLimit, RateLimit-Policy, X-Request-Id, Allow"


class Cors(HttpLayer):
    """Adds what browsers ask for, to requests of allowed origins only."""

    def __init__(self, app: ASGIApp, origins: Sequence[str]) -> None:
        super().__init__(app)
        self._any = "*" in origins
        self._origins = frozenset(origin.rstrip("/") for origin in origins)

    async def serve(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        """Answer a preflight, or add the headers."""
        if not self._origins:
            await self._app(scope, receive, send)
            return
        headers = header_map(scope)
        origin = headers.get(b"origin", b"").decode("latin-1")
        if not origin or not (self._any or origin in self._origins):
            await self._app(scope, receive, _varied(send))
            return
        allowed = {"access-control-allow-origin": origin, "vary": "Origin"}
        if scope["method"] == "OPTIONS" and b"access-control-request-method" in headers:
            preflight = {
                "access-control-allow-methods": METHODS,
                "access-control-allow-headers": REQUEST_HEADERS,
                "access-control-max-age": "600",
            }
            await send_answer(send, 204, allowed | preflight)
            return
        await self._app(scope, receive, _with(send, allowed | {"access-control-expose-headers": ANSWER_HEADERS}))


def _with(send: Send, extra: dict[str, str]) -> Send:
    raw = [(name.encode(), value.encode("latin-1")) for name, value in extra.items()]

    async def adding(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message["headers"], *raw]}
        await send(message)

    return adding


def _varied(send: Send) -> Send:
    return _with(send, {"vary": "Origin"})
