"""What the supervisor asks a database before anything serves; light enough to be asked at every start."""

from dataclasses import dataclass

import asyncpg

from runtime.adapters.key_provider import LocalKeyProvider, confirm_root, make_root_check
from runtime.database import connect
from runtime.settings import Settings
from tenancy.key_provider import RootCheck


@dataclass(frozen=True, slots=True)
class Inhabitants:
    """Whether anybody has a key or a shop here already."""

    operator_keys: bool
    tenants: bool


async def inhabitants(app_url: str) -> Inhabitants:
    """Return what an installation has so far.

    Raises:
        DatabaseFault: the database cannot be reached.
    """
    connection = await connect(app_url)
    try:
        keys, tenants = [
            await connection.fetchval(f"SELECT EXISTS (TABLE platform.{name})") for name in ("operator_key", "tenant")
        ]
        return Inhabitants(keys, tenants)
    finally:
        await connection.close()


async def confirm_master_key(settings: Settings, app_url: str) -> None:
    """Make sure that the database was made with this installation's root key; the first start makes it so.

    Raises:
        RootKeyProblem: it was made with another one.
        DatabaseFault: the database cannot be reached.
    """
    explicit = settings.master_key.get_secret_value() if settings.master_key is not None else None
    provider = LocalKeyProvider.of(explicit, settings.master_key_file)
    connection = await connect(app_url)
    try:
        if not await _checks(connection):
            first = await make_root_check(provider)
            await connection.execute(
                "INSERT INTO keystore.root_check (root_id, check_value)"
                " SELECT $1, $2 WHERE NOT EXISTS (TABLE keystore.root_check)",
                first.root_id,
                first.check_value,
            )
        await confirm_root(provider, await _checks(connection))
    finally:
        await connection.close()


async def _checks(connection: asyncpg.Connection) -> list[RootCheck]:
    rows = await connection.fetch("SELECT root_id, check_value FROM keystore.root_check ORDER BY root_id")
    return [RootCheck(row["root_id"], row["check_value"]) for row in rows]
