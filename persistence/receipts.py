"""Reading receipts: one, lists, and what was found or parked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, tuple_, union_all
from sqlalchemy.engine import RowMapping

from domain.history.errors import ReceiptNotFound
from domain.history.receipt import QR, Key
from persistence.session import Session
from persistence.tables.history import parked_document, receipt, receipt_alias, receipt_line, receipt_payment
from persistence.tables.people import customer

Position = tuple[datetime, UUID]


@dataclass(frozen=True, slots=True)
class ReceiptRows:
    """A receipt with its lines and payments, as they are stored."""

    head: RowMapping
    lines: Sequence[RowMapping]
    payments: Sequence[RowMapping]


class PgReceipts:
    """Receipts of one shop."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def get(self, receipt_id: UUID) -> ReceiptRows:
        """Return one receipt.

        Raises:
            ReceiptNotFound: there is none.
        """
        rows = await self._whole(self._heads().where(receipt.c.receipt_id == receipt_id))
        if not rows:
            raise ReceiptNotFound
        return rows[0]

    async def page(
        self,
        *,
        after: Position | None,
        limit: int,
        customer_id: UUID | None = None,
        kind: str | None = None,
        store: str | None = None,
        source: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Sequence[ReceiptRows]:
        """Return receipts sold in [`since`, `until`), newest first, behind the position `after`."""
        where, statement = receipt.c, self._heads()
        if customer_id is not None:
            statement = statement.where(where.customer_id.in_(await self._roots(customer_id)))
        for column, value in ((where.kind, kind), (where.store, store), (where.source, source)):
            if value is not None:
                statement = statement.where(column == value)
        if since is not None:
            statement = statement.where(where.sold_at >= since)
        if until is not None:
            statement = statement.where(where.sold_at < until)
        return await self._whole(_behind(statement, after).limit(limit))

    async def by_key(
        self, key: Key, *, after: Position | None, limit: int, check: str | None = None
    ) -> Sequence[ReceiptRows]:
        """Return the receipts that a natural key names, if their fiscal check, where they have one, is `check`."""
        statement = self._heads().where(_keyed(key))
        if check is not None:
            statement = statement.where(func.coalesce(receipt.c.fiscal_check, check) == check)
        return await self._whole(_behind(statement, after).limit(limit))

    async def returns_of(self, receipt_id: UUID, *, after: Position | None, limit: int) -> Sequence[ReceiptRows]:
        """Return the returns of a sale, newest first.

        Raises:
            ReceiptNotFound: there is no such sale.
        """
        await self.get(receipt_id)
        where = receipt.c
        statement = self._heads().where(where.sale_id == receipt_id, where.kind == "return")
        return await self._whole(_behind(statement, after).limit(limit))

    async def parked(self, *, state: str | None, after: Position | None, limit: int) -> Sequence[RowMapping]:
        """Return documents that could not take effect, newest first."""
        where = parked_document.c
        statement = select(parked_document).where(where.tenant_id == self._session.tenant_id)
        if state is not None:
            statement = statement.where(where.state == state)
        if after is not None:
            statement = statement.where(tuple_(where.created_at, where.parked_id) < tuple_(*after))
        return await self._session.all(statement.order_by(where.created_at.desc(), where.parked_id.desc()).limit(limit))

    def _heads(self) -> Select[Any]:
        return select(receipt).where(receipt.c.tenant_id == self._session.tenant_id)

    async def _roots(self, customer_id: UUID) -> list[UUID]:
        """Return every id under which the customer's rows were written: merged parties keep theirs."""
        mine = self._session.tenant_id
        canonical = select(customer.c.canonical_id).where(
            customer.c.tenant_id == mine, customer.c.customer_id == customer_id
        )
        merged = select(customer.c.customer_id).where(
            customer.c.tenant_id == mine,
            customer.c.canonical_id == canonical.scalar_subquery(),
            customer.c.canonical_id != customer.c.customer_id,  # what their index holds
        )
        return [row[0] for row in await self._session.run(union_all(canonical, merged))]

    async def _whole(self, statement: Select[Any]) -> list[ReceiptRows]:
        heads = await self._session.all(statement)
        ids = [head["receipt_id"] for head in heads]
        if not ids:
            return []
        lines = await self._parts(receipt_line, ids, receipt_line.c.line_no)
        payments = await self._parts(receipt_payment, ids, receipt_payment.c.payment_no)
        return [
            ReceiptRows(
                head,
                [row for row in lines if row["receipt_id"] == head["receipt_id"]],
                [row for row in payments if row["receipt_id"] == head["receipt_id"]],
            )
            for head in heads
        ]

    async def _parts(self, table: Any, ids: Sequence[UUID], order: ColumnElement[Any]) -> Sequence[RowMapping]:
        statement = select(table).where(table.c.tenant_id == self._session.tenant_id, table.c.receipt_id.in_(ids))
        return await self._session.all(statement.order_by(table.c.receipt_id, order))


def _behind(statement: Select[Any], after: Position | None) -> Select[Any]:
    """Return the statement for receipts behind the position `after`, newest first."""
    where = receipt.c
    if after is not None:
        statement = statement.where(tuple_(where.sold_at, where.receipt_id) < tuple_(*after))
    return statement.order_by(where.sold_at.desc(), where.receipt_id.desc())


def _keyed(key: Key) -> ColumnElement[bool]:
    where = receipt.c
    kind, *parts = key
    if kind == "document":
        other = receipt_alias.c
        alias = select(other.receipt_id).where(
            other.tenant_id == where.tenant_id, other.source == parts[0], other.external_id == parts[1]
        )
        named = and_(where.source == parts[0], where.external_id == parts[1])
        return or_(named, where.receipt_id == alias.scalar_subquery())
    if kind == "fiscal" and parts[0] == QR:
        return and_(where.fiscal_scheme == "other", where.fiscal_check == parts[1])
    if kind == "fiscal":
        return and_(where.fiscal_scheme == parts[0], where.fiscal_key == parts[1])
    return where.order_id == parts[0]
