"""The book of one account: order of spending, time, debt, holds, and accounts too large to load."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.kernel.ids import new_id
from domain.loyalty.entries import Balance, Document, EntryKind, Expiring
from domain.loyalty.errors import InsufficientPoints, NeedsFullBook
from domain.loyalty.expiry import Life
from domain.loyalty.journal import Tail
from domain.loyalty.ledger import Book, Redeemed, Uncovered
from domain.loyalty.lots import Lot, LotState, Origin, OriginKind, spending_order
from tests.unit.loyalty.till import NOON, PROGRAM, Stored, Till, goods

DAY = timedelta(days=1)
PAPER = Document("adjustment", new_id(), NOON)
GIFT = Origin(OriginKind.ADJUST)


def lot(points: int, days: float | None, *, starts: float = -1, reserved: int = 0) -> Lot:
    state = LotState.PENDING if starts > 0 else LotState.ACTIVE
    ends = None if days is None else NOON + days * DAY
    return Lot(new_id(), points, points, state, NOON + starts * DAY, ends, GIFT, reserved)


def book(*lots: Lot, debt: int = 0, tail: Tail | None = None) -> Book:
    active = sum(lot.free for lot in lots if lot.state is LotState.ACTIVE)
    pending = sum(lot.free for lot in lots if lot.state is LotState.PENDING)
    held = sum(lot.reserved for lot in lots)
    if tail is not None:
        active, pending, held = active + tail.active, pending + tail.pending, held + tail.held
    return Book(new_id(), 7, active, pending, held, debt, lots=sorted(lots, key=spending_order), tail=tail)


def spent_from(account: Book) -> list[int]:
    return [-points for entry in account.changes().entries for _, points in entry.allocations]


def test_nearest_expiry_first_no_expiry_last_then_the_oldest() -> None:
    """C1. The order of the index of open lots."""
    never, far, old, young = lot(1, None), lot(2, 50), lot(3, 10), lot(4, 10)
    account = book(never, far, old, young)
    account.redeem(10, document=PAPER, now=NOON)
    (entry,) = account.changes().entries
    assert [lot_id for lot_id, _ in entry.allocations] == [old.lot_id, young.lot_id, far.lot_id, never.lot_id]


def test_a_refused_redemption_leaves_nothing() -> None:
    """A method that raises has posted nothing."""
    account = book(lot(5, 10))
    with pytest.raises(InsufficientPoints):
        account.redeem(6, document=PAPER, now=NOON)
    changes = account.changes()
    assert changes.empty
    assert (changes.version, changes.active, changes.lot_deltas) == (7, 5, ())


@pytest.mark.parametrize(
    ("uncovered", "expected"), [(Uncovered.DEBT, Redeemed(5, 3, 0)), (Uncovered.LEAVE, Redeemed(5, 0, 3))]
)
def test_what_is_not_there(uncovered: Uncovered, expected: Redeemed) -> None:
    """Owed or left, never clamped in silence."""
    account = book(lot(5, 10))
    assert account.redeem(8, document=PAPER, now=NOON, uncovered=uncovered) == expected
    assert account.debt == expected.debt


def test_each_entry_is_a_step_of_the_version() -> None:
    """`UPDATE account … WHERE version = expected` holds two tills apart, and the entry's key is unique."""
    account = book(lot(5, 1), lot(9, 30))
    account.redeem(12, document=replace(PAPER, at=NOON + 2 * DAY), now=NOON + 2 * DAY, uncovered=Uncovered.DEBT)
    changes = account.changes()
    assert [(entry.seq, entry.kind.value, entry.points) for entry in changes.entries] == [
        (8, "expire", -5),
        (9, "redeem", -9),
        (10, "debt_open", -3),
    ]
    assert (changes.expected_version, changes.version) == (7, 10)
    assert [(d.remaining, d.expired, d.state.value, d.open) for d in changes.lot_deltas] == [
        (-5, 5, "expired", False),
        (-9, 0, "exhausted", False),
    ]


def test_a_point_is_spendable_while_now_is_before_its_end() -> None:
    """The last microsecond counts, the next one does not."""
    account = book(lot(5, 1))
    assert account.balance(NOON + DAY - timedelta(microseconds=1)).active == 5
    assert account.balance(NOON + DAY).active == 0


def test_reading_changes_nothing() -> None:
    """Invariant 5: a balance is evaluated at read and written by whoever next touches the account."""
    account = book(lot(5, 1), lot(7, 90, starts=1))
    assert account.balance(NOON + 2 * DAY) == Balance(7, 0, 0, 0)
    assert account.changes().empty
    assert account.balance(NOON) == Balance(5, 7, 0, 0, (Expiring(5, NOON + DAY),))


