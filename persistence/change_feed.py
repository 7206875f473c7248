"""Reads the event log by position."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.engine import RowMapping

from domain.kernel.events import Actor
from domain.kernel.feed import FeedPage, FieldChange, LoggedEvent
from persistence.event_log import opened_changes
from persistence.key_store import CustomerKeys
from persistence.positions import assign_positions, positions_held
from persistence.session import Session
from persistence.tables.log import event, event_position
from tenancy.vault import CustomerKey

PATIENCE = 20
PAUSE_SECONDS = 0.05


def positioned(tenant_id: UUID) -> Select[Any]:
    """Return the statement of the tenant's positioned events, in order."""
    return (
        select(event_position.c.position, event)
        .join(
            event, (event.c.tenant_id == event_position.c.tenant_id) & (event.c.event_id == event_position.c.event_id)
        )
        .where(event_position.c.tenant_id == tenant_id, event.c.tenant_id == tenant_id)
        .order_by(event_position.c.position)
    )


def logged(row: RowMapping, changes: Sequence[Mapping[str, Any]]) -> LoggedEvent:
    """Return the event in a row of `positioned`, with its changes as they are to be shown."""
    return LoggedEvent(
        position=row["position"],
        id=row["event_id"],
        type=row["type"],
        object_type=row["object_type"],
        object_id=row["object_id"],
        customer_id=row["customer_id"],
        actor=Actor(row["actor_kind"], row["actor_id"], row["actor_role"]),
        occurred_at=row["occurred_at"],
        recorded_at=row["recorded_at"],
        changes=[FieldChange(c["field"], c.get("old"), c.get("new")) for c in changes],
        data=row["data"],
    )


class PgChangeFeed:
    """The tenant's events in the order of their positions."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def page(
        self, *, after: int, limit: int, types: Sequence[str] = (), personal: bool = False, patient: bool = False
    ) -> FeedPage:
        """Return up to `limit` events behind `after`; numbers what the worker has not come to yet, so that a client
        that writes and asks sees its event.

        `patient`: instead of an empty page, wait up to a second for events that somebody's open transaction holds up.
        """
        session = self._session
        statement = positioned(session.tenant_id).where(event_position.c.position > after)
        if types:
            statement = statement.where(event.c.type.in_(types))
        rows, last = await self._read(statement.limit(limit))
        for _ in range(PATIENCE if patient else 0):
            if rows or not await positions_held(session.connection, session.tenant_id):
                break
            await asyncio.sleep(PAUSE_SECONDS)
            rows, last = await self._read(statement.limit(limit))
        keys = await self._keys(rows) if personal else {}
        shown = opened_changes if personal else _hidden
        items = [logged(row, shown(row, vault=session.vault, keys=keys)) for row in rows]
        return FeedPage(items, items[-1].position if len(items) == limit else max(last, after))

    async def _read(self, statement: Select[Any]) -> tuple[Sequence[RowMapping], int]:
        await assign_positions(self._session.connection, self._session.tenant_id)
        last = await self._last()
        return await self._session.all(statement.where(event_position.c.position <= last)), last

    async def _last(self) -> int:
        """Return the newest position before the page is read: what is numbered meanwhile belongs to the next page."""
        statement = select(func.max(event_position.c.position)).where(
            event_position.c.tenant_id == self._session.tenant_id
        )
        return (await self._session.run(statement)).scalar_one() or 0

    async def _keys(self, rows: Sequence[RowMapping]) -> Mapping[UUID, CustomerKey]:
        whose = {row["customer_id"] for row in rows if row["detail"] is not None and row["customer_id"] is not None}
        return await CustomerKeys(self._session).load(whose)


def _hidden(row: RowMapping, **_: Any) -> Sequence[Mapping[str, Any]]:
    changes: Sequence[Mapping[str, Any]] = row["changes"]
    return changes
