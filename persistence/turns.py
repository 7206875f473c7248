"""Turns: which tenant has background work of a kind, and who works on it until when.

Those that have waited longest come first, so a busy shop goes to the back each time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import INTERVAL

from domain.kernel.ids import new_id
from persistence.database import Database


@dataclass(frozen=True, slots=True)
class Turn:
    """One tenant's turn of one kind, leased to us; `lease` is what `finish` must show."""

    tenant_id: UUID
    kind: str
    lease: UUID


# A turn is free when it is due, or when whoever had it died: its lease is over.
_CLAIM = text(
    """
    UPDATE platform.turn SET lease = :lease, leased_until = now() + :length, due_at = NULL
    WHERE (tenant_id, kind) IN (
      SELECT tenant_id, kind FROM platform.turn
      WHERE kind = :kind AND ((due_at <= now() AND lease IS NULL) OR leased_until < now())
      ORDER BY due_at NULLS FIRST LIMIT :wanted FOR UPDATE SKIP LOCKED)
    RETURNING tenant_id
    """
).bindparams(bindparam("length", type_=INTERVAL))

# Work that came meanwhile has set due_at anew; the earlier of both counts (least passes over NULL).
_FINISH = text(
    """
    UPDATE platform.turn SET lease = NULL, leased_until = NULL, due_at = least(due_at, now() + :pause)
    WHERE tenant_id = :tenant_id AND kind = :kind AND lease = :lease
    """
).bindparams(bindparam("pause", type_=INTERVAL))

_FRESH = text("SELECT platform.tenants_with_events(:enough)")
_LAG = text("SELECT waiting, extract(epoch FROM now() - oldest) AS age FROM platform.event_lag()")


class Turns:
    """The turns of all tenants, each call in a transaction of its own; all times are the database's."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim(self, kind: str, *, length: timedelta, wanted: int = 1) -> Sequence[Turn]:
        """Lease up to `wanted` turns that are due, those first that have waited longest."""
        lease = new_id()
        values = {"kind": kind, "lease": lease, "length": length, "wanted": wanted}
        async with self._database.platform() as connection:
            rows = (await connection.execute(_CLAIM, values)).scalars().all()
        return [Turn(tenant_id, kind, lease) for tenant_id in rows]

    async def finish(self, turn: Turn, *, again_in: timedelta | None) -> None:
        """Give the turn back; due again after `again_in`, None: when new work comes. A lost lease changes nothing."""
        values = {"tenant_id": turn.tenant_id, "kind": turn.kind, "lease": turn.lease, "pause": again_in}
        async with self._database.platform() as connection:
            await connection.execute(_FINISH, values)

    async def with_events(self, enough: int) -> Sequence[UUID]:
        """Return up to `enough` tenants whose log has events without a position that could have one."""
        async with self._database.platform() as connection:
            return (await connection.execute(_FRESH, {"enough": enough})).scalars().all()

    async def adopt(self) -> int:
        """Bring events restored from another server's dump into this one's order; return of how many shops."""
        async with self._database.platform() as connection:
            await connection.execute(text("SET LOCAL statement_timeout = 0"))
            return int((await connection.execute(text("SELECT platform.adopt_events()"))).scalar_one())

    async def lag(self) -> tuple[int, float | None]:
        """Return how many events wait for a position (counted to 1 000 a tenant), and the age of the oldest in s."""
        async with self._database.platform() as connection:
            row = (await connection.execute(_LAG)).one()
        return int(row.waiting), None if row.age is None else float(row.age)
