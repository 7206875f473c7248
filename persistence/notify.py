"""Wakes the worker: one coalesced NOTIFY on a connection of its own, never in a business transaction (decisions.md 7).

Nothing depends on it. A notification that is lost costs the second until the worker looks by itself.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from uuid import UUID

import asyncpg

from persistence.database import FAULTS, plain_url

CHANNEL = "regulars_events"
GATHER_SECONDS = 0.02
RECONNECT_SECONDS = (0.2, 0.5, 1.0, 2.0, 5.0)


def _pause(failures: int) -> float:
    return RECONNECT_SECONDS[min(failures, len(RECONNECT_SECONDS)) - 1]


class Notifier:
    """The sending end, one per process; it is what `Database.signal` calls after a commit."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._news = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.sent = 0

    def __call__(self, _tenant_id: UUID) -> None:
        """Say that something was committed; returns at once."""
        self._news.set()

    def start(self) -> None:
        """Begin to send."""
        self._task = asyncio.create_task(self._send(), name="notifier")

    async def close(self) -> None:
        """Stop sending."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def _send(self) -> None:
        failures = 0
        while True:
            await self._news.wait()
            try:
                connection = await asyncpg.connect(plain_url(self._url), timeout=5)
                try:
                    while True:
                        await asyncio.sleep(GATHER_SECONDS)
                        self._news.clear()
                        await connection.execute(f"NOTIFY {CHANNEL}", timeout=5)
                        self.sent += 1
                        failures = 0
                        await self._news.wait()
                finally:
                    connection.terminate()
            except FAULTS:
                failures += 1
                self._news.set()
                await asyncio.sleep(_pause(failures))


class Listener:
    """The receiving end, for the worker: calls `wake` on each notification, and after every reconnection."""

    def __init__(self, url: str, wake: Callable[[], None]) -> None:
        self._url = url
        self._wake = wake
        self.connection: asyncpg.Connection | None = None

    async def run(self) -> None:
        """Listen until cancelled; a lost session is opened anew."""
        failures = 0
        while True:
            try:
                await self._listen()
                failures = 0
            except FAULTS:
                failures += 1
            self._wake()
            await asyncio.sleep(_pause(max(failures, 1)))

    async def _listen(self) -> None:
        connection = await asyncpg.connect(plain_url(self._url), timeout=5)
        lost = asyncio.Event()
        connection.add_termination_listener(lambda _: lost.set())
        try:
            await connection.add_listener(CHANNEL, lambda *_: self._wake())
            self.connection = connection
            self._wake()
            await lost.wait()
        finally:
            self.connection = None
            connection.terminate()
