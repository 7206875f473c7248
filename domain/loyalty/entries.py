"""Entries: one per business effect on an account, append-only, each saying which lots it moved."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from domain.loyalty.lots import Lot, LotState


class EntryKind(StrEnum):
    """What an entry does to the account.

    earn, adjust, reinstate, transfer_in, merge_in: points into lots. redeem, expire, transfer_out, merge_out: out of
    lots. reverse_earn < 0 takes earned points back, restore_redeem > 0 gives spent ones back; with the other sign they
    undo a return. activate, hold, release move points inside a lot. debt_open (< 0, no allocations) records what
    should have been taken and was not there; debt_settle pays it out of lots.
    """

    EARN = "earn"
    ACTIVATE = "activate"
    HOLD = "hold"
    RELEASE = "release"
    REDEEM = "redeem"
    EXPIRE = "expire"
    REVERSE_EARN = "reverse_earn"
    RESTORE_REDEEM = "restore_redeem"
    ADJUST = "adjust"
    TRANSFER_OUT = "transfer_out"
    TRANSFER_IN = "transfer_in"
    MERGE_OUT = "merge_out"
    MERGE_IN = "merge_in"
    DEBT_OPEN = "debt_open"
    DEBT_SETTLE = "debt_settle"
    REINSTATE = "reinstate"


MOVES = frozenset({EntryKind.ACTIVATE, EntryKind.HOLD, EntryKind.RELEASE})


@dataclass(frozen=True, slots=True)
class Document:
    """What causes an entry: `type` is `receipt`, `return`, `void`, `reassign` or `adjustment`, `at` business time."""

    type: str
    id: UUID
    at: datetime
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One effect. `points` (signed) = Σ allocations, except for `debt_open`, which has none.

    `seq` counts the account's entries from 1. `at` is business time: a document's, or the moment at which points
    became active or expired. `reason` of a `debt_open` is the kind of entry that could not be covered.
    """

    entry_id: UUID
    seq: int
    kind: EntryKind
    points: int
    at: datetime
    document: Document | None
    reason: str | None
    rule_version: int | None
    allocations: tuple[tuple[UUID, int], ...]


@dataclass(frozen=True, slots=True)
class LotDelta:
    """What changed in a stored lot: add `remaining`, `reserved` and `expired`, set `state` and `open`."""

    lot_id: UUID
    remaining: int
    reserved: int
    expired: int
    state: LotState
    open: bool


@dataclass(frozen=True, slots=True)
class BookChanges:
    """Everything one write must store: `UPDATE account … WHERE version = expected_version`, then plain inserts.

    The figures are the account's cached columns after the write; `version` is the last entry's `seq`.
    """

    account_id: UUID
    expected_version: int
    version: int
    entries: tuple[Entry, ...]
    new_lots: tuple[Lot, ...]
    lot_deltas: tuple[LotDelta, ...]
    active: int
    pending: int
    held: int
    debt: int
    lifetime_earned: int
    next_activation_at: datetime | None

    @property
    def empty(self) -> bool:
        """Whether there is nothing to store."""
        return not self.entries


@dataclass(frozen=True, slots=True)
class Expiring:
    """Points that end at one moment."""

    points: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Balance:
    """An account at one moment; `expiring` lists what ends within 30 days, soonest first."""

    active: int
    pending: int
    held: int
    debt: int
    expiring: tuple[Expiring, ...] = ()
