"""Bodies have a limit, told by Content-Length or counted as they come."""

import asyncio
from typing import Any

from litestar.types import ASGIApp, HTTPReceiveMessage, HTTPScope, Receive, Send

from api.context import context_of
from api.errors import BodyTooLarge
from api.middleware.asgi import HttpLayer, header_map, send_problem
from api.services import EdgeSettings
from domain.kernel.errors import FieldError, InvalidRequest


class BodyLimit(HttpLayer):
    """Refuses bodies over the limit before anything reads them; paths that end in /batch have their own limit."""

    def __init__(self, app: ASGIApp, settings: EdgeSettings) -> None:
        super().__init__(app)
        self._settings = settings

    async def serve(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        """Count, and pass on."""
        path = scope["path"].rstrip("/")
        limit = self._settings.batch_body_limit if path.endswith("/batch") else self._settings.body_limit
        told = header_map(scope).get(b"content-length", b"")
        if told.isdigit() and int(told) > limit:
            await send_problem(send, BodyTooLarge(limit=limit), context_of(scope))
            return
        seen, whole = 0, False

        async def counted() -> HTTPReceiveMessage:
            nonlocal seen, whole
            if whole:  # what comes now is the end of the connection, which is waited for as long as it takes
                return await receive()  # type: ignore[return-value]  # the union also holds websocket messages
            message = await self._in_time(receive)
            if message["type"] != "http.request":
                raise _incomplete()
            seen += len(message.get("body", b""))
            whole = not message.get("more_body", False)
            if seen > limit:
                raise BodyTooLarge(limit=limit)
            return message  # type: ignore[no-any-return]

        await self._app(scope, counted, send)

    async def _in_time(self, receive: Receive) -> Any:
        try:
            async with asyncio.timeout(self._settings.body_seconds):
                return await receive()
        except TimeoutError:
            raise _incomplete() from None


def _incomplete() -> InvalidRequest:
    return InvalidRequest(errors=[FieldError("", "incomplete", "the body did not arrive as a whole")])