def test_expiring_lists_thirty_days_grouped_by_moment() -> None:
    """Soonest first; what ends on the thirtieth day is among them."""
    account = book(lot(5, 3), lot(6, 3), lot(7, 30), lot(8, 30.5), lot(9, None))
    assert account.balance(NOON).expiring == (Expiring(11, NOON + 3 * DAY), Expiring(7, NOON + 30 * DAY))


def test_the_order_of_a_day_is_activate_settle_expire() -> None:
    """At one midnight: points begin, pay debt, and only then others end."""
    account = book(lot(10, 5, starts=1), debt=4)
    account.settle(NOON + 6 * DAY)
    entries = [(entry.kind.value, entry.points, entry.at - NOON) for entry in account.changes().entries]
    assert entries == [("activate", 10, DAY), ("debt_settle", -4, DAY), ("expire", -6, 5 * DAY)]
    assert (account.active, account.pending, account.debt) == (0, 0, 0)


@given(
    lots=st.lists(
        st.tuples(st.integers(1, 50), st.none() | st.integers(1, 60), st.integers(-1, 40)), min_size=1, max_size=8
    ),
    debt=st.integers(0, 60),
    stops=st.lists(st.integers(0, 70), max_size=6),
)
def test_a_late_worker_never_changes_a_balance(
    lots: list[tuple[int, int | None, int]], debt: int, stops: list[int]
) -> None:
    """Settling at any moments on the way gives the same end as never, entries' business times included."""
    made = [lot(points, ends and max(ends, starts + 1), starts=starts) for points, ends, starts in lots]
    if debt:
        made = [one for one in made if one.state is LotState.PENDING]
    at_once = book(*made, debt=debt)
    steps = at_once.copy()
    for stop in sorted(stops):
        steps.settle(NOON + stop * DAY)
    end = NOON + 80 * DAY
    assert steps.balance(end) == at_once.balance(end)
    steps.settle(end)
    at_once.settle(end)
    told = [[(e.kind, e.points, e.at, e.allocations) for e in b.changes().entries] for b in (steps, at_once)]
    assert told[0] == told[1]


def test_points_pay_debt_before_anything() -> None:
    """Invariant 2: debt is settled the moment points become free."""
    account = book(debt=30)
    account.credit(12, document=PAPER, now=NOON, life=Life(NOON, NOON + DAY), origin=GIFT)
    assert (account.active, account.debt) == (0, 18)
    (made,) = account.changes().new_lots
    assert (made.amount, made.remaining, made.state) == (12, 0, LotState.EXHAUSTED)


def test_points_that_are_over_when_they_come_pay_no_debt() -> None:
    """Invariant 6: a receipt of two years ago earns and expires, and consumes nothing past its end."""
    account = book(debt=30)
    life = Life(NOON - 700 * DAY, NOON - 335 * DAY)
    account.credit(12, document=PAPER, now=NOON, life=life, origin=GIFT)
    assert (account.active, account.debt) == (0, 30)
    assert [entry.kind.value for entry in account.changes().entries] == ["earn", "expire"]


def test_reserved_points_are_neither_spent_nor_expired() -> None:
    """A hold opened before the end outlives it; what is free of the lot ends in time."""
    account = book(lot(10, 1, reserved=4), lot(5, 90))
    assert account.balance(NOON) == Balance(11, 0, 4, 0, (Expiring(6, NOON + DAY),))
    account.redeem(5, document=PAPER, now=NOON + 2 * DAY)
    assert (account.active, account.held) == (0, 4)
    held = account.changes().lot_deltas[0]
    assert (held.remaining, held.expired, held.open) == (-6, 6, True)


def test_an_adjustment_never_goes_below_zero() -> None:
    """C35: 422 with what is available; pending and reserved points are not."""
    account = book(lot(10, 90, reserved=4), lot(5, 90, starts=3))
    with pytest.raises(InsufficientPoints) as refused:
        account.adjust(-7, document=PAPER, now=NOON)
    assert refused.value.members == {"requested": 7, "available": 6}
    account.adjust(-6, document=replace(PAPER, reason="mistake"), now=NOON)
    assert account.changes().entries[0].reason == "mistake"


def test_opening_balances_keep_their_ends() -> None:
    """A139: a shop moves in with its customers' points, and they end when they would have."""
    account = Stored(new_id())
    till = Till(account=account)
    for points, days in ((100, 20), (50, None)):
        till.adjust(points, expires_at=None if days is None else NOON + days * DAY)
    assert till.balance() == Balance(150, 0, 0, 0, (Expiring(100, NOON + 20 * DAY),))
    till.wait(days=20)
    assert till.balance().active == 50


