"""Waiting for what must happen, without a guess how long it takes."""

import asyncio
from collections.abc import Awaitable, Callable

PATIENCE = 60.0


async def until(ready: Callable[[], bool | Awaitable[bool]]) -> None:
    """Return once `ready` says so; fail after PATIENCE seconds, which no healthy run comes near."""
    deadline = asyncio.get_running_loop().time() + PATIENCE
    while True:
        found = ready()
        if found if isinstance(found, bool) else await found:
            return
        assert asyncio.get_running_loop().time() < deadline, "it never happened"
        await asyncio.sleep(0.02)
