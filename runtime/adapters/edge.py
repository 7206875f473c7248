"""The edge's ports over our tables: rows become the edge's own words."""

from typing import Any
from uuid import UUID

from api.services import Claimed, IdempotencyKey, InFlight, RateVerdict, Reused, Stored
from persistence.idempotency import IdempotencyTable, Kept
from persistence.rate_limit import LeasedRates


class EdgeIdempotency:
    """`api.services.IdempotencyStore` over the table."""

    def __init__(self, table: IdempotencyTable) -> None:
        self._table = table

    async def claim(self, key: IdempotencyKey) -> Claimed | InFlight | Reused | Stored:
        """Take the key in a transaction of its own, or say what became of it."""
        taken = await self._table.take(key)
        if isinstance(taken, UUID):
            return Claimed(taken)
        if taken["request_hash"] != key.request_hash:
            return Reused()
        if taken["state"] == "claimed":
            return InFlight()
        kept = await self._table.answer(key, taken)
        return Stored(kept.status, kept.headers, kept.body)

    async def finish(self, unit: Any, key: IdempotencyKey, claim: UUID, answer: Stored) -> bool:
        """Store the answer in the unit's transaction; False when the lease was lost."""
        return await self._table.finish(unit, key, claim, Kept(answer.status, answer.headers, answer.body))

    async def release(self, key: IdempotencyKey, claim: UUID) -> None:
        """Give the key back."""
        await self._table.release(key, claim)


class EdgeRates:
    """`api.services.RateLimiter` over leased chunks."""

    def __init__(self, rates: LeasedRates) -> None:
        self._rates = rates

    async def take(self, scope: UUID, bucket: str, per_second: int) -> RateVerdict:
        """Count one request against `bucket`."""
        taken = await self._rates.take(scope, bucket, per_second)
        return RateVerdict(taken.allowed, taken.remaining, taken.retry_after)