def test_lifetime_earned_is_net_of_returns_and_knows_no_gifts() -> None:
    """It counts what receipts earned and kept."""
    till = Till()
    till.adjust(500)
    till.sell(goods(300000))
    till.take_return(till.sell(goods(100000)))
    assert till.account.lifetime_earned == 30


# Accounts too large to load at once


def test_a_tail_is_what_the_figures_hold_and_the_lots_do_not() -> None:
    """The first lots in spending order and the cached figures say what was left behind."""
    near, far = lot(5, 40), lot(7, 50)
    assert Tail.behind([near, far], active=12, pending=0, held=0, next_activation_at=None) is None
    tail = Tail.behind([near], active=12, pending=3, held=1, next_activation_at=NOON + DAY)
    assert tail == Tail(7, 3, 1, near.expires_at, near.lot_id, NOON + DAY)


def test_the_first_lots_suffice_for_most_redemptions() -> None:
    """No second read when what was loaded covers it."""
    near = lot(5, 40)
    account = book(near, tail=Tail(100, first_expires_at=near.expires_at, first_lot_id=near.lot_id))
    account.redeem(5, document=PAPER, now=NOON)
    assert (account.active, spent_from(account)) == (100, [5])
    with pytest.raises(NeedsFullBook):
        account.redeem(1, document=PAPER, now=NOON)


def test_points_earned_now_are_not_spent_before_older_ones_left_behind() -> None:
    """A lot behind the tail in spending order must wait for the whole book."""
    near = lot(5, 40)
    account = book(near, tail=Tail(100, first_expires_at=near.expires_at, first_lot_id=near.lot_id))
    account.credit(50, document=PAPER, now=NOON, life=Life(NOON, NOON + 365 * DAY), origin=GIFT)
    with pytest.raises(NeedsFullBook):
        account.redeem(6, document=PAPER, now=NOON)


def test_time_that_reaches_the_tail_asks_for_it() -> None:
    """What could have ended or begun behind the loaded lots is never guessed."""
    near = lot(5, 40)
    ends = Tail(100, first_expires_at=near.expires_at, first_lot_id=near.lot_id)
    starts = replace(ends, pending=3, first_activates_at=NOON + DAY)
    assert book(near, tail=ends).balance(NOON).active == 105
    for tail, days in ((ends, 40), (starts, 1)):
        with pytest.raises(NeedsFullBook):
            book(near, tail=tail).balance(NOON + days * DAY)


def test_expiring_points_of_the_tail_are_told_or_asked_for() -> None:
    """The list of the next thirty days is complete or it is not given."""
    near = lot(5, 10)
    tail = Tail(100, first_expires_at=near.expires_at, first_lot_id=near.lot_id)
    with pytest.raises(NeedsFullBook):
        book(near, tail=tail).balance(NOON)
    told = replace(tail, expiring=(Expiring(3, NOON + 10 * DAY), Expiring(4, NOON + 20 * DAY)))
    assert book(near, tail=told).balance(NOON).expiring == (Expiring(8, NOON + 10 * DAY), Expiring(4, NOON + 20 * DAY))


def test_a_cached_figure_without_lots_is_found_at_once() -> None:
    """A corrupted account stops; it does not spend points that no lot holds."""
    account = Book(new_id(), 1, active=10)
    with pytest.raises(RuntimeError, match="hold more than its lots"):
        account.redeem(5, document=PAPER, now=NOON)


def test_changes_name_the_next_activation() -> None:
    """The account's column lets a reader of the first lots know when pending points begin."""
    account = book(lot(5, 90, starts=3), lot(5, 90, starts=2))
    assert account.changes().next_activation_at == NOON + 2 * DAY
    account.settle(NOON + 2 * DAY)
    assert account.changes().next_activation_at == NOON + 3 * DAY


def test_two_receipts_of_one_customer_chain_in_one_write() -> None:
    """A batch decides item after item on one book; lots made by the first are spendable by the second."""
    account = book()
    account.credit(10, document=PAPER, now=NOON, life=Life(NOON, None), origin=GIFT)
    account.redeem(4, document=PAPER, now=NOON)
    changes = account.changes()
    assert [entry.kind for entry in changes.entries] == [EntryKind.EARN, EntryKind.REDEEM]
    assert ([made.remaining for made in changes.new_lots], changes.lot_deltas, changes.active) == ([6], (), 6)


def test_the_program_of_the_tests_is_the_preset() -> None:
    """The figures above are those of the contract."""
    assert (PROGRAM.earn_per, PROGRAM.point_price) == (10000, 100)
