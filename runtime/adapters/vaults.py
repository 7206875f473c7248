"""Gets the tenants' keys from the key store through the key provider, and keeps each kind as long as it may stay."""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from domain.kernel.errors import Unavailable
from runtime.adapters import envelope
from runtime.adapters.vault import (
    CUSTOMER_KEYS_KEPT,
    SECRETS_SECONDS,
    Lasting,
    PresentKey,
    PresentVault,
    SecretKey,
    Secrets,
    ShortMemory,
)
from tenancy.key_provider import DATA, INDEX, KEK, PURPOSES, KeyProvider, KeyStore, TenantKeyRecord
from tenancy.tenant import TenantNotFound
from tenancy.vault import VaultTampered

CHECK_SECONDS = 10
"""How old a process's knowledge of a tenant's key versions may be."""

RENEW_SECONDS = 200
"""Age at which secret keys are fetched anew, so that a busy shop never waits for it at the last moment."""

PROVIDER_SECONDS = 2
"""How long a key provider may take before it counts as away."""


class KeptVaults:
    """The vaults of this process."""

    def __init__(
        self,
        store: KeyStore,
        provider: KeyProvider,
        *,
        clock: Callable[[], float] = time.monotonic,
        customer_keys: int = CUSTOMER_KEYS_KEPT,
    ) -> None:
        self._store = store
        self._provider = provider
        self._clock = clock
        self._opened: ShortMemory[PresentKey] = ShortMemory(customer_keys, SECRETS_SECONDS, clock)
        self._vaults: dict[UUID, _Kept] = {}
        self._reading: dict[UUID, asyncio.Task[PresentVault]] = {}
        self._sweeper: asyncio.TimerHandle | None = None

    async def open(self, tenant_id: UUID) -> PresentVault:
        """Return the tenant's vault; from memory, at most once in `CHECK_SECONDS` from the key store."""
        kept = self._vaults.get(tenant_id)
        if kept is not None and self._clock() - kept.checked < CHECK_SECONDS and not kept.vault.stale:
            return kept.vault
        task = self._reading.get(tenant_id)
        if task is None:
            # A task of its own: the first caller may hang up without taking the others' answer with it.
            task = asyncio.create_task(self._read(tenant_id))
            self._reading[tenant_id] = task
            task.add_done_callback(lambda done: self._read_is_over(tenant_id, done))
        return await asyncio.shield(task)

    async def create(self, tenant_id: UUID, connection: Any) -> None:
        """Store the keys of a new tenant, inside the transaction that creates it."""
        await self._store.add(
            tenant_id, await new_keys(self._provider, tenant_id, dict.fromkeys(PURPOSES, 1)), connection
        )

    def sweep(self) -> None:
        """Drop every secret whose time is over, also of shops that nobody asks for."""
        self._opened.forget()
        for kept in self._vaults.values():
            kept.vault.secrets()

    async def _read(self, tenant_id: UUID) -> PresentVault:
        kept = self._vaults.get(tenant_id)
        records = await self._store.tenant_keys(tenant_id)
        if not records:
            raise TenantNotFound
        shape = tuple((r.purpose, r.version, r.settled, r.retired) for r in records)
        now = self._clock()
        if kept is not None and kept.shape == shape and now < kept.renew:
            kept.checked, kept.vault.stale = now, False
            return kept.vault
        try:
            async with asyncio.timeout(PROVIDER_SECONDS):
                keys = {(r.purpose, r.version): await unwrap(self._provider, tenant_id, r) for r in records}
        except (Unavailable, TimeoutError):
            if kept is None:
                msg = "The keys of this shop cannot be had now."
                raise Unavailable(msg, retry_after=CHECK_SECONDS) from None
            kept.checked, kept.vault.stale = now, False
            return kept.vault
        return self._keep(tenant_id, records, keys, shape)

    def _read_is_over(self, tenant_id: UUID, task: "asyncio.Task[PresentVault]") -> None:
        self._reading.pop(tenant_id, None)
        if not task.cancelled():
            task.exception()  # read here, since every waiter may have hung up

    def _keep(
        self,
        tenant_id: UUID,
        records: Sequence[TenantKeyRecord],
        keys: dict[tuple[str, int], bytes],
        shape: tuple[Any, ...],
    ) -> PresentVault:
        now = self._clock()
        lasting = _lasting(records, keys)
        secrets = Secrets(_secret(keys, KEK), _secret(keys, DATA), now + SECRETS_SECONDS)
        kept = self._vaults.get(tenant_id)
        if kept is None:
            kept = self._vaults[tenant_id] = _Kept(PresentVault(tenant_id, lasting, self._opened, self._clock))
        kept.vault.take(lasting, secrets)
        kept.shape, kept.checked, kept.renew = shape, now, now + RENEW_SECONDS
        self._sweep_later()
        return kept.vault

    def _sweep_later(self) -> None:
        if self._sweeper is None:
            self._sweeper = asyncio.get_running_loop().call_later(SECRETS_SECONDS / 5, self._swept)

    def _swept(self) -> None:
        self._sweeper = None
        self.sweep()
        if len(self._opened) or any(kept.vault.secrets() for kept in self._vaults.values()):
            self._sweep_later()


