"""Returns, voids and reassignments: exact, in any split and order, and never a gain."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.history.errors import ReturnExceedsSale
from domain.history.receipt import Payment
from domain.kernel.ids import new_id
from domain.loyalty.entries import Document, EntryKind
from domain.loyalty.expiry import end_of_day
from domain.loyalty.ledger import Book, Reversal
from domain.loyalty.lots import Lot, LotState, Origin, OriginKind
from domain.loyalty.program import Shortfall
from domain.loyalty.redeeming import TENDER
from domain.loyalty.returns import ReturnEffects, SoldLine, everything_left, line_returns
from tests.unit.loyalty.till import MOSCOW, NOON, PROGRAM, SoldReceipt, Stored, Till, goods


def shop(points: int = 0, **rules: object) -> Till:
    till = Till(program=replace(PROGRAM, **rules))  # type: ignore[arg-type]
    if points:
        till.adjust(points)
    return till


def kinds(till: Till) -> list[tuple[str, int]]:
    return [(entry.kind.value, entry.points) for entry in till.account.entries]


def spent_all(till: Till) -> SoldReceipt:
    """A sale that earned 10, all of which was taken away afterwards."""
    sale = till.sell(goods(100000))
    till.adjust(-till.balance().active)
    return sale


@given(
    line=st.builds(
        SoldLine,
        quantity=st.integers(1, 20_000),
        total=st.integers(0, 10**9),
        tender=st.just(0),
        earned=st.integers(0, 10**6),
        redeemed=st.integers(0, 10**6),
    ),
    cuts=st.lists(st.integers(1, 5000), max_size=12),
    tendered=st.integers(0, 100),
)
def test_any_split_of_a_return_sums_to_the_whole(line: SoldLine, cuts: list[int], tendered: int) -> None:
    """A36: money, earned and redeemed points alike; each share is round half up on the cumulative quantity."""
    line = replace(line, tender=line.total * tendered // 100)
    items, left = [], line.quantity
    for cut in cuts:
        if cut < left:
            items.append((0, cut))
            left -= cut
    shares = line_returns([line], [*items, (0, left)])
    assert sum(share.total for share in shares) == line.total
    assert sum(share.money for share in shares) == line.total - line.tender
    assert sum(share.reversed for share in shares) == line.earned
    assert sum(share.restored for share in shares) == line.redeemed
    assert min(min(s.total, s.money, s.reversed, s.restored) for s in shares) >= 0


def test_a_third_of_ten_points_is_three_then_four_then_three() -> None:
    """round half up(10/3) = 3, (20/3) = 7, (30/3) = 10."""
    shares = line_returns([SoldLine(3000, 10000, earned=10)], [(0, 1000)] * 3)
    assert [share.reversed for share in shares] == [3, 4, 3]
    assert [share.total for share in shares] == [3333, 3334, 3333]


def test_more_than_was_sold_is_refused() -> None:
    """The member says how much can still come back."""
    with pytest.raises(ReturnExceedsSale) as refused:
        line_returns([SoldLine(3000, 10000, returned=2000, refunded=6667)], [(0, 1001)])
    assert refused.value.members == {"returnable": 1000}


def test_everything_left_skips_what_came_back_whole() -> None:
    """A void after a return undoes the rest only."""
    lines = [SoldLine(1000, 500, returned=1000, refunded=500), SoldLine(2000, 300, returned=500, refunded=75)]
    assert [(share.line, share.quantity, share.total) for share in everything_left(lines)] == [(1, 1500, 225)]


def test_a_share_is_never_negative_after_a_voided_return() -> None:
    """One kopeck may have been given ahead; the next share waits for the quantity to catch up."""
    line = SoldLine(3000, 1, returned=2, refunded=1)
    assert [share.total for share in line_returns([line], [(0, 1), (0, 2997)])] == [0, 0]


def test_a_return_of_a_tender_sale_gives_money_without_points() -> None:
    """200.00, of which 50.00 by points: half back is 75.00 in money and 25 points."""
    till = shop(100)
    payments = [Payment("card", 15000), Payment("points", 5000)]
    sale = till.sell(goods(20000, quantity=2000), points=50, presentation=TENDER, payments=payments)
    return_id, undone = till.take_return(sale, (0, 1000))
    (share,) = sale.returns[return_id]
    assert (share.total, share.money, undone.restored) == (10000, 7500, 25)


def test_restored_points_return_to_their_own_lots() -> None:
    """C1: latest expiry first, so that what was nearest its end stays spent longest."""
    till = shop()
    near, far = till.now + timedelta(days=40), till.now + timedelta(days=80)
    till.adjust(30, expires_at=far)
    till.adjust(30, expires_at=near)
    sale = till.sell(goods(5000, paid_by_points=5000, quantity=2000), points=50)
    till.take_return(sale, (0, 1000))
    left = {lot.expires_at: lot.remaining for lot in till.account.lots.values()}
    assert left == {near: 5, far: 30}


@pytest.mark.parametrize("days", [1, 13, 14, 15, 30])
def test_restore_grace_at_its_border(days: int) -> None:
    """A lot that ends within 14 days passes its points to a child that ends with the grace; a later one keeps them."""
    till = shop()
    today = date(2026, 11, 21)
    ends = end_of_day(today + timedelta(days=days), MOSCOW)
    grace = end_of_day(today + timedelta(days=14), MOSCOW)
    till.adjust(50, expires_at=ends)
    till.take_return(till.sell(goods(5000, paid_by_points=5000), points=50))
    (lot,) = [lot for lot in till.account.lots.values() if lot.open]
    assert lot.expires_at == (grace if days <= 14 else ends)
    assert (lot.parent_lot_id is None) is (days > 14)


def test_points_of_an_expired_lot_come_back_for_the_grace() -> None:
    """Bought with points that ended since: the customer has fourteen days to spend them again."""
    till = shop()
    till.adjust(50, expires_at=till.now + timedelta(days=2))
    sale = till.sell(goods(5000, paid_by_points=5000), points=50)
    till.wait(days=10)
    till.take_return(sale)
    assert till.balance().active == 50
    till.wait(days=15)
    assert till.balance().active == 0


def test_a_lot_of_grace_keeps_its_origin() -> None:
    """Where the points came from does not change because their time did."""
    till = shop()
    first = till.sell(goods(5000000), sold_at=till.now - timedelta(days=364))
    sale = till.sell(goods(50000, paid_by_points=50000), points=500)
    till.take_return(sale)
    (child,) = [lot for lot in till.account.lots.values() if lot.parent_lot_id]
    assert child.origin.receipt_id == first.sale.receipt_id
    till.take_return(first)
    assert (till.balance().active, till.balance().debt) == (0, 0)


def test_reversal_order() -> None:
    """Own pending, own active, own expired, then earned lots by nearest expiry, then the rest, promotional last."""
    sale, now = new_id(), NOON
    names: dict[UUID, str] = {}

    def lot(name: str, kind: OriginKind, days: int, *, starts: int = -400, expired: int = 0) -> Lot:
        origin = Origin(kind, receipt_id=sale if name.startswith("own") else new_id())
        state = LotState.PENDING if starts > 0 else LotState.EXPIRED if expired else LotState.ACTIVE
        begins, ends = now + timedelta(days=starts), now + timedelta(days=days)
        made = Lot(new_id(), 5, 0 if expired else 5, state, begins, ends, origin, expired=expired)
        names[made.lot_id] = name
        return made

    lots = [
        lot("promo", OriginKind.PROMO, 1),
        lot("adjusted", OriginKind.ADJUST, 2),
        lot("earned later", OriginKind.EARN, 60),
        lot("earned", OriginKind.EARN, 50),
        lot("own", OriginKind.EARN, 90),
        lot("own pending", OriginKind.EARN, 100, starts=3),
        lot("own expired", OriginKind.EARN, -1, expired=5),
        lot("other pending", OriginKind.EARN, 100, starts=3),
    ]
    book = Book(new_id(), active=25, pending=10, lots=lots)
    document = Document("return", new_id(), now)
    done = book.reverse(50, document=document, receipt_id=sale, now=now, policy=Shortfall.ALLOW_DEBT)
    entry = next(entry for entry in book.changes().entries if entry.kind is EntryKind.REVERSE_EARN)
    assert [names[lot_id] for lot_id, _ in entry.allocations] == [
        "own pending",
        "own",
        "own expired",
        "earned",
        "earned later",
        "adjusted",
        "promo",
    ]
    assert done == Reversal(35, 15, 0)
    assert (book.active, book.pending, book.debt) == (0, 5, 15)


def test_pending_points_are_eaten_first() -> None:
    """C2: a return before the points begin takes them before they count."""
    till = shop(10, activate_after_days=3)
    sale = till.sell(goods(100000))
    assert (till.balance().pending, till.balance().active) == (10, 10)
    till.take_return(sale)
    assert (till.balance().pending, till.balance().active) == (0, 10)
    assert [lot.state for lot in till.account.lots.values()] == [LotState.ACTIVE, LotState.REVERSED]


def test_allow_debt_opens_a_debt_up_to_what_the_receipt_earned() -> None:
    """Preset policy; the next points pay it."""
    till = shop()
    _, undone = till.take_return(spent_all(till))
    assert (undone.reversal.collected, undone.reversal.debt, undone.reversed) == (0, 10, 10)
    assert (till.balance().active, till.balance().debt) == (0, 10)
    till.sell(goods(150000))
    assert (till.balance().active, till.balance().debt) == (5, 0)


def test_a_debt_limit_waives_the_rest() -> None:
    """`allow_debt(limit)`: collected + debt + waived = earned."""
    till = shop(debt_limit=4)
    _, undone = till.take_return(spent_all(till))
    assert undone.reversal == replace(undone.reversal, collected=0, debt=4, waived=6)


def test_within_balance_waives_what_is_gone() -> None:
    """C3: no debt; what is there is taken."""
    till = shop(shortfall=Shortfall.WITHIN_BALANCE)
    sale = spent_all(till)
    till.adjust(4)
    _, undone = till.take_return(sale)
    assert undone.reversal == replace(undone.reversal, collected=4, debt=0, waived=6)
    assert till.balance().active == 0


def test_only_pending_leaves_active_points_alone() -> None:
    """C3: what has begun is the customer's."""
    till = shop(shortfall=Shortfall.ONLY_PENDING)
    _, undone = till.take_return(till.sell(goods(100000)))
    assert (undone.reversal.waived, till.balance().active) == (10, 10)


