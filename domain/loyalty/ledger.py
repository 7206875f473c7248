"""The points ledger: the working copy of one account while documents are decided."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from domain.loyalty.entries import Balance, Document, EntryKind, Expiring
from domain.loyalty.errors import InsufficientPoints, NeedsFullBook
from domain.loyalty.expiry import EXPIRING_SOON, Life
from domain.loyalty.journal import Journal, Plan, Tail, all_of, total, up_to
from domain.loyalty.lots import Lot, LotState, Origin, OriginKind, spending_order
from domain.loyalty.program import Shortfall

__all__ = ["Book", "GiveBack", "Part", "Redeemed", "Reversal", "Tail", "Uncovered"]


class Uncovered(StrEnum):
    """What becomes of points that a document spends and the account does not have."""

    REFUSE = "refuse"
    DEBT = "debt"
    LEAVE = "leave"


@dataclass(frozen=True, slots=True)
class Redeemed:
    """What a redemption did: `spent` came from lots, `debt` was opened, `unspent` left out."""

    spent: int = 0
    debt: int = 0
    unspent: int = 0


@dataclass(frozen=True, slots=True)
class Reversal:
    """What taking points back did; the three sum to what was asked for."""

    collected: int = 0
    debt: int = 0
    waived: int = 0


@dataclass(frozen=True, slots=True)
class Part:
    """Points of one effect that came from, or went to, `lot_id`; None stands for debt."""

    lot_id: UUID | None
    points: int


@dataclass(frozen=True, slots=True)
class GiveBack:
    """How points return: a lot that ends by `deadline` passes them to a child lot that ends at `grace_until`.

    `origin` and `life` are those of the lot made for points that came from no lot.
    """

    deadline: datetime
    grace_until: datetime
    origin: Origin
    life: Life


class Book(Journal):
    """One account, built from stored rows; what it decides is read from `changes()` and stored in one write.

    `lots` are the open lots in spending order, all of them or the first with a `tail`, and whatever lots a return
    names, closed ones too. `now` is the moment of recording: what time has done by then is recorded first. A method
    that raises has posted nothing of its own effect. Invariant: debt > 0 means active = 0.
    """

    __slots__ = ()

    def balance(self, now: datetime) -> Balance:
        """Return the balance at `now` as if everything due were written; changes nothing.

        Raises:
            NeedsFullBook: time has reached lots that were not loaded.
        """
        book = self
        if self._due(now):
            book = self.copy()
            book.settle(now)
        return Balance(book.active, book.pending, book.held, book.debt, book._expiring(now))

    def credit(
        self,
        points: int,
        *,
        document: Document,
        now: datetime,
        life: Life,
        origin: Origin,
        kind: EntryKind = EntryKind.EARN,
    ) -> None:
        """Add a lot of `points` > 0; it pays debt first, and what is over already expires at once."""
        self.settle(now)
        lot = self._new_lot(points, life, origin)
        self._put(kind, [(lot, points)], document, now, origin.program_version)
        if kind is EntryKind.EARN:
            self.lifetime_earned += points
        self._free(now)

    def redeem(
        self, points: int, *, document: Document, now: datetime, uncovered: Uncovered = Uncovered.REFUSE
    ) -> Redeemed:
        """Spend `points` ≥ 0 from active lots, nearest expiry first.

        Raises:
            InsufficientPoints: there are fewer and `uncovered` says refuse.
            NeedsFullBook: the loaded lots do not hold them.
        """
        self.settle(now)
        missing = max(0, points - self.active)
        if missing and uncovered is Uncovered.REFUSE:
            raise InsufficientPoints(requested=points, available=self.active)
        spent = points - missing
        self._take(EntryKind.REDEEM, self._cover(spent, all_of(self._spendable(now))), document.at, document)
        if uncovered is not Uncovered.DEBT:
            return Redeemed(spent, 0, missing)
        self._open_debt(missing, document, EntryKind.REDEEM)
        return Redeemed(spent, missing, 0)

    def adjust(
        self,
        points: int,
        *,
        document: Document,
        now: datetime,
        expires_at: datetime | None = None,
        origin: Origin = Origin(OriginKind.ADJUST),  # noqa: B008 - frozen
    ) -> None:
        """Add (> 0) or take (< 0) points by hand; `expires_at` and `origin` are those of added points.

        Raises:
            InsufficientPoints: the balance would fall below zero.
            NeedsFullBook: the loaded lots do not hold what is taken.
        """
        if points > 0:
            life = Life(min(document.at, now), expires_at)
            self.credit(points, document=document, now=now, life=life, origin=origin, kind=EntryKind.ADJUST)
            return
        self.settle(now)
        if -points > self.active:
            raise InsufficientPoints(requested=-points, available=self.active)
        self._take(EntryKind.ADJUST, self._cover(-points, all_of(self._spendable(now))), document.at, document)

    def restore(self, parts: Sequence[Part], *, document: Document, now: datetime, how: GiveBack) -> int:
        """Give spent points back to the lots they came from; they pay debt first. Returns their sum.

        Raises:
            NeedsFullBook: a lot among `parts` was not loaded.
        """
        return self._give_back(EntryKind.RESTORE_REDEEM, parts, document=document, now=now, how=how)

    def undo_reversal(
        self, parts: Sequence[Part], lapsed: Sequence[Part], *, document: Document, now: datetime, how: GiveBack
    ) -> int:
        """Give points that a return took back to the lots they were taken from, as if it had not been.

        `lapsed` had expired before they were taken: they go to their own lots, where they expire again.

        Raises:
            NeedsFullBook: a lot among `parts` was not loaded.
        """
        points = self._give_back(EntryKind.REVERSE_EARN, parts, document=document, now=now, how=how, lapsed=lapsed)
        self.lifetime_earned += points
        return points

    def reverse(
        self,
        points: int,
        *,
        document: Document,
        receipt_id: UUID,
        now: datetime,
        policy: Shortfall,
        debt_limit: int | None = None,
    ) -> Reversal:
        """Take back `points` that `receipt_id` earned.

        In order: the receipt's own pending lots, its active ones, what of them expired unused (nobody had those, so
        they are not taken twice), other lots of the same origin by nearest expiry, the rest, promotional last.

        Raises:
            NeedsFullBook: the loaded lots do not decide it.
        """
        self.settle(now)
        own = self._own(receipt_id)
        plan = up_to(points, all_of(lot for lot in own if lot.state is LotState.PENDING))
        lapsed: Plan = []
        if policy is not Shortfall.ONLY_PENDING:
            active = up_to(points - total(plan), all_of(lot for lot in own if lot.state is LotState.ACTIVE))
            plan += active
            lapsed = up_to(points - total(plan), ((lot, lot.expired) for lot in own))
            plan += lapsed
            wanted = min(points - total(plan), self.active - total(active))
            plan += self._cover(wanted, all_of(self._others(own, now)))
        self._reinstate(lapsed, document)
        collected = self._take(EntryKind.REVERSE_EARN, merged(plan), document.at, document)
        missing = points - collected
        debt = self._debt_for(missing, document, EntryKind.REVERSE_EARN, policy, debt_limit)
        self.lifetime_earned -= collected + debt
        return Reversal(collected, debt, missing - debt)

    def undo_restoration(
        self, points: int, parts: Sequence[Part], *, document: Document, now: datetime, policy: Shortfall
    ) -> Reversal:
        """Spend restored `points` again: from the lots they went to (`parts`), then from any, then by `policy`.

        Raises:
            NeedsFullBook: the loaded lots do not decide it.
        """
        self.settle(now)
        spendable = self._spendable(now)
        given = {part.lot_id: part.points for part in parts}
        first = up_to(points, ((lot, min(lot.free, given.get(lot.lot_id, 0))) for lot in spendable))
        used = {lot.lot_id: part for lot, part in first}
        wanted = min(points, self.active) - total(first)
        others = self._cover(wanted, ((lot, lot.free - used.get(lot.lot_id, 0)) for lot in spendable))
        collected = self._take(EntryKind.RESTORE_REDEEM, merged([*first, *others]), document.at, document)
        missing = points - collected
        debt = self._debt_for(missing, document, EntryKind.RESTORE_REDEEM, policy, None)
        return Reversal(collected, debt, missing - debt)

    def _free(self, now: datetime) -> None:
        """Points became free: they pay debt first, and those that are over go."""
        self._settle_debt(now)
        self.settle(now)

    def _give_back(
        self,
        kind: EntryKind,
        parts: Sequence[Part],
        *,
        document: Document,
        now: datetime,
        how: GiveBack,
        lapsed: Sequence[Part] = (),
    ) -> int:
        self.settle(now)
        known: dict[UUID | None, Lot] = {lot.lot_id: lot for lot in self.lots}
        unknown = [part.lot_id for part in (*parts, *lapsed) if part.lot_id and part.lot_id not in known]
        if unknown:
            raise NeedsFullBook(unknown)
        plan = [
            (self._receiver(known.get(part.lot_id), part.points, how), part.points) for part in parts if part.points
        ]
        plan += [(known[part.lot_id], part.points) for part in lapsed]
        points = self._put(kind, merged(plan), document, now, how.origin.program_version)
        self._free(now)
        return points

    def _receiver(self, source: Lot | None, points: int, how: GiveBack) -> Lot:
        if source is None:
            return self._new_lot(points, how.life, how.origin)
        if source.expires_at is None or source.expires_at > how.deadline:
            return source
        life = Life(source.activates_at, how.grace_until)
        return self._new_lot(points, life, source.origin, parent=source.lot_id)

    def _reinstate(self, lapsed: Plan, document: Document) -> None:
        """Bring expired points back, for the reversal that follows to take."""
        for lot, points in lapsed:
            self._touch(lot)
            lot.state = LotState.ACTIVE
            lot.expired -= points
            lot.remaining += points
            self.active += points
        self._quiet_until = None
        if lapsed:
            self._post(EntryKind.REINSTATE, total(lapsed), document.at, lapsed, document)

    def _own(self, receipt_id: UUID) -> list[Lot]:
        """Return the lots that the receipt earned; what a return of it gave back is the customer's from before."""
        lots = (lot for lot in self.lots if lot.origin.receipt_id == receipt_id)
        return sorted((lot for lot in lots if lot.origin.kind is not OriginKind.RESTORE), key=spending_order)

    def _others(self, own: list[Lot], now: datetime) -> list[Lot]:
        """Return the lots of other receipts in the order a reversal takes them."""
        kind = own[0].origin.kind if own else OriginKind.EARN
        mine = {lot.lot_id for lot in own}
        others = [lot for lot in self._spendable(now) if lot.lot_id not in mine]
        same = [lot for lot in others if lot.origin.kind is kind]
        if self.tail is not None and self.tail.active:
            return same
        rest = [lot for lot in others if lot.origin.kind is not kind]
        return same + sorted(rest, key=lambda lot: lot.origin.kind is OriginKind.PROMO)

    def _debt_for(self, missing: int, document: Document, kind: EntryKind, policy: Shortfall, limit: int | None) -> int:
        """Open the debt that `policy` allows for `missing` points and return it."""
        if policy is not Shortfall.ALLOW_DEBT:
            return 0
        debt = missing if limit is None else min(missing, max(0, limit - self.debt))
        self._open_debt(debt, document, kind)
        return debt

    def _expiring(self, now: datetime) -> tuple[Expiring, ...]:
        horizon = now + EXPIRING_SOON
        soon: dict[datetime, int] = {}
        for lot in self.lots:
            ends = lot.expires_at
            if ends is not None and ends <= horizon and lot.state is LotState.ACTIVE and lot.free:
                soon[ends] = soon.get(ends, 0) + lot.free
        tail = self.tail
        if tail is not None and tail.first_expires_at is not None and tail.first_expires_at <= horizon:
            if tail.expiring is None:
                raise NeedsFullBook
            for group in tail.expiring:
                soon[group.at] = soon.get(group.at, 0) + group.points
        return tuple(Expiring(points, at) for at, points in sorted(soon.items()))


def merged(plan: Plan) -> Plan:
    """Return the plan with one part per lot, so that an entry allocates each lot once."""
    parts: dict[UUID, tuple[Lot, int]] = {}
    for lot, points in plan:
        before = parts[lot.lot_id][1] if lot.lot_id in parts else 0
        parts[lot.lot_id] = (lot, before + points)
    return list(parts.values())
