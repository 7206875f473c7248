"""The proof of a balance is reckoned apart from the cached figures."""

from dataclasses import replace
from datetime import timedelta

from domain.kernel.ids import new_id
from domain.loyalty.entries import Entry, EntryKind
from domain.loyalty.lots import Lot, LotState, Origin, OriginKind
from domain.loyalty.proof import Proved, rebuild
from tests.unit.loyalty.till import NOON, PROGRAM, Till, goods


def busy() -> Till:
    till = Till(program=replace(PROGRAM, activate_after_days=2))
    till.adjust(100, expires_at=NOON + timedelta(days=20))
    till.sell(goods(700000, paid_by_points=8000), points=80)
    till.take_return(till.sell(goods(300000)))
    return till


def test_the_proof_equals_the_balance() -> None:
    """D1: active, pending, held and debt from entries and allocations."""
    till = busy()
    assert till.account.proof(till.now) == Proved(20, 70, 0, 0)


def test_the_proof_does_not_wait_for_a_job() -> None:
    """What time has done by then is reckoned, written or not."""
    till = busy()
    later = till.now + timedelta(days=30)
    before = till.account.proof(later)
    till.now = later
    till.settle()
    assert before == till.account.proof(later) == Proved(70, 0, 0, 0)


def test_a_doctored_figure_is_found() -> None:
    """Whoever writes to the cached columns or to a lot's remainder changes the balance and not the proof."""
    till = busy()
    till.account.active += 1
    for lot in till.account.lots.values():
        lot.remaining = lot.amount
    assert till.account.proof(till.now) == Proved(20, 70, 0, 0)
    assert till.balance().active != 20


def test_a_missing_entry_is_found() -> None:
    """Without the redemption the points would be there still."""
    till = busy()
    entries = [entry for entry in till.account.entries if entry.kind is not EntryKind.REDEEM]
    assert rebuild(entries, list(till.account.lots.values()), till.now) == Proved(100, 70, 0, 0)


def test_debt_waiting_for_points_is_paid_by_the_first_that_begin() -> None:
    """The lot that begins first pays, and ends without what it paid."""
    origin, day = Origin(OriginKind.EARN), timedelta(days=1)
    first = Lot(new_id(), 10, 10, LotState.PENDING, NOON + day, NOON + 5 * day, origin)
    second = Lot(new_id(), 10, 10, LotState.PENDING, NOON + 2 * day, NOON + 10 * day, origin)
    earned = [
        Entry(new_id(), seq, EntryKind.EARN, 10, NOON, None, None, 1, ((lot.lot_id, 10),))
        for seq, lot in enumerate((first, second), 1)
    ]
    owed = Entry(new_id(), 3, EntryKind.DEBT_OPEN, -14, NOON, None, "redeem", None, ())
    entries, lots = [*earned, owed], [second, first]
    assert rebuild(entries, lots, NOON) == Proved(0, 20, 0, 14)
    assert rebuild(entries, lots, NOON + timedelta(days=1)) == Proved(0, 10, 0, 4)
    assert rebuild(entries, lots, NOON + timedelta(days=2)) == Proved(6, 0, 0, 0)
    assert rebuild(entries, lots, NOON + timedelta(days=10)) == Proved(0, 0, 0, 0)


def test_points_under_a_hold_are_held() -> None:
    """Hold and release move points inside their lot."""
    lot = Lot(new_id(), 10, 10, LotState.ACTIVE, NOON, None, Origin(OriginKind.EARN), reserved=3)
    steps = [(EntryKind.EARN, 10), (EntryKind.HOLD, -4), (EntryKind.RELEASE, 1)]
    entries = [
        Entry(new_id(), seq, kind, points, NOON, None, None, 1, ((lot.lot_id, points),))
        for seq, (kind, points) in enumerate(steps, 1)
    ]
    assert rebuild(entries, [lot], NOON) == Proved(7, 0, 3, 0)
