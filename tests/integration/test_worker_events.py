"""The worker takes events to subscriptions: at least once, in turns, past failures, whoever dies."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import select, text

from domain.kernel.events import SYSTEM, Event
from domain.kernel.feed import LoggedEvent
from domain.kernel.ids import new_id
from persistence.notify import Listener, Notifier
from persistence.positions import DELIVERIES
from persistence.tables.log import delivery, subscription_cursor
from persistence.turns import Turns
from persistence.unit_of_work import PgUnit
from runtime.dispatch import Dispatcher
from runtime.subscriptions import Handler, Subscription
from tests.conftest import OWNER
from tests.support.shop import Base, open_base
from tests.support.waiting import until

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
NOW = timedelta(0)


class Broken(Exception):
    pass


class Witness:
    """A subscription's handler that remembers what it met of one shop, and fails as often as it is told to."""

    def __init__(self, tenant: UUID, failures: int = 0) -> None:
        self.met: list[UUID] = []
        self.tenant = tenant
        self.failures = failures

    async def __call__(self, events: Sequence[LoggedEvent], unit: PgUnit) -> None:
        if unit.tenant_id != self.tenant:
            return
        if self.failures and len(events) == 1:
            self.failures -= 1
        elif not self.failures:
            self.met += [event.object_id for event in events]
            return
        raise Broken("the phone was +79350000001")


async def tell(base: Base, tenant: UUID, count: int = 1, kind: str = "thing.done") -> list[UUID]:
    things = [new_id() for _ in range(count)]
    async with base.store.transaction(tenant, OWNER) as unit:
        await unit.events.add([Event(kind, "thing", thing, NOON) for thing in things])
    return things


def heard(name: str, handler: Handler) -> Subscription:
    return Subscription(name, frozenset({"thing.done"}), handler)


@pytest.fixture
async def quiet(base: Base) -> None:
    """No turn is left over from other tests."""
    async with base.database.platform() as connection:
        await connection.execute(text("UPDATE platform.turn SET due_at = NULL, lease = NULL, leased_until = NULL"))


@asynccontextmanager
async def working(*dispatchers: Dispatcher) -> AsyncIterator[None]:
    stopping = asyncio.Event()
    tasks = [asyncio.create_task(d.run(stopping)) for d in dispatchers]
    try:
        yield
    finally:
        stopping.set()
        await asyncio.gather(*tasks)


async def rounds(base: Base, dispatcher: Dispatcher, *tenants: UUID, count: int = 1) -> None:
    for _ in range(count):
        for tenant in tenants:
            await base.settled(tenant)
        await dispatcher.position_once()
        while await dispatcher.deliver_one_turn():
            pass


async def test_a_subscription_hears_what_it_asked_for_in_order(base: Base, tenant: UUID, quiet: None) -> None:
    """Events reach subscriptions in the order of their positions, each once."""
    witness = Witness(tenant)
    dispatcher = Dispatcher(base.store, [heard("one", witness)], events_a_turn=3)
    first = await tell(base, tenant, 5)
    await tell(base, tenant, 2, "other.done")
    second = await tell(base, tenant, 2)

    await rounds(base, dispatcher, tenant, count=2)

    assert witness.met == first + second


async def test_a_failing_event_is_tried_again_and_stops_no_other(base: Base, tenant: UUID, quiet: None) -> None:
    """Each (event, subscriber) pair is tried again with backoff; its neighbours go on."""
    failing, healthy = Witness(tenant, failures=2), Witness(tenant)
    subscriptions = [heard("failing", failing), heard("healthy", healthy)]
    dispatcher = Dispatcher(base.store, subscriptions, pauses=[NOW, NOW, NOW])
    things = await tell(base, tenant, 3)

    await rounds(base, dispatcher, tenant, count=5)

    assert healthy.met == things
    assert sorted(failing.met) == sorted(things)
    async with base.store.transaction(tenant, SYSTEM) as unit:
        assert await unit.session.all(select(delivery)) == []


