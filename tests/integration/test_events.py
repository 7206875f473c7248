"""The event log: told with the change, positioned in an order that late commits cannot disturb, never skipped."""

import asyncio
import json
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from uuid import UUID

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, insert, select

from domain.kernel.events import SYSTEM, Change, Event
from domain.kernel.ids import CustomerId, new_id
from persistence.event_log import event_rows, sealer
from persistence.key_store import CustomerKeys
from persistence.positions import assign_positions
from persistence.tables.log import event, event_position
from persistence.turns import Turns
from persistence.unit_of_work import PgUnit
from tests.conftest import OWNER
from tests.support.shop import Base

Open = Callable[[], AbstractAsyncContextManager[PgUnit]]
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def happened(kind: str = "thing.done", **fields: object) -> Event:
    return Event(kind, "thing", new_id(), NOON, **fields)  # type: ignore[arg-type]


async def ids_in_feed(base: Base, tenant: UUID) -> list[UUID]:
    await base.settled(tenant)
    found: list[UUID] = []
    after = 0
    while True:
        async with base.store.transaction(tenant, OWNER) as unit:
            page = await unit.changes.page(after=after, limit=7)
        found += [item.object_id for item in page.items if item.type != "tenant.created"]
        if page.next_position == after:
            return found
        after = page.next_position


async def test_an_event_is_told_with_its_change_or_not_at_all(base: Base, tenant: UUID, unit: Open) -> None:
    """A use case appends its events in its own transaction: no change without event, no event without change."""

    async def told_and_failed() -> None:
        async with unit() as u:
            await u.events.add([happened()])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await told_and_failed()
    assert await ids_in_feed(base, tenant) == []

    kept = happened()
    async with unit() as u:
        await u.events.add([kept])
    assert await ids_in_feed(base, tenant) == [kept.object_id]


async def test_the_feed_tells_who_what_and_when(base: Base, tenant: UUID, unit: Open) -> None:
    """Change: id, type, times, actor, object, changes and data, as the contract names them."""
    told = happened(
        "receipt.recorded",
        changes=[Change("state", None, "recorded")],
        data={"total": 129900, "at": NOON, "of": new_id()},
    )
    async with unit() as u:
        await u.events.add([told])
    await base.settled(tenant)
    async with unit() as u:
        item = (await u.changes.page(after=0, limit=50)).items[-1]

    assert (item.type, item.object_type, item.object_id) == ("receipt.recorded", "thing", told.object_id)
    assert item.actor == OWNER
    assert item.occurred_at == NOON
    assert item.recorded_at >= NOON
    assert [(c.field, c.old, c.new) for c in item.changes] == [("state", None, "recorded")]
    assert item.data == {"total": 129900, "at": "2026-11-21T12:00:00Z", "of": str(told.data["of"])}


async def test_personal_values_lie_under_the_persons_key_only(base: Base, tenant: UUID, unit: Open) -> None:
    """Decision 12: ids in clear, personal values in one ciphertext that dies with the customer's key."""
    person = CustomerId(new_id())
    changes = [Change("given_name", "Анна", "Яна", personal=True), Change("state", "pending", "active")]
    async with unit() as u:
        await CustomerKeys(u.session).add([u.vault.new_customer_key(person)])
        await u.events.add([happened("customer.updated", customer_id=person, changes=changes)])
    await base.settled(tenant)
    async with unit() as u:
        row = (await u.session.all(select(event).where(event.c.type == "customer.updated")))[0]
        open_page = await u.changes.page(after=0, limit=50, personal=True)
        masked_page = await u.changes.page(after=0, limit=50)

    assert "Яна" not in json.dumps(row["changes"], ensure_ascii=False)
    assert "Яна".encode() not in row["detail"]
    shown = [(c.field, c.old, c.new) for c in open_page.items[-1].changes]
    assert shown == [("given_name", "Анна", "Яна"), ("state", "pending", "active")]
    assert (masked_page.items[-1].changes[0].old, masked_page.items[-1].changes[0].new) == (None, None)


