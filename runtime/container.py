"""The composition root: what a process of this installation is put together from."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text

from api.services import Check, EdgeSettings, Services
from compliance.access.authenticator import Authenticator
from domain.kernel.clock import Clock, SystemClock
from domain.kernel.errors import Unavailable
from persistence.api_keys import PgCredentials
from persistence.database import Database
from persistence.idempotency import IdempotencyTable
from persistence.key_store import PgKeyStore
from persistence.notify import Notifier
from persistence.platform_unit import Platform
from persistence.rate_limit import LeasedRates
from persistence.shop_rules import RulesCache
from persistence.tenants import read_tenant
from persistence.till_desk import TillDesk
from persistence.till_gate import TillGate
from persistence.unit_of_work import Store
from runtime.adapters.edge import EdgeIdempotency, EdgeRates
from runtime.adapters.key_provider import LocalKeyProvider
from runtime.adapters.vaults import KeptVaults
from runtime.database import newest_revision
from runtime.settings import Settings
from runtime.telemetry import metrics

LOCALE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Core:
    """What every process works with, serving or not."""

    url: str
    clock: Clock
    database: Database
    vaults: KeptVaults
    store: Store
    platform: Platform
    notifier: Notifier

    async def open(self) -> None:
        """Connect, and begin to wake the worker after commits."""
        await self.database.open()
        self.database.signal = self.notifier
        self.notifier.start()

    async def close(self) -> None:
        """Let every connection go."""
        await self.notifier.close()
        await self.database.close()


def build_core(settings: Settings, *, clock: Clock | None = None) -> Core:
    """Return the parts of a process; nothing is connected yet."""
    assert settings.database_url is not None  # noqa: S101 - the supervisor and the commands set it
    url = settings.database_url.get_secret_value()
    clock = clock or SystemClock()
    database = Database(url, till_connections=settings.till_pool_size, connections=settings.pool_size)
    explicit = settings.master_key.get_secret_value() if settings.master_key is not None else None
    vaults = KeptVaults(PgKeyStore(database), LocalKeyProvider.of(explicit, settings.master_key_file))
    store, platform = Store(database, vaults, clock), Platform(database, vaults, clock)
    return Core(url, clock, database, vaults, store, platform, Notifier(url))


def build_services(settings: Settings, core: Core) -> Services:
    """Return what the edge needs, wired to `core`."""
    operator_key = settings.operator_key.get_secret_value() if settings.operator_key is not None else None
    credentials = Authenticator(PgCredentials(core.database), core.clock, operator_key=operator_key)
    rules = RulesCache(core.database)
    figures = metrics() if settings.metrics else None
    return Services(
        settings=EdgeSettings(
            public_url=settings.url,
            cors_origins=settings.cors_origins,
            trusted_proxies=settings.trusted_proxies,
        ),
        clock=core.clock,
        credentials=credentials,
        idempotency=EdgeIdempotency(IdempotencyTable(core.database, core.vaults)),
        rate_limiter=EdgeRates(LeasedRates(core.database)),
        transaction=core.store.transaction,
        platform=core.platform.transaction,
        tenant_locale=Locales(core.database).of,
        readiness=Readiness(core.database).checks,
        parts={
            "till": TillGate(core.database, rules, core.vaults, core.clock),
            "desk": TillDesk(core.database, rules, core.vaults, core.clock),
        },
        observe=figures.observe if figures else None,
        metrics_page=figures.page if figures else None,
        start=[core.open, credentials.start],
        stop=[credentials.stop, core.close],
    )


class Locales:
    """Tenants' languages, remembered for a minute: only the wording of problems hangs on them."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: dict[UUID, tuple[str, float]] = {}

    async def of(self, tenant_id: UUID) -> str:
        """Return the tenant's language tag."""
        known = self._known.get(tenant_id)
        if known is not None and known[1] > time.monotonic():
            return known[0]
        async with self._database.platform() as connection:
            locale = (await read_tenant(connection, tenant_id)).locale
        self._known[tenant_id] = (locale, time.monotonic() + LOCALE_SECONDS)
        return locale


class Readiness:
    """Whether this process can serve: its database answers and has our schema."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def checks(self) -> Sequence[Check]:
        """Return what must be right before traffic comes."""
        try:
            async with self._database.platform() as connection:
                revision = await connection.scalar(text("SELECT version_num FROM public.alembic_version"))
        except Unavailable:
            return [Check("database", ok=False, detail="does not answer")]
        current = str(revision) >= newest_revision()
        detail = "" if current else f"is at revision {revision}; run regulars migrate"
        return [Check("database", ok=True), Check("migrations", ok=current, detail=detail)]
