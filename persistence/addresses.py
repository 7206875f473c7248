"""Addresses of customers."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, delete, insert, select, update

from domain.customers.addresses import Address
from domain.customers.errors import AddressNotFound
from persistence.customer_rows import address_in, address_row
from persistence.key_store import CustomerKeys
from persistence.session import Session
from persistence.tables.people import address
from tenancy.vault import CustomerKey


class PgAddresses:
    """The addresses of one shop's customers."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def of(self, customer_id: UUID) -> Sequence[Address]:
        """Return all of a customer's, oldest first."""
        key = await self._key(customer_id)
        rows = await self._session.all(self._select(customer_id).order_by(address.c.address_id))
        return [address_in(row, key) for row in rows]

    async def get(self, customer_id: UUID, address_id: UUID) -> Address:
        """Return one, held until the transaction ends.

        Raises:
            AddressNotFound: the customer has no such address.
        """
        statement = self._select(customer_id).where(address.c.address_id == address_id)
        row = await self._session.one(statement.with_for_update())
        if row is None:
            raise AddressNotFound
        return address_in(row, await self._key(customer_id))

    async def add(self, customer_id: UUID, new: Address) -> None:
        """Store a new one; if it is the default the others are no longer."""
        key = await self._key(customer_id)
        if new.default:
            await self._no_default(customer_id)
        await self._session.run(insert(address).values(address_row(new, customer_id, key, self._session.tenant_id)))

    async def save(self, customer_id: UUID, changed: Address) -> None:
        """Store a changed one; if it is the default the others are no longer."""
        key = await self._key(customer_id)
        if changed.default:
            await self._no_default(customer_id)
        row = address_row(changed, customer_id, key, self._session.tenant_id)
        values = {name: row[name] for name in ("kind", "is_default", "sealed", "version", "updated_at")}
        await self._session.run(update(address).where(*self._one(customer_id, changed.id)).values(values))

    async def remove(self, customer_id: UUID, address_id: UUID) -> None:
        """Delete one."""
        await self._session.run(delete(address).where(*self._one(customer_id, address_id)))

    def _one(self, customer_id: UUID, address_id: UUID) -> tuple[Any, ...]:
        return (
            address.c.tenant_id == self._session.tenant_id,
            address.c.address_id == address_id,
            address.c.customer_id == customer_id,
        )

    def _select(self, customer_id: UUID) -> Select[Any]:
        return select(address).where(
            address.c.tenant_id == self._session.tenant_id, address.c.customer_id == customer_id
        )

    async def _no_default(self, customer_id: UUID) -> None:
        await self._session.run(
            update(address)
            .where(
                address.c.tenant_id == self._session.tenant_id,
                address.c.customer_id == customer_id,
                address.c.is_default,
            )
            .values(is_default=False, version=address.c.version + 1)
        )

    async def _key(self, customer_id: UUID) -> CustomerKey:
        keys = await CustomerKeys(self._session).load([customer_id])
        if customer_id not in keys:
            raise AddressNotFound
        return keys[customer_id]
