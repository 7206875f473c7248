"""What a till tells: sales, returns and voids, as they were sent.

Money is in minor units, quantities in thousandths, times are aware.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

Key = tuple[str, ...]
"""A natural key: ("document", source, external_id), ("fiscal", scheme, key) or ("order", order_id)."""

QR = "qr"
"""Scheme of a QR text that cannot be read: it finds the document that was sent with it."""

GOODS_SETTLED = frozenset({"full", "credit"})
"""Settlements at which the goods are handed over: only these count for points, figures, tiers and triggers."""

NOT_A_PURCHASE = frozenset({"gift_card", "deposit"})
"""Line kinds that are money kept for later: they would be counted again when they pay for goods."""


@dataclass(frozen=True, slots=True)
class DiscountPart:
    """One named part of a line's discount; `points` is set when the part was paid by points."""

    kind: str
    amount: int
    code: str | None = None
    points: int | None = None


@dataclass(frozen=True, slots=True)
class ReceiptLine:
    """One position; `line` names it inside its receipt. `total` is what the till charged for it."""

    line: str
    quantity: int
    unit_price: int
    total: int
    kind: str = "goods"
    sku: str | None = None
    gtin: str | None = None
    name: str | None = None
    category: str | None = None
    brand: str | None = None
    discount: int = 0
    surcharge: int = 0
    discounts: tuple[DiscountPart, ...] = ()
    promo: bool = False
    restrictions: tuple[str, ...] = ()
    min_unit_price: int | None = None
    settlement: str = "full"
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def counts(self) -> bool:
        """Whether the line is a purchase of goods handed over."""
        return self.settlement in GOODS_SETTLED and self.kind not in NOT_A_PURCHASE


@dataclass(frozen=True, slots=True)
class ReturnLine:
    """What comes back of one line of the sale, named by `line` or by `sku`."""

    quantity: int
    line: str | None = None
    sku: str | None = None
    total: int | None = None
    unit_price: int | None = None
    gtin: str | None = None
    name: str | None = None
    category: str | None = None
    brand: str | None = None


@dataclass(frozen=True, slots=True)
class Payment:
    """How a part was paid."""

    method: str
    amount: int


@dataclass(frozen=True, slots=True)
class Fiscal:
    """A fiscal identity: `key` finds the document inside `scheme`, `check` must then agree."""

    scheme: str
    key: str
    check: str | None
    fields: Mapping[str, Any]

    @property
    def natural_key(self) -> Key:
        """Return the key under which the document is known."""
        return ("fiscal", self.scheme, self.key)

    def agrees(self, check: str | None) -> bool:
        """Tell whether a recorded check is this one's, as far as both are there."""
        return self.check is None or check is None or self.check == check


def fiscal_keys(scheme: str | None, key: str | None, check: str | None) -> tuple[Key, ...]:
    """Return the keys of a fiscal identity: scheme `other` is also known by the digest of its QR text."""
    if scheme is None or key is None:
        return ()
    own: Key = ("fiscal", scheme, key)
    return (own, ("fiscal", QR, check)) if scheme == "other" and check is not None else (own,)


@dataclass(frozen=True, slots=True)
class SaleRef:
    """How a return or a void names its document; exactly one way is set, but `qr` beside the `fiscal` read from it."""

    receipt_id: UUID | None = None
    source: str | None = None
    external_id: str | None = None
    fiscal: Fiscal | None = None
    order_id: str | None = None
    qr: str | None = None

    @property
    def key(self) -> Key | None:
        """Return the natural key it names; None when it is an id of ours."""
        if self.source is not None:
            return ("document", self.source, str(self.external_id))
        if self.fiscal is not None:
            return self.fiscal.natural_key
        return ("order", self.order_id) if self.order_id is not None else None


@dataclass(frozen=True, slots=True)
class CustomerRef:
    """Who bought, as the till knows it: our id, or identifiers in order of the till's trust."""

    id: UUID | None = None
    identifiers: tuple[tuple[str, str, str | None], ...] = ()
    on_missing: str = "none"


@dataclass(frozen=True, slots=True)
class Redemption:
    """A wish to spend points in this receipt."""

    points: int | None
    as_: str | None
    on_insufficient: str | None
    hold_id: UUID | None = None
    verification_id: UUID | None = None
    final: bool | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """A document of a till: `kind` is sale, return or void."""

    source: str
    external_id: str
    kind: str
    sold_at: datetime
    currency: str
    store: str | None = None
    register: str | None = None
    shift: str | None = None
    employee: str | None = None
    channel: str | None = None
    customer: CustomerRef | None = None
    lines: tuple[ReceiptLine, ...] = ()
    return_lines: tuple[ReturnLine, ...] = ()
    rounding: int = 0
    total: int | None = None
    payments: tuple[Payment, ...] | None = None
    redemption: Redemption | None = None
    coupons: tuple[str, ...] = ()
    basket_id: str | None = None
    order_id: str | None = None
    exchange_group: str | None = None
    fiscal: Fiscal | None = None
    returns: SaleRef | None = None
    reason: str | None = None
    replaced_by: str | None = None

    def natural_keys(self) -> tuple[Key, ...]:
        """Return every key under which a return or a void may wait for this document."""
        keys: list[Key] = [("document", self.source, self.external_id)]
        if self.fiscal is not None:
            keys += fiscal_keys(self.fiscal.scheme, self.fiscal.key, self.fiscal.check)
        if self.order_id is not None and self.kind == "sale":
            keys.append(("order", self.order_id))
        return tuple(keys)


def waiting_text(key: Key) -> str:
    """Return a natural key as one text, for the column that documents wait under."""
    return json.dumps(key, ensure_ascii=False)
