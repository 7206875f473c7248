"""One test for each public bug of another system that our first points ledger could have had."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.history.receipt import Payment
from domain.kernel.ids import new_id
from domain.loyalty.entries import Document
from domain.loyalty.errors import InsufficientPoints
from domain.loyalty.lots import Origin, OriginKind
from domain.loyalty.program import Shortfall
from domain.loyalty.redeeming import TENDER
from tests.unit.loyalty.till import PROGRAM, Till, goods


def with_points(points: int, **fields: object) -> Till:
    till = Till(program=replace(PROGRAM, **fields))  # type: ignore[arg-type]
    till.adjust(points)
    return till


def test_odoo_111670_a_sum_of_fractions_is_exact() -> None:
    """odoo/odoo#111670: floats summed to -1e-14 and the coupon was refused. Three times 0.10 minus 0.30 is zero."""
    till = with_points(10, scale=2, max_share_percent=100, earn_points=0)
    till.adjust(10)
    till.adjust(10)
    till.sell(goods(0, paid_by_points=30), points=30)
    assert till.balance().active == 0
    assert all(isinstance(entry.points, int) for entry in till.account.entries)


def test_odoo_114004_what_points_paid_earns_nothing() -> None:
    """odoo/odoo#114004: points were granted before the reward was deducted."""
    till = with_points(500)
    net = till.sell(goods(50000, paid_by_points=50000), points=500)
    assert net.posting.earning.points == 5
    till.adjust(500)
    tender = till.sell(goods(100000), points=500, presentation=TENDER, payments=[Payment("points", 50000)])
    assert tender.posting.earning.points == 5


def test_odoo_150833_a_discount_earns_no_point() -> None:
    """odoo/odoo#150833: the discount line itself earned a point. Ours earns only on what is left of the line."""
    till = with_points(100)
    sale = till.sell(goods(10000, paid_by_points=10000), points=100)
    assert sale.posting.earning.points == 1
    assert sale.posting.earning.explain[0].inputs == {"eligible": 10000}


def test_odoo_117988_a_receipt_does_not_spend_what_it_earns() -> None:
    """odoo/odoo#117988: a reward could be bought with points of the same order."""
    till = Till()
    with pytest.raises(InsufficientPoints) as refused:
        till.sell(goods(100000, paid_by_points=1000), points=10)
    assert refused.value.members["available"] == 0
    assert till.account.entries == []


@pytest.mark.parametrize("policy", [Shortfall.ALLOW_DEBT, Shortfall.WITHIN_BALANCE])
def test_odoo_257854_238806_erpnext_32951_no_endless_points(policy: Shortfall) -> None:
    """odoo/odoo#257854, odoo/odoo#238806, frappe/erpnext#32951: a refund never took earned points back."""
    till = Till(program=replace(PROGRAM, shortfall=policy))
    for _ in range(20):
        till.take_return(till.sell(goods(500000)))
        assert till.balance().active == till.balance().debt == 0


def test_odoo_212922_221928_a_refund_charges_once() -> None:
    """odoo/odoo#212922, odoo/odoo#221928: a refund charged the points twice."""
    till = with_points(100)
    sale = till.sell(goods(100000))
    _, undone = till.take_return(sale)
    assert undone.reversed == 10
    assert till.balance().active == 100
    _, again = till.take_return(sale)
    assert (again.reversed, again.restored) == (0, 0)
    assert till.balance().active == 100


def test_odoo_177312_a_returned_line_takes_part_in_no_rule() -> None:
    """odoo/odoo#177312: refund lines counted in promotions. A return only undoes; it is never evaluated."""
    till = with_points(0 + 1)
    sale = till.sell(goods(100000), goods(50000))
    before = till.balance().active
    till.take_return(sale, (0, 1000))
    kinds = [entry.kind.value for entry in till.account.entries]
    assert kinds == ["adjust", "earn", "reverse_earn"]
    assert till.balance().active == before - 10


def test_nopcommerce_5595_cancel_then_refund_is_one_reversal() -> None:
    """nopSolutions/nopCommerce#5595: cancelling and then refunding an order gave a wrong balance."""
    till = with_points(60)
    sale = till.sell(goods(95000, paid_by_points=5000), points=50)
    till.void(sale)
    assert till.balance().active == 60
    _, undone = till.take_return(sale)
    assert (undone.restored, undone.reversed) == (0, 0)
    assert till.balance().active == 60


def test_flocafe_720_a_void_sale_keeps_no_points() -> None:
    """FreeOpenSourcePOS/FloCafe#720: void lines earned. After a void nothing of the sale is left."""
    till = Till()
    till.void(till.sell(goods(100000)))
    assert till.balance().active == 0
    assert till.account.lifetime_earned == 0


def test_erpnext_59050_points_are_deducted_however_they_stand_in_the_document() -> None:
    """frappe/erpnext#59050: points redeemed on another document type were not deducted at all."""
    for presentation in ("discount", "tender"):
        till = with_points(100)
        if presentation == "discount":
            till.sell(goods(15000, paid_by_points=5000), points=50)
        else:
            till.sell(goods(20000), points=50, presentation=TENDER, payments=[Payment("points", 5000)])
        assert till.balance().active == 50 + 1


@pytest.mark.parametrize("kind", OriginKind)
def test_liberusoftware_1056_lots_expire_by_their_date_not_by_a_label(kind: OriginKind) -> None:
    """liberusoftware/ecommerce-laravel#1056: lots of another label never expired."""
    till = Till()
    document = Document("adjustment", new_id(), till.now)
    ends = till.now + timedelta(days=1)
    book = till.account.book()
    book.adjust(5, document=document, now=till.now, expires_at=ends, origin=Origin(kind))
    till.account.save(book.changes(), till.now)
    assert till.balance().active == 5
    till.wait(days=1)
    assert till.balance().active == 0


def test_square_spent_points_can_come_back() -> None:
    """In Square a redeemed reward is terminal, in Voucherify v2 a partial refund is planned. Here half returns."""
    till = with_points(100)
    sale = till.sell(goods(6000, paid_by_points=4000, quantity=2000), points=40)
    _, undone = till.take_return(sale, (0, 1000))
    assert undone.restored == 20


def test_voucherify_a_restoration_does_not_renew_points() -> None:
    """In Voucherify's older loyalty a transfer reset the expiry, so that points lived for ever. Ours keep theirs."""
    till = Till()
    ends = till.now.replace(month=12, day=25)
    till.adjust(100, expires_at=ends)
    for _ in range(5):
        till.take_return(till.sell(goods(10000, paid_by_points=10000), points=100))
    assert {lot.expires_at for lot in till.account.lots.values() if lot.open} == {ends}


def test_reversing_first_would_be_a_repeatable_gain() -> None:
    """Restore first, then reverse: otherwise `within_balance` waives what the restored points could have paid."""
    till = with_points(5, shortfall=Shortfall.WITHIN_BALANCE)
    sale = till.sell(goods(100000, paid_by_points=500), points=5)
    till.adjust(-10)
    _, undone = till.take_return(sale)
    assert (undone.restored, undone.reversal.collected, undone.reversal.waived) == (5, 5, 5)
    assert till.balance().active == 0
