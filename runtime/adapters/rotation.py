"""Exchanging keys while everything runs: the root key, and a tenant's own keys."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from persistence.key_store import PgKeyStore
from runtime.adapters.key_provider import LocalKeyProvider, RootKeyProblem, make_root_check
from runtime.adapters.vaults import KeptVaults, new_keys, rewrap
from tenancy.key_provider import DATA, KEK, SETTLE_SECONDS, KeyProvider

BATCH = 1000


@dataclass(frozen=True, slots=True)
class Rotation:
    """The steps of an exchange; each may be broken off and begun again."""

    store: PgKeyStore
    provider: KeyProvider

    async def rewrap_tenant_keys(self) -> int:
        """Bring every tenant's keys under the provider's newest root, then forget the former one's proof.

        Running processes go on: what they hold in memory is the same key, and the former root stays in the key file.
        Returns how many keys were wrapped anew.
        """
        await self.store.add_root(await make_root_check(self.provider))
        count = 0
        for tenant_id in await self.store.tenant_ids():
            for record in await self.store.tenant_keys(tenant_id):
                if record.root_id != self.provider.root_id:
                    count += await self.store.replace(tenant_id, record, await rewrap(self.provider, tenant_id, record))
        await self.store.forget_roots_but(self.provider.root_id)
        return count

    async def new_version(self, tenant_id: UUID) -> int:
        """Add a new version of the keys that wrap and seal, and return its number.

        It opens from now on and begins to wrap after `SETTLE_SECONDS`; the index key stays, since its values are
        looked up.
        """
        records = await self.store.tenant_keys(tenant_id)
        newest = {purpose: max(r.version for r in records if r.purpose == purpose) for purpose in (KEK, DATA)}
        versions = {purpose: version + 1 for purpose, version in newest.items()}
        await self.store.add_versions(tenant_id, await new_keys(self.provider, tenant_id, versions))
        return versions[KEK]

    async def wait_until_settled(self, tenant_id: UUID) -> None:
        """Wait until the newest version may wrap, or for twice as long as that should take."""
        for _ in range(SETTLE_SECONDS * 2):
            if all(record.settled for record in await self.store.tenant_keys(tenant_id)):
                return
            await asyncio.sleep(1)


async def rewrap_customers(
    store: PgKeyStore, vaults: KeptVaults, tenant_id: UUID, progress: Callable[[int], None] = lambda _done: None
) -> int:
    """Bring every customer's key under the newest version that may wrap, then retire the older ones.

    Batches are short transactions that replace only what nobody changed meanwhile. Returns how many keys.
    """
    vault = await vaults.open(tenant_id)
    version, done = vault.lasting.kek_version, 0
    while found := await store.customers_below(tenant_id, version, BATCH):
        pairs = {customer_id: (record, vault.rewrap(customer_id, record)) for customer_id, record in found.items()}
        done += await store.rewrap_customers(tenant_id, pairs)
        progress(done)
        vault = await vaults.open(tenant_id)
    await store.retire_below(tenant_id, version)
    return done


async def keep_up(store: PgKeyStore, vaults: KeptVaults) -> None:
    """Finish for every tenant what an exchange may have left undone; the worker's hourly turn."""
    for tenant_id in await store.tenant_ids():
        if sum(record.purpose == KEK for record in await store.tenant_keys(tenant_id)) > 1:
            await rewrap_customers(store, vaults, tenant_id)


async def exchange_root(rotation: Rotation) -> int:
    """Put a new root key into the key file and bring everything under it.

    Raises:
        RootKeyProblem: the root key is not in a file of ours.
    """
    if not isinstance(rotation.provider, LocalKeyProvider):
        msg = "The key provider exchanges its root itself; run this with --rewrap-only afterwards."
        raise RootKeyProblem(msg)
    rotation.provider.add_root()
    return await rotation.rewrap_tenant_keys()
