"""A tenant: one merchant account, with the settings that rules read."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from domain.kernel.errors import Forbidden, NotFound


@dataclass(frozen=True, slots=True)
class Tenant:
    """A shop as the platform knows it; nothing here is personal.

    `country` is ISO 3166-1 alpha-2, `currency` ISO 4217, `time_zone` an IANA name, `locale` a language tag (ru, uk,
    en), `jurisdiction` a pack code (ru, ua, eu). `config_version` grows with each change of settings, stores or
    programs: caches are valid for one version.
    """

    tenant_id: UUID
    name: str
    status: str
    country: str
    currency: str
    time_zone: str
    locale: str
    jurisdiction: str
    config_version: int
    created_at: datetime
    settings: dict[str, Any] = field(default_factory=dict)

    @property
    def suspended(self) -> bool:
        """Tell whether tills and writers are refused."""
        return self.status == "suspended"


class TenantNotFound(NotFound):
    """No such tenant."""

    code = "tenant-not-found"
    title = "No such tenant"


class TenantSuspended(Forbidden):
    """The tenant is suspended: tills and writers are refused (decisions.md 27)."""

    code = "tenant-suspended"
    title = "The shop's account is suspended"


class Tenants(Protocol):
    """The platform's list of tenants."""

    async def get(self, tenant_id: UUID) -> Tenant:
        """Return the tenant.

        Raises:
            TenantNotFound: there is none.
        """
