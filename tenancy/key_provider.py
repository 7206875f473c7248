"""The root of all keys, which may live in a file or in somebody else's service."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

KEK = "kek"
INDEX = "index"
DATA = "data"
PURPOSES = (KEK, INDEX, DATA)

SETTLE_SECONDS = 45
"""Age at which a new version of a key begins to wrap: by then every process has read it (10 s) and every transaction
that began before is over (15 s), with room for a stall."""


class KeyProvider(Protocol):
    """Wraps the tenants' keys by a root key that this process may never see."""

    @property
    def root_id(self) -> str:
        """Return the name of the root key that `wrap` uses now; it is stored beside what was wrapped."""

    async def wrap(self, key: bytes, *, context: bytes) -> bytes:
        """Return `key` encrypted under the root key and bound to `context`.

        Raises:
            Unavailable: the provider does not answer.
        """

    async def unwrap(self, wrapped: bytes, *, root_id: str, context: bytes) -> bytes:
        """Return what `wrap` was given.

        Raises:
            Unavailable: the provider does not answer, or does not hold the root key `root_id`.
            VaultTampered: `wrapped` was changed or belongs to another context.
        """


@dataclass(frozen=True, slots=True)
class TenantKeyRecord:
    """One version of one of a tenant's keys as the key store holds it; `purpose` is one of `PURPOSES`.

    A version that is not `settled` is so young that some process may not have read it yet: it opens, and nothing is
    wrapped by it. A `retired` one still opens what is left of it, in a restored backup for instance.
    """

    purpose: str
    version: int
    wrapped: bytes
    root_id: str
    settled: bool = True
    retired: bool = False


@dataclass(frozen=True, slots=True)
class RootCheck:
    """Proof of the root key a database was made with: `check_value` opens only under `root_id`."""

    root_id: str
    check_value: bytes


class KeyStore(Protocol):
    """Where wrapped tenant keys lie."""

    async def tenant_keys(self, tenant_id: UUID) -> Sequence[TenantKeyRecord]:
        """Return all versions of all keys of the tenant, oldest first, in a transaction of its own."""

    async def add(self, tenant_id: UUID, keys: Sequence[TenantKeyRecord], connection: Any) -> None:
        """Store new keys through `connection`, inside the caller's transaction."""
