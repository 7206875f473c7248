"""Shops for tests: opened the way an operator opens them, on the database of this process."""

from dataclasses import dataclass
from uuid import UUID

from compliance.access.open_tenant import open_tenant
from domain.kernel.clock import Clock, SystemClock
from domain.kernel.events import SYSTEM
from persistence.database import Database
from persistence.key_store import PgKeyStore
from persistence.platform_unit import Platform
from persistence.positions import assign_positions, positions_held
from persistence.unit_of_work import Store
from runtime.adapters.key_provider import LocalKeyProvider
from runtime.adapters.vaults import KeptVaults
from tenancy.use_cases import new_tenant
from tests.support.postgres import Postgres
from tests.support.waiting import until


@dataclass(frozen=True, slots=True)
class Base:
    """An open customer base: what the container would put together, without HTTP."""

    postgres: Postgres
    database: Database
    vaults: KeptVaults
    store: Store
    platform: Platform
    clock: Clock

    async def open_shop(
        self, name: str = "Лавка", *, country: str = "RU", currency: str = "RUB", zone: str = "Europe/Moscow"
    ) -> tuple[UUID, str]:
        """Open a shop; return its tenant id and the key of its owner."""
        tenant = new_tenant(name=name, country=country, currency=currency, time_zone=zone, clock=self.clock)
        async with self.platform.transaction(SYSTEM) as unit:
            opened = await open_tenant(tenant, unit=unit)
        return tenant.tenant_id, opened.api_key

    async def settled(self, tenant_id: UUID) -> None:
        """Wait until every event of the shop has its position.

        An open transaction in any database of the server holds positions back, so another test process may.
        """

        async def done() -> bool:
            async with self.database.scoped(tenant_id) as connection:
                await assign_positions(connection, tenant_id)
                return not await positions_held(connection, tenant_id)

        await until(done)


async def open_base(postgres: Postgres, *, clock: Clock | None = None, connections: int = 6) -> Base:
    """Connect to the database of `postgres`; close `Base.database` when done."""
    clock = clock or SystemClock()
    database = Database(postgres.app, connections=connections)
    await database.open()
    vaults = KeptVaults(PgKeyStore(database), LocalKeyProvider([postgres.master_key]))
    store, platform = Store(database, vaults, clock), Platform(database, vaults, clock)
    return Base(postgres, database, vaults, store, platform, clock)
