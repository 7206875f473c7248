"""What the calendar brings: points end, owners are told ahead, keys end, nothing twice."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from sqlalchemy import select, text

from domain.kernel.clock import start_of_day
from domain.kernel.events import SYSTEM
from domain.kernel.ids import new_id
from persistence.idempotency import IdempotencyTable
from persistence.shop_rules import RulesCache
from persistence.tables.log import rate_bucket
from persistence.tables.loyalty import account, entry
from persistence.tables.platform import api_key
from persistence.till_gate import TillGate
from persistence.unit_of_work import Store
from runtime.container import build_core
from runtime.nightly import Nightly
from runtime.worker import HEARTBEAT, Worker
from tests.support.edge import settings_of
from tests.support.shop import Base
from tests.support.waiting import until

SALE = datetime(2026, 11, 20, 12, tzinfo=UTC)


@dataclass
class SetClock:
    at: datetime

    def now(self) -> datetime:
        return self.at


@dataclass
class Night:
    """A shop's nights at a clock of our own."""

    base: Base
    tenant: UUID
    clock: SetClock
    nightly: Nightly

    async def run(self, at: datetime) -> None:
        self.clock.at = at
        await self.nightly.run(self.tenant)

    async def told(self, kind: str) -> list[dict[str, object]]:
        await self.base.settled(self.tenant)
        async with self.base.store.transaction(self.tenant, SYSTEM) as unit:
            page = await unit.changes.page(after=0, limit=200, types=[kind])
        return [event.data for event in page.items]


@pytest.fixture
def night(base: Base, tenant: UUID) -> Night:
    clock = SetClock(SALE)
    gate = TillGate(base.database, RulesCache(base.database), base.vaults, clock)
    store = Store(base.database, base.vaults, clock)
    return Night(base, tenant, clock, Nightly(store, gate, IdempotencyTable(base.database, base.vaults), clock))


async def earn(base: Base, tenant: UUID, points: int, expires_at: datetime, *, at: datetime = SALE) -> UUID:
    """Give a new customer an account with one lot, as a receipt would."""
    customer, account_id = new_id(), new_id()
    async with base.store.transaction(tenant, SYSTEM) as unit:
        values = {"t": tenant, "c": customer, "a": account_id, "l": new_id(), "e": new_id(), "p": points}
        values |= {"at": at, "ends": expires_at}
        await unit.connection.execute(
            text(
                """INSERT INTO customer (tenant_id, customer_id, canonical_id, created_at, updated_at)
                   VALUES (:t, :c, :c, :at, :at)"""
            ),
            values,
        )
        await unit.connection.execute(
            text(
                """INSERT INTO account (tenant_id, account_id, program_id, version, active, lifetime_earned, created_at)
                   SELECT :t, :a, program_id, 1, :p, :p, :at FROM program WHERE tenant_id = :t"""
            ),
            values,
        )
        await unit.connection.execute(
            text(
                """INSERT INTO account_member (tenant_id, account_id, customer_id, program_id, joined_at)
                   SELECT :t, :a, :c, program_id, :at FROM program WHERE tenant_id = :t"""
            ),
            values,
        )
        await unit.connection.execute(
            text(
                """INSERT INTO lot (tenant_id, account_id, lot_id, amount, remaining, activates_at, expires_at, origin,
                                    created_at)
                   VALUES (:t, :a, :l, :p, :p, :at, :ends, 'earn', :at)"""
            ),
            values,
        )
        await unit.connection.execute(
            text(
                """INSERT INTO entry (tenant_id, account_id, seq, entry_id, kind, points, at, recorded_at, actor)
                   VALUES (:t, :a, 1, :e, 'earn', :p, :at, :at, 'system')"""
            ),
            values,
        )
        await unit.connection.execute(
            text("INSERT INTO allocation (tenant_id, account_id, seq, lot_id, points) VALUES (:t, :a, 1, :l, :p)"),
            values,
        )
    return account_id


def moscow(year: int, month: int, day: int) -> datetime:
    return start_of_day(datetime(year, month, day, tzinfo=UTC).date(), "Europe/Moscow")


async def test_points_end_in_the_ledger_and_are_told_once(base: Base, tenant: UUID, night: Night) -> None:
    """An `expire` entry dated to the end of the lot, one points.expired event; a second run finds nothing to do."""
    account_id = await earn(base, tenant, 40, moscow(2026, 11, 25))
    await night.run(moscow(2026, 11, 24))
    assert await night.told("points.expired") == []

    for _ in range(2):
        await night.run(moscow(2026, 11, 28))
    assert await night.told("points.expired") == [{"points": 40}]
    async with base.store.transaction(tenant, SYSTEM) as unit:
        entries = await unit.session.all(select(entry).where(entry.c.account_id == account_id).order_by(entry.c.seq))
        figures = await unit.session.one(select(account).where(account.c.account_id == account_id))
    assert [(e["kind"], e["points"]) for e in entries] == [("earn", 40), ("expire", -40)]
    assert entries[-1]["at"] == moscow(2026, 11, 25)
    assert figures is not None
    assert figures["active"] == 0


async def test_more_accounts_than_one_transaction_takes_are_all_settled(base: Base, tenant: UUID, night: Night) -> None:
    """Large shops are worked off piece by piece."""
    for _ in range(55):
        await earn(base, tenant, 1, moscow(2026, 11, 25))
    night.clock.at = moscow(2026, 11, 25)

    assert await night.nightly.expire(tenant) == 55
    assert await night.nightly.expire(tenant) == 0
    assert len(await night.told("points.expired")) == 55


