"""The shop's goods: known from the lines that sold them, put right by people."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from domain.kernel.errors import NotFound
from domain.kernel.events import Change, Event
from domain.kernel.transaction import UnitOfWork


class ProductNotFound(NotFound):
    """No such product."""

    code = "product-not-found"
    title = "No such product"


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """Goods of one sku. `last_unit_price` is in minor units of `currency`.

    Until somebody of the shop has looked at it (`confirmed`), each newer sale describes it anew; afterwards sales only
    move the price and the times.
    """

    id: UUID
    sku: str
    gtin: str | None = None
    name: str | None = None
    category: str | None = None
    brand: str | None = None
    unit: str | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)
    restrictions: tuple[str, ...] = ()
    last_unit_price: int | None = None
    currency: str | None = None
    confirmed: bool = False
    first_sold_at: datetime | None = None
    last_sold_at: datetime | None = None
    version: int = 1
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SoldGoods:
    """What a line of a sale says of its goods; `sold_at` is the moment the sale counts from."""

    sku: str
    sold_at: datetime
    unit_price: int
    currency: str
    gtin: str | None = None
    name: str | None = None
    category: str | None = None
    brand: str | None = None
    unit: str | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)
    restrictions: tuple[str, ...] = ()


def learn(known: Product, sold: SoldGoods, now: datetime) -> Product:
    """Return the product as the line makes it known; a sale that comes late describes nothing any more.

    What the line leaves out stays as it was.
    """
    newer = known.last_sold_at is None or sold.sold_at >= known.last_sold_at
    first = sold.sold_at if known.first_sold_at is None else min(known.first_sold_at, sold.sold_at)
    if not newer:
        return known if first == known.first_sold_at else replace(known, first_sold_at=first, updated_at=now)
    learnt = replace(
        known,
        first_sold_at=first,
        last_sold_at=sold.sold_at,
        last_unit_price=sold.unit_price,
        currency=sold.currency,
        updated_at=now,
    )
    if known.confirmed:
        return learnt
    told = {name: getattr(sold, name) for name in _DESCRIBED if getattr(sold, name) is not None}
    return replace(learnt, **told, attributes={**known.attributes, **sold.attributes}, restrictions=sold.restrictions)


_DESCRIBED = ("gtin", "name", "category", "brand", "unit")


class Products(Protocol):
    """The goods of one shop."""

    async def get(self, product_id: UUID, *, lock: bool = False) -> Product:
        """Return one, held until the transaction ends if `lock`.

        Raises:
            ProductNotFound: there is none.
        """

    async def save(self, product_id: UUID, values: Mapping[str, Any]) -> Product:
        """Store other `values` and a new version; return it."""


class ProductUnit(UnitOfWork, Protocol):
    """The open transaction that products need."""

    @property
    def products(self) -> Products:
        """Return the shop's goods."""


async def change_product(current: Product, given: Mapping[str, Any], *, unit: ProductUnit) -> Product:
    """Lay what a person says over what lines have told; from then on lines no longer describe the product.

    `current` is held by the caller. Nothing new changes nothing.
    """
    wanted = {"confirmed": True, **given}
    changes = [
        Change(name, getattr(current, name), value) for name, value in wanted.items() if getattr(current, name) != value
    ]
    if not changes:
        return current
    now = unit.clock.now()
    saved = await unit.products.save(current.id, wanted | {"updated_at": now})
    await unit.events.add([Event("product.changed", "product", current.id, now, changes=changes)])
    return saved
