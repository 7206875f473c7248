"""What a return, a void and a reassignment do to points: exact shares, restore first, then reverse."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from domain.history.errors import ReturnExceedsSale
from domain.kernel.money import round_half_up, share_of
from domain.loyalty.entries import Document, Entry, EntryKind
from domain.loyalty.expiry import end_of_grace, life_of_points
from domain.loyalty.ledger import Book, GiveBack, Part, Reversal, Uncovered
from domain.loyalty.lots import Origin, OriginKind
from domain.loyalty.program import ProgramVersion, Shortfall


@dataclass(frozen=True, slots=True)
class SoldLine:
    """A line of the sale with what was attributed to it and what returns have given before.

    Quantities are in thousandths, money in minor units; `tender` is the part of `total` that was paid by points as a
    payment. `refunded` counts shares of `total`.
    """

    quantity: int
    total: int
    tender: int = 0
    earned: int = 0
    redeemed: int = 0
    returned: int = 0
    refunded: int = 0
    reversed: int = 0
    restored: int = 0


@dataclass(frozen=True, slots=True)
class LineReturn:
    """What one returned line gives: `line` is its index in the sale.

    `total` is the share of the line's total, `money` that of what was not paid by points: what goes back in money.
    """

    line: int
    quantity: int
    total: int
    money: int
    reversed: int
    restored: int


@dataclass(frozen=True, slots=True)
class Sale:
    """The sale that is undone or moved: `sold_on` is its business date in the store's zone.

    `parts` say which lots (or debt) still stand for what it spent: `parts_spent`.
    """

    receipt_id: UUID
    sold_at: datetime
    sold_on: date
    origin: Origin
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True)
class Undone:
    """What points did: `restored` were given back, `reversal` taken. A void of a return swaps the meaning."""

    restored: int
    reversal: Reversal

    @property
    def reversed(self) -> int:
        """What was really taken, at once or as debt."""
        return self.reversal.collected + self.reversal.debt


def line_returns(lines: Sequence[SoldLine], items: Sequence[tuple[int, int]]) -> tuple[LineReturn, ...]:
    """Return the shares of `items` (index of line, quantity in thousandths > 0).

    Each share is round half up on the cumulative quantity minus what was given before, so that the parts of any split
    sum to the whole.

    Raises:
        ReturnExceedsSale: more of a line comes back than is left.
    """
    state = list(lines)
    shares = []
    for index, quantity in items:
        share, state[index] = _share(state[index], index, quantity)
        shares.append(share)
    return tuple(shares)


def everything_left(lines: Sequence[SoldLine]) -> tuple[LineReturn, ...]:
    """Return the shares of all that has not come back yet: what a void undoes."""
    rest = [(i, line.quantity - line.returned) for i, line in enumerate(lines) if line.returned < line.quantity]
    return line_returns(lines, rest)


def give_return(
    book: Book,
    sale: Sale,
    shares: Sequence[LineReturn],
    *,
    program: ProgramVersion,
    document: Document,
    returned_on: date,
    now: datetime,
) -> Undone:
    """Restore what `shares` had spent, then reverse what they had earned.

    `program` is the version of the sale; `returned_on` is the return's business date, from which the grace counts.

    Raises:
        NeedsFullBook: the loaded lots do not decide it.
    """
    grace = end_of_grace(program, returned_on)
    how = _give_back(sale, OriginKind.RESTORE, program, (grace, grace), now)
    return _undo(book, sale, shares, program=program, document=document, how=how, now=now)


def void_sale(
    book: Book,
    sale: Sale,
    shares: Sequence[LineReturn],
    *,
    program: ProgramVersion,
    document: Document,
    today: date,
    now: datetime,
) -> Undone:
    """Undo all that is left of a sale (`everything_left`) as if it had not been.

    Points go back to their lots with the dates they had; only those whose lot ended meanwhile get the grace.

    Raises:
        NeedsFullBook: the loaded lots do not decide it.
    """
    how = _give_back(sale, OriginKind.RESTORE, program, (now, end_of_grace(program, today)), now)
    return _undo(book, sale, shares, program=program, document=document, how=how, now=now)


def void_return(
    book: Book,
    sale: Sale,
    effects: "ReturnEffects",
    *,
    program: ProgramVersion,
    document: Document,
    today: date,
    now: datetime,
) -> Undone:
    """Undo a return: what it took comes back, what it restored is spent again. `restored` is what came back here.

    Raises:
        NeedsFullBook: the loaded lots do not decide it.
    """
    how = _give_back(sale, sale.origin.kind, program, (now, end_of_grace(program, today)), now)
    back = book.undo_reversal(effects.taken, effects.lapsed, document=document, now=now, how=how)
    spent = book.undo_restoration(
        sum(part.points for part in effects.given),
        effects.given,
        document=document,
        now=now,
        policy=program.shortfall,
    )
    return Undone(back, spent)


def move_in(
    book: Book,
    sale: Sale,
    lines: Sequence[SoldLine],
    *,
    program: ProgramVersion,
    document: Document,
    now: datetime,
) -> tuple[int, int]:
    """Give a reassigned sale, net of its returns, to another account; return the points (spent, earned).

    Dates count from the sale. The old account is settled by `void_sale` first.

    Raises:
        NeedsFullBook: the loaded lots do not decide it.
    """
    redeemed = sum(line.redeemed - line.restored for line in lines)
    earned = sum(line.earned - line.reversed for line in lines)
    uncovered = Uncovered.DEBT if program.shortfall is Shortfall.ALLOW_DEBT else Uncovered.LEAVE
    done = book.redeem(redeemed, document=document, now=now, uncovered=uncovered)
    if earned:
        life = life_of_points(program, sold_at=sale.sold_at, sold_on=sale.sold_on, now=now)
        book.credit(earned, document=document, now=now, life=life, origin=sale.origin)
    return done.spent + done.debt, earned


@dataclass(frozen=True, slots=True)
class ReturnEffects:
    """What a return did to an account, by lot or debt (None).

    `given` were restored, `taken` reversed; `lapsed` were reversed too, and had expired before that.
    """

    given: tuple[Part, ...] = ()
    taken: tuple[Part, ...] = ()
    lapsed: tuple[Part, ...] = ()

    @classmethod
    def of(cls, entries: Sequence[Entry], document_id: UUID) -> "ReturnEffects":
        """Collect them from the account's `entries` of the return `document_id`."""
        given: dict[UUID | None, int] = {}
        taken: dict[UUID | None, int] = {}
        lapsed: dict[UUID | None, int] = {}
        moved = {EntryKind.RESTORE_REDEEM: given, EntryKind.REVERSE_EARN: taken, EntryKind.REINSTATE: lapsed}
        for entry in entries:
            if entry.document is None or entry.document.id != document_id:
                continue
            for lot_id, points in entry.allocations if entry.kind in moved else ():
                parts = moved[entry.kind]
                parts[lot_id] = parts.get(lot_id, 0) + abs(points)
            if _owes(entry, EntryKind.REVERSE_EARN):
                taken[None] = taken.get(None, 0) - entry.points
        for lapsed_lot, points in lapsed.items():
            taken[lapsed_lot] -= points
        return cls(_parts(given), _parts(taken), _parts(lapsed))

    @classmethod
    def elsewhere(cls, *, restored: int, reversed_: int) -> "ReturnEffects":
        """Return the effects of a return on another account, for a sale that was reassigned since."""
        return cls((Part(None, restored),), (Part(None, reversed_),))


