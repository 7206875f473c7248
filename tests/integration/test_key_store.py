"""Keys on real PostgreSQL: who sees them, and that an exchange under load fails no reader."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import func, select, update

from domain.kernel.errors import Unavailable
from domain.kernel.ids import new_id
from persistence.database import Database
from persistence.key_store import CustomerKeys, PgKeyStore, record_of
from persistence.tables.platform import customer_key, tenant_key
from persistence.unit_of_work import Store
from runtime.adapters.key_provider import (
    LocalKeyProvider,
    RootKeyProblem,
    confirm_root,
    create_root_file,
    read_root_file,
    write_root_file,
)
from runtime.adapters.rotation import Rotation, exchange_root, keep_up, rewrap_customers
from runtime.adapters.vaults import CHECK_SECONDS, KeptVaults
from tenancy.key_provider import DATA, INDEX, KEK
from tenancy.vault import VaultTampered
from tests.conftest import OWNER
from tests.fakes.keys import SwitchedProvider, Ticker
from tests.support.shop import Base

SECRET = "Анна-7f3d".encode()


async def make_customers(base: Base, tenant: UUID, count: int) -> dict[UUID, bytes]:
    """Store keys of new customers, and return what was sealed for each."""
    sealed = {}
    async with base.store.transaction(tenant, OWNER) as unit:
        keys = [unit.vault.new_customer_key(new_id()) for _ in range(count)]
        await CustomerKeys(unit.session).add(keys)
        for key in keys:
            sealed[key.customer_id] = key.seal(SECRET, table="customer", column="profile")
    return sealed


def served_by(base: Base, vaults: KeptVaults) -> Base:
    """Return the same base, in the eyes of another process."""
    return replace(base, vaults=vaults, store=Store(base.database, vaults, base.clock))


async def open_all(base: Base, tenant: UUID, sealed: dict[UUID, bytes]) -> None:
    async with base.store.transaction(tenant, OWNER) as unit:
        keys = await CustomerKeys(unit.session).load(sealed)
    assert keys.keys() == sealed.keys()
    for customer_id, envelope in sealed.items():
        assert keys[customer_id].open(envelope, table="customer", column="profile") == SECRET


async def test_a_new_shop_has_one_key_for_each_purpose(base: Base, tenant: UUID) -> None:
    """Keys are stored in the transaction that creates the tenant."""
    keys = await PgKeyStore(base.database).tenant_keys(tenant)

    assert [(key.purpose, key.version, key.settled, key.retired) for key in keys] == [
        (purpose, 1, True, False) for purpose in (DATA, INDEX, KEK)
    ]


async def test_customers_keys_come_back_from_the_key_store(base: Base, tenant: UUID) -> None:
    """A fresh process opens what another sealed."""
    sealed = await make_customers(base, tenant, 3)
    fresh = KeptVaults(PgKeyStore(base.database), LocalKeyProvider([base.postgres.master_key]))
    vault = await fresh.open(tenant)
    async with base.database.scoped(tenant) as connection:
        rows = (await connection.execute(customer_key.select().where(customer_key.c.tenant_id == tenant))).all()

    assert len(rows) == 3
    for row in rows:
        key = vault.customer_key(row.customer_id, record_of(row))
        assert key.open(sealed[row.customer_id], table="customer", column="profile") == SECRET


async def test_swapped_rows_of_the_key_store_open_nothing(base: Base, tenant: UUID) -> None:
    """An administrator who exchanges two customers' keys makes both unreadable, not readable as each other."""
    sealed = await make_customers(base, tenant, 2)
    one, two = sealed
    async with base.database.scoped(tenant) as connection:
        rows = (await connection.execute(customer_key.select().where(customer_key.c.tenant_id == tenant))).all()
        records = {row.customer_id: record_of(row) for row in rows}
        for mine, theirs in ((one, two), (two, one)):
            values = {"wrapped": records[theirs].wrapped, "commitment": records[theirs].commitment}
            statement = update(customer_key).where(
                customer_key.c.tenant_id == tenant, customer_key.c.customer_id == mine
            )
            await connection.execute(statement.values(**values))

    with pytest.raises(VaultTampered):
        await open_all(base, tenant, sealed)


async def test_a_neighbour_sees_no_key(base: Base, tenant: UUID) -> None:
    """The key store is behind the same wall as everything else."""
    await make_customers(base, tenant, 1)
    neighbour, _ = await base.open_shop()
    async with base.database.scoped(neighbour) as connection:
        for table in (tenant_key, customer_key):
            seen = await connection.execute(select(func.count()).where(table.c.tenant_id == tenant))
            assert seen.scalar_one() == 0


async def test_a_shops_keys_are_exchanged_while_customers_are_read_and_made(base: Base, tenant: UUID) -> None:
    """P5: `regulars keys rotate --tenant` under load: 0 failed reads, every key under the new version, old one retired.

    The other process learns of the new version when its knowledge is `CHECK_SECONDS` old; its clock is moved for it.
    """
    clock = Ticker()
    store = PgKeyStore(base.database, settle_seconds=0.4)
    provider = LocalKeyProvider([base.postgres.master_key])
    serving = served_by(base, KeptVaults(store, provider, clock=clock))
    rotation, working = Rotation(store, provider), KeptVaults(store, provider)
    sealed = await make_customers(serving, tenant, 200)
    over = asyncio.Event()
    rounds = 0

    async def load() -> None:
        nonlocal rounds
        while not over.is_set():
            clock.advance(CHECK_SECONDS)
            sealed.update(await make_customers(serving, tenant, 3))
            await open_all(serving, tenant, dict(sealed))
            rounds += 1

    async def exchange() -> None:
        try:
            assert await rotation.new_version(tenant) == 2
            await rotation.wait_until_settled(tenant)
            clock.advance(CHECK_SECONDS)
            await make_customers(serving, tenant, 1)
            assert await rewrap_customers(store, working, tenant) >= 200
        finally:
            over.set()

    await asyncio.gather(load(), exchange())

    await rewrap_customers(store, working, tenant)
    assert rounds > 0
    assert not await store.customers_below(tenant, 2, 1)
    versions = {(key.purpose, key.version): key.retired for key in await store.tenant_keys(tenant)}
    assert versions == {(KEK, 1): True, (KEK, 2): False, (DATA, 1): False, (DATA, 2): False, (INDEX, 1): False}
    await open_all(serving, tenant, sealed)


