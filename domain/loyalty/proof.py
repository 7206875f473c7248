"""Proof of a balance: figures recomputed from entries and allocations alone, apart from the cached ones."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.loyalty.entries import MOVES, Entry, EntryKind
from domain.loyalty.lots import Lot, spending_order


@dataclass(frozen=True, slots=True)
class Proved:
    """What an account holds by its entries at one moment."""

    active: int
    pending: int
    held: int
    debt: int


def rebuild(entries: Iterable[Entry], lots: Sequence[Lot], now: datetime) -> Proved:
    """Recompute an account at `now` from all of its `entries`; of `lots` only their dates are believed.

    Time is applied to the rebuilt lots here as well, so the figure does not depend on what has been written.
    """
    left: dict[UUID, int] = {lot.lot_id: 0 for lot in lots}
    reserved: dict[UUID, int] = dict(left)
    debt = 0
    for entry in entries:
        if entry.kind is EntryKind.DEBT_OPEN:
            debt -= entry.points
        elif entry.kind is EntryKind.DEBT_SETTLE:
            debt += entry.points
        for lot_id, points in entry.allocations:
            if entry.kind not in MOVES:
                left[lot_id] += points
            elif entry.kind is not EntryKind.ACTIVATE:
                reserved[lot_id] -= points
    pending = 0
    free: dict[UUID, int] = {}
    for lot in sorted(lots, key=lambda lot: (lot.activates_at, *spending_order(lot))):
        points = left[lot.lot_id] - reserved[lot.lot_id]
        if lot.activates_at > now:
            pending += points
        else:
            paid = min(points, debt)
            debt -= paid
            free[lot.lot_id] = points - paid
    active = sum(free[lot.lot_id] for lot in lots if lot.lot_id in free and lot.alive(now))
    return Proved(active, pending, sum(reserved.values()), debt)