def parts_spent(entries: Sequence[Entry], parents: Mapping[UUID, UUID | None]) -> tuple[Part, ...]:
    """Return which lots, or debt (None), still stand for what a sale spent, in the order they were spent.

    `entries` are all of one account whose document is the sale or a return or void of it; `parents` names the parent
    of each lot they allocate.
    """
    out: dict[UUID | None, int] = {}
    for entry in sorted(entries, key=lambda entry: entry.seq):
        if _owes(entry, EntryKind.REDEEM) or _owes(entry, EntryKind.RESTORE_REDEEM):
            out[None] = out.get(None, 0) - entry.points
        elif entry.kind in {EntryKind.REDEEM, EntryKind.RESTORE_REDEEM}:
            for lot_id, points in entry.allocations:
                key = lot_id if points < 0 else _paid_by(lot_id, out, parents)
                out[key] = out.get(key, 0) - points
    return _parts(out)


def _parts(points: Mapping[UUID | None, int]) -> tuple[Part, ...]:
    return tuple(Part(lot_id, part) for lot_id, part in points.items() if part > 0)


def _paid_by(lot_id: UUID, out: Mapping[UUID | None, int], parents: Mapping[UUID, UUID | None]) -> UUID | None:
    """Name the part that a restoration to `lot_id` gave back: the lot itself, its parent, or debt."""
    if lot_id in out:
        return lot_id
    parent = parents.get(lot_id)
    return parent if parent in out else None