async def test_an_erased_persons_values_are_gone_from_the_feed(base: Base, tenant: UUID, unit: Open) -> None:
    """Destroying the customer's key destroys what the log said of the person; the event itself stays."""
    person = CustomerId(new_id())
    secret = [Change("given_name", "Анна", "Яна", personal=True)]
    async with unit() as u:
        await u.events.add([happened("customer.updated", customer_id=person, changes=secret)])
    await base.settled(tenant)
    async with unit() as u:
        item = (await u.changes.page(after=0, limit=50, personal=True)).items[-1]

    assert item.customer_id == person
    assert [(c.field, c.old, c.new) for c in item.changes] == [("given_name", None, None)]


async def test_what_belongs_to_nobody_known_goes_under_the_tenants_key(base: Base, tenant: UUID, unit: Open) -> None:
    """Decision 12: what belongs to nobody known is sealed by a tenant-level key."""
    async with unit() as u:
        await u.events.add([happened("document.parked", changes=[Change("note", None, "Ивану", personal=True)])])
    await base.settled(tenant)
    async with unit() as u:
        item = (await u.changes.page(after=0, limit=50, personal=True)).items[-1]

    assert [c.new for c in item.changes] == ["Ивану"]


async def test_rows_for_the_tills_function_are_those_of_the_log(base: Base, tenant: UUID, unit: Open) -> None:
    """The receipt's write inserts the same rows as `unit.events`, from JSON."""
    told = happened(changes=[Change("a", 1, NOON)], data={"figures": [1, 2]})
    async with unit() as u:
        (row,) = event_rows([told], tenant_id=u.tenant_id, actor=SYSTEM, now=NOON, seal=sealer(u.vault, {}))
        assert set(row) == {c.name for c in event.c} - {"xid"}
        await u.session.run(insert(event), row)
        json.dumps([row["changes"], row["data"]])


async def test_a_filtered_feed_moves_on_past_what_it_leaves_out(base: Base, tenant: UUID, unit: Open) -> None:
    """`next_cursor` is never null and never stands still before events that do not match."""
    async with unit() as u:
        await u.events.add([happened("a.done"), happened("b.done"), happened("a.done"), happened("c.done")])
    await base.settled(tenant)
    async with unit() as u:
        first = await u.changes.page(after=0, limit=1, types=["a.done"])
        rest = await u.changes.page(after=first.next_position, limit=10, types=["a.done"])
        nothing = await u.changes.page(after=rest.next_position, limit=10, types=["a.done"])

    assert [len(p.items) for p in (first, rest, nothing)] == [1, 1, 0]
    assert rest.next_position == nothing.next_position == 5  # the shop's own opening was the first


class Writer:
    """One transaction at the database's own level, so that it can be held open as long as a test wants."""

    def __init__(self, connection: asyncpg.Connection, tenant: UUID) -> None:
        self.connection = connection
        self.tenant = tenant
        self.told: list[UUID] = []

    async def begin(self) -> None:
        await self.connection.execute("BEGIN")
        await self.connection.execute("SELECT set_config('app.tenant_id', $1, true)", str(self.tenant))

    async def tell(self) -> None:
        thing = new_id()
        await self.connection.execute(
            """INSERT INTO event (tenant_id, event_id, type, object_type, object_id, actor_kind, actor_id, actor_role,
                                  occurred_at, recorded_at)
               VALUES ($1, $2, 't.done', 'thing', $3, 'system', 'x', 'system', now(), now())""",
            self.tenant,
            new_id(),
            thing,
        )
        self.told.append(thing)

    async def end(self, *, commit: bool) -> list[UUID]:
        await self.connection.execute("COMMIT" if commit else "ROLLBACK")
        told, self.told = self.told, []
        return told if commit else []


