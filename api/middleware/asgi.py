"""Small tools of the layers that stand outside the framework."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Receive, Scope, Send

from api.context import RequestContext
from api.problems import PROBLEM_JSON, problem_parts
from domain.kernel.errors import DomainError


class HttpLayer(ABC):
    """A layer around another application; what is not HTTP passes it untouched."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve HTTP, pass on the rest (the life of the process)."""
        if scope["type"] == ScopeType.HTTP:
            await self.serve(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    @abstractmethod
    async def serve(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        """Serve one request."""


def header_map(scope: Scope) -> dict[bytes, bytes]:
    """Return the request's headers; of a repeated one, the last."""
    return dict(scope["headers"])


async def send_answer(send: Send, status: int, headers: Mapping[str, str], body: bytes = b"") -> None:
    """Send a whole answer."""
    raw: list[tuple[bytes, bytes]] = [
        (name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()
    ]
    if status != 204:
        raw.append((b"content-length", str(len(body)).encode()))
    start: dict[str, Any] = {"type": "http.response.start", "status": status, "headers": raw}
    await send(start)  # type: ignore[arg-type]  # the framework's typed dict asks for optional keys
    await send({"type": "http.response.body", "body": body, "more_body": False})


async def send_problem(
    send: Send, error: DomainError, context: RequestContext, headers: Mapping[str, str] | None = None
) -> None:
    """Send a problem document."""
    status, own, body = problem_parts(error, context)
    await send_answer(send, status, {"content-type": PROBLEM_JSON, **own, **(headers or {})}, body)
