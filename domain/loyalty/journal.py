"""The bookkeeping under the ledger: lots move, figures follow, and each effect is one entry."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Self
from uuid import UUID

from domain.kernel.ids import new_id
from domain.loyalty.entries import BookChanges, Document, Entry, EntryKind, Expiring, LotDelta
from domain.loyalty.errors import NeedsFullBook
from domain.loyalty.expiry import Life
from domain.loyalty.lots import NEVER, Lot, LotState, Origin, spending_order

Plan = list[tuple[Lot, int]]
_ZERO = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Tail:
    """What is known of the open lots that were not loaded; they stand behind the loaded ones in spending order.

    `active`, `pending`, `held` are their sums. `first_expires_at` and `first_lot_id` are where they begin, or the last
    loaded lot before them; `first_activates_at` is when the next pending one of them begins. `expiring` is what of
    them ends within 30 days, None when the caller did not ask.
    """

    active: int
    pending: int = 0
    held: int = 0
    first_expires_at: datetime | None = None
    first_lot_id: UUID = _ZERO
    first_activates_at: datetime | None = None
    expiring: tuple[Expiring, ...] | None = None

    @classmethod
    def behind(
        cls, lots: Sequence[Lot], *, active: int, pending: int, held: int, next_activation_at: datetime | None
    ) -> Self | None:
        """Return the tail behind `lots` (the first open ones, in spending order) by the account's cached figures.

        None when the loaded lots hold everything.
        """
        active -= sum(lot.free for lot in lots if lot.state is LotState.ACTIVE)
        pending -= sum(lot.free for lot in lots if lot.state is LotState.PENDING)
        held -= sum(lot.reserved for lot in lots)
        if not (active or pending or held):
            return None
        last = lots[-1]
        return cls(active, pending, held, last.expires_at, last.lot_id, next_activation_at if pending else None)

    def quiet(self, now: datetime) -> bool:
        """Whether time has changed nothing in it by `now`."""
        starts, ends = self.first_activates_at, self.first_expires_at
        return (starts is None or now < starts) and (ends is None or now < ends)

    def after(self, lot: Lot) -> bool:
        """Whether all of it stands behind `lot` in spending order, or holds nothing that could be spent."""
        first = (self.first_expires_at or NEVER, self.first_lot_id.int)
        return self.active == 0 or spending_order(lot) <= first


@dataclass(slots=True)
class Journal:
    """The figures and lots of one account, and what was recorded since they were read.

    `lots` are the loaded ones; the figures are the account's cached columns. One entry is one step of `version`.
    Invariant: `active` = Σ free of active lots (tail included), `pending` and `held` likewise.
    """

    account_id: UUID
    version: int = 0
    active: int = 0
    pending: int = 0
    held: int = 0
    debt: int = 0
    lifetime_earned: int = 0
    status: str = "active"
    lots: list[Lot] = field(default_factory=list)
    tail: Tail | None = None
    _entries: list[Entry] = field(default_factory=list, init=False, repr=False)
    _new: dict[UUID, Lot] = field(default_factory=dict, init=False, repr=False)
    _before: dict[UUID, Lot] = field(default_factory=dict, init=False, repr=False)
    _quiet_until: datetime | None = field(default=None, init=False, repr=False)

    def copy(self) -> Self:
        """Return an independent copy that has recorded nothing yet."""
        lots = [lot.copy() for lot in self.lots]
        figures = (self.active, self.pending, self.held, self.debt, self.lifetime_earned)
        return type(self)(self.account_id, self.seq, *figures, self.status, lots, self.tail)

    @property
    def seq(self) -> int:
        """The number of the last entry, written or recorded here."""
        return self.version + len(self._entries)

    def changes(self) -> BookChanges:
        """Return what has to be stored since the book was built."""
        return BookChanges(
            account_id=self.account_id,
            expected_version=self.version,
            version=self.seq,
            entries=tuple(self._entries),
            new_lots=tuple(self._new.values()),
            lot_deltas=tuple(_delta(lot, before) for lot in self.lots if (before := self._before.get(lot.lot_id))),
            active=self.active,
            pending=self.pending,
            held=self.held,
            debt=self.debt,
            lifetime_earned=self.lifetime_earned,
            next_activation_at=self._next_activation_at(),
        )

    def settle(self, now: datetime) -> None:
        """Record what time has done by `now`, moment after moment: activate, settle debt, expire.

        Raises:
            NeedsFullBook: time has reached lots that were not loaded.
        """
        if not self._due(now):
            return
        starting, ending = self._timetable(now)
        for moment in sorted(starting.keys() | ending.keys()):
            if moment in starting:
                self._activate(starting[moment], moment)
                self._settle_debt(moment)
            if moment in ending:
                self._expire(ending[moment], moment)

    def _next_activation_at(self) -> datetime | None:
        starts = [lot.activates_at for lot in self.lots if lot.state is LotState.PENDING and lot.remaining]
        if self.tail is not None and self.tail.first_activates_at is not None:
            starts.append(self.tail.first_activates_at)
        return min(starts, default=None)

    def _due(self, now: datetime) -> bool:
        """Whether time has changed something by `now`; scans the lots once and remembers until when nothing will."""
        if self._quiet_until is not None and now < self._quiet_until:
            return False
        if self.tail is not None and not self.tail.quiet(now):
            raise NeedsFullBook
        moments = [moment for lot in self.lots if (moment := next_moment(lot)) is not None]
        if self.tail is not None:
            moments += [at for at in (self.tail.first_activates_at, self.tail.first_expires_at) if at is not None]
        first = min(moments, default=NEVER)
        self._quiet_until = first if now < first else None
        return now >= first

    def _timetable(self, now: datetime) -> tuple[dict[datetime, list[Lot]], dict[datetime, list[Lot]]]:
        starting: dict[datetime, list[Lot]] = {}
        ending: dict[datetime, list[Lot]] = {}
        for lot in sorted(self.lots, key=spending_order):
            moment = next_moment(lot)
            if moment is None or moment > now:
                continue
            if lot.state is LotState.PENDING:
                starting.setdefault(moment, []).append(lot)
            if lot.expires_at is not None and lot.expires_at <= now:
                ending.setdefault(lot.expires_at, []).append(lot)
        return starting, ending

    def _activate(self, lots: list[Lot], moment: datetime) -> None:
        points = sum(lot.free for lot in lots)
        for lot in lots:
            self._touch(lot)
            lot.state = LotState.ACTIVE
        self.pending -= points
        self.active += points
        self._post(EntryKind.ACTIVATE, points, moment, [(lot, lot.free) for lot in lots])

    def _expire(self, lots: list[Lot], moment: datetime) -> None:
        gone = [(lot, -lot.free) for lot in lots if lot.free]
        if not gone:
            return
        for lot, points in gone:
            self._touch(lot)
            lot.remaining += points
            lot.expired -= points
            lot.state = lot.state if lot.remaining else LotState.EXPIRED
            self.active += points
        self._post(EntryKind.EXPIRE, sum(points for _, points in gone), moment, gone)

    def _settle_debt(self, moment: datetime) -> None:
        if not (self.debt and self.active):
            return
        plan = up_to(self.debt, all_of(self._spendable(moment)))
        paid = self._take(EntryKind.DEBT_SETTLE, plan, moment, None)
        self.debt -= paid

    def _spendable(self, now: datetime) -> list[Lot]:
        active = [lot for lot in self.lots if lot.state is LotState.ACTIVE and lot.remaining > lot.reserved]
        return sorted((lot for lot in active if lot.alive(now)), key=spending_order)

    def _cover(self, points: int, candidates: Iterable[tuple[Lot, int]]) -> Plan:
        """Plan to take exactly `points` ≤ `active`, never from a lot that stands behind one not loaded."""
        tail = self.tail
        plan = up_to(points, (pair for pair in candidates if tail is None or tail.after(pair[0])))
        if total(plan) < points:
            if tail is None:
                msg = f"account {self.account_id}: its figures hold more than its lots"
                raise RuntimeError(msg)
            raise NeedsFullBook
        return plan

    def _take(self, kind: EntryKind, plan: Plan, at: datetime, document: Document | None) -> int:
        """Take `plan` out of its lots as one entry; return the sum."""
        if not plan:
            return 0
        empty = LotState.REVERSED if kind is EntryKind.REVERSE_EARN else LotState.EXHAUSTED
        for lot, points in plan:
            self._touch(lot)
            if lot.state is LotState.PENDING:
                self.pending -= points
            else:
                self.active -= points
            lot.remaining -= points
            lot.state = lot.state if lot.remaining else empty
        self._post(kind, -total(plan), at, [(lot, -points) for lot, points in plan], document)
        return total(plan)

    def _put(self, kind: EntryKind, plan: Plan, document: Document, now: datetime, rule_version: int | None) -> int:
        """Put `plan` into its lots as one entry, pending where they have not begun; return the sum."""
        if not plan:
            return 0
        for lot, points in plan:
            self._touch(lot)
            lot.state = LotState.PENDING if lot.activates_at > now else LotState.ACTIVE
            lot.remaining += points
            if lot.state is LotState.PENDING:
                self.pending += points
            else:
                self.active += points
        self._quiet_until = None
        self._post(kind, total(plan), document.at, plan, document, rule_version=rule_version)
        return total(plan)

    def _open_debt(self, points: int, document: Document, kind: EntryKind) -> None:
        """Record `points` of a `kind` entry that nothing could cover."""
        if points:
            self.debt += points
            self._post(EntryKind.DEBT_OPEN, -points, document.at, [], document, reason=kind.value)

    def _new_lot(self, amount: int, life: Life, origin: Origin, parent: UUID | None = None) -> Lot:
        lot = Lot(
            lot_id=new_id(),
            amount=amount,
            remaining=0,
            state=LotState.PENDING,
            activates_at=life.activates_at,
            expires_at=life.expires_at,
            origin=origin,
            parent_lot_id=parent,
        )
        self._new[lot.lot_id] = lot
        self.lots.append(lot)
        return lot

    def _touch(self, lot: Lot) -> None:
        if lot.lot_id not in self._new and lot.lot_id not in self._before:
            self._before[lot.lot_id] = lot.copy()

    def _post(
        self,
        kind: EntryKind,
        points: int,
        at: datetime,
        moved: Plan,
        document: Document | None = None,
        *,
        reason: str | None = None,
        rule_version: int | None = None,
    ) -> None:
        reason = reason or (document.reason if document else None)
        allocations = tuple((lot.lot_id, part) for lot, part in moved)
        entry = Entry(
            new_id(), self.seq + 1, kind, points, at.astimezone(UTC), document, reason, rule_version, allocations
        )
        self._entries.append(entry)


def up_to(points: int, candidates: Iterable[tuple[Lot, int]]) -> Plan:
    """Return a plan that takes at most `points` from `candidates` (lot, available), in their order."""
    plan: Plan = []
    for lot, available in candidates:
        if points <= 0:
            break
        part = min(points, available)
        if part > 0:
            plan.append((lot, part))
            points -= part
    return plan


def all_of(lots: Iterable[Lot]) -> Iterator[tuple[Lot, int]]:
    """Yield each lot with all that is free of it."""
    return ((lot, lot.free) for lot in lots)


def total(plan: Plan) -> int:
    """Return the sum of a plan."""
    return sum(points for _, points in plan)


def next_moment(lot: Lot) -> datetime | None:
    """Return when time changes the lot as it is now: its beginning, its end, or None."""
    if lot.state is LotState.PENDING:
        return lot.activates_at
    return lot.expires_at if lot.state is LotState.ACTIVE and lot.remaining > lot.reserved else None


def _delta(lot: Lot, before: Lot) -> LotDelta:
    return LotDelta(
        lot.lot_id,
        lot.remaining - before.remaining,
        lot.reserved - before.reserved,
        lot.expired - before.expired,
        lot.state,
        lot.open,
    )
