"""The keys that an installation makes for itself once: the operator's, and the demo shop's."""

import asyncio
import json
import sys
from dataclasses import asdict, dataclass

from compliance.access.api_key import OPERATOR, new_key_text
from compliance.access.open_tenant import open_tenant
from domain.kernel.clock import SystemClock
from domain.kernel.events import SYSTEM
from persistence.api_keys import OperatorKeys
from persistence.database import Database
from persistence.key_store import PgKeyStore
from persistence.platform_unit import Platform
from runtime.adapters.key_provider import LocalKeyProvider
from runtime.adapters.vaults import KeptVaults
from runtime.database import connect
from runtime.embedded.cluster import write_private
from runtime.faults import run_sentenced
from runtime.settings import Settings, load_settings
from tenancy.use_cases import new_tenant

DEMO_SHOP = {"name": "Демо-магазин", "country": "RU", "currency": "RUB", "time_zone": "Europe/Moscow"}


@dataclass(frozen=True, slots=True)
class Made:
    """The texts of the keys made just now; None where there was nothing to make."""

    operator_key: str | None = None
    demo_key: str | None = None


async def make_keys(settings: Settings, app_url: str, *, demo: bool) -> Made:
    """Make the operator's key if there is none at all, and with `demo` a demo shop if there is no shop at all."""
    connection = await connect(app_url)
    try:
        operators = await connection.fetchval("SELECT count(*) FROM platform.operator_key")
        tenants = await connection.fetchval("SELECT count(*) FROM platform.tenant")
    finally:
        await connection.close()
    database = Database(app_url)
    try:
        wants_operator = settings.operator_key is None and operators == 0
        return Made(
            operator_key=await _make_operator_key(database) if wants_operator else None,
            demo_key=await _open_demo_shop(settings, database) if demo and tenants == 0 else None,
        )
    finally:
        await database.close()


async def _make_operator_key(database: Database) -> str:
    key = new_key_text(OPERATOR, None)
    await OperatorKeys(database).add(key.number, "first start", key.secret_hash, SystemClock().now())
    return key.text


async def make_demo_shop(settings: Settings) -> str:
    """Open a demo shop, keep its key in DATA_DIR/demo-key and return it."""
    assert settings.database_url is not None  # noqa: S101 - whoever calls has found the application's role
    database = Database(settings.database_url.get_secret_value())
    try:
        return await _open_demo_shop(settings, database)
    finally:
        await database.close()


async def _open_demo_shop(settings: Settings, database: Database) -> str:
    explicit = settings.master_key.get_secret_value() if settings.master_key is not None else None
    provider = LocalKeyProvider.of(explicit, settings.master_key_file)
    clock = SystemClock()
    platform = Platform(database, KeptVaults(PgKeyStore(database), provider), clock)
    async with platform.transaction(SYSTEM) as unit:
        opened = await open_tenant(new_tenant(**DEMO_SHOP, clock=clock), unit=unit)
        # Before the commit: a shop without its key in the file would be a demo that nobody can enter.
        write_private(settings.demo_key_file, opened.api_key + "\n")
    return opened.api_key


async def main() -> None:
    """Make the keys and print them as JSON for the supervisor, which alone reads this output."""
    settings = load_settings()
    assert settings.database_url is not None  # noqa: S101 - the supervisor sets it
    made = await make_keys(settings, settings.database_url.get_secret_value(), demo="--demo" in sys.argv)
    sys.stdout.write(json.dumps(asdict(made)))


if __name__ == "__main__":
    run_sentenced(lambda: asyncio.run(main()))
