"""Customers' keys as the key store holds them, fetched once per transaction."""

from collections.abc import Iterable, Mapping
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from domain.kernel.ids import CustomerId
from persistence.session import Session
from persistence.tables.platform import customer_key
from tenancy.vault import CustomerKey, KeyRecord


async def customer_keys(session: Session, customer_ids: Iterable[UUID]) -> Mapping[UUID, CustomerKey]:
    """Return the keys of those customers that have one (an erased customer has none), in at most one round trip.

    Raises:
        Unavailable: the tenant's key cannot be had now.
    """
    wanted = set(customer_ids)
    missing = wanted - session.keys.keys()
    if missing:
        statement = select(customer_key).where(
            customer_key.c.tenant_id == session.tenant_id, customer_key.c.customer_id.in_(sorted(missing))
        )
        for row in await session.all(statement):
            record = KeyRecord(row["kek_version"], row["wrapped"], row["commitment"])
            session.keys[row["customer_id"]] = session.vault.customer_key(row["customer_id"], record)
    return {customer_id: session.keys[customer_id] for customer_id in wanted & session.keys.keys()}


async def make_customer_keys(session: Session, customer_ids: Iterable[CustomerId]) -> Mapping[UUID, CustomerKey]:
    """Make and store a key for each new customer, in one round trip."""
    made: dict[UUID, CustomerKey] = {c: session.vault.new_customer_key(c) for c in customer_ids}
    if made:
        rows = [
            {
                "tenant_id": session.tenant_id,
                "customer_id": customer_id,
                "kek_version": key.record.kek_version,
                "wrapped": key.record.wrapped,
                "commitment": key.record.commitment,
            }
            for customer_id, key in made.items()
        ]
        await session.run(insert(customer_key), rows)
        session.keys.update(made)
    return made
