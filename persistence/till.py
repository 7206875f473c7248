"""The store behind the till: two SQL functions on the driver's own pool, and the shop's rules from memory."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from domain.checkout.changes import Changes
from domain.checkout.ports import LoadRequest, Stale
from domain.checkout.rules import ShopRules
from domain.checkout.state import TillState
from domain.kernel.clock import Clock
from domain.kernel.events import Actor
from persistence import till_load, till_rows
from persistence.database import FAULTS, Database, translated
from persistence.shop_rules import RulesCache
from persistence.till_wire import RECEIPT_READ
from tenancy.tenant import TenantNotFound, TenantSuspended
from tenancy.vault import Vaults

READ_ARGUMENTS, WRITE_ARGUMENTS = 15, 24
# As text: the two roads to the database decode json differently.
READ = f"SELECT receipt_read({', '.join(f'${n}' for n in range(1, READ_ARGUMENTS + 1))})::text"
WRITE = f"SELECT receipt_write({', '.join(f'${n}' for n in range(1, WRITE_ARGUMENTS + 1))})"
LOCK = "SELECT receipt_lock($1, $2, $3)"
_SUSPENDED = "suspended"
STALE_STATES = frozenset({"RG001", "23505", "40P01", "40001"})
"""Another writer was first: a version moved, a key was taken, two writers met."""


class PgTill:
    """The till of one shop."""

    def __init__(self, database: Database, rules: RulesCache, vaults: Vaults, clock: Clock, tenant_id: UUID) -> None:
        self.database = database
        self.clock = clock
        self.tenant_id = tenant_id
        self.rules = rules
        self.vaults = vaults

    def optimistic(self) -> "PgTillTransaction":
        """Return a pair of single round trips that hold nothing."""
        return self.on(self.database.pool)

    def on(self, executor: Any) -> "PgTillTransaction":
        """Return the till's functions on an open connection, or on the pool."""
        return PgTillTransaction(self, executor)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator["PgTillTransaction"]:
        """Open a transaction in which rows can be held; it commits at the end."""
        try:
            async with self.database.pool.acquire() as connection, connection.transaction():
                yield self.on(connection)
        except FAULTS as error:
            raise _told(error) from None


class PgTillTransaction:
    """One read and one write, each one round trip."""

    def __init__(self, till: PgTill, executor: Any) -> None:
        self._till = till
        self._executor = executor

    async def rules(self, config_version: int | None = None) -> ShopRules:
        """Return the shop's rules; not older than `config_version`."""
        return await self._till.rules.get(self._till.tenant_id, config_version)

    async def lock(self, state: TillState) -> None:
        """Hold the accounts and documents of `state`.

        A statement of its own: in the reading one it would see the rows from before the wait.
        """
        await self._fetch(LOCK, (self._till.tenant_id, sorted(state.books), sorted(state.documents)))

    async def load(self, request: LoadRequest) -> TillState:
        """Return the rows, as of now.

        Raises:
            TenantNotFound: the tenant is gone.
            TenantSuspended: its tills are shut out; seen here at once, whatever a cached credential says.
            Unavailable: the database is away.
        """
        arguments = till_load.arguments(self._till.tenant_id, request)
        read = RECEIPT_READ.decode(await self._fetch(READ, arguments))
        if read["config_version"] is None:
            raise TenantNotFound
        if read["status"] == _SUSPENDED:
            raise TenantSuspended
        rules = await self.rules(read["config_version"])
        return till_load.state_of(read, rules.programs[0][1].program_id, lots=request.lots)

    async def save(self, state: TillState, changes: Changes, actor: Actor) -> None:
        """Store everything.

        Raises:
            Stale: an account or a document moved, or a key was taken, since `load`.
            Unavailable: the database is away.
        """
        till = self._till
        arguments = till_rows.arguments(
            till.tenant_id,
            state,
            changes,
            vault=await till.vaults.open(till.tenant_id),
            actor=actor,
            now=changes.at or till.clock.now(),
        )
        if arguments is None:
            return
        await self._fetch(WRITE, arguments)
        if changes.events:
            till.database.signal(till.tenant_id)

    async def _fetch(self, query: str, arguments: tuple[Any, ...]) -> Any:
        try:
            return await self._executor.fetchval(query, *arguments)
        except FAULTS as error:
            raise _told(error) from None


def _told(error: BaseException) -> BaseException:
    if getattr(error, "sqlstate", None) in STALE_STATES:
        return Stale()
    return translated(error)
