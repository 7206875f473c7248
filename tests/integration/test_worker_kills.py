"""The worker's process dies at any moment and loses nothing; it stops when asked; how far it lags can be seen."""

import asyncio
import os
import random
import signal
import sys
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import text

from domain.kernel.events import SYSTEM, Event
from domain.kernel.ids import new_id
from persistence.positions import assign_positions
from persistence.turns import Turns
from runtime.adapters.key_provider import encode_root_key
from runtime.worker import HEARTBEAT
from tests.conftest import OWNER
from tests.support.shop import Base
from tests.support.waiting import until

KILLS = int(os.environ.get("REGULARS_WORKER_KILLS", "3"))
SEED = int(os.environ.get("REGULARS_SEED", "20261121"))


async def start_worker(base: Base, data_dir: Path) -> asyncio.subprocess.Process:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("REGULARS_")} | {
        "REGULARS_DATABASE_URL": base.postgres.app,
        "REGULARS_MASTER_KEY": encode_root_key(base.postgres.master_key),
        "REGULARS_DATA_DIR": str(data_dir),
    }
    with (data_dir / "worker.log").open("ab") as said:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "runtime.worker", env=environment, stderr=said, stdout=said
        )

    def beats() -> bool:
        assert process.returncode is None, (data_dir / "worker.log").read_text()
        return (data_dir / HEARTBEAT).exists()

    await until(beats)
    return process


async def tell(base: Base, tenant: UUID, count: int) -> None:
    for _ in range(count):
        async with base.store.transaction(tenant, OWNER) as unit:
            await unit.events.add([Event("receipt.recorded", "receipt", new_id(), base.clock.now(), data={})])


async def met(base: Base, tenant: UUID) -> int:
    """Return how far the worker's own subscription has come; the shop's opening is event number 1."""
    async with base.store.transaction(tenant, SYSTEM) as unit:
        return await unit.deliveries.cursor("products")


async def test_kill_9_of_the_worker_loses_no_event(base: Base, tenant: UUID, tmp_path: Path) -> None:
    """R1, the worker's part: killed at random moments under load, it goes on where it was; positions stay whole."""
    moments = random.Random(SEED)  # noqa: S311 - moments of death, not secrets
    told = 0
    for _ in range(KILLS):
        (tmp_path / HEARTBEAT).unlink(missing_ok=True)
        worker = await start_worker(base, tmp_path)
        count = moments.randrange(5, 40)
        await tell(base, tenant, count)
        told += count
        worker.kill()
        assert await worker.wait() == -signal.SIGKILL

    (tmp_path / HEARTBEAT).unlink(missing_ok=True)
    async with base.database.platform() as connection:  # what takes a minute by itself: the dead workers' leases
        over = "UPDATE platform.turn SET leased_until = now() - interval '1 s' WHERE lease IS NOT NULL"
        await connection.execute(text(over))
    worker = await start_worker(base, tmp_path)

    async def all_met() -> bool:
        return await met(base, tenant) == told + 1

    await until(all_met)
    worker.send_signal(signal.SIGTERM)
    assert await worker.wait() == 0
    assert not (tmp_path / HEARTBEAT).exists()
    async with base.database.scoped(tenant) as connection:
        numbers = (await connection.execute(text("SELECT position FROM event_position ORDER BY 1"))).scalars().all()
        parked = (await connection.execute(text("SELECT count(*) FROM delivery"))).scalar_one()
    assert numbers == list(range(1, told + 2))
    assert parked == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_the_worker_ends_when_asked(base: Base, tmp_path: Path, number: signal.Signals) -> None:
    """Status 0, whoever asks."""
    worker = await start_worker(base, tmp_path)
    worker.send_signal(number)
    assert await worker.wait() == 0


async def test_the_lag_of_the_log_can_be_seen(base: Base, tenant: UUID) -> None:
    """Decision 8: an open write transaction anywhere holds positions back; `doctor` shows how many wait."""
    turns = Turns(base.database)
    stranger = await asyncpg.connect(base.postgres.superuser)
    transaction = stranger.transaction()
    await transaction.start()
    await stranger.fetchval("SELECT pg_current_xact_id()")
    try:
        await tell(base, tenant, 3)
        async with base.database.scoped(tenant) as connection:
            assert await assign_positions(connection, tenant) <= 1  # the opening at most, which came before
        waiting, age = await turns.lag()
        assert waiting >= 3
        assert age is not None
        assert age >= 0
    finally:
        await transaction.rollback()
        await stranger.close()
    await base.settled(tenant)
