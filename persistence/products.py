"""The shop's goods."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial, reduce
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Text, Uuid, bindparam, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.engine import RowMapping

from domain.history.products import Product, ProductNotFound, SoldGoods, learn
from domain.kernel.ids import new_id
from persistence.session import Session
from persistence.tables.history import product, receipt, receipt_line


class PgProducts:
    """The goods of one shop."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def get(self, product_id: UUID, *, lock: bool = False) -> Product:
        """Return one, held until the transaction ends if `lock`.

        Raises:
            ProductNotFound: there is none.
        """
        statement = select(product).where(
            product.c.tenant_id == self._session.tenant_id, product.c.product_id == product_id
        )
        row = await self._session.one(statement.with_for_update() if lock else statement)
        if row is None:
            raise ProductNotFound
        return _product(row)

    async def page(
        self, *, after: UUID | None, limit: int, filters: Mapping[str, Any] | None = None
    ) -> Sequence[Product]:
        """Return products, oldest first, whose columns have the values of `filters`; a None asks for nothing."""
        statement = select(product).where(product.c.tenant_id == self._session.tenant_id)
        for name, value in (filters or {}).items():
            if value is not None:
                statement = statement.where(product.c[name] == value)
        if after is not None:
            statement = statement.where(product.c.product_id > after)
        return [_product(row) for row in await self._session.all(statement.order_by(product.c.product_id).limit(limit))]

    async def save(self, product_id: UUID, values: Mapping[str, Any]) -> Product:
        """Store other `values` and a new version; return it."""
        statement = (
            update(product)
            .where(product.c.tenant_id == self._session.tenant_id, product.c.product_id == product_id)
            .values(**values, version=product.c.version + 1)
            .returning(*product.c)
        )
        return _product((await self._session.run(statement)).mappings().one())

    async def learn(self, receipt_ids: Sequence[UUID]) -> None:
        """Make the goods that the lines of sales name known; again changes nothing."""
        sold = await self._sold(receipt_ids)
        if not sold:
            return
        known = await self._held(sorted(sold))
        now = self._session.clock.now()
        learnt = [(one, reduce(partial(learn, now=now), sold[one.sku], one)) for one in known]
        changed = [
            self._row(after) for before, after in learnt if replace(after, updated_at=before.updated_at) != before
        ]
        if changed:
            await self._session.run(_DESCRIBE, changed)

    async def _sold(self, receipt_ids: Sequence[UUID]) -> dict[str, list[SoldGoods]]:
        """Return what the sales' lines say, by sku, the oldest sale first."""
        statement = (
            select(receipt_line, receipt.c.currency, receipt.c.counts_at)
            .join(
                receipt,
                (receipt.c.tenant_id == receipt_line.c.tenant_id) & (receipt.c.receipt_id == receipt_line.c.receipt_id),
            )
            .where(receipt_line.c.tenant_id == self._session.tenant_id)
            .where(receipt_line.c.receipt_id == func.any(bindparam("receipts", type_=ARRAY(Uuid))))
            .where(receipt.c.kind == "sale", receipt_line.c.sku.is_not(None))
            .order_by(receipt.c.counts_at, receipt_line.c.receipt_id, receipt_line.c.line_no)
        )
        sold: dict[str, list[SoldGoods]] = {}
        for row in await self._session.all(statement, {"receipts": list(receipt_ids)}):
            sold.setdefault(row["sku"], []).append(_goods(row))
        return sold

    async def _held(self, skus: Sequence[str]) -> list[Product]:
        """Return the products of `skus`, new ones too, held until the transaction ends.

        In the order of the skus, so that two sales of the same goods never wait for each other in a circle.
        """
        now = self._session.clock.now()
        new = {"tenant_id": self._session.tenant_id, "attributes": {}, "restrictions": [], "confirmed": False}
        new |= {"version": 1, "created_at": now, "updated_at": now}
        await self._session.run(
            upsert(product).on_conflict_do_nothing(), [new | {"product_id": new_id(), "sku": sku} for sku in skus]
        )
        statement = (
            select(product)
            .where(product.c.tenant_id == self._session.tenant_id)
            .where(product.c.sku == func.any(bindparam("skus", type_=ARRAY(Text))))
            .order_by(product.c.sku)
            .with_for_update()
        )
        return [_product(row) for row in await self._session.all(statement, {"skus": list(skus)})]

    def _row(self, one: Product) -> dict[str, Any]:
        values = {name: getattr(one, name) for name in _LEARNT}
        values |= {"attributes": dict(one.attributes), "restrictions": list(one.restrictions)}
        return values | {"in_tenant": self._session.tenant_id, "of_product": one.id}


_LEARNT = (
    "gtin", "name", "category", "brand", "unit", "last_unit_price", "currency", "first_sold_at", "last_sold_at",
    "updated_at", "attributes", "restrictions",
)  # fmt: skip
_DESCRIBE = (
    update(product)
    .where(product.c.tenant_id == bindparam("in_tenant"), product.c.product_id == bindparam("of_product"))
    .values({name: bindparam(name) for name in _LEARNT})
)


def _goods(row: RowMapping) -> SoldGoods:
    detail = row["detail"]
    return SoldGoods(
        sku=row["sku"],
        sold_at=row["counts_at"],
        unit_price=row["unit_price"],
        currency=row["currency"],
        gtin=row["gtin"],
        name=row["name"],
        category=row["category"],
        brand=row["brand"],
        unit=detail.get("unit"),
        attributes=detail.get("attributes", {}),
        restrictions=tuple(detail.get("restrictions", ())),
    )


def _product(row: RowMapping) -> Product:
    values = dict(row)
    del values["tenant_id"]
    return Product(id=values.pop("product_id"), **values | {"restrictions": tuple(values["restrictions"])})
