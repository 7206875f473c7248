"""One rate for all processes: cells are leased in chunks from PostgreSQL, so a request rarely costs a round trip."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import text

from domain.kernel.errors import Unavailable
from persistence.database import Database

TAKE = text("SELECT granted, left_over, wait_ms FROM rate_take(:bucket, :rate, :burst, :wanted)")
CHUNKS_PER_SECOND = 20
LEASE_SECONDS = 1.0
MAX_BUCKETS = 10_000


@dataclass(slots=True)
class _Lease:
    left: int = 0
    elsewhere: int = 0
    until: float = 0.0
    closed_until: float = 0.0
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of one request: may it pass, how many may follow now, and else the seconds to wait."""

    allowed: bool
    remaining: int
    retry_after: float = 0.0


class LeasedRates:
    """GCRA over the table rate_bucket; what a process leased and did not use within a second is lost, never doubled."""

    def __init__(self, database: Database, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._monotonic = monotonic
        self._leases: dict[tuple[UUID, str], _Lease] = {}

    async def take(self, scope: UUID, bucket: str, per_second: int) -> Taken:
        """Count one request; the burst is one second's worth. While the database is away nobody is held up here."""
        lease = self._lease(scope, bucket)
        taken = self._from(lease)
        if taken is not None:
            return taken
        async with lease.turn:  # waiters hold no connection; the first one's chunk serves them all
            taken = self._from(lease)
            if taken is not None:
                return taken
            await self._refill(lease, scope, bucket, per_second)
            return self._from(lease) or Taken(True, 0)

    def _from(self, lease: _Lease) -> Taken | None:
        now = self._monotonic()
        if lease.left > 0 and now < lease.until:
            lease.left -= 1
            return Taken(True, lease.left + lease.elsewhere)
        if now < lease.closed_until:
            return Taken(False, 0, lease.closed_until - now)
        return None

    async def _refill(self, lease: _Lease, scope: UUID, bucket: str, per_second: int) -> None:
        wanted = max(1, per_second // CHUNKS_PER_SECOND)
        values = {"bucket": bucket, "rate": float(per_second), "burst": per_second, "wanted": wanted}
        try:
            async with self._database.scoped(scope) as connection:
                granted, elsewhere, wait_ms = (await connection.execute(TAKE, values)).one()
        except Unavailable:
            granted, elsewhere, wait_ms = wanted, 0, 0
        now = self._monotonic()
        lease.left, lease.elsewhere, lease.until = granted, elsewhere, now + LEASE_SECONDS
        lease.closed_until = now + wait_ms / 1000 if granted == 0 else 0.0

    def _lease(self, scope: UUID, bucket: str) -> _Lease:
        name = (scope, bucket)
        found = self._leases.get(name)
        if found is None:
            if len(self._leases) >= MAX_BUCKETS:
                self._forget()
            found = self._leases[name] = _Lease()
        return found

    def _forget(self) -> None:
        now = self._monotonic()
        self._leases = {
            name: lease
            for name, lease in self._leases.items()
            if max(lease.until, lease.closed_until) > now or lease.turn.locked()
        }
