"""Work for later: asked for in a transaction, done after it commits, at least once."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Protocol
from uuid import UUID


class Jobs(Protocol):
    """The queue of one shop's long and scheduled work."""

    async def enqueue(
        self,
        name: str,
        *,
        ids: Mapping[str, UUID | int | str] | None = None,
        dedupe: str | None = None,
        after: timedelta = timedelta(0),
    ) -> bool:
        """Ask for job `name` in the caller's transaction; `ids` name what it works on and hold nothing personal.

        With `dedupe` the same work is not asked for twice while it waits or runs: then False.
        """
