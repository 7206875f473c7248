"""R3: one key, one effect, one answer; across workers, restarts and deaths."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any
from uuid import UUID

import httpx
import pytest
import pytest_asyncio
from sqlalchemy import text

from persistence.idempotency import NO_TENANT
from tests.integration.edge_on_postgres import Gate, Worker, start_worker
from tests.support.shop import Base

PATH = "/v1/test-stores"
KEY = {"Idempotency-Key": "till-1/2026-11-21/000123"}


@pytest_asyncio.fixture
async def worker(base: Base, tenant: UUID) -> AsyncIterator[Worker]:
    opened = await start_worker(base, tenant)
    yield opened
    await opened.close()


@pytest_asyncio.fixture
async def other(base: Base, tenant: UUID) -> AsyncIterator[Worker]:
    opened = await start_worker(base, tenant)
    yield opened
    await opened.close()


async def stores(base: Base, tenant: UUID) -> int:
    async with base.database.scoped(tenant) as connection:
        return int((await connection.execute(text("SELECT count(*) FROM store"))).scalar_one())


async def rows(base: Base, scope: UUID, statement: str, values: Mapping[str, Any] | None = None) -> list[Any]:
    async with base.database.scoped(scope) as connection:
        result = await connection.execute(text(statement), values or {})
        return list(result.mappings()) if result.returns_rows else []


async def post(worker: Worker, code: str = "a", **body: Any) -> httpx.Response:
    return await worker.http.post(PATH, json={"code": code, **body}, headers=KEY)


async def test_the_stored_answer_is_byte_equal_across_workers_and_a_restart(
    base: Base, tenant: UUID, worker: Worker, other: Worker
) -> None:
    """A till that repeats after a timeout may meet another process, or the next day's."""
    first = await post(worker)
    replays = [await post(worker), await post(other)]
    reborn = await start_worker(base, tenant)
    replays.append(await post(reborn))
    await reborn.close()

    assert first.status_code == 201
    assert {answer.content for answer in replays} == {first.content.replace(b'"shown-once"', b"null")}
    assert {answer.status_code for answer in replays} == {201}
    assert all(answer.headers["Idempotent-Replayed"] == "true" for answer in replays)
    assert await stores(base, tenant) == 1


async def test_another_body_under_the_key_is_refused(base: Base, tenant: UUID, worker: Worker, other: Worker) -> None:
    """422 on every worker, and no second effect."""
    await post(worker)
    answer = await post(other, "b")

    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency-key-reused")
    assert await stores(base, tenant) == 1


async def test_fifty_threads_on_two_workers_make_one_effect(
    base: Base, tenant: UUID, worker: Worker, other: Worker
) -> None:
    """Whoever is late hears 409, or the stored answer."""
    answers = await asyncio.gather(*(post((worker, other)[turn % 2]) for turn in range(50)))

    done = [answer for answer in answers if answer.status_code == 201]
    busy = [answer for answer in answers if answer.status_code == 409]
    assert len(done) + len(busy) == 50
    assert len([answer for answer in done if "Idempotent-Replayed" not in answer.headers]) == 1
    assert all(answer.headers["Retry-After"] == "1" for answer in busy)
    assert await stores(base, tenant) == 1


async def test_in_flight_is_409_on_another_worker_and_the_answer_follows(
    base: Base, tenant: UUID, other: Worker
) -> None:
    """The claim is committed before the work, so every process sees it."""
    gate = Gate()
    slow = await start_worker(base, tenant, gate=gate)
    first = asyncio.create_task(post(slow))
    await gate.reached.wait()

    busy = await post(other)
    clash = await post(other, "b")
    gate.open.set()
    done = await first
    replay = await post(other)
    await slow.close()

    assert (busy.status_code, busy.json()["code"]) == (409, "idempotency-in-progress")
    assert clash.status_code == 422
    assert done.status_code == replay.status_code == 201
    assert replay.json()["id"] == done.json()["id"]


async def test_a_refusal_rolls_back_and_leaves_the_key_free(base: Base, tenant: UUID, worker: Worker) -> None:
    """Only 2xx answers are kept."""
    refused = await post(worker, refuse=True)
    assert refused.status_code == 409
    assert await stores(base, tenant) == 0
    assert await rows(base, tenant, "SELECT 1 FROM idempotency") == []

    assert (await post(worker, "b")).status_code == 201