def test_points_that_expired_unused_are_not_taken_twice() -> None:
    """Nobody had them: the return of a sale of last year leaves this year's points and opens no debt."""
    till = shop()
    sale = till.sell(goods(100000))
    till.wait(days=400)
    till.sell(goods(50000))
    _, undone = till.take_return(sale)
    assert (undone.reversal.collected, undone.reversal.debt) == (10, 0)
    assert (till.balance().active, till.balance().debt) == (5, 0)
    assert kinds(till)[-2:] == [("reinstate", 10), ("reverse_earn", -10)]


def test_points_spent_on_debt_come_back_as_points() -> None:
    """The sale spent 50 that were not there; its return gives 50: what is still owed first."""
    till = shop()
    sale = till.sell(goods(15000, paid_by_points=5000), points=50, record=True)
    till.adjust(20)
    assert (till.balance().active, till.balance().debt) == (0, 29)
    till.take_return(sale)
    assert (till.balance().active, till.balance().debt) == (20, 0)


def test_a_void_gives_back_the_very_dates() -> None:
    """As if the sale had not been: no grace, no new lot, the same balance with the same `expiring`."""
    till = shop()
    till.adjust(50, expires_at=till.now + timedelta(days=5))
    before = till.balance()
    till.void(till.sell(goods(5000, paid_by_points=5000), points=50))
    assert till.balance() == before
    assert len(till.account.lots) == 1


