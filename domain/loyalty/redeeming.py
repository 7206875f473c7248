"""Spending points in a receipt: does the document agree with itself, may it, and what was really spent."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from domain.history.receipt import Payment, ReceiptLine, Redemption
from domain.kernel.errors import FieldError
from domain.kernel.money import line_amount, spread
from domain.loyalty.earning import counts_for
from domain.loyalty.entries import Document
from domain.loyalty.errors import (
    AccountFrozen,
    InsufficientPoints,
    PointsLimitExceeded,
    RedemptionDoesNotMatch,
    VerificationRequired,
)
from domain.loyalty.ledger import Book, Uncovered
from domain.loyalty.notices import Notice
from domain.loyalty.program import ProgramVersion, Shortfall, Verification
from domain.loyalty.restrictions import Action, Pack

DISCOUNT = "discount"
TENDER = "tender"
NET_LINES = frozenset({"RU", "UA"})
"""Countries whose fiscal receipts show points as a discount inside the lines."""

_POINTER = "/redemption/points"


def default_presentation(country: str) -> str:
    """Return how points stand in a receipt of `country` when the document does not say."""
    return DISCOUNT if country in NET_LINES else TENDER


@dataclass(frozen=True, slots=True)
class Limits:
    """How many points the lines take: `eligible` is their money before points, in minor units."""

    eligible: int
    max_points: int
    min_points: int
    step: int

    def broken_by(self, points: int) -> tuple[str, ...]:
        """Return the names of the limits that `points` break."""
        broken = {
            "max_share": points > self.max_points,
            "min_points": points < self.min_points,
            "step": points % self.step != 0,
        }
        return tuple(name for name, is_broken in broken.items() if is_broken)


@dataclass(frozen=True, slots=True)
class Claim:
    """What a document says about points, before any account is asked.

    `by_line` attributes `points` to lines; `tender` is each line's money paid by points as a payment. `refused` lists
    the limits it breaks, `restricted` the lines on which points may not be spent.
    """

    points: int
    by_line: tuple[int, ...]
    tender: tuple[int, ...]
    limits: Limits
    refused: tuple[str, ...] = ()
    restricted: tuple[tuple[int, str], ...] = ()
    asked: bool = True


@dataclass(frozen=True, slots=True)
class Spending:
    """What a receipt spent: `spent` from lots and `debt` are charged (`by_line` sums to both), `unspent` is not.

    `tender` is to be given to `earning.earn`: it is what the document claims, whatever the account had.
    """

    spent: int
    debt: int
    unspent: int
    by_line: tuple[int, ...]
    tender: tuple[int, ...]
    notices: tuple[Notice, ...] = ()

    @property
    def charged(self) -> int:
        """What the receipt redeemed, paid or owed."""
        return self.spent + self.debt


def limits_of(lines: Sequence[ReceiptLine], program: ProgramVersion, pack: Pack) -> Limits:
    """Return the limits for `lines`, whose points discounts, if any, are added back first."""
    eligible, room = 0, 0
    for line in lines:
        if _refusal(line, program, pack) is None:
            eligible += line.total + points_discount(line)
            room += _room(line)
    share = min(eligible * program.max_share_percent // 100, room)
    most = program.points_in(share)
    return Limits(eligible, most - most % program.step, program.min_points, program.step)


def points_discount(line: ReceiptLine) -> int:
    """Return the money that the line names as paid by points."""
    return sum(part.amount for part in line.discounts if part.kind == "points") if line.discounts else 0


def claim(
    redemption: Redemption | None,
    lines: Sequence[ReceiptLine],
    payments: Sequence[Payment],
    *,
    presentation: str,
    program: ProgramVersion,
    pack: Pack,
) -> Claim | None:
    """Return what the document says about points, None when it says nothing.

    `presentation` is `discount` or `tender`. A redemption by hold is taken as the document says: its till was told
    what to print, and a lapsed hold never refuses a receipt. Without a redemption points are found but not asked.

    Raises:
        RedemptionDoesNotMatch: lines or payments differ from the points' value.
    """
    discounts = sum(points_discount(line) for line in lines)
    tendered = sum(payment.amount for payment in payments if payment.method == "points")
    stated = discounts + tendered
    if redemption is None or (redemption.points is None and redemption.hold_id is None):
        return _found(stated, lines, tendered, program, pack) if stated else None
    if redemption.hold_id is None:
        _match(redemption.points or 0, discounts, tendered, presentation, program)
    points = redemption.points if redemption.points is not None else program.points_in(stated)
    if not points:
        return None
    return _claimed(points, lines, tendered, program, pack)


def spend(
    claimed: Claim | None,
    book: Book | None,
    *,
    lines: Sequence[ReceiptLine],
    program: ProgramVersion,
    document: Document,
    now: datetime,
    record: bool,
    verified: bool = False,
) -> Spending:
    """Spend what was claimed from `book` (None: nobody is known).

    `record` False: refuse what cannot be done. True: the receipt is printed already; what cannot be done becomes debt
    or stays unspent by the program's policy, with a notice. Nothing is ever clamped silently.

    Raises:
        PointsLimitExceeded, VerificationRequired, AccountFrozen, InsufficientPoints: `record` is False.
        NeedsFullBook: the loaded lots do not decide it.
    """
    if claimed is None:
        return Spending(0, 0, 0, (0,) * len(lines), (0,) * len(lines))
    unverified = program.verification is Verification.ALWAYS and not verified
    if not record and claimed.asked:
        _refuse(claimed, book, lines, program, now, unverified=unverified)
    notices = [
        Notice("restricted-line", f"/lines/{i}", {"action": "spend", "source": source})
        for i, source in claimed.restricted
    ]
    frozen = book is not None and book.status != "active"
    if book is None or frozen or not claimed.asked:
        notices.append(Notice("account-frozen" if frozen else "points-not-spent", _POINTER, {"points": claimed.points}))
        return Spending(0, 0, claimed.points, (0,) * len(lines), claimed.tender, tuple(notices))
    in_debt = program.shortfall is Shortfall.ALLOW_DEBT
    over = _over(claimed, unverified=unverified)
    wanted = claimed.points if in_debt else claimed.points - over
    done = book.redeem(wanted, document=document, now=now, uncovered=Uncovered.DEBT if in_debt else Uncovered.LEAVE)
    charged = done.spent + done.debt
    unspent = claimed.points - charged
    if unspent:
        notices.append(Notice("points-not-spent", _POINTER, {"points": unspent}))
    elif done.debt or over:
        notices.append(Notice("points-to-debt", _POINTER, {"points": max(done.debt, over)}))
    by_line = claimed.by_line if not unspent else tuple(spread(charged, claimed.by_line))
    return Spending(done.spent, done.debt, unspent, by_line, claimed.tender, tuple(notices))


def _refuse(
    claimed: Claim,
    book: Book | None,
    lines: Sequence[ReceiptLine],
    program: ProgramVersion,
    now: datetime,
    *,
    unverified: bool,
) -> None:
    limits = claimed.limits
    if claimed.refused or claimed.restricted:
        errors = [FieldError(_POINTER, name, "the program's limit") for name in claimed.refused]
        errors += [
            FieldError(f"/lines/{i}", "restricted-line", f"line {lines[i].line}: {source}")
            for i, source in claimed.restricted
        ]
        raise PointsLimitExceeded(
            errors=errors,
            max_points=limits.max_points,
            limits={
                "eligible": limits.eligible,
                "max_share_percent": program.max_share_percent,
                "min": limits.min_points,
                "step": limits.step,
            },
        )
    if unverified:
        raise VerificationRequired
    if book is None:
        raise InsufficientPoints(requested=claimed.points, available=0)
    if book.status != "active":
        raise AccountFrozen
    book.settle(now)
    if claimed.points > book.active:
        raise InsufficientPoints(requested=claimed.points, available=book.active)


def _over(claimed: Claim, *, unverified: bool) -> int:
    """Return how many of the claimed points the program would have refused."""
    if unverified or {"min_points", "step"} & set(claimed.refused):
        return claimed.points
    return max(0, claimed.points - claimed.limits.max_points)


def _match(points: int, discounts: int, tendered: int, presentation: str, program: ProgramVersion) -> None:
    expected = program.money_of(points)
    received = discounts if presentation == DISCOUNT else tendered
    elsewhere = tendered if presentation == DISCOUNT else discounts
    if expected != received or elsewhere:
        raise RedemptionDoesNotMatch(
            errors=[FieldError("/redemption", "redemption-does-not-match", f"as {presentation}: {expected}")],
            expected=expected,
            received=received + elsewhere,
        )


def _found(stated: int, lines: Sequence[ReceiptLine], tendered: int, program: ProgramVersion, pack: Pack) -> Claim:
    found = _claimed(program.points_in(stated), lines, tendered, program, pack)
    return replace(found, asked=False, refused=(), restricted=())


def _claimed(points: int, lines: Sequence[ReceiptLine], tendered: int, program: ProgramVersion, pack: Pack) -> Claim:
    discounts = [points_discount(line) for line in lines]
    limits = limits_of(lines, program, pack)
    refusals = [_refusal(line, program, pack) for line in lines]
    rooms = [_room(line) if refusal is None else 0 for line, refusal in zip(lines, refusals, strict=True)]
    tender = _spread(tendered, rooms, [line.total for line in lines])
    money = [discount + part for discount, part in zip(discounts, tender, strict=True)]
    restricted = [
        (i, refusals[i] or "minimum price")
        for i, part in enumerate(discounts)
        if part and (refusals[i] is not None or part > rooms[i])
    ]
    by_line = _spread(points, money, rooms)
    return Claim(points, by_line, tender, limits, limits.broken_by(points), tuple(restricted))


def _spread(amount: int, *weights: Sequence[int]) -> tuple[int, ...]:
    """Spread by the first weights that can carry `amount` at all, else evenly."""
    for weight in weights:
        if any(weight):
            return tuple(spread(amount, weight))
    return tuple(spread(amount, [1] * len(weights[0])))


def _refusal(line: ReceiptLine, program: ProgramVersion, pack: Pack) -> str | None:
    if not counts_for(program, line):
        return f"not eligible: {line.kind}"
    return pack.refusal(line.restrictions, Action.SPEND, minimum_price=line.min_unit_price)


def _room(line: ReceiptLine) -> int:
    """Return how much of the line points may pay before it passes its minimum price."""
    before = line.total + points_discount(line)
    floor = 0 if line.min_unit_price is None else line_amount(line.quantity, line.min_unit_price)
    return max(0, before - floor)
