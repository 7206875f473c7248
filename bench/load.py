"""A cheap load generator: keep-alive connections on asyncio, no HTTP library, some 15 µs of Python per request."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import cast

import uvloop

Make = Callable[[int], bytes]
"""Returns the next whole request of client number n."""


@dataclass(slots=True)
class Figures:
    """What one round brought: seconds, latencies in seconds of all answers, statuses, processor seconds by process."""

    seconds: float
    latencies: list[float]
    statuses: Counter[int] = field(default_factory=Counter)
    cpu: dict[str, float] = field(default_factory=dict)

    @property
    def per_second(self) -> float:
        """Answers per second."""
        return len(self.latencies) / self.seconds

    def quantile(self, share: float) -> float:
        """Return the latency in milliseconds below which `share` of the answers are."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000 if ordered else 0.0


class _Client(asyncio.Protocol):
    """One connection: sends the next request when an answer is whole."""

    def __init__(self, number: int, make: Make, until: float, figures: Figures, done: asyncio.Future[None]) -> None:
        self._number, self._make, self._until, self._figures, self._done = number, make, until, figures, done
        self._held = b""
        self._sent_at = 0.0
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._send()

    def data_received(self, data: bytes) -> None:
        self._held = self._held + data if self._held else data
        end = self._held.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self._held[:end].lower()
        start = head.find(b"content-length:")
        length = int(head[start + 15 :].split(b"\r\n", 1)[0]) if start >= 0 else 0
        if len(self._held) < end + 4 + length:
            return
        now = time.perf_counter()
        self._figures.latencies.append(now - self._sent_at)
        self._figures.statuses[int(head[9:12])] += 1
        self._held = b""
        if now < self._until:
            self._send()
        else:
            self._finish()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._done.done():
            self._figures.statuses[0] += 1
            self._done.set_result(None)

    def _send(self) -> None:
        assert self._transport is not None
        self._sent_at = time.perf_counter()
        self._transport.write(self._make(self._number))

    def _finish(self) -> None:
        assert self._transport is not None
        self._done.set_result(None)
        self._transport.close()


def request(path: str, key: str, body: bytes, *headers: str) -> bytes:
    """Return a POST as bytes."""
    lines = [
        f"POST {path} HTTP/1.1",
        "Host: 127.0.0.1",
        f"Authorization: Bearer {key}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        *headers,
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def drive(port: int, make: Make, *, clients: int, seconds: float) -> Figures:
    """Let `clients` send as fast as they are answered, for `seconds`."""
    return uvloop.run(_drive(port, make, clients, seconds))


async def _drive(port: int, make: Make, clients: int, seconds: float) -> Figures:
    loop = asyncio.get_running_loop()
    figures = Figures(seconds, [])
    started = time.perf_counter()
    waiting: list[asyncio.Future[None]] = []
    for number in range(clients):
        done = loop.create_future()
        waiting.append(done)
        client = _Client(number, make, started + seconds, figures, done)
        await loop.create_connection(lambda client=client: client, "127.0.0.1", port)  # type: ignore[misc]
    await asyncio.gather(*waiting)
    figures.seconds = time.perf_counter() - started
    return figures


def send_all(port: int, requests: Sequence[bytes], *, clients: int = 2) -> Figures:
    """Send each of `requests` once."""
    left = iter(requests)
    figures = Figures(0.0, [])

    async def work() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for each in left:
            sent_at = time.perf_counter()
            writer.write(each)
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            await reader.readexactly(int(head.split(b"content-length:", 1)[1].split(b"\r\n", 1)[0]))
            figures.latencies.append(time.perf_counter() - sent_at)
            figures.statuses[int(head[9:12])] += 1
        writer.close()

    async def everything() -> None:
        await asyncio.gather(*(work() for _ in range(clients)))

    started = time.perf_counter()
    uvloop.run(everything())
    figures.seconds = time.perf_counter() - started
    return figures
