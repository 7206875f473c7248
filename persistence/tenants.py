"""The platform's list of tenants."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.loyalty.program import ProgramVersion
from persistence.positions import DELIVERIES, POSITIONS
from persistence.tables.loyalty import program as program_table
from persistence.tables.loyalty import program_version
from persistence.tables.platform import tenant, turn
from tenancy.tenant import Tenant, TenantNotFound
from tenancy.vault import Vaults

COLUMNS = (
    tenant.c.tenant_id,
    tenant.c.name,
    tenant.c.status,
    tenant.c.country,
    tenant.c.currency,
    tenant.c.time_zone,
    tenant.c.locale,
    tenant.c.jurisdiction,
    tenant.c.config_version,
    tenant.c.created_at,
    tenant.c.settings,
)

ALWAYS = datetime(1970, 1, 1, tzinfo=UTC)
"""Since when the preset program is valid: receipts of the years before the shop moved in are priced by it as well."""

_ENTER = text("SELECT set_config('app.tenant_id', :tenant_id, true)")


def select_tenant(tenant_id: UUID) -> Select[Any]:
    """Return the statement that reads one tenant."""
    return select(*COLUMNS).where(tenant.c.tenant_id == tenant_id)


def tenant_of(row: Row[*tuple[Any, ...]]) -> Tenant:
    """Return the tenant in a row of `COLUMNS`."""
    return Tenant(**row._mapping)


async def read_tenant(connection: AsyncConnection, tenant_id: UUID) -> Tenant:
    """Return the tenant.

    Raises:
        TenantNotFound: there is none.
    """
    row = (await connection.execute(select_tenant(tenant_id))).one_or_none()
    if row is None:
        raise TenantNotFound
    return tenant_of(row)


async def enter(connection: AsyncConnection, tenant_id: UUID) -> None:
    """Let the rest of the open transaction see `tenant_id`'s rows in place of whose it saw before."""
    await connection.execute(_ENTER, {"tenant_id": str(tenant_id)})


class PgTenants:
    """The list of tenants in one open transaction; `vaults` makes the keys of a new one."""

    def __init__(self, connection: AsyncConnection, vaults: Vaults | None = None) -> None:
        self._connection = connection
        self._vaults = vaults

    async def add(self, new: Tenant, program: ProgramVersion) -> None:
        """Store a new tenant with its keys and its first program; the transaction sees its rows from here on."""
        assert self._vaults is not None  # noqa: S101 - only an operator's unit adds, and it has the vaults
        values = {c.name: getattr(new, c.name) for c in COLUMNS}
        await self._connection.execute(insert(tenant).values(values))
        await enter(self._connection, new.tenant_id)
        await self._vaults.create(new.tenant_id, self._connection)
        turns = [{"tenant_id": new.tenant_id, "kind": kind, "cursor": 0} for kind in (POSITIONS, DELIVERIES)]
        await self._connection.execute(insert(turn), turns)
        await self._add_program(new, program)

    async def _add_program(self, new: Tenant, program: ProgramVersion) -> None:
        key = {"tenant_id": new.tenant_id, "program_id": program.program_id}
        about = {"code": program.code, "name": program.code, "created_at": new.created_at}
        await self._connection.execute(insert(program_table).values(**key, **about))
        rules = {
            "version": program.version,
            "valid_from": ALWAYS,
            "rules": program.to_rules(),
            "published_at": new.created_at,
        }
        await self._connection.execute(insert(program_version).values(**key, **rules))

    async def get(self, tenant_id: UUID, *, lock: bool = False) -> Tenant:
        """Return the tenant, held until the transaction ends if `lock`.

        Raises:
            TenantNotFound: there is none.
        """
        statement = select_tenant(tenant_id)
        row = (await self._connection.execute(statement.with_for_update() if lock else statement)).one_or_none()
        if row is None:
            raise TenantNotFound
        return tenant_of(row)

    async def page(self, *, after: UUID | None, limit: int) -> Sequence[Tenant]:
        """Return at most `limit` tenants, oldest first, those after `after` only."""
        statement = select(*COLUMNS).order_by(tenant.c.tenant_id).limit(limit)
        if after is not None:
            statement = statement.where(tenant.c.tenant_id > after)
        return [tenant_of(row) for row in await self._connection.execute(statement)]

    async def change(self, tenant_id: UUID, **values: Any) -> Tenant:
        """Store new values and count `config_version` up.

        Raises:
            TenantNotFound: there is none.
        """
        statement = (
            update(tenant)
            .where(tenant.c.tenant_id == tenant_id)
            .values(**values, config_version=tenant.c.config_version + 1)
            .returning(*COLUMNS)
        )
        row = (await self._connection.execute(statement)).one_or_none()
        if row is None:
            raise TenantNotFound
        return tenant_of(row)
