"""Figures of a customer: opening figures, currencies, averages (A11, A139)."""

from datetime import UTC, datetime

from domain.customers.figures import Figures, Opening, figures_of

EARLY, LATE = datetime(2020, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)


def test_receipts_add_to_opening_figures() -> None:
    """Metrics are opening plus receipts after it, and the opening is shown apart."""
    opening = Opening("RUB", receipts=10, spent_total=1000, first_purchase_at=EARLY, last_purchase_at=EARLY)
    sums = figures_of([Figures("RUB", 1, 500, 100, LATE, LATE)], opening, "RUB")
    assert (sums.main.receipts, sums.main.spent_total, sums.main.average_receipt) == (11, 1400, 127)
    assert (sums.main.first_purchase_at, sums.main.last_purchase_at, sums.opening) == (EARLY, LATE, opening)


def test_currencies_stand_apart_and_purchases_count_together() -> None:
    """Money is never added across currencies; when somebody last came is one moment."""
    sums = figures_of([Figures("EUR", 2, 900, 0, EARLY, LATE)], None, "RUB")
    assert (sums.main.receipts, sums.main.spent_total, sums.main.average_receipt) == (0, 0, None)
    assert sums.main.last_purchase_at == LATE
    assert [one.currency for one in sums.others] == ["EUR"]
    assert sums.receipts_in_all == 2


def test_an_average_is_rounded_down() -> None:
    """floor(spent / receipts), below zero too."""
    assert Figures("RUB", 3, 409700).average_receipt == 136566
    assert Figures("RUB", 2, 0, 3).average_receipt == -2
