"""What every repository works on: one tenant's open transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import Executable
from sqlalchemy.engine import CursorResult, RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.kernel.clock import Clock
from domain.kernel.events import Actor
from tenancy.tenant import Tenant
from tenancy.vault import CustomerKey, TenantVault


@dataclass(frozen=True, slots=True)
class Session:
    """One open, tenant-scoped transaction with the keys and settings of its tenant.

    `keys` holds the customers' keys that this transaction has met, so that none is fetched twice.
    """

    connection: AsyncConnection
    tenant: Tenant
    vault: TenantVault
    actor: Actor
    clock: Clock
    keys: dict[UUID, CustomerKey] = field(default_factory=dict)

    @property
    def tenant_id(self) -> UUID:
        """Return the tenant; statements name it although row-level security would add it (a seam for sharding)."""
        return self.tenant.tenant_id

    async def one(self, statement: Executable, parameters: Mapping[str, Any] | None = None) -> RowMapping | None:
        """Return the only row of `statement`, or None."""
        return (await self.connection.execute(statement, parameters or {})).mappings().one_or_none()

    async def all(self, statement: Executable, parameters: Mapping[str, Any] | None = None) -> Sequence[RowMapping]:
        """Return every row of `statement`."""
        return (await self.connection.execute(statement, parameters or {})).mappings().all()

    async def run(
        self, statement: Executable, parameters: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None
    ) -> CursorResult[Any]:
        """Run a statement, once or for each of many parameter sets."""
        return await self.connection.execute(statement, parameters)
