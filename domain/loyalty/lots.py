"""Lots: one per credit, so that each point knows where it came from and when it ends."""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from uuid import UUID

NEVER = datetime.max.replace(tzinfo=UTC)


class LotState(StrEnum):
    """What a lot is, as stored; time may have moved it on since (`Book.settle`)."""

    PENDING = "pending"
    ACTIVE = "active"
    EXHAUSTED = "exhausted"
    EXPIRED = "expired"
    REVERSED = "reversed"


class OriginKind(StrEnum):
    """Why a lot was credited; reversals take lots of the same kind first and promotional ones last."""

    EARN = "earn"
    PROMO = "promo"
    ADJUST = "adjust"
    OPENING = "opening"
    RESTORE = "restore"
    REINSTATE = "reinstate"
    TRANSFER = "transfer"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a lot came from: the receipt and rule, who funds it, and the person it was given to."""

    kind: OriginKind
    receipt_id: UUID | None = None
    rule: str | None = None
    program_version: int | None = None
    qualifying: bool = True
    funding_store: str | None = None
    root_party_id: UUID | None = None


@dataclass(slots=True)
class Lot:
    """One credit of `amount` points; `remaining` is what is left of it, `reserved` of that is under open holds.

    0 <= reserved <= remaining <= amount. `expired` counts what time took. `parent_lot_id` names the lot whose points
    were restored here because it was over.
    """

    lot_id: UUID
    amount: int
    remaining: int
    state: LotState
    activates_at: datetime
    expires_at: datetime | None
    origin: Origin
    reserved: int = 0
    expired: int = 0
    parent_lot_id: UUID | None = None

    @property
    def free(self) -> int:
        """What is neither spent nor reserved."""
        return self.remaining - self.reserved

    @property
    def open(self) -> bool:
        """Whether anything is left, which is what the spending index holds."""
        return self.remaining > 0

    def copy(self) -> "Lot":
        """Return an independent copy."""
        return Lot(
            self.lot_id,
            self.amount,
            self.remaining,
            self.state,
            self.activates_at,
            self.expires_at,
            self.origin,
            self.reserved,
            self.expired,
            self.parent_lot_id,
        )

    def alive(self, now: datetime) -> bool:
        """Whether it is not over at `now`."""
        return self.expires_at is None or now < self.expires_at


def spending_order(lot: Lot) -> tuple[datetime, int]:
    """Sort key: nearest expiry first, no expiry last, then the oldest; the same order as the index of open lots."""
    return (lot.expires_at or NEVER, lot.lot_id.int)
