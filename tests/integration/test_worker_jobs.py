"""Long and scheduled work: asked for in a transaction, done at least once, held when it never succeeds."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from uuid import UUID

import asyncpg
import pytest

from domain.kernel.events import SYSTEM
from domain.kernel.ids import new_id
from runtime.jobs import Ids, Job, JobRunner, Schedule, queries_on
from tests.support.shop import Base
from tests.support.waiting import until


class Broken(Exception):
    pass


@asynccontextmanager
async def running(*runners: JobRunner) -> AsyncIterator[None]:
    stopping = asyncio.Event()
    tasks = [asyncio.create_task(runner.run(stopping)) for runner in runners]
    try:
        yield
    finally:
        stopping.set()
        await asyncio.gather(*tasks)


async def rows(base: Base, statement: str, *arguments: object) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(base.postgres.app)
    try:
        found: list[asyncpg.Record] = await connection.fetch(statement, *arguments)
        return found
    finally:
        await connection.close()


async def test_a_job_is_done_when_its_transaction_commits_and_only_then(base: Base, tenant: UUID) -> None:
    """Enqueued in the caller's transaction: rolled back with it, done after it."""
    done: list[tuple[UUID, str]] = []
    name = f"job-{new_id()}"

    async def run(tenant_id: UUID, ids: Ids) -> None:
        done.append((tenant_id, ids["thing"]))

    async def asked_and_failed() -> None:
        async with base.store.transaction(tenant, SYSTEM) as unit:
            await unit.jobs.enqueue(name, ids={"thing": "lost"})
            raise Broken

    with pytest.raises(Broken):
        await asked_and_failed()
    async with running(JobRunner(base.postgres.app, [Job(name, run)])):
        async with base.store.transaction(tenant, SYSTEM) as unit:
            assert await unit.jobs.enqueue(name, ids={"thing": "kept"})
        await until(lambda: bool(done))

    assert done == [(tenant, "kept")]


async def test_the_same_work_is_not_asked_for_twice_while_it_waits(base: Base, tenant: UUID) -> None:
    """Dedupe keys begin with the tenant's id, so shops never dedupe each other's work."""
    name = f"job-{new_id()}"
    other, _ = await base.open_shop()

    async def ask(shop: UUID) -> bool:
        async with base.store.transaction(shop, SYSTEM) as unit:
            return await unit.jobs.enqueue(name, dedupe="2026-11-21")

    assert [await ask(tenant), await ask(tenant), await ask(other)] == [True, False, True]
    keys = [
        r["dedupe_key"] for r in await rows(base, "SELECT dedupe_key FROM jobs.pgqueuer WHERE entrypoint = $1", name)
    ]
    assert sorted(keys) == sorted(f"{shop}:{name}:2026-11-21" for shop in (tenant, other))


async def test_a_job_that_fails_is_tried_again_then_held_with_the_class_of_its_error_only(
    base: Base, tenant: UUID
) -> None:
    """Decision 9: failing jobs are held, not deleted; the exception's text may hold a phone and is not kept."""
    name = f"job-{new_id()}"
    attempts: list[int] = []

    async def run(_tenant_id: UUID, _ids: Ids) -> None:
        attempts.append(1)
        raise Broken("call +79350001234")

    runner = JobRunner(base.postgres.app, [Job(name, run)], pauses=[timedelta(0), timedelta(0)])
    async with running(runner):
        async with base.store.transaction(tenant, SYSTEM) as unit:
            await unit.jobs.enqueue(name)
        await until(lambda: len(attempts) == 3)

        async def held() -> bool:
            found = await rows(base, "SELECT status FROM jobs.pgqueuer WHERE entrypoint = $1", name)
            return [r["status"] for r in found] == ["failed"]

        await until(held)

    log = repr(await rows(base, "SELECT traceback FROM jobs.pgqueuer_log WHERE entrypoint = $1", name))
    assert "Broken" in log
    assert "79350001234" not in log


async def test_a_runner_survives_the_loss_of_its_connection(base: Base, tenant: UUID) -> None:
    """PostgreSQL restarts, connections die: the queue goes on."""
    name = f"job-{new_id()}"
    done: list[str] = []

    async def run(_tenant_id: UUID, ids: Ids) -> None:
        done.append(ids["thing"])

    async with running(JobRunner(base.postgres.app, [Job(name, run)])):
        for thing in ("one", "two"):
            async with base.store.transaction(tenant, SYSTEM) as unit:
                await unit.jobs.enqueue(name, ids={"thing": thing})
            await until(lambda: thing in done)  # noqa: B023 - awaited within the iteration
            superuser = await asyncpg.connect(base.postgres.superuser)
            await superuser.execute(
                """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                   WHERE query LIKE '%pgqueuer%' AND pid <> pg_backend_pid()"""
            )
            await superuser.close()

    assert done == ["one", "two"]


async def test_the_calendar_asks_for_work(base: Base) -> None:
    """Schedules of the whole installation are run by one worker at a time."""
    ran = asyncio.Event()

    async def run() -> None:
        ran.set()

    name = f"schedule-{new_id()}"
    async with running(JobRunner(base.postgres.app, [], [Schedule(name, "* * * * * *", run)])):
        await until(ran.is_set)


async def test_the_schema_is_the_one_the_library_wants(base: Base) -> None:
    """Our migration froze what pgqueuer 1.6.0 installs; a newer library that wants more is noticed here."""
    connection = await asyncpg.connect(base.postgres.app)
    try:
        assert (await queries_on(connection).plan_upgrade()).statements == ()
    finally:
        await connection.close()
