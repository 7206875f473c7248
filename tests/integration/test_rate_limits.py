"""One rate for all processes: leased in chunks, never more than the policy, never a row per request."""

import asyncio
import time
from uuid import UUID

import pytest

from domain.kernel.errors import Unavailable
from persistence.database import Database
from persistence.rate_limit import LeasedRates
from tests.integration.edge_on_postgres import start_worker
from tests.support.shop import Base


class CountingDatabase:
    """Counts round trips; can be away."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.trips = 0
        self.away = False

    def scoped(self, tenant_id: UUID):  # type: ignore[no-untyped-def]
        self.trips += 1
        if self.away:
            raise Unavailable
        return self._database.scoped(tenant_id)


async def test_two_processes_share_one_rate(base: Base, tenant: UUID) -> None:
    """Together they pass at most the burst plus what the clock gave back meanwhile."""
    per_second = 200
    processes = [LeasedRates(base.database) for _ in range(2)]
    started = time.monotonic()
    taken = [await processes[turn % 2].take(tenant, "key:1", per_second) for turn in range(1000)]
    elapsed = time.monotonic() - started

    passed = sum(one.allowed for one in taken)
    assert passed <= per_second * (1 + elapsed) + 1
    assert passed >= per_second - 20
    refused = next(one for one in taken if not one.allowed)
    assert 0 < refused.retry_after <= 1.1


async def test_waiting_as_told_lets_the_next_one_pass(base: Base, tenant: UUID) -> None:
    """Retry-After is the truth."""
    rates = LeasedRates(base.database)
    while (taken := await rates.take(tenant, "key:2", 50)).allowed:
        pass
    await asyncio.sleep(taken.retry_after + 0.05)

    assert (await rates.take(tenant, "key:2", 50)).allowed


async def test_requests_are_leased_in_chunks(base: Base, tenant: UUID) -> None:
    """A round trip for every fiftieth request at 1 000 a second, also when they come all at once."""
    database = CountingDatabase(base.database)
    rates = LeasedRates(database)  # type: ignore[arg-type]
    taken = await asyncio.gather(*(rates.take(tenant, "key:3", 1000) for _ in range(200)))

    assert all(one.allowed for one in taken)
    assert database.trips <= 5


async def test_keys_and_shops_do_not_share(base: Base, tenant: UUID) -> None:
    """One busy integration does not slow the others down."""
    rates = LeasedRates(base.database)
    neighbour, _ = await base.open_shop()
    while (await rates.take(tenant, "key:4", 20)).allowed:
        pass

    assert (await rates.take(tenant, "key:5", 20)).allowed
    assert (await rates.take(neighbour, "key:4", 20)).allowed


async def test_while_the_database_is_away_nobody_is_held_up_here(base: Base, tenant: UUID) -> None:
    """The request itself will say 503 if it needs the database; a limiter never makes an outage."""
    database = CountingDatabase(base.database)
    rates = LeasedRates(database)  # type: ignore[arg-type]
    database.away = True

    assert all([(await rates.take(tenant, "key:6", 1000)).allowed for _ in range(60)])
    assert database.trips <= 2


async def test_memory_of_leases_is_bounded(base: Base, tenant: UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    """Forged keys cannot fill a worker: what is over is forgotten."""
    monkeypatch.setattr("persistence.rate_limit.MAX_BUCKETS", 10)
    now = [0.0]
    rates = LeasedRates(base.database, lambda: now[0])
    for number in range(30):
        now[0] += 1
        await rates.take(tenant, f"key:m{number}", 20)

    assert len(rates._leases) <= 11


async def test_over_the_rate_is_429_at_the_edge(base: Base, tenant: UUID) -> None:
    """With the headers of the draft and Retry-After."""
    worker = await start_worker(base, tenant, rate=5)
    answers = [await worker.http.get("/v1/test-stores") for _ in range(30)]
    await worker.close()

    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused
    assert refused[0].headers["RateLimit-Policy"] == '"key";q=5;w=1'
    assert int(refused[0].headers["Retry-After"]) >= 1