async def test_what_never_succeeds_is_parked_and_can_be_replayed(base: Base, tenant: UUID, quiet: None) -> None:
    """After the last attempt the pair is parked where an owner can see and replay it; only the class of the
    exception is kept, its text may hold a phone."""
    witness = Witness(tenant, failures=3)
    dispatcher = Dispatcher(base.store, [heard("stubborn", witness)], pauses=[NOW, NOW])
    (thing,) = await tell(base, tenant)
    await rounds(base, dispatcher, tenant, count=4)

    async with base.store.transaction(tenant, SYSTEM) as unit:
        (parked,) = await unit.deliveries.page()
        rows = await unit.session.all(select(delivery))
    assert (parked.subscription, parked.attempts, parked.error) == ("stubborn", 3, "Broken")
    assert "935" not in repr(rows).replace(str(tenant), "").replace(str(parked.event_id), "")
    assert witness.met == []

    async with base.store.transaction(tenant, SYSTEM) as unit:
        assert await unit.deliveries.replay("stubborn") == 1
    await rounds(base, dispatcher, tenant, count=2)
    assert witness.met == [thing]


async def test_an_effect_and_its_cursor_commit_together(base: Base, tenant: UUID, quiet: None) -> None:
    """R8: a worker that dies between effect and acknowledgement leaves neither; the next one does both, once."""
    (thing,) = await tell(base, tenant)
    died: list[UUID] = []

    async def effect_then_death(events: Sequence[LoggedEvent], unit: PgUnit) -> None:
        await unit.events.add([Event("effect.done", "thing", event.object_id, NOON) for event in events])
        if not died:
            died.append(events[0].id)
            raise asyncio.CancelledError

    dispatcher = Dispatcher(base.store, [heard("effect", effect_then_death)])
    with pytest.raises(asyncio.CancelledError):
        await rounds(base, dispatcher, tenant)
    async with base.database.platform() as connection:  # the dead worker's lease runs out
        await connection.execute(
            text("UPDATE platform.turn SET leased_until = now() - interval '1 s' WHERE lease IS NOT NULL")
        )
    await rounds(base, dispatcher, tenant)

    await base.settled(tenant)
    async with base.store.transaction(tenant, SYSTEM) as unit:
        effects = await unit.changes.page(after=0, limit=50, types=["effect.done"])
    assert [e.object_id for e in effects.items] == [thing]


async def test_two_workers_share_the_work_and_repeat_none(base: Base, quiet: None) -> None:
    """Several workers may run: a turn belongs to one of them at a time."""
    shops = [(await base.open_shop())[0] for _ in range(4)]
    met: dict[UUID, list[UUID]] = {shop: [] for shop in shops}

    async def note(events: Sequence[LoggedEvent], unit: PgUnit) -> None:
        if unit.tenant_id in met:
            await unit.events.add([Event("note.done", "thing", event.object_id, NOON) for event in events])

    workers = [Dispatcher(base.store, [heard("note", note)], lanes=2, events_a_turn=4) for _ in range(2)]
    told = {shop: await tell(base, shop, 12) for shop in shops}

    async def all_noted() -> bool:
        for shop in shops:
            async with base.store.transaction(shop, SYSTEM) as unit:
                page = await unit.changes.page(after=0, limit=200, types=["note.done"])
            met[shop] = [event.object_id for event in page.items]
        return all(len(met[shop]) >= 12 for shop in shops)

    async with working(*workers):
        await until(all_noted)
    for shop in shops:
        await base.settled(shop)
    assert await all_noted()
    assert met == told


async def test_a_busy_shop_never_starves_another(base: Base, quiet: None) -> None:
    """Tenants take turns: one with a long queue goes to the back after each of its turns."""
    busy, calm = [(await base.open_shop())[0] for _ in range(2)]
    order: list[UUID] = []

    async def note(events: Sequence[LoggedEvent], unit: PgUnit) -> None:
        if unit.tenant_id in {busy, calm}:
            order.extend(unit.tenant_id for _ in events)

    dispatcher = Dispatcher(base.store, [heard("fair", note)], events_a_turn=5)
    await tell(base, busy, 40)
    await tell(base, calm, 1)
    await rounds(base, dispatcher, busy, calm)

    assert order.count(busy) == 40
    assert order.index(calm) <= 5


