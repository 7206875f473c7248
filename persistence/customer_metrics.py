"""Figures of one customer as of any moment, by currency and by store, computed from the documents themselves."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text

from domain.customers.figures import CustomerFigures, Figures, figures_of
from persistence.customer_rows import opening_of
from persistence.session import Session

_BY_STORE = text(
    """
    WITH people AS (
      SELECT c.customer_id FROM customer c WHERE c.tenant_id = :tenant_id AND c.customer_id = :customer_id
      UNION SELECT c.customer_id FROM customer c
       WHERE c.tenant_id = :tenant_id AND c.canonical_id = :customer_id AND c.canonical_id <> c.customer_id
    ), sales AS (
      SELECT r.receipt_id, r.currency, r.store, r.counted, r.counted_receipts, r.counts_at
      FROM people p JOIN receipt r ON r.tenant_id = :tenant_id AND r.customer_id = p.customer_id
      WHERE r.kind = 'sale' AND r.state = 'recorded' AND r.counts_at <= :as_of
        AND (CAST(:since AS timestamptz) IS NULL OR r.counts_at > :since)
    )
    SELECT s.currency, s.store, sum(s.counted_receipts)::bigint AS receipts, sum(s.counted)::bigint AS sales_total,
           sum(b.returned)::bigint AS returns_total,
           min(s.counts_at) FILTER (WHERE s.counted_receipts > 0) AS first_at,
           max(s.counts_at) FILTER (WHERE s.counted_receipts > 0) AS last_at
    FROM sales s, LATERAL (
      SELECT coalesce(sum(t.counted), 0) AS returned FROM receipt t
      WHERE t.tenant_id = :tenant_id AND t.sale_id = s.receipt_id AND t.kind = 'return' AND t.state = 'recorded'
        AND t.counts_at <= :as_of
    ) b
    GROUP BY s.currency, s.store ORDER BY s.currency, s.store NULLS FIRST
    """
)
_OPENING = text("SELECT opening FROM customer WHERE tenant_id = :tenant_id AND customer_id = :customer_id")


@dataclass(frozen=True, slots=True)
class StoreFigures:
    """Figures of one store in one currency; None stands for receipts that name no store."""

    store: str | None
    figures: Figures


class PgCustomerMetrics:
    """Figures of one shop's customers."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def as_of(self, customer_id: UUID, moment: datetime) -> tuple[CustomerFigures, Sequence[StoreFigures]]:
        """Return the figures of what was sold up to `moment`, in all and by store; opening figures stand apart."""
        session = self._session
        named = {"tenant_id": session.tenant_id, "customer_id": customer_id}
        row = await session.one(_OPENING, named)
        opening = opening_of(row["opening"]) if row is not None else None
        if opening is not None and opening.as_of is not None and opening.as_of > moment:
            opening = None
        since = opening.as_of if opening is not None else None
        rows = await session.all(_BY_STORE, named | {"as_of": moment, "since": since})
        by_store = [
            StoreFigures(
                row["store"],
                Figures(
                    row["currency"],
                    row["receipts"],
                    row["sales_total"],
                    row["returns_total"],
                    row["first_at"],
                    row["last_at"],
                ),
            )
            for row in rows
        ]
        return figures_of(_by_currency(by_store), opening, session.tenant.currency), by_store


def _by_currency(by_store: Sequence[StoreFigures]) -> list[Figures]:
    sums: dict[str, Figures] = {}
    for one in (part.figures for part in by_store):
        known = sums.get(one.currency, Figures(one.currency))
        firsts = [at for at in (known.first_purchase_at, one.first_purchase_at) if at]
        lasts = [at for at in (known.last_purchase_at, one.last_purchase_at) if at]
        sums[one.currency] = Figures(
            one.currency,
            known.receipts + one.receipts,
            known.sales_total + one.sales_total,
            known.returns_total + one.returns_total,
            min(firsts, default=None),
            max(lasts, default=None),
        )
    return list(sums.values())
