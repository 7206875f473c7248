"""What the administration of tenants needs from storage."""

from collections.abc import Sequence
from typing import Any, Protocol
from uuid import UUID

from domain.kernel.transaction import UnitOfWork
from domain.loyalty.program import ProgramVersion
from tenancy.tenant import Tenant


class TenantRegistry(Protocol):
    """The platform's list of tenants, for the operator."""

    async def add(self, tenant: Tenant, program: ProgramVersion) -> None:
        """Store a new tenant with its keys and its first program."""

    async def get(self, tenant_id: UUID, *, lock: bool = False) -> Tenant:
        """Return the tenant, held until the transaction ends if `lock`.

        Raises:
            TenantNotFound: there is none.
        """

    async def page(self, *, after: UUID | None, limit: int) -> Sequence[Tenant]:
        """Return at most `limit` tenants, oldest first, those after `after` only."""

    async def change(self, tenant_id: UUID, **values: Any) -> Tenant:
        """Store new values and count `config_version` up.

        Raises:
            TenantNotFound: there is none.
        """


class PlatformUnit(UnitOfWork, Protocol):
    """The transaction of an operator: no shop's rows, but the list of shops."""

    @property
    def tenants(self) -> TenantRegistry:
        """Return the list of tenants."""


class ShopUnit(UnitOfWork, Protocol):
    """The transaction in which a shop changes its own settings."""

    @property
    def tenant_id(self) -> UUID:
        """Return the shop."""

    @property
    def tenants(self) -> TenantRegistry:
        """Return the list of tenants; the shop touches its own row only."""
