"""The request as handlers see it."""

from typing import Any

from litestar import Request

from domain.kernel.errors import Unavailable


class LeanRequest(Request[Any, Any, Any]):
    """The framework's request; its body is taken as it comes, without a stream for each of a thousand small ones."""

    _raw: bytes | None = None

    async def body(self) -> bytes:
        """Return the whole body, whose size the outer layer has limited.

        Raises:
            Unavailable: the client went away before it was all there; nobody reads the answer.
        """
        if self._raw is None:
            parts: list[bytes] = []
            more = True
            while more:
                message = await self.receive()
                if message["type"] != "http.request":
                    raise Unavailable
                parts.append(message.get("body", b""))
                more = message.get("more_body", False)
            self._raw = b"".join(parts)
        return self._raw
