"""Gives events their positions: the one order that the feed, subscriptions and webhooks follow (decisions.md 8).

Ids and times cannot give it: a transaction that began early may commit late, and a reader that has passed its id
never comes back. Every row carries the id of its transaction. Below the xmin of a snapshot all transactions are over
and their rows are seen, so whatever lies between the last horizon and this one can be numbered for good.
"""

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

POSITIONS = "positions"
DELIVERIES = "deliveries"
BATCH = 2000

_FIRST = text(
    """
    SELECT (SELECT xid FROM event WHERE tenant_id = :tenant_id AND xid >= coalesce(
              (SELECT cursor FROM platform.turn WHERE tenant_id = :tenant_id AND kind = 'positions'), 0)
            ORDER BY xid LIMIT 1) AS waiting,
           pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS horizon
    """
)

_BEGIN = text(
    """
    INSERT INTO platform.turn (tenant_id, kind) VALUES (:tenant_id, 'positions')
    ON CONFLICT (tenant_id, kind) DO NOTHING
    """
)

# The row lock queues assigners of one tenant, so positions become visible in their order. The horizon is this
# statement's own snapshot: older than the lock at worst, and then merely nothing new lies below it.
_LOCK = text(
    """
    SELECT cursor, pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS horizon
    FROM platform.turn WHERE tenant_id = :tenant_id AND kind = 'positions' FOR UPDATE
    """
)

# WITH TIES keeps one transaction's events together, so a transaction id is enough of a cursor.
_ASSIGN = text(
    """
    WITH ready AS (
      SELECT xid, event_id FROM event
      WHERE tenant_id = :tenant_id AND xid >= :cursor AND xid < :horizon
      ORDER BY xid FETCH FIRST :batch ROWS WITH TIES
    ), numbered AS (
      INSERT INTO event_position (tenant_id, position, event_id)
      SELECT :tenant_id, (SELECT coalesce(max(position), 0) FROM event_position WHERE tenant_id = :tenant_id)
             + row_number() OVER (ORDER BY xid, event_id), event_id
      FROM ready
      RETURNING 1
    )
    SELECT (SELECT count(*) FROM numbered) AS assigned, (SELECT max(xid) FROM ready) AS last
    """
)

_ADVANCE = text("UPDATE platform.turn SET cursor = :cursor WHERE tenant_id = :tenant_id AND kind = 'positions'")

_WAKE = text(
    """
    INSERT INTO platform.turn AS t (tenant_id, kind, due_at) VALUES (:tenant_id, 'deliveries', now())
    ON CONFLICT (tenant_id, kind) DO UPDATE SET due_at = least(t.due_at, now())
    """
)


async def positions_held(connection: AsyncConnection, tenant_id: UUID) -> bool:
    """Tell whether the tenant has events that wait for their positions, be it for somebody else's transaction."""
    return (await connection.execute(_FIRST, {"tenant_id": tenant_id})).one().waiting is not None


async def assign_positions(connection: AsyncConnection, tenant_id: UUID, *, batch: int = BATCH) -> int:
    """Number the tenant's settled events in `connection`'s transaction, and return how many (about `batch` at most).

    Events of transactions that are still open, or began after one that is, stay for later.
    """
    tenant = {"tenant_id": tenant_id}
    first = (await connection.execute(_FIRST, tenant)).one()
    if first.waiting is None or first.waiting >= first.horizon:
        return 0  # without taking the lock
    turn = (await connection.execute(_LOCK, tenant)).one_or_none()
    if turn is None:
        await connection.execute(_BEGIN, tenant)
        turn = (await connection.execute(_LOCK, tenant)).one()
    if turn.horizon <= turn.cursor:
        return 0
    limits = tenant | {"cursor": turn.cursor, "horizon": turn.horizon, "batch": batch}
    done = (await connection.execute(_ASSIGN, limits)).one()
    cursor = turn.horizon if done.assigned < batch else done.last + 1
    await connection.execute(_ADVANCE, tenant | {"cursor": cursor})
    if done.assigned:
        await connection.execute(_WAKE, tenant)
    return int(done.assigned)