def test_a_void_after_returns_is_net_zero() -> None:
    """What returns gave and took stays; the void adds exactly the rest."""
    till = shop(100)
    before = till.balance()
    sale = till.sell(goods(100001, quantity=3000), goods(7777, paid_by_points=3333, quantity=3000), points=None)
    paid = till.sell(goods(99999, paid_by_points=3300, quantity=3000), points=33)
    for receipt in (sale, paid):
        till.take_return(receipt, (0, 1000))
        till.void(receipt)
    assert till.balance() == before
    assert till.account.lifetime_earned == 0


def test_a_voided_return_leaves_the_sale_as_it_was() -> None:
    """What the return took comes back to its lots, what it gave is spent again."""
    till = shop(100)
    sale = till.sell(goods(195000, paid_by_points=5000, quantity=2000), points=50)
    before, lines = till.balance(), list(sale.lines)
    return_id, _ = till.take_return(sale, (0, 1000))
    assert till.balance() != before
    till.void_return(sale, return_id)
    assert (till.balance(), sale.lines) == (before, lines)
    till.void(sale)
    assert till.balance().active == 100


def test_a_voided_return_whose_points_are_spent_already_is_owed() -> None:
    """The restored 50 went elsewhere: taking them again is a debt, and the sale's own void settles it."""
    till = shop(50)
    sale = till.sell(goods(5000, paid_by_points=5000), points=50)
    return_id, _ = till.take_return(sale)
    till.adjust(-50)
    undone = till.void_return(sale, return_id)
    assert (undone.reversal.debt, till.balance().debt) == (50, 50)
    till.void(sale)
    assert (till.balance().active, till.balance().debt) == (0, 0)