WRITERS = 3
STEPS = st.lists(
    st.tuples(st.integers(0, WRITERS - 1), st.sampled_from(["tell", "commit", "rollback", "position", "read"])),
    max_size=40,
)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=STEPS, batch=st.integers(1, 5))
async def test_overlapping_transactions_lose_no_event_and_repeat_none(
    base: Base, steps: list[tuple[int, str]], batch: int
) -> None:
    """Decision 8: whatever commits in whatever order, each committed event gets exactly one position, and a reader
    that goes by positions meets each exactly once."""
    tenant, _ = await base.open_shop()
    writers = [Writer(await asyncpg.connect(base.postgres.app), tenant) for _ in range(WRITERS)]
    committed: list[UUID] = []
    seen: list[UUID] = []
    after = 0

    async def read() -> None:
        nonlocal after
        async with base.store.transaction(tenant, OWNER) as unit:
            page = await unit.changes.page(after=after, limit=100)
        seen.extend(item.object_id for item in page.items if item.type == "t.done")
        after = page.next_position

    try:
        for writer in writers:
            await writer.begin()
        for number, action in steps:
            writer = writers[number]
            if action == "tell":
                await writer.tell()
            elif action == "position":
                async with base.database.scoped(tenant) as connection:
                    await assign_positions(connection, tenant, batch=batch)
            elif action == "read":
                await read()
            else:
                committed += await writer.end(commit=action == "commit")
                await writer.begin()
        for writer in writers:
            committed += await writer.end(commit=True)
    finally:
        for writer in writers:
            await writer.connection.close()
    await base.settled(tenant)
    await read()

    assert sorted(seen) == sorted(committed)
    async with base.database.scoped(tenant) as connection:
        in_order = select(event_position.c.position).order_by(event_position.c.position)
        positions = (await connection.execute(in_order)).scalars().all()
    assert positions == list(range(1, len(positions) + 1))


async def test_many_writers_and_positioners_at_once_lose_nothing(base: Base, tenant: UUID) -> None:
    """Several workers and readers may position one shop's events at the same time."""
    stop = asyncio.Event()

    async def write() -> int:
        for _ in range(25):
            async with base.store.transaction(tenant, OWNER) as unit:
                await unit.events.add([happened(), happened()])
        return 50

    async def position() -> None:
        while not stop.is_set():
            async with base.database.scoped(tenant) as connection:
                await assign_positions(connection, tenant, batch=3)

    positioning = [asyncio.create_task(position()) for _ in range(2)]
    written = sum(await asyncio.gather(*(write() for _ in range(3))))
    stop.set()
    await asyncio.gather(*positioning)

    assert len(await ids_in_feed(base, tenant)) == written
    async with base.database.scoped(tenant) as connection:
        distinct = select(
            func.count(), func.count(event_position.c.event_id.distinct()), func.max(event_position.c.position)
        )
        assert set((await connection.execute(distinct)).one()) == {written + 1}


async def test_a_restored_database_goes_on_with_its_order(base: Base, tenant: UUID, unit: Open) -> None:
    """A dump brings transaction ids along that mean nothing on the new server: nothing old comes twice, nothing that
    had no position yet and nothing new is lost."""
    other, _ = await base.open_shop()
    first, late, fresh = happened(), happened(), happened()
    async with unit() as u:
        await u.events.add([first])
    await base.settled(tenant)
    async with unit() as u:
        await u.events.add([late])
    owner = await asyncpg.connect(base.postgres.owner)
    await owner.execute("UPDATE event SET xid = xid + 1000000000 WHERE tenant_id = $1", tenant)
    await owner.execute(
        "UPDATE platform.turn SET cursor = cursor + 1000000000 WHERE tenant_id = $1 AND kind = 'positions'", tenant
    )
    await owner.close()
    async with unit() as u:
        await u.events.add([fresh])

    assert await Turns(base.database).adopt() == 1
    assert await Turns(base.database).adopt() == 0
    async with unit() as u:
        await u.events.add([happened("after.done")])
    things = await ids_in_feed(base, tenant)
    assert things[:3] == [first.object_id, late.object_id, fresh.object_id]
    assert len(things) == 4
    assert await ids_in_feed(base, other) == []