async def test_the_key_of_a_dead_process_is_free_when_its_lease_ends(base: Base, tenant: UUID, other: Worker) -> None:
    """kill -9 between claim and effect: 409 for a while, then exactly one effect."""
    gate = Gate()
    dying = await start_worker(base, tenant, gate=gate)
    release = dying.table.release

    async def silence(*_: Any) -> None:
        """A killed process releases nothing."""

    dying.table.release = silence  # type: ignore[method-assign]
    task = asyncio.create_task(post(dying))
    await gate.reached.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    dying.table.release = release  # type: ignore[method-assign]

    waiting = await post(other)
    await rows(base, tenant, "UPDATE idempotency SET claimed_until = now() - interval '1 second'")
    after = await post(other)
    await dying.close()

    assert (waiting.status_code, after.status_code) == (409, 201)
    assert "Idempotent-Replayed" not in after.headers
    assert await stores(base, tenant) == 1


async def test_a_request_that_outlived_its_lease_is_undone(base: Base, tenant: UUID, other: Worker) -> None:
    """The fencing token: two may work at once, one commits."""
    gate = Gate()
    slow = await start_worker(base, tenant, gate=gate)
    late = asyncio.create_task(post(slow))
    await gate.reached.wait()
    await rows(base, tenant, "UPDATE idempotency SET claimed_until = now() - interval '1 second'")

    async def overtake() -> httpx.Response:
        # Another code: the store of the slow one still holds a lock on its own.
        return await other.http.post(PATH, json={"code": "z"}, headers=KEY)

    fast = await overtake()
    gate.open.set()
    lost = await late
    replay = await overtake()
    await slow.close()

    assert (fast.status_code, lost.status_code) == (201, 409)
    assert replay.json()["id"] == fast.json()["id"]
    assert [row["code"] for row in await rows(base, tenant, "SELECT code FROM store")] == ["z"]


async def test_an_answer_at_rest_is_sealed_and_holds_no_secret(base: Base, tenant: UUID, worker: Worker) -> None:
    """Stored answers may hold names and phones."""
    await post(worker, "find-me-in-a-dump")

    (row,) = await rows(base, tenant, "SELECT sealed, headers::text FROM idempotency_answer")
    assert b"find-me" not in row["sealed"]
    assert b"shown-once" not in row["sealed"]
    assert "find-me" not in row["headers"]


async def test_what_an_operator_does_is_kept_outside_every_shop(base: Base, worker: Worker) -> None:
    """The scope of POST /v1/tenants is the nil UUID: no shop sees it, and nothing in it is personal."""
    headers = KEY | {"Authorization": "Bearer operator"}
    first = await worker.http.post(f"{PATH}/tenants", json={"code": "op"}, headers=headers)
    again = await worker.http.post(f"{PATH}/tenants", json={"code": "op"}, headers=headers)

    assert first.status_code == again.status_code == 201
    assert again.json() == first.json() | {"secret": None}
    kept = await rows(base, NO_TENANT, "SELECT 1 FROM idempotency WHERE operation = 'openTenant'")
    assert len(kept) == 1
    made = UUID(first.json()["id"])
    assert await rows(base, made, "SELECT 1 FROM idempotency") == []
    assert len(await rows(base, made, "SELECT 1 FROM store")) == 1
    await rows(base, NO_TENANT, "DELETE FROM idempotency")


async def test_a_key_is_forgotten_after_thirty_days(base: Base, tenant: UUID, worker: Worker) -> None:
    """Tills may be offline for days, not for ever; housekeeping takes the old ones."""
    await post(worker, "old")
    await rows(base, tenant, "UPDATE idempotency SET created_at = now() - interval '31 days', day = day - 31")
    await rows(base, tenant, "UPDATE idempotency_answer SET day = day - 40")
    fresh = await post(worker, "new")
    assert fresh.status_code == 201

    await rows(base, tenant, "UPDATE idempotency SET created_at = now() - interval '31 days'")
    assert await worker.table.prune(tenant) == 1
    assert await rows(base, tenant, "SELECT 1 FROM idempotency") == []
    assert len(await rows(base, tenant, "SELECT 1 FROM idempotency_answer")) == 1


@pytest.mark.parametrize("present", [True, False])
async def test_without_a_key_every_request_acts(base: Base, tenant: UUID, worker: Worker, *, present: bool) -> None:
    """The key is optional."""
    headers = KEY if present else {}
    for code in ("a", "a" if present else "b"):
        assert (await worker.http.post(PATH, json={"code": code}, headers=headers)).status_code == 201

    assert await stores(base, tenant) == (1 if present else 2)