def test_what_policy_waived_cannot_come_back() -> None:
    """Without debt, returning, spending elsewhere and voiding the return must not print points."""
    till = shop(50, shortfall=Shortfall.WITHIN_BALANCE)
    sale = till.sell(goods(5000, paid_by_points=5000), points=50)
    for _ in range(3):
        return_id, _ = till.take_return(sale)
        till.adjust(-till.balance().active or 1)
        till.void_return(sale, return_id)
    assert till.balance().active <= 2


def test_a_voided_return_does_not_revive_expired_points() -> None:
    """They had expired before the return took them: they expire again."""
    till = shop()
    sale = till.sell(goods(100000))
    till.wait(days=400)
    return_id, _ = till.take_return(sale)
    till.void_return(sale, return_id)
    assert (till.balance().active, till.balance().debt) == (0, 0)
    assert kinds(till)[-2:] == [("reverse_earn", 10), ("expire", -10)]


def test_a_reassigned_sale_moves_with_its_dates() -> None:
    """The wrong phone: points leave one account and reach the other as if sold there, net of returns."""
    till, other = shop(100), Stored(new_id())
    till.adjust(20, account=other)
    sale = till.sell(goods(195000, paid_by_points=5000, quantity=2000), points=50)
    till.take_return(sale, (0, 1000))
    ends = next(lot.expires_at for lot in till.account.lots.values() if lot.origin.receipt_id)
    till.wait(days=2)
    till.reassign(sale, other)
    assert till.balance().active == 100
    assert (till.balance(other).active, till.balance(other).debt) == (20 - 25 + 9, 0)
    assert [lot.expires_at for lot in other.lots.values() if lot.origin.receipt_id] == [ends]
    till.take_return(sale, (0, 1000))
    assert till.balance(other).active == 20


def test_a_return_of_before_the_move_can_be_voided_after_it() -> None:
    """The new account never saw the return: it is given and charged by amount."""
    effects = ReturnEffects.elsewhere(restored=25, reversed_=10)
    assert [part.points for part in (*effects.given, *effects.taken)] == [25, 10]
    assert {part.lot_id for part in (*effects.given, *effects.taken)} == {None}


def test_a_late_return_counts_its_grace_from_its_own_date() -> None:
    """History loaded years later must not revive points: the grace of a return is over with its own fourteen days."""
    till = shop()
    till.adjust(50, expires_at=till.now + timedelta(days=2))
    sale = till.sell(goods(5000, paid_by_points=5000), points=50)
    sold_at = till.now
    till.wait(days=100)
    till.take_return(sale, at=sold_at + timedelta(days=1))
    assert till.balance().active == 0
    assert till.account.entries[-1].kind is EntryKind.EXPIRE