async def test_a_broken_off_exchange_is_finished_by_the_worker(base: Base, tenant: UUID) -> None:
    """Adding a version is all that has to happen; the worker's turn does the rest."""
    store = PgKeyStore(base.database, settle_seconds=0)
    provider = LocalKeyProvider([base.postgres.master_key])
    sealed = await make_customers(base, tenant, 5)
    await Rotation(store, provider).new_version(tenant)

    await keep_up(store, KeptVaults(store, provider))
    assert not await store.customers_below(tenant, 2, 1)
    await open_all(served_by(base, KeptVaults(store, provider)), tenant, sealed)


async def test_a_retired_key_is_destroyed_after_the_backups_window(base: Base, tenant: UUID) -> None:
    """Backups of the key store are kept five days: a retired version goes after seven."""
    store = PgKeyStore(base.database, settle_seconds=0)
    provider = LocalKeyProvider([base.postgres.master_key])
    rotation, working = Rotation(store, provider), KeptVaults(store, provider)
    await make_customers(base, tenant, 1)
    await rotation.new_version(tenant)
    await rewrap_customers(store, working, tenant)
    async with base.database.scoped(tenant) as connection:
        aged = tenant_key.c.retired_at - timedelta(days=8)
        await connection.execute(update(tenant_key).where(tenant_key.c.tenant_id == tenant).values(retired_at=aged))
    await rewrap_customers(store, working, tenant)

    assert [key.version for key in await store.tenant_keys(tenant) if key.purpose == KEK] == [2]


async def test_the_root_key_is_exchanged_while_shops_are_read(base: Base, tenant: UUID, tmp_path: Path) -> None:
    """`regulars keys rotate --root` under load: every shop's keys under the new root, running processes go on.

    Its own shop only: the other shops of this test database lie under a root that the file here holds as well.
    """
    path = tmp_path / "master.key"
    create_root_file(path)
    write_root_file(path, [base.postgres.master_key])
    owner = Database(base.postgres.owner)
    await owner.open()
    try:
        running = LocalKeyProvider.of(None, path)
        clock = Ticker()
        store = PgKeyStore(base.database)
        vaults = KeptVaults(store, running, clock=clock)
        serving = served_by(base, vaults)
        sealed = await make_customers(serving, tenant, 20)
        exchanging = LocalKeyProvider.of(None, path)
        rotation = Rotation(PgKeyStore(owner), exchanging)
        over = asyncio.Event()

        async def load() -> None:
            while not over.is_set():
                clock.advance(1000)
                await open_all(serving, tenant, sealed)

        async def exchange() -> None:
            try:
                assert await exchange_root(rotation) >= 3
            finally:
                over.set()

        await asyncio.gather(load(), exchange())

        assert {key.root_id for key in await store.tenant_keys(tenant)} == {exchanging.root_id}
        assert [check.root_id for check in await store.root_checks()] == [exchanging.root_id]
        await confirm_root(LocalKeyProvider.of(None, path), await store.root_checks())
        with pytest.raises(RootKeyProblem):
            await confirm_root(LocalKeyProvider([base.postgres.master_key]), await store.root_checks())
        clock.advance(1000)
        await open_all(serving, tenant, sealed)
    finally:
        await _back_under_the_tests_root(base, owner, path)
        await owner.close()


async def _back_under_the_tests_root(base: Base, owner: Database, path: Path) -> None:
    """Other tests of this process share the database and know its first root only."""
    write_root_file(path, [base.postgres.master_key, *read_root_file(path)])
    provider = LocalKeyProvider.of(None, path)
    await Rotation(PgKeyStore(owner), provider).rewrap_tenant_keys()


async def test_receipts_go_on_while_the_key_provider_is_away(base: Base, tenant: UUID) -> None:
    """P6 on real storage: new customers are stored during an outage and readable after it."""
    clock, provider = Ticker(), SwitchedProvider([base.postgres.master_key])
    vaults = KeptVaults(PgKeyStore(base.database), provider, clock=clock)
    serving = served_by(base, vaults)
    before = await make_customers(serving, tenant, 1)
    provider.away = True
    clock.advance(1000)

    during = await make_customers(serving, tenant, 2)
    with pytest.raises(Unavailable):
        await open_all(serving, tenant, before)

    provider.away = False
    clock.advance(CHECK_SECONDS)
    await open_all(serving, tenant, before | during)


async def test_the_application_cannot_drop_the_proof_of_the_root(base: Base) -> None:
    """Only the owner's role exchanges the root; the serving role may add a proof at the first start."""
    with pytest.raises(Exception, match="permission denied"):
        await PgKeyStore(base.database).forget_roots_but("nothing")
    async with base.database.platform() as connection:
        assert (await connection.execute(tenant_key.select())).all() == []
