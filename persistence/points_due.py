"""Which points have ended, and which are going to: the questions of the nightly job."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert as upsert

from persistence.session import Session
from persistence.tables.loyalty import account_member, lot
from persistence.tables.platform import turn

DAILY = "daily"


@dataclass(frozen=True, slots=True)
class Ending:
    """Points of one account that end at one moment."""

    account_id: UUID
    points: int
    at: datetime


class PgPointsDue:
    """Lots of one shop by their end, in its open transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def over(self, now: datetime, *, after: UUID, limit: int) -> Sequence[tuple[UUID, UUID]]:
        """Return up to `limit` accounts behind `after` with lots over by `now`, each with one of its people."""
        mine = self._session.tenant_id
        statement = (
            select(lot.c.account_id, func.min(text("account_member.customer_id::text")).label("customer_id"))
            .join(
                account_member,
                (account_member.c.tenant_id == lot.c.tenant_id)
                & (account_member.c.account_id == lot.c.account_id)
                & account_member.c.left_at.is_(None),
            )
            .where(lot.c.tenant_id == mine, lot.c.open, lot.c.expires_at <= now, lot.c.account_id > after)
            .group_by(lot.c.account_id)
            .order_by(lot.c.account_id)
            .limit(limit)
        )
        return [(row["account_id"], UUID(row["customer_id"])) for row in await self._session.all(statement)]

    async def ending(self, since: datetime, until: datetime) -> Sequence[Ending]:
        """Return what ends from `since` on and before `until`, by account and moment."""
        statement = (
            select(lot.c.account_id, func.sum(lot.c.remaining).label("points"), lot.c.expires_at.label("at"))
            .where(lot.c.tenant_id == self._session.tenant_id, lot.c.open, lot.c.state == "active")
            .where(lot.c.expires_at >= since, lot.c.expires_at < until, lot.c.remaining > 0)
            .group_by(lot.c.account_id, lot.c.expires_at)
            .order_by(lot.c.expires_at, lot.c.account_id)
        )
        return [Ending(row["account_id"], int(row["points"]), row["at"]) for row in await self._session.all(statement)]

    async def day_done(self) -> date | None:
        """Return the last local day whose nightly work is done, held until the transaction ends."""
        statement = select(turn.c.cursor).where(turn.c.tenant_id == self._session.tenant_id, turn.c.kind == DAILY)
        row = await self._session.one(statement.with_for_update())
        return date.fromordinal(row["cursor"]) if row is not None and row["cursor"] else None

    async def finish_day(self, day: date) -> None:
        """Note that the nightly work of `day` is done."""
        values = {"tenant_id": self._session.tenant_id, "kind": DAILY, "cursor": day.toordinal()}
        statement = upsert(turn).values(values)
        await self._session.run(
            statement.on_conflict_do_update(index_elements=["tenant_id", "kind"], set_={"cursor": day.toordinal()})
        )
