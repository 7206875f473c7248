"""What the calendar brings to each shop after its midnight; a night that was missed is made up for, once."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import delete, select, text

from domain.checkout.changes import Changes
from domain.checkout.ports import LoadRequest
from domain.checkout.state import TillState
from domain.kernel.clock import Clock, business_date, days_after, start_of_day
from domain.kernel.events import SYSTEM, Event
from domain.loyalty.errors import NeedsFullBook
from persistence.idempotency import IdempotencyTable
from persistence.jobs import enqueue
from persistence.points_due import DAILY
from persistence.tables.log import rate_bucket
from persistence.tables.platform import api_key, tenant, turn
from persistence.till import PgTillTransaction
from persistence.till_gate import TillGate
from persistence.unit_of_work import PgUnit, Store

log = structlog.get_logger("worker")

ACCOUNTS_AT_ONCE = 50
NOTICE_DAYS = (30, 7, 1)
"""How many days before points end the shop is told: one day before means on the last day they can be spent."""

KEY_NOTICE_DAYS = 7
BUCKET_DAYS = 1
JOB_LOG_DAYS = 30
FIRST = UUID(int=0)


class Nightly:
    """The nightly work of all shops. Everything in it may run twice; nothing in it changes what a balance is."""

    def __init__(self, store: Store, gate: TillGate, idempotency: IdempotencyTable, clock: Clock) -> None:
        self._store = store
        self._gate = gate
        self._idempotency = idempotency
        self._clock = clock

    async def ask(self) -> None:
        """Ask for the nightly work of every shop whose day has changed since its last one."""
        statement = select(tenant.c.tenant_id, tenant.c.time_zone, turn.c.cursor).outerjoin(
            turn, (turn.c.tenant_id == tenant.c.tenant_id) & (turn.c.kind == DAILY)
        )
        async with self._store.database.platform() as connection:
            for row in (await connection.execute(statement)).all():
                today = business_date(self._clock.now(), row.time_zone)
                if not row.cursor or date.fromordinal(row.cursor) < today:
                    await enqueue(connection, row.tenant_id, DAILY, dedupe=today.isoformat())

    async def housekeeping(self) -> None:
        """Keep the day partitions of stored answers, and the job library's log short."""
        async with self._store.database.platform() as connection:
            await connection.execute(
                text("SELECT platform.keep_answer_partitions(:today)"), {"today": self._clock.now().date()}
            )
            old = {"age": timedelta(days=JOB_LOG_DAYS)}
            await connection.execute(
                text("DELETE FROM jobs.pgqueuer_log WHERE created < now() - CAST(:age AS interval)"), old
            )

    async def run(self, tenant_id: UUID, _ids: object = None) -> None:
        """Do the shop's work of today, and of every night that was missed."""
        await self.expire(tenant_id)
        async with self._store.transaction(tenant_id, SYSTEM) as unit:
            today = business_date(self._clock.now(), unit.settings.time_zone)
            done = await unit.points_due.day_done()
            if done is None or done < today:
                await self._tell_ahead(unit, days_after(done, 1) if done else today, today)
                await unit.points_due.finish_day(today)
        await self._sweep(tenant_id)

    async def expire(self, tenant_id: UUID) -> int:
        """Write down what time has done to points; return how many accounts were due.

        Balances are right without it: whoever reads evaluates time, whoever writes first writes it down.
        """
        after, count = FIRST, 0
        while True:
            now = self._clock.now()
            async with self._store.transaction(tenant_id, SYSTEM) as unit:
                due = await unit.points_due.over(now, after=after, limit=ACCOUNTS_AT_ONCE)
                if not due:
                    return count
                await self._settle(unit, due, now)
            after, count = due[-1][0], count + len(due)

    async def _settle(self, unit: PgUnit, due: Sequence[tuple[UUID, UUID]], now: datetime) -> None:
        till: PgTillTransaction = await self._gate.on(unit)
        request = LoadRequest(customers={customer_id for _, customer_id in due})
        await till.lock(await till.load(request))
        state = await till.load(request)
        try:
            _settle_all(state, due, now)
        except NeedsFullBook:
            request.deep = True
            state = await till.load(request)
            _settle_all(state, due, now)
        await till.save(state, Changes(), SYSTEM)

    async def _tell_ahead(self, unit: PgUnit, first: date, today: date) -> None:
        """Tell what will end in 30, 7 and 1 days, for each day from `first` to `today`; nothing that is over."""
        now, zone = unit.clock.now(), unit.settings.time_zone
        events = []
        for days in NOTICE_DAYS:
            since = start_of_day(days_after(first, days), zone)
            until = start_of_day(days_after(today, days + 1), zone)
            for ending in await unit.points_due.ending(max(since, now), until):
                data = {"points": ending.points, "expires_at": ending.at, "days": days}
                events.append(Event("points.expiring", "account", ending.account_id, now, data=data))
        events += await _keys_ahead(unit, first, today)
        await unit.events.add(events)

    async def _sweep(self, tenant_id: UUID) -> None:
        while await self._idempotency.prune(tenant_id):
            pass
        async with self._store.transaction(tenant_id, SYSTEM) as unit:
            horizon = self._clock.now() - timedelta(days=BUCKET_DAYS)
            await unit.session.run(
                delete(rate_bucket).where(rate_bucket.c.tenant_id == tenant_id, rate_bucket.c.tat < horizon)
            )


def _settle_all(state: TillState, due: Sequence[tuple[UUID, UUID]], now: datetime) -> None:
    for account_id, _ in due:
        if account_id in state.books:
            state.books[account_id].settle(now)


async def _keys_ahead(unit: PgUnit, first: date, today: date) -> list[Event]:
    """Tell of API keys that ended since the last night, and of those that end within a week."""
    now, zone = unit.clock.now(), unit.settings.time_zone
    windows = (
        ("api_key.expired", start_of_day(days_after(first, -1), zone), start_of_day(today, zone)),
        (
            "api_key.expiring",
            start_of_day(days_after(first, KEY_NOTICE_DAYS), zone),
            start_of_day(days_after(today, KEY_NOTICE_DAYS + 1), zone),
        ),
    )
    events = []
    for kind, since, until in windows:
        statement = select(api_key.c.key_id, api_key.c.role, api_key.c.expires_at).where(
            api_key.c.tenant_id == unit.tenant_id,
            api_key.c.revoked_at.is_(None),
            api_key.c.expires_at >= since,
            api_key.c.expires_at < until,
        )
        for row in await unit.session.all(statement):
            data = {"role": row["role"], "expires_at": row["expires_at"]}
            events.append(Event(kind, "api_key", row["key_id"], now, data=data))
    return events
