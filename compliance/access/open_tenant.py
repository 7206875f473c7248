"""Opening a shop: the tenant, its keys, its program, and the first key of its owner."""

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from compliance.access.api_key import LIVE, ApiKey
from compliance.access.use_cases import issue
from domain.kernel.events import Event
from tenancy.ports import PlatformUnit
from tenancy.tenant import Tenant
from tenancy.use_cases import add_tenant

FIRST_KEY = "owner"


class OpeningUnit(PlatformUnit, Protocol):
    """The operator's transaction, able to store a shop's first key."""

    async def add_api_key(self, tenant_id: UUID, key: ApiKey, secret_hash: bytes) -> None:
        """Store the first key of a new tenant."""


@dataclass(frozen=True, slots=True)
class OpenedTenant:
    """A new tenant and the text of its owner's key, which exists here only."""

    tenant: Tenant
    api_key: str


async def open_tenant(tenant: Tenant, *, unit: OpeningUnit) -> OpenedTenant:
    """Store the new `tenant` (`tenancy.use_cases.new_tenant`) ready to work, and give out its owner's key."""
    await add_tenant(tenant, unit=unit)
    now = unit.clock.now()
    created_by = f"{unit.actor.kind}:{unit.actor.id}"
    issued = issue(tenant.tenant_id, name=FIRST_KEY, role="owner", mode=LIVE, now=now, created_by=created_by)
    await unit.add_api_key(tenant.tenant_id, issued.key, issued.text.secret_hash)
    await unit.events.add([Event("tenant.created", "tenant", tenant.tenant_id, now)])
    return OpenedTenant(tenant, issued.text.text)
