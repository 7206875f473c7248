"""The key store: schema `keystore`, dumped apart from everything that its keys open."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, LargeBinary, SmallInteger, Uuid, bindparam, delete, func, insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from persistence.database import Database
from persistence.session import Session
from persistence.tables.platform import customer_key, root_check, tenant, tenant_key
from tenancy.key_provider import KEK, SETTLE_SECONDS, RootCheck, TenantKeyRecord
from tenancy.vault import CustomerKey, KeyRecord

RETIRED_DAYS = 7
"""How long a retired version stays: backups of the key store are kept five days."""

_REPLACE = text(
    """
    UPDATE keystore.customer_key k SET kek_version = n.kek_version, wrapped = n.wrapped
    FROM unnest(:ids, :before, :versions, :wrapped) AS n (customer_id, before, kek_version, wrapped)
    WHERE k.tenant_id = :tenant_id AND k.customer_id = n.customer_id AND k.wrapped = n.before
    """
).bindparams(
    bindparam("ids", type_=ARRAY(Uuid)),
    bindparam("before", type_=ARRAY(LargeBinary)),
    bindparam("versions", type_=ARRAY(SmallInteger)),
    bindparam("wrapped", type_=ARRAY(LargeBinary)),
)


class PgKeyStore:
    """Wrapped keys of tenants, and the proof of the root key. `settle_seconds`: see `SETTLE_SECONDS`."""

    def __init__(self, database: Database, *, settle_seconds: float = SETTLE_SECONDS) -> None:
        self._database = database
        self._settle_seconds = settle_seconds

    async def tenant_keys(self, tenant_id: UUID) -> Sequence[TenantKeyRecord]:
        """Return all versions of all keys of the tenant, oldest first, in a transaction of its own."""
        age = func.extract("epoch", func.now() - tenant_key.c.created_at)
        statement = (
            select(
                tenant_key.c.purpose,
                tenant_key.c.version,
                tenant_key.c.wrapped,
                tenant_key.c.root_id,
                ((tenant_key.c.version == 1) | (age >= self._settle_seconds)).label("settled"),
                tenant_key.c.retired_at.is_not(None).label("retired"),
            )
            .where(tenant_key.c.tenant_id == tenant_id)
            .order_by(tenant_key.c.purpose, tenant_key.c.version)
        )
        async with self._database.scoped(tenant_id) as connection:
            return [TenantKeyRecord(**row) for row in (await connection.execute(statement)).mappings()]

    async def add(self, tenant_id: UUID, keys: Sequence[TenantKeyRecord], connection: AsyncConnection) -> None:
        """Store new keys through `connection`, inside the caller's transaction."""
        rows = [
            {
                "tenant_id": tenant_id,
                "purpose": k.purpose,
                "version": k.version,
                "wrapped": k.wrapped,
                "root_id": k.root_id,
            }
            for k in keys
        ]
        await connection.execute(insert(tenant_key).values(created_at=func.now()), rows)

    async def root_checks(self) -> Sequence[RootCheck]:
        """Return the proofs: none before the first start, one afterwards, two while the root key is exchanged."""
        async with self._database.platform() as connection:
            rows = await connection.execute(select(root_check.c.root_id, root_check.c.check_value))
            return [RootCheck(row.root_id, row.check_value) for row in rows]

    async def add_root(self, check: RootCheck) -> None:
        """Store a proof unless that root has one."""
        async with self._database.platform() as connection:
            values = {"root_id": check.root_id, "check_value": check.check_value}
            await connection.execute(upsert(root_check).values(values).on_conflict_do_nothing())

    async def forget_roots_but(self, root_id: str) -> None:
        """Drop the proofs of former roots; needs the owner's role."""
        async with self._database.platform() as connection:
            await connection.execute(delete(root_check).where(root_check.c.root_id != root_id))

    async def tenant_ids(self) -> Sequence[UUID]:
        """Return every tenant."""
        async with self._database.platform() as connection:
            return (await connection.execute(select(tenant.c.tenant_id).order_by(tenant.c.tenant_id))).scalars().all()

    async def replace(self, tenant_id: UUID, before: TenantKeyRecord, after: TenantKeyRecord) -> bool:
        """Store another wrapping of the same key, and tell whether nobody else had done so meanwhile."""
        statement = (
            update(tenant_key)
            .where(tenant_key.c.tenant_id == tenant_id, tenant_key.c.purpose == before.purpose)
            .where(tenant_key.c.version == before.version, tenant_key.c.wrapped == before.wrapped)
            .values(wrapped=after.wrapped, root_id=after.root_id)
        )
        async with self._database.scoped(tenant_id) as connection:
            return (await connection.execute(statement)).rowcount == 1

    async def add_versions(self, tenant_id: UUID, keys: Sequence[TenantKeyRecord]) -> None:
        """Store new versions in a transaction of their own."""
        async with self._database.scoped(tenant_id) as connection:
            await self.add(tenant_id, keys, connection)

    async def customers_below(self, tenant_id: UUID, version: int, limit: int) -> Mapping[UUID, KeyRecord]:
        """Return at most `limit` customer keys that are wrapped by an older version than `version`."""
        statement = (
            select(customer_key)
            .where(customer_key.c.tenant_id == tenant_id, customer_key.c.kek_version < version)
            .order_by(customer_key.c.kek_version, customer_key.c.customer_id)
            .limit(limit)
        )
        async with self._database.scoped(tenant_id) as connection:
            return {row.customer_id: record_of(row) for row in await connection.execute(statement)}

    async def rewrap_customers(self, tenant_id: UUID, pairs: Mapping[UUID, tuple[KeyRecord, KeyRecord]]) -> int:
        """Store each (before, after) where `before` still stands, and return how many."""
        parameters = {
            "tenant_id": tenant_id,
            "ids": list(pairs),
            "before": [before.wrapped for before, _ in pairs.values()],
            "versions": [after.kek_version for _, after in pairs.values()],
            "wrapped": [after.wrapped for _, after in pairs.values()],
        }
        async with self._database.scoped(tenant_id) as connection:
            return (await connection.execute(_REPLACE, parameters)).rowcount

    async def retire_below(self, tenant_id: UUID, version: int) -> None:
        """Retire the tenant's wrapping keys older than `version`, and destroy those retired for `RETIRED_DAYS`.

        Only such as no customer's key lies under.
        """
        used = select(customer_key.c.customer_id).where(
            customer_key.c.tenant_id == tenant_id, customer_key.c.kek_version == tenant_key.c.version
        )
        old = (
            (tenant_key.c.tenant_id == tenant_id)
            & (tenant_key.c.purpose == KEK)
            & (tenant_key.c.version < version)
            & ~used.exists()
        )
        overdue = tenant_key.c.retired_at < func.now() - func.make_interval(0, 0, 0, RETIRED_DAYS)
        async with self._database.scoped(tenant_id) as connection:
            await connection.execute(delete(tenant_key).where(old, overdue))
            await connection.execute(
                update(tenant_key).where(old, tenant_key.c.retired_at.is_(None)).values(retired_at=func.now())
            )


