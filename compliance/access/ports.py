"""What access needs from storage."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from compliance.access.api_key import ApiKey, KeyText
from domain.kernel.transaction import UnitOfWork


@dataclass(frozen=True, slots=True)
class StoredKey:
    """What proves a credential: the hash of its secret, how long it is good for, what it may do."""

    key_id: UUID | None
    role: str
    mode: str
    secret_hash: bytes
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None
    suspended: bool


KeyName = tuple[UUID | None, int]
"""A tenant (None for the operator) and a key's number."""


class Credentials(Protocol):
    """Keys, as the front door reads them: outside any unit of work."""

    async def find(self, name: KeyName) -> StoredKey | None:
        """Return the key of that tenant with that number, read under the tenant's own row-level security."""

    async def used(self, uses: Mapping[KeyName, datetime]) -> None:
        """Note when keys were last used; a later time already noted stays."""


class ApiKeys(Protocol):
    """The API keys of one shop."""

    async def add(self, key: ApiKey, secret_hash: bytes) -> None:
        """Store a new key."""

    async def get(self, key_id: UUID, *, lock: bool = False) -> ApiKey:
        """Return the key, held until the transaction ends if `lock`.

        Raises:
            ApiKeyNotFound: there is none.
        """

    async def page(self, *, after: UUID | None, limit: int) -> Sequence[ApiKey]:
        """Return at most `limit` keys, oldest first, those after `after` only."""

    async def revoke(self, key_id: UUID, *, at: datetime) -> ApiKey:
        """Return the key, which is refused from `at` on; an earlier end stays."""

    async def replace(self, key_id: UUID, *, by: int, expires_at: datetime) -> ApiKey:
        """Return the key, which ends at `expires_at` and was replaced by number `by`."""


class AccessUnit(UnitOfWork, Protocol):
    """The transaction of a use case on keys."""

    @property
    def tenant_id(self) -> UUID:
        """Return the shop."""

    @property
    def api_keys(self) -> ApiKeys:
        """Return its keys."""


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A new key with the only copy of its text."""

    key: ApiKey
    text: KeyText
