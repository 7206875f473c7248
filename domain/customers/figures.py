"""What a customer bought, as figures: maintained by receipts, read here (A10, A11, A139)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Figures:
    """Receipts and sums (minor units of `currency`); returns are counted apart and lower `spent_total`."""

    currency: str
    receipts: int = 0
    sales_total: int = 0
    returns_total: int = 0
    first_purchase_at: datetime | None = None
    last_purchase_at: datetime | None = None

    @property
    def spent_total(self) -> int:
        """Return sales net of returns."""
        return self.sales_total - self.returns_total

    @property
    def average_receipt(self) -> int | None:
        """Return the floor of spent per receipt; None without receipts."""
        return self.spent_total // self.receipts if self.receipts else None


@dataclass(frozen=True, slots=True)
class Opening:
    """Figures with which a shop moved in, set by imports only; receipts after `as_of` add to them."""

    currency: str
    receipts: int = 0
    spent_total: int = 0
    registered_at: datetime | None = None
    first_purchase_at: datetime | None = None
    last_purchase_at: datetime | None = None
    as_of: datetime | None = None
    points: Sequence[Mapping[str, Any]] = ()
    tier: str | None = None


@dataclass(frozen=True, slots=True)
class CustomerFigures:
    """One customer's figures in each currency, and the opening figures they start from."""

    main: Figures
    others: tuple[Figures, ...] = ()
    opening: Opening | None = None
    by_store: Mapping[str | None, Figures] = field(default_factory=dict)

    @property
    def receipts_in_all(self) -> int:
        """Return how many receipts there are in all currencies."""
        return self.main.receipts + sum(figures.receipts for figures in self.others)


def figures_of(rows: Sequence[Figures], opening: Opening | None, currency: str) -> CustomerFigures:
    """Return the figures of one customer: `rows` by currency, laid upon the opening figures.

    The shop's own currency comes first; first and last purchase are those of any currency.
    """
    by_currency = {row.currency: row for row in rows}
    base = opening.currency if opening else currency
    if opening is not None:
        by_currency[base] = _added(by_currency.get(base, Figures(base)), opening)
    firsts = [row.first_purchase_at for row in by_currency.values() if row.first_purchase_at]
    lasts = [row.last_purchase_at for row in by_currency.values() if row.last_purchase_at]
    own = by_currency.pop(currency, Figures(currency))
    main = Figures(
        currency,
        own.receipts,
        own.sales_total,
        own.returns_total,
        min(firsts, default=None),
        max(lasts, default=None),
    )
    return CustomerFigures(main, tuple(by_currency[name] for name in sorted(by_currency)), opening)


def _added(figures: Figures, opening: Opening) -> Figures:
    firsts = [at for at in (figures.first_purchase_at, opening.first_purchase_at) if at]
    lasts = [at for at in (figures.last_purchase_at, opening.last_purchase_at) if at]
    return Figures(
        figures.currency,
        figures.receipts + opening.receipts,
        figures.sales_total + opening.spent_total,
        figures.returns_total,
        min(firsts, default=None),
        max(lasts, default=None),
    )