async def test_a_dead_workers_lease_runs_out(base: Base, tenant: UUID, quiet: None) -> None:
    """A turn whose worker died is somebody else's after the lease; a late finish of the dead one changes nothing."""
    turns = Turns(base.database)
    await tell(base, tenant)
    await base.settled(tenant)
    (dead,) = [
        t for t in await turns.claim(DELIVERIES, length=timedelta(seconds=-1), wanted=50) if t.tenant_id == tenant
    ]
    (again,) = [t for t in await turns.claim(DELIVERIES, length=timedelta(hours=1), wanted=50) if t.tenant_id == tenant]

    assert dead.lease != again.lease
    await turns.finish(dead, again_in=timedelta(0))
    assert tenant not in [t.tenant_id for t in await turns.claim(DELIVERIES, length=timedelta(hours=1), wanted=50)]
    await turns.finish(again, again_in=None)


async def test_a_notification_wakes_the_worker_after_the_commit_only(base: Base, tenant: UUID) -> None:
    """Decision 7: one coalesced NOTIFY on another connection, sent after the commit."""
    own = await open_base(base.postgres)
    notifier = Notifier(base.postgres.app)
    own.database.signal = notifier
    notifier.start()
    woken = asyncio.Event()
    listener = Listener(base.postgres.app, woken.set)
    listening = asyncio.create_task(listener.run())
    try:
        await until(lambda: listener.connection is not None)
        woken.clear()
        async with own.store.transaction(tenant, OWNER) as unit:
            await unit.events.add([Event("thing.done", "thing", new_id(), NOON)])
            assert not woken.is_set()
        await until(woken.is_set)

        before = notifier.sent
        for _ in range(50):
            notifier(tenant)
        await until(lambda: notifier.sent > before)
        await asyncio.sleep(0.1)
        assert notifier.sent <= before + 2
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
        await notifier.close()
        await own.database.close()


async def test_a_lost_listener_loses_no_event(base: Base, tenant: UUID, quiet: None) -> None:
    """The listener's session dies without a word: it is opened anew, and the poll finds what came meanwhile."""
    witness = Witness(tenant)
    dispatcher = Dispatcher(base.store, [heard("listener", witness)])
    listener = Listener(base.postgres.app, dispatcher.wake)
    listening = asyncio.create_task(listener.run())
    try:
        async with working(dispatcher):
            await until(lambda: listener.connection is not None)
            lost = listener.connection
            assert lost is not None
            superuser = await asyncpg.connect(base.postgres.superuser)
            await superuser.execute("SELECT pg_terminate_backend($1)", lost.get_server_pid())
            await superuser.close()
            things = await tell(base, tenant, 3)
            await until(lambda: len(witness.met) == 3)
            await until(lambda: listener.connection is not None and listener.connection is not lost)
        assert witness.met == things
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)


async def test_the_cursor_stands_behind_everything_after_a_quiet_stop(base: Base, tenant: UUID, quiet: None) -> None:
    """A worker that is asked to stop finishes what is under way and leaves no lease behind."""
    witness = Witness(tenant)
    await tell(base, tenant, 3)
    async with working(Dispatcher(base.store, [heard("stop", witness)])):
        await until(lambda: len(witness.met) == 3)

    async with base.store.transaction(tenant, SYSTEM) as unit:
        cursor = await unit.session.all(select(subscription_cursor.c.position))
        leases = await unit.session.all(
            text("SELECT lease FROM platform.turn WHERE tenant_id = :t AND lease IS NOT NULL"), {"t": tenant}
        )
    assert [c["position"] for c in cursor] == [4]
    assert leases == []
