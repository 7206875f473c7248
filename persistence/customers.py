"""Cards of customers, with everything that belongs to them."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, LargeBinary, Select, Text, Uuid, bindparam, func, insert, select, text, update
from sqlalchemy.exc import IntegrityError

from domain.customers.customer import Card, Customer, CustomerState
from domain.customers.drafts import NewCustomer
from domain.customers.errors import CustomerNotFound
from domain.customers.figures import Figures, figures_of
from domain.customers.identifiers import Holder, IdentifierStatus, Normalised
from domain.customers.lifecycle import Thresholds, stage_of
from domain.kernel.transaction import Retry
from persistence.customer_rows import (
    address_in,
    card_of,
    card_row,
    identifier_in,
    new_customer_rows,
    opening_of,
)
from persistence.customer_search_rows import SearchRows
from persistence.key_store import CustomerKeys
from persistence.session import Session
from persistence.tables.history import customer_metrics
from persistence.tables.people import address, customer, customer_tag, identifier, tag

UNIQUE_VIOLATION = "23505"
_UNSEEN = (CustomerState.MERGED, CustomerState.ERASED)
_EDITED = ("lifecycle_override", "owner_id", "is_staff", "locale", "time_zone", "profile", "state")

_HOLDERS = text(
    """
    SELECT w.position, h.customer_id, h.status
    FROM unnest(:types, :blinds) WITH ORDINALITY AS w (type, blind, position),
    LATERAL (
      SELECT i.customer_id, i.status FROM identifier i
      WHERE i.tenant_id = :tenant_id AND i.type = w.type AND i.blind = w.blind
        AND i.status IN ('active', 'shared', 'quarantined')
      ORDER BY i.status, i.identifier_id LIMIT 5
    ) h
    ORDER BY w.position
    """
).bindparams(bindparam("types", type_=ARRAY(Text)), bindparam("blinds", type_=ARRAY(LargeBinary)))


def any_of(column: Any, name: str = "ids") -> Any:
    """Return `column = ANY(:name)`: one statement text for any number of ids."""
    return column == func.any(bindparam(name, type_=ARRAY(Uuid)))


def taken_meanwhile(error: IntegrityError) -> bool:
    """Tell whether a unique key was taken by somebody else since it was looked at."""
    return getattr(error.orig, "sqlstate", None) == UNIQUE_VIOLATION


class PgCustomers:
    """The cards of one shop."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._keys = CustomerKeys(session)
        self._search = SearchRows(session)

    async def holders(self, wanted: Iterable[Normalised]) -> Mapping[tuple[str, str], Holder]:
        """Return who has the identifiers now, by `Normalised.key`; what nobody has is left out."""
        asked = list({one.key: one for one in wanted if one.barred != "relay"}.values())
        if not asked:
            return {}
        vault = self._session.vault
        rows = await self._session.all(
            _HOLDERS,
            {
                "tenant_id": self._session.tenant_id,
                "types": [str(one.type) for one in asked],
                "blinds": [vault.blind(one.index, one.value) for one in asked],
            },
        )
        found: dict[tuple[str, str], list[tuple[UUID, str]]] = {}
        for row in rows:
            found.setdefault(asked[row["position"] - 1].key, []).append((row["customer_id"], row["status"]))
        return {key: _holder(hits) for key, hits in found.items()}

    async def add(self, people: Sequence[NewCustomer]) -> None:
        """Store new customers with identifiers, addresses and custom values, in a fixed number of round trips.

        Raises:
            Retry: somebody else took one of the identifiers meanwhile; run the transaction again.
        """
        session = self._session
        rows, keys = new_customer_rows(people, vault=session.vault, ending_index=self._search.endings)
        await session.run(insert(customer), rows.customer)
        await self._keys.add(keys)
        try:
            if rows.identifier:  # in one order everywhere, so that two batches never wait for each other in a circle
                await session.run(insert(identifier), sorted(rows.identifier, key=lambda row: bytes(row["blind"])))
        except IntegrityError as error:
            if taken_meanwhile(error):
                raise Retry from None
            raise
        if rows.address:
            await session.run(insert(address), rows.address)
        await self._search.add([person.card for person in people])

    async def card(self, customer_id: UUID, *, lock: bool = False) -> Card:
        """Return the card, the survivor's where it was merged; held until the transaction ends if `lock`.

        Raises:
            CustomerNotFound: there is none.
        """
        row = await self._session.one(self._survivor(customer_id, lock=lock))
        if row is None:
            raise CustomerNotFound
        keys = await self._keys.load([row["customer_id"]])
        return card_of(row, keys.get(row["customer_id"]))

    async def get(self, customer_id: UUID) -> Customer:
        """Return the customer with everything that belongs to them; the survivor where it was merged.

        Raises:
            CustomerNotFound: there is none.
        """
        row = await self._session.one(self._survivor(customer_id))
        if row is None:
            raise CustomerNotFound
        return (await self._whole([row]))[0]

    async def many(self, customer_ids: Sequence[UUID]) -> Sequence[Customer]:
        """Return the customers in the order of their ids; those that do not exist are left out."""
        if not customer_ids:
            return ()
        statement = select(customer).where(
            customer.c.tenant_id == self._session.tenant_id, any_of(customer.c.customer_id)
        )
        rows = {row["customer_id"]: row for row in await self._session.all(statement, {"ids": list(customer_ids)})}
        return await self._whole([rows[customer_id] for customer_id in customer_ids if customer_id in rows])

    async def save(self, card: Card, *, former: Card) -> Card:
        """Store a changed card and return it with its new version."""
        session = self._session
        keys = await self._keys.load([card.id])
        row = card_row(card, keys[card.id], session.tenant_id)
        values = {name: row[name] for name in _EDITED}
        archived = card.updated_at if card.state == CustomerState.ARCHIVED else None
        await session.run(
            update(customer)
            .where(customer.c.tenant_id == session.tenant_id, customer.c.customer_id == card.id)
            .values(**values, archived_at=archived, updated_at=card.updated_at, version=card.version + 1)
        )
        await self._search.change(former, card)
        return replace(card, version=card.version + 1)

    async def touch(self, customer_ids: Collection[UUID]) -> None:
        """Give the cards a new version: something that belongs to them was edited."""
        session = self._session
        await session.run(
            update(customer)
            .where(customer.c.tenant_id == session.tenant_id, any_of(customer.c.customer_id))
            .values(version=customer.c.version + 1, updated_at=session.clock.now()),
            {"ids": sorted(customer_ids)},
        )

    async def canonical(self, customer_ids: Collection[UUID]) -> Mapping[UUID, UUID]:
        """Return, for each id that names somebody, the customer who answers for it: itself, or its survivor."""
        statement = select(customer.c.customer_id, customer.c.canonical_id).where(
            customer.c.tenant_id == self._session.tenant_id,
            any_of(customer.c.customer_id),
            customer.c.state != CustomerState.ERASED,
        )
        rows = await self._session.all(statement, {"ids": sorted(set(customer_ids))})
        return {row["customer_id"]: row["canonical_id"] for row in rows}

    def _survivor(self, customer_id: UUID, *, lock: bool = False) -> Select[Any]:
        named = customer.alias("named")
        survivor = (
            select(named.c.canonical_id)
            .where(named.c.tenant_id == self._session.tenant_id, named.c.customer_id == customer_id)
            .scalar_subquery()
        )
        statement = select(customer).where(
            customer.c.tenant_id == self._session.tenant_id,
            customer.c.customer_id == survivor,
            customer.c.state.not_in(_UNSEEN),
        )
        return statement.with_for_update(of=customer) if lock else statement

    async def _whole(self, rows: Sequence[Any]) -> list[Customer]:
        """Return the customers of `rows` with all that belongs to them, in a fixed number of round trips."""
        session = self._session
        ids = [row["customer_id"] for row in rows]
        keys = await self._keys.load(ids)
        identifiers = await self._grouped(identifier, identifier.c.identifier_id, ids)
        addresses = await self._grouped(address, address.c.address_id, ids)
        figures = await self._grouped(customer_metrics, customer_metrics.c.currency, ids)
        tags, merged = await self._tags(ids), await self._merged(ids)
        now, thresholds = session.clock.now(), Thresholds.of(session.tenant.settings)
        people = []
        for row in rows:
            customer_id = row["customer_id"]
            key = keys.get(customer_id)
            card = card_of(row, key)
            bought = [_figures(one) for one in figures.get(customer_id, ())]
            sums = figures_of(bought, opening_of(row["opening"]), session.tenant.currency)
            stage = stage_of(
                sums,
                archived=card.state == CustomerState.ARCHIVED,
                override=card.override.stage if card.override else None,
                now=now,
                thresholds=thresholds,
            )
            people.append(
                Customer(
                    card=card,
                    identifiers=[identifier_in(one, key) for one in identifiers.get(customer_id, ()) if key],
                    addresses=[address_in(one, key) for one in addresses.get(customer_id, ()) if key],
                    tags=tags.get(customer_id, ()),
                    merged_from=merged.get(customer_id, ()),
                    figures=sums,
                    lifecycle=stage,
                    as_of=now,
                )
            )
        return people

    async def _grouped(self, table: Any, order: Any, ids: Sequence[UUID]) -> Mapping[UUID, list[Any]]:
        statement = select(table).where(table.c.tenant_id == self._session.tenant_id, any_of(table.c.customer_id))
        grouped: dict[UUID, list[Any]] = {}
        for row in await self._session.all(statement.order_by(order), {"ids": list(ids)}):
            grouped.setdefault(row["customer_id"], []).append(row)
        return grouped

    async def _tags(self, ids: Sequence[UUID]) -> Mapping[UUID, list[str]]:
        statement = (
            select(customer_tag.c.customer_id, tag.c.name)
            .join(tag, (tag.c.tenant_id == customer_tag.c.tenant_id) & (tag.c.tag_id == customer_tag.c.tag_id))
            .where(customer_tag.c.tenant_id == self._session.tenant_id, any_of(customer_tag.c.customer_id))
            .order_by(tag.c.name)
        )
        grouped: dict[UUID, list[str]] = {}
        for row in await self._session.all(statement, {"ids": list(ids)}):
            grouped.setdefault(row["customer_id"], []).append(row["name"])
        return grouped

    async def _merged(self, ids: Sequence[UUID]) -> Mapping[UUID, list[UUID]]:
        statement = (
            select(customer.c.canonical_id, customer.c.customer_id)
            .where(
                customer.c.tenant_id == self._session.tenant_id,
                any_of(customer.c.canonical_id),
                customer.c.canonical_id != customer.c.customer_id,
            )
            .order_by(customer.c.customer_id)
        )
        grouped: dict[UUID, list[UUID]] = {}
        for row in await self._session.all(statement, {"ids": list(ids)}):
            grouped.setdefault(row["canonical_id"], []).append(row["customer_id"])
        return grouped


def _holder(hits: Sequence[tuple[UUID, str]]) -> Holder:
    statuses = {status for _, status in hits}
    quarantined = IdentifierStatus.QUARANTINED in statuses
    status = IdentifierStatus.QUARANTINED if quarantined else hits[0][1]
    return Holder(tuple(dict.fromkeys(customer_id for customer_id, _ in hits)), status)


def _figures(row: Mapping[Any, Any]) -> Figures:
    return Figures(
        row["currency"], row["receipts"], row["sales_total"], row["returns_total"], row["first_at"], row["last_at"]
    )
