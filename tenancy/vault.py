"""What the rest of the house knows of encryption: a vault per tenant, a key per customer, blind indexes."""

from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """A customer's key as the key store holds it; useless without the tenant's key of version `kek_version`.

    `commitment` (32 bytes) ties the record to exactly one key: AES-GCM alone would open under two.
    """

    kek_version: int
    wrapped: bytes
    commitment: bytes


class VaultTampered(Exception):
    """Stored ciphertext is not what was written there: changed, moved to another cell, or under another key.

    The text names the cell, never what it holds.
    """


class CustomerKey(Protocol):
    """The key under which everything personal of one customer lies."""

    @property
    def customer_id(self) -> UUID:
        """Return whose key it is."""

    @property
    def record(self) -> KeyRecord:
        """Return what `keystore.customer_key` is to hold, wrapped under the tenant's newest key.

        It differs from the stored record while a rotation is under way; writing it back is welcome, not needed.
        """

    def seal(self, plaintext: bytes, *, table: str, column: str) -> bytes:
        """Return `plaintext` encrypted for this customer's cell `table`.`column` (32 bytes longer)."""

    def open(self, envelope: bytes, *, table: str, column: str) -> bytes:
        """Return what `seal` was given for the same cell.

        Raises:
            VaultTampered: the bytes were changed, or belong to another cell, customer or tenant.
        """


class TenantVault(Protocol):
    """A tenant's keys, for the length of one transaction; nothing in it waits.

    While the key provider is away, sealing and `blind` go on and opening is refused, so that a receipt is never
    turned down: see `new_customer_key`.
    """

    @property
    def tenant_id(self) -> UUID:
        """Return whose vault it is."""

    @property
    def index_version(self) -> int:
        """Return the version of the key that `blind` uses; it is stored beside each blind value."""

    def new_customer_key(self, customer_id: UUID) -> CustomerKey:
        """Return a fresh random key; works without the key provider, by the tenant's public intake key."""

    def customer_key(self, customer_id: UUID, record: KeyRecord) -> CustomerKey:
        """Return the key that `record` holds.

        Raises:
            Unavailable: the tenant's key is out of memory and cannot be had now.
            VaultTampered: the record was changed or is another customer's.
        """

    def seal(self, plaintext: bytes, *, table: str, column: str) -> bytes:
        """Return `plaintext` under the tenant's own key: for what belongs to nobody known."""

    def open(self, envelope: bytes, *, table: str, column: str) -> bytes:
        """Return what `seal` was given for the same cell.

        Raises:
            Unavailable: the tenant's key cannot be had now.
            VaultTampered: the bytes were changed, or belong to another cell or tenant.
        """

    def blind(self, index: str, value: str) -> bytes:
        """Return the 16-byte HMAC-SHA256 of the canonical `value` in `index`, such as `identifier:phone`."""


class Vaults(Protocol):
    """Gives each tenant its vault, and makes the keys of a new one."""

    async def open(self, tenant_id: UUID) -> TenantVault:
        """Return the tenant's vault, from memory when it is there.

        Raises:
            Unavailable: this process has never had the tenant's keys and cannot get them now.
        """

    async def create(self, tenant_id: UUID, connection: Any) -> None:
        """Store the keys of a new tenant through `connection`, inside the transaction that creates it."""