class CustomerKeys:
    """The keys of the customers of one open transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def add(self, keys: Iterable[CustomerKey]) -> None:
        """Store the keys of new customers, in one round trip."""
        made = list(keys)
        rows = [
            {
                "tenant_id": self._session.tenant_id,
                "customer_id": key.customer_id,
                "kek_version": key.record.kek_version,
                "wrapped": key.record.wrapped,
                "commitment": key.record.commitment,
            }
            for key in made
        ]
        if rows:
            await self._session.run(insert(customer_key), rows)
        self._session.keys.update({key.customer_id: key for key in made})

    async def load(self, customer_ids: Iterable[UUID]) -> Mapping[UUID, CustomerKey]:
        """Return the keys of those of the customers who have one; an erased customer has none.

        At most one round trip: what this transaction has met before is at hand.
        """
        known, wanted = self._session.keys, set(customer_ids)
        if wanted <= known.keys():
            return {customer_id: known[customer_id] for customer_id in wanted}
        statement = select(customer_key).where(
            customer_key.c.tenant_id == self._session.tenant_id,
            customer_key.c.customer_id == func.any(bindparam("ids", type_=ARRAY(Uuid))),
        )
        rows = await self._session.all(statement, {"ids": sorted(wanted - known.keys())})
        vault = self._session.vault
        known.update({row["customer_id"]: vault.customer_key(row["customer_id"], record_of(row)) for row in rows})
        return {customer_id: known[customer_id] for customer_id in wanted & known.keys()}


def record_of(row: Any) -> KeyRecord:
    """Return the key record in a row (or mapping) of `keystore.customer_key`."""
    fields = row if isinstance(row, Mapping) else row._mapping
    return KeyRecord(fields["kek_version"], fields["wrapped"], fields["commitment"])
