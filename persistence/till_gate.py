"""The door of the till: one batch in flight per shop and process, and no waiting request holds a connection.

Source: the hot path's design, points 4 and 5. A shop with nothing in flight goes at once; what comes meanwhile forms
the next batch, with no timer. Measured: one batch in flight beats two, and a timer halves a lone till.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from domain.checkout.desk import Item
from domain.checkout.errors import IdempotencyInProgress
from domain.checkout.ports import Stale
from domain.checkout.rules import ShopRules
from domain.checkout.use_cases import Result, record_receipts
from domain.kernel.clock import Clock
from domain.kernel.events import Actor
from persistence.database import Database
from persistence.shop_rules import RulesCache
from persistence.till import PgTill, PgTillTransaction
from persistence.unit_of_work import PgUnit
from tenancy.vault import TenantVault, Vaults

BATCH = 32
"""Documents of one transaction: more hold the shop's rows longer than they save round trips."""


@dataclass(slots=True)
class _Waiting:
    item: Item
    actor: Actor
    done: asyncio.Future[Result]


@dataclass(slots=True)
class _Lane:
    """One shop's queue and whether somebody is working it off."""

    queue: deque[_Waiting] = field(default_factory=deque)
    busy: bool = False
    keys: set[bytes] = field(default_factory=set)


class TillGate:
    """Takes documents one by one and records them in batches."""

    def __init__(self, database: Database, rules: RulesCache, vaults: Vaults, clock: Clock) -> None:
        self._database = database
        self._rules = rules
        self._vaults = vaults
        self._clock = clock
        self._lanes: dict[UUID, _Lane] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def till(self, tenant_id: UUID) -> PgTill:
        """Return the till of a shop."""
        return PgTill(self._database, self._rules, self._vaults, self._clock, tenant_id)

    async def on(self, unit: PgUnit) -> PgTillTransaction:
        """Return the till's functions on the open transaction of `unit`."""
        driver = (await unit.connection.get_raw_connection()).driver_connection
        return self.till(unit.tenant_id).on(driver)

    async def desk_facts(self, tenant_id: UUID) -> tuple[TenantVault, ShopRules]:
        """Return what a document needs before it is queued: the shop's keys and its rules, from memory."""
        return await self._vaults.open(tenant_id), await self._rules.get(tenant_id)

    async def record(self, tenant_id: UUID, actor: Actor, item: Item) -> Result:
        """Record one document, together with whatever else waits for this shop.

        Raises:
            Unavailable: the database is away, or the customer's rows would not stand still.
        """
        lane = self._lanes.setdefault(tenant_id, _Lane())
        key = item.remembered[1] if item.remembered else None
        if key is not None and key in lane.keys:
            return IdempotencyInProgress()
        waiting = _Waiting(item, actor, asyncio.get_running_loop().create_future())
        lane.queue.append(waiting)
        if key is not None:
            lane.keys.add(key)
        if not lane.busy:
            self._start(tenant_id, lane)
        try:
            # A caller that goes away must not take the work of its neighbours, or its own receipt, with it.
            return await asyncio.shield(waiting.done)
        finally:
            if key is not None:
                lane.keys.discard(key)

    async def record_all(
        self, tenant_id: UUID, actor: Actor, items: Sequence[Item], *, dry_run: bool = False
    ) -> list[Result]:
        """Decide several documents in one go, beside the queue; for dry runs and for whoever brings a batch."""
        return await record_receipts(items, till=self.till(tenant_id), actor=actor, dry_run=dry_run)

    def _start(self, tenant_id: UUID, lane: _Lane) -> None:
        lane.busy = True
        task = asyncio.create_task(self._work_off(tenant_id, lane))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _work_off(self, tenant_id: UUID, lane: _Lane) -> None:
        till = self.till(tenant_id)
        while lane.queue:
            batch = self._next(lane)
            try:
                results = await self._recorded(till, batch)
            except Exception as error:
                for waiting in batch:
                    if not waiting.done.done():
                        waiting.done.set_exception(error)
                continue
            for waiting, result in zip(batch, results, strict=True):
                if not waiting.done.done():
                    waiting.done.set_result(result)
        lane.busy = False
        self._lanes.pop(tenant_id, None)

    @staticmethod
    def _next(lane: _Lane) -> list[_Waiting]:
        """Take what waits of the first one's actor: a write has one actor."""
        batch = [lane.queue.popleft()]
        while lane.queue and len(batch) < BATCH and lane.queue[0].actor == batch[0].actor:
            batch.append(lane.queue.popleft())
        return batch

    @staticmethod
    async def _recorded(till: PgTill, batch: Sequence[_Waiting]) -> list[Result]:
        actor = batch[0].actor
        try:
            return await record_receipts([waiting.item for waiting in batch], till=till, actor=actor)
        except Stale:
            results: list[Result] = []
            for waiting in batch:
                results += await record_receipts([waiting.item], till=till, actor=actor)
            return results