def _owes(entry: Entry, kind: EntryKind) -> bool:
    return entry.kind is EntryKind.DEBT_OPEN and entry.reason == kind.value


def _share(line: SoldLine, index: int, quantity: int) -> tuple[LineReturn, SoldLine]:
    cumulative = line.returned + quantity
    if cumulative > line.quantity:
        raise ReturnExceedsSale(returnable=line.quantity - line.returned)
    total = _add(line.total, cumulative, line.quantity, line.refunded)
    money = total
    if line.tender:
        cash = line.total - line.tender
        money = _add(cash, cumulative, line.quantity, round_half_up(cash * line.returned, line.quantity))
    back = _add(line.earned, cumulative, line.quantity, line.reversed)
    restored = _add(line.redeemed, cumulative, line.quantity, line.restored)
    after = replace(
        line,
        returned=cumulative,
        refunded=line.refunded + total,
        reversed=line.reversed + back,
        restored=line.restored + restored,
    )
    return LineReturn(index, quantity, total, money, back, restored), after


def _add(amount: int, cumulative: int, quantity: int, given: int) -> int:
    """Return the share, never below zero: the void of a return in between may leave more given than is due."""
    return max(0, share_of(amount, cumulative, quantity, given))


def _give_back(
    sale: Sale, kind: OriginKind, program: ProgramVersion, grace: tuple[datetime, datetime], now: datetime
) -> GiveBack:
    """Points that came from debt get a lot with the dates of the sale, or the grace where those are over sooner."""
    life = life_of_points(program, sold_at=sale.sold_at, sold_on=sale.sold_on, now=now)
    if life.expires_at is not None and life.expires_at < grace[1]:
        life = replace(life, expires_at=grace[1])
    return GiveBack(*grace, replace(sale.origin, kind=kind), life)


def _undo(
    book: Book,
    sale: Sale,
    shares: Sequence[LineReturn],
    *,
    program: ProgramVersion,
    document: Document,
    how: GiveBack,
    now: datetime,
) -> Undone:
    due = sum(share.restored for share in shares)
    back = sum(share.reversed for share in shares)
    restored = book.restore(_last_spent_first(due, sale.parts), document=document, now=now, how=how)
    reversal = book.reverse(
        back,
        document=document,
        receipt_id=sale.receipt_id,
        now=now,
        policy=program.shortfall,
        debt_limit=program.debt_limit,
    )
    return Undone(restored, reversal)


def _last_spent_first(points: int, parts: Sequence[Part]) -> list[Part]:
    """Choose up to `points` of what the sale still stands for: debt first, then the latest expiry to the nearest.

    Never more than `parts` hold: what policy waived was not spent, and cannot come back.
    """
    chosen = []
    for part in reversed(parts):
        if points <= 0:
            break
        taken = min(points, part.points)
        chosen.append(Part(part.lot_id, taken))
        points -= taken
    return chosen
