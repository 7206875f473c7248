"""The platform's list of tenants."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, select
from sqlalchemy.ext.asyncio import AsyncConnection

from persistence.tables.platform import tenant
from tenancy.tenant import Tenant, TenantNotFound

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


def select_tenant(tenant_id: UUID) -> Select[Any]:
    """Return the statement that reads one tenant."""
    return select(*COLUMNS).where(tenant.c.tenant_id == tenant_id)


def tenant_of(row: Row[Any]) -> Tenant:
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
