"""Who calls, once the credential has been proven."""

from dataclasses import dataclass
from uuid import UUID

from compliance.access.permissions import READS
from domain.kernel.events import Actor


@dataclass(frozen=True, slots=True)
class Principal:
    """A caller: `kind` is `key` (a tenant's API key) or `operator`; `mode` is `live` or `test`.

    `key_id` names the credential; None for the operator key that stands in the settings.
    """

    kind: str
    tenant_id: UUID | None
    key_id: UUID | None
    role: str
    permissions: frozenset[str]
    mode: str
    suspended: bool = False

    @property
    def actor(self) -> Actor:
        """Return the name under which the event log remembers what this caller does."""
        return Actor(self.kind, str(self.key_id or "settings"), self.role)

    def may(self, permission: str) -> bool:
        """Tell whether the role allows `permission`."""
        return permission in self.permissions

    def shut_out(self, permission: str, *, exempt: bool = False) -> bool:
        """Tell whether the tenant's suspension forbids what the role would allow.

        Tills and writers are shut out; owner and data-protection officer keep what reads, exports and answers data
        subjects (`exempt` marks those that are no plain reads).
        """
        return self.suspended and not (self.role in {"owner", "dpo"} and (exempt or permission in READS))
