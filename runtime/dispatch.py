"""Takes events from the log to the subscriptions: positions first, then one shop's turn after the other."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from uuid import UUID

import structlog

from domain.kernel.events import SYSTEM
from domain.kernel.feed import FeedPage, LoggedEvent
from domain.kernel.transaction import Retry
from persistence.positions import BATCH, DELIVERIES, assign_positions
from persistence.turns import Turn, Turns
from persistence.unit_of_work import PgUnit, Store
from runtime.subscriptions import PAUSES, Subscription

log = structlog.get_logger("worker")

POLL_SECONDS = 1.0
"""How long a lost notification can go unnoticed."""

LEASE = timedelta(seconds=60)
HANDLER_SECONDS = 20
EVENTS_A_TURN = 50
SECONDS_A_TURN = 15
"""After this a subscription makes room for other shops; with the longest handler it stays within the lease."""

TENANTS_A_LOOK = 200
SERIALISATION_RETRIES = 5
AFTER_FAULT = timedelta(seconds=5)
AT_ONCE = timedelta(0)


class Dispatcher:
    """Positions events and delivers them; any number of dispatchers in any number of processes work side by side."""

    def __init__(
        self,
        store: Store,
        subscriptions: Sequence[Subscription],
        *,
        lanes: int = 4,
        pauses: Sequence[timedelta] = PAUSES,
        events_a_turn: int = EVENTS_A_TURN,
    ) -> None:
        self._store = store
        self._turns = Turns(store.database)
        self._subscriptions = subscriptions
        self._lanes = lanes
        self._pauses = pauses
        self._events_a_turn = events_a_turn
        self._news = asyncio.Event()
        self._work = asyncio.Event()

    def wake(self) -> None:
        """Look for new events now; safe to call from a callback of the same loop."""
        self._news.set()

    async def run(self, stopping: asyncio.Event) -> None:
        """Work until `stopping` is set; what is under way then is finished."""
        loops = [self._repeat(self._position_all, self._news, stopping)]
        loops += [self._repeat(self.deliver_one_turn, self._work, stopping) for _ in range(self._lanes)]
        await asyncio.gather(*loops)

    async def _repeat(self, step: Callable[[], Awaitable[bool]], wake: asyncio.Event, stopping: asyncio.Event) -> None:
        """Run `step` while it finds something to do, then wait to be woken, for a second at most."""
        while not stopping.is_set():
            wake.clear()  # before the step: what comes during it is looked at again
            try:
                busy = await step()
            except Exception as error:
                log.warning("dispatch-failed", error=type(error).__name__)
                busy = False
            if not busy:
                await wait_for_any(wake, stopping, seconds=POLL_SECONDS)

    async def _position_all(self) -> bool:
        return await self.position_once() > 0

    async def position_once(self) -> int:
        """Give a batch of positions to every tenant that needs some, and return how many were given."""
        given = 0
        for tenant_id in await self._turns.with_events(TENANTS_A_LOOK):
            async with self._store.database.scoped(tenant_id) as connection:
                given += await assign_positions(connection, tenant_id, batch=BATCH)
        if given:
            self._work.set()
        return given

    async def deliver_one_turn(self) -> bool:
        """Take one tenant's turn, the one that has waited longest; False when none is due."""
        turns = await self._turns.claim(DELIVERIES, length=LEASE)
        for turn in turns:
            again_in: timedelta | None = AFTER_FAULT
            try:
                again_in = await self._deliver(turn.tenant_id)
            except Exception as error:
                log.warning("turn-failed", tenant_id=str(turn.tenant_id), error=type(error).__name__)
            await self._finish(turn, again_in)
        return bool(turns)

    async def _finish(self, turn: Turn, again_in: timedelta | None) -> None:
        """Where even this fails the lease runs out, and somebody else goes on."""
        with suppress(Exception):
            await self._turns.finish(turn, again_in=again_in)

    async def _deliver(self, tenant_id: UUID) -> timedelta | None:
        """Serve every subscription of the tenant for a while; return after how long to come back, None: when woken."""
        more = False
        for subscription in self._subscriptions:
            await self._try_again(tenant_id, subscription)
            more |= await self._go_on(tenant_id, subscription)
        if more:
            return AT_ONCE
        async with self._store.transaction(tenant_id, SYSTEM) as unit:
            return await unit.deliveries.next_due([s.name for s in self._subscriptions])

    async def _go_on(self, tenant_id: UUID, subscription: Subscription) -> bool:
        """Hand on the next events behind the cursor; True when more may follow."""
        async with self._store.transaction(tenant_id, SYSTEM) as unit:
            after = await unit.deliveries.cursor(subscription.name)
            page = await unit.changes.page(after=after, limit=self._events_a_turn, types=sorted(subscription.types))
        if page.next_position == after:
            return False
        more = len(page.items) == self._events_a_turn
        if len(page.items) != 1 and await self._all_at_once(tenant_id, subscription, after, page):
            return more
        deadline = asyncio.get_running_loop().time() + SECONDS_A_TURN
        for event in page.items:
            if asyncio.get_running_loop().time() > deadline:
                return True
            await self._attempt(tenant_id, subscription, event)
        if not page.items or page.next_position > page.items[-1].position:
            async with self._store.transaction(tenant_id, SYSTEM) as unit:
                await unit.deliveries.advance(subscription.name, page.next_position)
        return more

    async def _all_at_once(self, tenant_id: UUID, subscription: Subscription, after: int, page: FeedPage) -> bool:
        """Let the subscription react to a whole page in one transaction; False where one of them goes wrong."""
        try:
            async with asyncio.timeout(HANDLER_SECONDS), self._store.transaction(tenant_id, SYSTEM) as unit:
                if not await unit.deliveries.advance_from(subscription.name, after, page.next_position):
                    return False  # another worker, which took the turn when our lease ran out
                if page.items:
                    await subscription.handle(page.items, unit)
        except Exception as error:
            log.info("page-failed", subscription=subscription.name, error=type(error).__name__)
            return False
        return True

    async def _try_again(self, tenant_id: UUID, subscription: Subscription) -> None:
        async with self._store.transaction(tenant_id, SYSTEM) as unit:
            due = await unit.deliveries.due(subscription.name, self._events_a_turn)
        for event, attempts in due:
            await self._attempt(tenant_id, subscription, event, attempts)

    async def _attempt(
        self, tenant_id: UUID, subscription: Subscription, event: LoggedEvent, attempts: int | None = None
    ) -> None:
        """Let the subscription react; a failure is noted with the time of the next attempt, and stops nobody.

        `attempts` counts the failures so far, None: the event is met for the first time.
        """
        for past in range(SERIALISATION_RETRIES + 1):
            try:
                async with asyncio.timeout(HANDLER_SECONDS), self._store.transaction(tenant_id, SYSTEM) as unit:
                    if await self._mine(unit, subscription, event, attempts):
                        await subscription.handle([event], unit)
                return
            except Retry:
                if past < SERIALISATION_RETRIES:
                    continue
                failure = Retry.__name__
            except Exception as error:
                failure = type(error).__name__
            break
        await self._note_failure(tenant_id, subscription, event, (attempts or 0) + 1, failure)

    @staticmethod
    async def _mine(unit: PgUnit, subscription: Subscription, event: LoggedEvent, attempts: int | None) -> bool:
        """Take the event for this transaction; False when another worker, whose lease ran out, took it before."""
        if attempts is None:
            return await unit.deliveries.advance(subscription.name, event.position)
        return await unit.deliveries.take(subscription.name, event.position)

    async def _note_failure(
        self, tenant_id: UUID, subscription: Subscription, event: LoggedEvent, attempts: int, failure: str
    ) -> None:
        pause = self._pauses[attempts - 1] if attempts <= len(self._pauses) else None
        async with self._store.transaction(tenant_id, SYSTEM) as unit:
            await unit.deliveries.failed(subscription.name, event, attempts=attempts, pause=pause, error_class=failure)
        log.warning(
            "delivery-failed",
            tenant_id=str(tenant_id),
            subscription=subscription.name,
            event_id=str(event.id),
            attempts=attempts,
            parked=pause is None,
            error=failure,
        )


async def wait_for_any(*events: asyncio.Event, seconds: float) -> None:
    """Wait until one of `events` is set, `seconds` at most."""
    waits = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
