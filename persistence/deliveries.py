"""How far each subscription of a shop has come, and what it could not take."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, delete, func, select, text, update
from sqlalchemy.dialects.postgresql import INTERVAL

from domain.kernel.feed import LoggedEvent
from persistence.change_feed import logged, positioned
from persistence.positions import DELIVERIES
from persistence.session import Session
from persistence.tables.log import delivery, event_position, subscription_cursor
from persistence.tables.platform import turn


@dataclass(frozen=True, slots=True)
class Delivery:
    """An event that a subscription failed to take; `error` is the class of the last exception, nothing more."""

    subscription: str
    position: int
    event_id: UUID
    state: str
    attempts: int
    next_at: datetime | None
    error: str | None
    updated_at: datetime


_ADVANCE = text(
    """
    INSERT INTO subscription_cursor AS c (tenant_id, subscription, position)
    VALUES (:tenant_id, :subscription, :position)
    ON CONFLICT (tenant_id, subscription) DO UPDATE SET position = excluded.position
    WHERE c.position < excluded.position
    RETURNING position
    """
)

_FIRST = text(
    """
    INSERT INTO delivery
      (tenant_id, subscription, position, event_id, state, attempts, next_at, error_class, updated_at)
    VALUES (:tenant_id, :subscription, :position, :event_id, :state, :attempts, now() + :pause, :error_class, now())
    """
).bindparams(bindparam("pause", type_=INTERVAL))

_FURTHER = text(
    """
    UPDATE delivery SET state = :state, attempts = :attempts, next_at = now() + :pause, error_class = :error_class,
      updated_at = now()
    WHERE tenant_id = :tenant_id AND subscription = :subscription AND position = :position AND event_id = :event_id
      AND state = 'retry'
    """
).bindparams(bindparam("pause", type_=INTERVAL))


class PgDeliveries:
    """Cursors and failed deliveries of one shop, in its open transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def cursor(self, subscription: str) -> int:
        """Return the position up to which `subscription` has met every event once."""
        statement = select(subscription_cursor.c.position).where(
            subscription_cursor.c.tenant_id == self._session.tenant_id,
            subscription_cursor.c.subscription == subscription,
        )
        return (await self._session.run(statement)).scalar_one_or_none() or 0

    async def advance(self, subscription: str, position: int) -> bool:
        """Move the cursor to `position`; False when it is there already: somebody else has met the event.

        The row stays locked until the transaction ends, so an effect in the same transaction happens once.
        """
        values = {"tenant_id": self._session.tenant_id, "subscription": subscription, "position": position}
        return (await self._session.run(_ADVANCE, values)).one_or_none() is not None

    async def advance_from(self, subscription: str, expected: int, position: int) -> bool:
        """Move the cursor from `expected` to `position`; False, and nothing happens, where it stands elsewhere."""
        if not await self._stands_at(subscription, expected):
            return False
        return await self.advance(subscription, position)

    async def _stands_at(self, subscription: str, expected: int) -> bool:
        """Tell where the cursor stands, and hold it there until the transaction ends."""
        statement = select(subscription_cursor.c.position).where(
            subscription_cursor.c.tenant_id == self._session.tenant_id,
            subscription_cursor.c.subscription == subscription,
        )
        row = await self._session.one(statement.with_for_update())
        return (row["position"] if row is not None else 0) == expected

    async def failed(
        self, subscription: str, event: LoggedEvent, *, attempts: int, pause: timedelta | None, error_class: str
    ) -> None:
        """Note that attempt number `attempts` failed; tried again after `pause`, parked where that is None.

        Nothing is noted when another worker, faster than us, has met the event meanwhile.
        """
        values = {
            "tenant_id": self._session.tenant_id,
            "subscription": subscription,
            "position": event.position,
            "event_id": event.id,
            "state": "parked" if pause is None else "retry",
            "attempts": attempts,
            "pause": pause,
            "error_class": error_class,
        }
        if await self.advance(subscription, event.position):
            await self._session.run(_FIRST, values)
        else:
            await self._session.run(_FURTHER, values)

    async def due(self, subscription: str, limit: int) -> Sequence[tuple[LoggedEvent, int]]:
        """Return up to `limit` events whose time to be tried again has come, with the attempts made so far."""
        statement = (
            positioned(self._session.tenant_id)
            .add_columns(delivery.c.attempts)
            .join(
                delivery,
                (delivery.c.tenant_id == event_position.c.tenant_id)
                & (delivery.c.position == event_position.c.position),
            )
            .where(*self._of(subscription), delivery.c.state == "retry", delivery.c.next_at <= func.now())
            .limit(limit)
        )
        return [(logged(row, row["changes"]), row["attempts"]) for row in await self._session.all(statement)]

    async def take(self, subscription: str, position: int) -> bool:
        """Remove a delivery that waits to be tried again; False when somebody else has it or it was parked."""
        statement = (
            delete(delivery)
            .where(*self._of(subscription), delivery.c.position == position, delivery.c.state == "retry")
            .returning(delivery.c.position)
        )
        return (await self._session.run(statement)).one_or_none() is not None

    async def next_due(self, subscriptions: Sequence[str]) -> timedelta | None:
        """Return how long until the next delivery is to be tried again; None when none waits."""
        statement = select(func.min(delivery.c.next_at) - func.now()).where(
            delivery.c.tenant_id == self._session.tenant_id,
            delivery.c.subscription.in_(subscriptions),
            delivery.c.state == "retry",
        )
        wait: timedelta | None = (await self._session.run(statement)).scalar_one()
        return wait

    async def page(self, *, state: str = "parked", after: int = 0, limit: int = 50) -> Sequence[Delivery]:
        """Return deliveries in `state`, oldest event first."""
        statement = (
            select(
                delivery.c.subscription,
                delivery.c.position,
                delivery.c.event_id,
                delivery.c.state,
                delivery.c.attempts,
                delivery.c.next_at,
                delivery.c.error_class.label("error"),
                delivery.c.updated_at,
            )
            .where(delivery.c.tenant_id == self._session.tenant_id, delivery.c.state == state)
            .where(delivery.c.position > after)
            .order_by(delivery.c.position, delivery.c.subscription)
            .limit(limit)
        )
        return [Delivery(**row) for row in await self._session.all(statement)]

    async def replay(self, subscription: str | None = None) -> int:
        """Let parked deliveries (of one subscription, or all) be tried again now, and return how many."""
        mine = [delivery.c.tenant_id == self._session.tenant_id, delivery.c.state == "parked"]
        if subscription is not None:
            mine.append(delivery.c.subscription == subscription)
        changed = await self._session.run(
            update(delivery).where(*mine).values(state="retry", attempts=0, next_at=func.now(), updated_at=func.now())
        )
        wake = update(turn).where(turn.c.tenant_id == self._session.tenant_id, turn.c.kind == DELIVERIES)
        await self._session.run(wake.values(due_at=func.now()))
        return int(changed.rowcount)

    def _of(self, subscription: str) -> tuple[ColumnElement[bool], ...]:
        return delivery.c.tenant_id == self._session.tenant_id, delivery.c.subscription == subscription
