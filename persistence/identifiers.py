"""Identifiers of customers."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from domain.customers.errors import IdentifierNotFound
from domain.customers.identifiers import Identifier, Normalised
from domain.kernel.transaction import Retry
from persistence.customer_rows import identifier_in, identifier_row
from persistence.customer_search_rows import ENDING_INDEX
from persistence.customers import taken_meanwhile
from persistence.key_store import CustomerKeys
from persistence.session import Session
from persistence.tables.people import identifier
from tenancy.vault import CustomerKey

_EDITED = ("is_primary", "status", "reason", "verified_at", "last_confirmed_at")


class PgIdentifiers:
    """The identifiers of one shop's customers."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def of(self, customer_id: UUID) -> Sequence[Identifier]:
        """Return all of a customer's, oldest first."""
        key = await self._key(customer_id)
        rows = await self._session.all(self._select(customer_id).order_by(identifier.c.identifier_id))
        return [identifier_in(row, key) for row in rows if key is not None]

    async def get(self, customer_id: UUID, identifier_id: UUID) -> Identifier:
        """Return one, held until the transaction ends.

        Raises:
            IdentifierNotFound: the customer has no such identifier.
        """
        statement = self._select(customer_id).where(identifier.c.identifier_id == identifier_id)
        row = await self._session.one(statement.with_for_update())
        key = await self._key(customer_id)
        if row is None or key is None:
            raise IdentifierNotFound
        return identifier_in(row, key)

    async def add(self, customer_id: UUID, new: Identifier) -> None:
        """Store a new one.

        Raises:
            Retry: somebody else took it meanwhile.
        """
        key = await self._key(customer_id)
        if key is None:
            raise IdentifierNotFound
        endings = self._session.tenant.settings.get(ENDING_INDEX) is True
        row = identifier_row(new, customer_id, key, self._session.vault, ending_index=endings)
        await self._write(insert(identifier).values(row))

    async def save(self, customer_id: UUID, identifiers: Sequence[Identifier]) -> None:
        """Store status, marks and moments of identifiers.

        Raises:
            Retry: somebody else took one meanwhile.
        """
        for one in identifiers:
            row = {"is_primary": one.primary, "status": str(one.status)}
            row |= {name: getattr(one, name) for name in _EDITED if name not in row}
            await self._write(
                update(identifier)
                .where(
                    identifier.c.tenant_id == self._session.tenant_id,
                    identifier.c.identifier_id == one.id,
                    identifier.c.customer_id == customer_id,
                )
                .values(row)
            )

    async def hold(self, normalised: Normalised) -> None:
        """Make everybody else who holds this value wait until this transaction ends.

        A shared value has no row that all who share it could lock: two who read at once would both count too few.
        """
        blind = self._session.vault.blind(normalised.index, normalised.value)
        number = int.from_bytes(blind[:8], "big", signed=True)  # of this shop alone: the digest's key is the shop's
        await self._session.run(select(func.pg_advisory_xact_lock(number)))

    async def spread(self, normalised: Normalised, status: str, reason: str | None) -> None:
        """Give every identifier in use with this value `status`: it is shared by several, or junk."""
        blind = self._session.vault.blind(normalised.index, normalised.value)
        await self._session.run(
            update(identifier)
            .where(
                identifier.c.tenant_id == self._session.tenant_id,
                identifier.c.type == str(normalised.type),
                identifier.c.blind == blind,
                identifier.c.status.in_(("active", "shared")),
            )
            .values(status=str(status), reason=reason)
        )

    def _select(self, customer_id: UUID) -> Select[Any]:
        return select(identifier).where(
            identifier.c.tenant_id == self._session.tenant_id, identifier.c.customer_id == customer_id
        )

    async def _key(self, customer_id: UUID) -> CustomerKey | None:
        return (await CustomerKeys(self._session).load([customer_id])).get(customer_id)

    async def _write(self, statement: Any) -> None:
        try:
            await self._session.run(statement)
        except IntegrityError as error:
            if taken_meanwhile(error):
                raise Retry from None
            raise