class _Kept:
    """A vault, the key versions it was made from, and when to look again."""

    __slots__ = ("checked", "renew", "shape", "vault")

    def __init__(self, vault: PresentVault) -> None:
        self.vault = vault
        self.shape: tuple[Any, ...] = ()
        self.checked = self.renew = 0.0


async def new_keys(provider: KeyProvider, tenant_id: UUID, versions: dict[str, int]) -> list[TenantKeyRecord]:
    """Return fresh keys of a tenant, wrapped: one for each purpose, of the version given."""
    return [
        TenantKeyRecord(
            purpose,
            version,
            await provider.wrap(envelope.random_key(), context=_context(tenant_id, purpose, version)),
            provider.root_id,
        )
        for purpose, version in versions.items()
    ]


async def unwrap(provider: KeyProvider, tenant_id: UUID, record: TenantKeyRecord) -> bytes:
    """Return the 32 bytes of a tenant's key.

    Raises:
        Unavailable: the provider does not answer.
        VaultTampered: the record was changed or is another tenant's.
    """
    context = _context(tenant_id, record.purpose, record.version)
    return await provider.unwrap(record.wrapped, root_id=record.root_id, context=context)


async def rewrap(provider: KeyProvider, tenant_id: UUID, record: TenantKeyRecord) -> TenantKeyRecord:
    """Return the same key under the provider's newest root."""
    secret = await unwrap(provider, tenant_id, record)
    wrapped = await provider.wrap(secret, context=_context(tenant_id, record.purpose, record.version))
    return TenantKeyRecord(record.purpose, record.version, wrapped, provider.root_id)


def _context(tenant_id: UUID, purpose: str, version: int) -> bytes:
    return envelope.place("tenant key", tenant_id, purpose, version)


def _secret(keys: dict[tuple[str, int], bytes], purpose: str) -> dict[int, SecretKey]:
    return {version: SecretKey.of(secret) for (kind, version), secret in keys.items() if kind == purpose}


def _lasting(records: Sequence[TenantKeyRecord], keys: dict[tuple[str, int], bytes]) -> Lasting:
    """Return what stays in memory; of each purpose the newest version in use seals."""
    newest: dict[str, int] = {}
    for record in records:
        if record.settled and not record.retired:
            newest[record.purpose] = max(record.version, newest.get(record.purpose, 0))
    if set(newest) != set(PURPOSES):
        msg = "the key store holds no complete set of keys for this tenant"
        raise VaultTampered(msg)
    kek, data, index = newest[KEK], newest[DATA], newest[INDEX]
    return Lasting(
        index_version=index,
        index_secret=keys[INDEX, index],
        kek_version=kek,
        kek_intake=envelope.intake_key(keys[KEK, kek]).public_key(),
        data_version=data,
        data_intake=envelope.intake_key(keys[DATA, data]).public_key(),
    )