async def test_a_shop_is_told_30_7_and_1_days_ahead_each_once(base: Base, tenant: UUID, night: Night) -> None:
    """points.expiring at 30, 7 and 1 days, whatever time of the day the job comes and however often."""
    ends = moscow(2027, 1, 1)
    await earn(base, tenant, 40, ends)
    for days in range(40, -1, -1):
        for hour in (0, 9, 23):
            await night.run(ends - timedelta(days=days) + timedelta(hours=hour))

    told = await night.told("points.expiring")
    assert [(e["days"], e["points"], e["expires_at"]) for e in told] == [
        (days, 40, ends.isoformat().replace("+00:00", "Z")) for days in (30, 7, 1)
    ]


async def test_nights_that_were_missed_are_made_up_for(base: Base, tenant: UUID, night: Night) -> None:
    """A worker that was away tells what it missed, but nothing of points that have ended meanwhile."""
    await night.run(moscow(2026, 12, 1))
    await earn(base, tenant, 7, moscow(2026, 12, 20))
    await earn(base, tenant, 1, moscow(2026, 12, 5))
    await night.run(moscow(2026, 12, 16))

    assert [(e["days"], e["points"]) for e in await night.told("points.expiring")] == [(7, 7)]
    assert await night.told("points.expired") == [{"points": 1}]


async def test_an_owner_is_told_of_keys_that_end(base: Base, tenant: UUID, night: Night) -> None:
    """api_key.expiring a week ahead, api_key.expired on the day after, each once."""
    ends = datetime(2026, 12, 10, 9, tzinfo=UTC)
    async with base.store.transaction(tenant, SYSTEM) as unit:
        await unit.session.run(api_key.update().where(api_key.c.tenant_id == tenant).values(expires_at=ends))
    for day in range(1, 20):
        await night.run(moscow(2026, 12, day))

    assert len(await night.told("api_key.expiring")) == 1
    assert len(await night.told("api_key.expired")) == 1


async def test_every_shop_is_asked_once_a_local_day(base: Base, tenant: UUID, night: Night) -> None:
    """The night comes to each shop by its own clock."""
    other, _ = await base.open_shop(zone="Asia/Vladivostok")

    async def asked() -> dict[str, int]:
        async with base.database.platform() as connection:
            rows = await connection.execute(
                text("SELECT headers->>'tenant_id', count(*) FROM jobs.pgqueuer WHERE entrypoint = 'daily' GROUP BY 1")
            )
            return {str(row[0]): int(row[1]) for row in rows}

    night.clock.at = datetime(2026, 11, 21, 15, 30, tzinfo=UTC)  # 18:30 in Moscow, 01:30 of the 22nd in Vladivostok
    await night.nightly.ask()
    await night.nightly.ask()
    found = await asked()
    assert (found[str(tenant)], found[str(other)]) == (1, 1)
    await night.nightly.run(tenant)
    await night.nightly.run(other)
    night.clock.at = datetime(2026, 11, 21, 22, tzinfo=UTC)  # a new day in Moscow only
    await night.nightly.ask()
    found = await asked()
    assert (found[str(tenant)], found[str(other)]) == (2, 1)


async def test_the_house_is_kept(base: Base, tenant: UUID, night: Night) -> None:
    """Idempotency keys older than 30 days and stale rate buckets go; the day partitions of answers come."""
    async with base.store.transaction(tenant, SYSTEM) as unit:
        await unit.connection.execute(
            text(
                """INSERT INTO idempotency (tenant_id, key_hash, operation, request_hash, state, created_at)
                   SELECT :t, decode(md5(n::text), 'hex'), 'x', 'y', 'done', now() - make_interval(days => n)
                   FROM generate_series(25, 34) n"""
            ),
            {"t": tenant},
        )
        await unit.session.run(
            rate_bucket.insert().values(tenant_id=tenant, bucket="key:old", tat=SALE - timedelta(days=3))
        )
    await night.nightly.housekeeping()
    await night.run(SALE)

    async with base.store.transaction(tenant, SYSTEM) as unit:
        left = await unit.session.all(text("SELECT key_hash FROM idempotency WHERE tenant_id = :t"), {"t": tenant})
        buckets = await unit.session.all(select(rate_bucket).where(rate_bucket.c.tenant_id == tenant))
        days = await unit.session.all(text("SELECT to_regclass('public.idempotency_answer_20261127') AS found"))
    assert len(left) == 5
    assert buckets == []
    assert days[0]["found"] is not None


async def test_a_worker_runs_and_stops_when_asked(base: Base, api: httpx.AsyncClient, tmp_path: Path) -> None:
    """The whole worker: it beats, positions what is written, and ends cleanly with no lease left behind."""
    worker = Worker(build_core(settings_of(base.postgres)), tmp_path)
    stopping = asyncio.Event()
    task = asyncio.create_task(worker.run(stopping))
    try:
        await until((tmp_path / HEARTBEAT).exists)
        await api.post("/v1/stores", json={"code": "main"})
        tenant = UUID((await api.get("/v1/me")).json()["tenant_id"])

        async def positioned() -> bool:
            async with base.database.scoped(tenant) as connection:
                count = (await connection.execute(text("SELECT count(*) FROM event_position"))).scalar_one()
            return bool(count == 2)

        await until(positioned)
    finally:
        stopping.set()
        await task
    assert not (tmp_path / HEARTBEAT).exists()
