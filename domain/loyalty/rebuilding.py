"""An account at any moment, rebuilt from what was recorded, and the proof that its balance is what it should be."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from domain.loyalty.entries import MOVES, Balance, Entry, EntryKind
from domain.loyalty.ledger import Book
from domain.loyalty.lots import Lot, LotState
from domain.loyalty.proof import rebuild


@dataclass(frozen=True, slots=True)
class Proof:
    """A balance beside the one that the account's entries alone give; `entries` is how many were added up."""

    balance: Balance
    recomputed: Balance
    equal: bool
    entries: int


def book_at(account_id: UUID, entries: Sequence[Entry], lots: Iterable[Lot], at: datetime) -> Book:
    """Return the account as it stood at `at`; `entries` are those that had been recorded by then.

    Of `lots` only their dates and origins are believed. Points that were owed leave nothing to spend, so with a debt
    whatever is free has still to begin: it pays the debt when it does.
    """
    left, reserved, debt = _sums(entries)
    book = Book(account_id, debt=debt, lifetime_earned=lifetime(entries))
    for lot in lots:
        remaining, held = left.get(lot.lot_id, 0), reserved.get(lot.lot_id, 0)
        begun = lot.activates_at <= at and not debt
        state = (LotState.ACTIVE if begun else LotState.PENDING) if remaining else LotState.EXHAUSTED
        book.lots.append(replace(lot, remaining=remaining, reserved=held, expired=0, state=state))
        book.held += held
        if begun:
            book.active += remaining - held
        else:
            book.pending += remaining - held
    return book


def lifetime(entries: Iterable[Entry]) -> int:
    """Return what was earned for good: earned less what returns took back, at once or as debt."""
    return sum(entry.points for entry in entries if _counts_for_life(entry))


def prove(stored: Book, entries: Sequence[Entry], lots: Sequence[Lot], now: datetime) -> Proof:
    """Compare an account with its entries at `now`: figures, every lot, every sum, and that no entry is missing.

    `stored` is the account as its cached columns say, with its open lots; `lots` are all it ever had.
    """
    balance = stored.balance(now)
    recomputed = book_at(stored.account_id, entries, lots, now).balance(now)
    sound = (
        balance == recomputed
        and _lots_agree(entries, lots)
        and all(_adds_up(entry) for entry in entries)
        and [entry.seq for entry in entries] == list(range(1, stored.version + 1))
        and lifetime(entries) == stored.lifetime_earned
    )
    return Proof(balance, recomputed, sound and _agrees(balance, entries, lots, now), len(entries))


def _lots_agree(entries: Sequence[Entry], lots: Sequence[Lot]) -> bool:
    """Tell whether each lot holds what its allocations left in it, and none is missing."""
    left, reserved, _ = _sums(entries)
    held = {lot.lot_id: (lot.remaining, lot.reserved) for lot in lots}
    return left.keys() <= held.keys() and held == {
        lot_id: (left.get(lot_id, 0), reserved.get(lot_id, 0)) for lot_id in held
    }


def _agrees(balance: Balance, entries: Sequence[Entry], lots: Sequence[Lot], now: datetime) -> bool:
    """Compare the figures with those computed in another way, which shares no code with the ledger."""
    alone = rebuild(entries, lots, now)
    return (alone.active, alone.pending, alone.held, alone.debt) == (
        balance.active,
        balance.pending,
        balance.held,
        balance.debt,
    )


def _sums(entries: Iterable[Entry]) -> tuple[dict[UUID, int], dict[UUID, int], int]:
    """Return what is left of each lot, what of that is reserved, and the debt."""
    left: dict[UUID, int] = {}
    reserved: dict[UUID, int] = {}
    debt = 0
    for entry in entries:
        if entry.kind in {EntryKind.DEBT_OPEN, EntryKind.DEBT_SETTLE}:
            debt -= entry.points if entry.kind is EntryKind.DEBT_OPEN else -entry.points
        for lot_id, points in entry.allocations:
            if entry.kind not in MOVES:
                left[lot_id] = left.get(lot_id, 0) + points
            elif entry.kind is not EntryKind.ACTIVATE:
                reserved[lot_id] = reserved.get(lot_id, 0) - points
    return left, reserved, debt


def _counts_for_life(entry: Entry) -> bool:
    if entry.kind is EntryKind.DEBT_OPEN:
        return entry.reason == EntryKind.REVERSE_EARN.value
    return entry.kind in {EntryKind.EARN, EntryKind.REVERSE_EARN}


def _adds_up(entry: Entry) -> bool:
    """Tell whether an entry is the sum of its allocations; a debt has none."""
    allocated = sum(points for _, points in entry.allocations)
    return allocated == (0 if entry.kind is EntryKind.DEBT_OPEN else entry.points)
