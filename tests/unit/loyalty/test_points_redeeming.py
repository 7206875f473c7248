"""Spending points in one call: does the document agree with itself, may it, and what was really spent."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.history.receipt import DiscountPart, Payment, ReceiptLine, Redemption
from domain.kernel.errors import DomainError
from domain.kernel.money import spread
from domain.loyalty.entries import Document, EntryKind
from domain.loyalty.errors import (
    AccountFrozen,
    InsufficientPoints,
    PointsLimitExceeded,
    RedemptionDoesNotMatch,
    VerificationRequired,
)
from domain.loyalty.program import ProgramVersion, Shortfall, Verification
from domain.loyalty.redeeming import DISCOUNT, TENDER, claim, default_presentation, limits_of, spend
from domain.loyalty.restrictions import NO_RESTRICTIONS
from tenancy.jurisdictions import restricted_goods
from tests.unit.loyalty.till import NOON, PROGRAM, Till, goods, redemption

RU = restricted_goods("ru", date(2026, 11, 21))
UA = restricted_goods("ua", date(2026, 11, 21))
PAID = [Payment("card", 15000), Payment("points", 5000)]


def shop(points: int = 100, program: ProgramVersion = PROGRAM) -> Till:
    till = Till(program=program)
    if points:
        till.adjust(points)
    return till


def codes(error: DomainError) -> list[str]:
    return [field.code for field in error.errors]


def test_a_discount_is_the_default_where_fiscal_lines_are_net() -> None:
    """RU and UA print net lines; elsewhere points are a payment."""
    assert [default_presentation(c) for c in ("RU", "UA", "DE", "KZ")] == [DISCOUNT, DISCOUNT, TENDER, TENDER]


def test_points_as_a_discount() -> None:
    """The line is net, names its points part, and earns on what is left."""
    till = shop()
    sale = till.sell(goods(119900, paid_by_points=5000), points=50)
    assert sale.posting.spending.by_line == (50,)
    assert till.balance().active == 100 - 50 + 11


def test_points_as_a_tender() -> None:
    """Lines are before points; the payment is exactly their value and is spread over the lines."""
    till = shop()
    sale = till.sell(goods(15000), goods(5000), points=50, presentation=TENDER, payments=PAID)
    assert sale.posting.spending.by_line == (38, 12)
    assert sale.posting.spending.tender == (3750, 1250)
    assert sale.posting.earning.by_line == (1, 0)


@pytest.mark.parametrize(
    ("points", "presentation", "taken", "payments", "expected", "received"),
    [
        (50, DISCOUNT, 4999, [], 5000, 4999),
        (50, DISCOUNT, 0, [], 5000, 0),
        (0, DISCOUNT, 5000, [], 0, 5000),
        (50, DISCOUNT, 5000, [Payment("points", 5000)], 5000, 10000),
        (50, TENDER, 0, [Payment("points", 5001)], 5000, 5001),
        (50, TENDER, 0, [Payment("card", 20000)], 5000, 0),
        (50, TENDER, 5000, [Payment("points", 5000)], 5000, 10000),
    ],
)
@pytest.mark.parametrize("record", [True, False])
def test_a_document_that_contradicts_itself_is_refused(
    *,
    points: int,
    presentation: str,
    taken: int,
    payments: list[Payment],
    expected: int,
    received: int,
    record: bool,
) -> None:
    """Sums that do not add up are refused in both modes: nobody knows what the customer was promised."""
    till = shop()
    with pytest.raises(RedemptionDoesNotMatch) as refused:
        till.sell(
            goods(20000 - taken, paid_by_points=taken),
            points=points,
            presentation=presentation,
            payments=payments,
            record=record,
        )
    assert refused.value.members == {"expected": expected, "received": received}
    assert till.balance().active == 100


@pytest.mark.parametrize(("total", "most"), [(129900, 649), (20000, 100), (19999, 99), (199, 0), (200, 1)])
def test_half_of_the_eligible_lines_before_points(total: int, most: int) -> None:
    """floor(50 %) in money, then in whole points."""
    assert limits_of([goods(total)], PROGRAM, NO_RESTRICTIONS).max_points == most


def test_points_already_taken_off_do_not_lower_the_limit() -> None:
    """The limit is of the lines before points: 200.00, of which 100.00 are already taken off."""
    till = shop(500)
    till.sell(goods(10000, paid_by_points=10000), points=100)
    with pytest.raises(PointsLimitExceeded) as refused:
        till.sell(goods(9900, paid_by_points=10100), points=101)
    assert refused.value.members["max_points"] == 100
    assert refused.value.members["limits"] == {"eligible": 20000, "max_share_percent": 50, "min": 0, "step": 1}
    assert codes(refused.value) == ["max_share"]


def test_delivery_gift_cards_and_prepayments_take_no_points() -> None:
    """Only goods and services that are handed over count."""
    lines = [goods(10000, kind=kind) for kind in ("goods", "service", "delivery", "gift_card", "deposit")]
    lines.append(goods(10000, settlement="prepayment"))
    assert limits_of(lines, PROGRAM, NO_RESTRICTIONS).eligible == 20000


def test_points_on_a_line_that_takes_none_are_refused_by_name() -> None:
    """The sum may be within the limit: the line is not."""
    till = shop()
    with pytest.raises(PointsLimitExceeded) as refused:
        till.sell(goods(100000), goods(9000, paid_by_points=1000, kind="delivery"), points=10)
    assert [field.pointer for field in refused.value.errors] == ["/lines/1"]


def test_minimum_and_step() -> None:
    """C-limits of the program: at least 100, by tens; the maximum is a whole number of steps."""
    program = replace(PROGRAM, min_points=100, step=10)
    assert limits_of([goods(25000)], program, NO_RESTRICTIONS).max_points == 120
    for points, broken in ((90, ["min_points"]), (105, ["step"]), (95, ["min_points", "step"])):
        with pytest.raises(PointsLimitExceeded) as refused:
            shop(500, program).sell(goods(40000 - points * 100, paid_by_points=points * 100), points=points)
        assert codes(refused.value) == broken


def test_g2_points_never_pay_for_e_cigarettes_in_ukraine() -> None:
    """Vector G2: e-cigarette 800.00, tea 200.00, balance 500: at most 200.00, on tea only."""
    program = replace(PROGRAM, max_share_percent=100)
    till = Till(program=program, pack=UA)
    till.adjust(500)
    lines = [goods(80000, restrictions=("nicotine_device",)), goods(20000)]
    assert limits_of(lines, program, UA).max_points == 200
    sale = till.sell(*lines, points=200, presentation=TENDER, payments=[Payment("points", 20000)])
    assert sale.posting.spending.by_line == (0, 200)
    with pytest.raises(PointsLimitExceeded):
        till.sell(*lines, points=201, presentation=TENDER, payments=[Payment("points", 20100)])


def test_points_stop_at_the_minimum_price() -> None:
    """RU vodka 400.00 with a minimum price of 380.00 takes 20 points; without a known minimum none."""
    program = replace(PROGRAM, max_share_percent=100)
    vodka = goods(40000, restrictions=("alcohol",), min_unit_price=38000)
    assert limits_of([vodka], program, RU).max_points == 20
    assert limits_of([replace(vodka, min_unit_price=None)], program, RU).max_points == 0
    assert limits_of([replace(vodka, restrictions=())], program, RU).max_points == 20


def test_a_discount_below_the_minimum_price_is_refused() -> None:
    """The total may be within the limit: the line's price is not."""
    till = Till(pack=RU)
    till.adjust(100)
    with pytest.raises(PointsLimitExceeded) as refused:
        till.sell(
            goods(37000, paid_by_points=3000, restrictions=("alcohol",), min_unit_price=38000), goods(99000), points=30
        )
    assert [(field.pointer, field.code) for field in refused.value.errors] == [("/lines/0", "restricted-line")]


def test_more_than_the_balance_is_refused_with_what_there_is() -> None:
    """Never clamped: the customer is asked again."""
    till = shop(30)
    with pytest.raises(InsufficientPoints) as refused:
        till.sell(goods(15000, paid_by_points=5000), points=50)
    assert refused.value.members == {"requested": 50, "available": 30}
    assert till.balance().active == 30


def test_what_expired_a_second_ago_is_not_available() -> None:
    """Expiry is evaluated at the moment of the sale, not when a job comes."""
    till = Till()
    till.adjust(50, expires_at=NOON + timedelta(days=1))
    till.wait(days=1)
    with pytest.raises(InsufficientPoints) as refused:
        till.sell(goods(15000, paid_by_points=5000), points=50)
    assert refused.value.members["available"] == 0


def test_a_printed_receipt_is_recorded_and_the_rest_is_debt() -> None:
    """`record`, preset policy: 30 spent, 20 owed, the warning says so; what the receipt earns pays debt first."""
    till = shop(30)
    sale = till.sell(goods(15000, paid_by_points=5000), points=50, record=True)
    spending = sale.posting.spending
    assert (spending.spent, spending.debt, spending.unspent, spending.by_line) == (30, 20, 0, (50,))
    assert [(n.code, n.pointer, n.values) for n in spending.notices] == [
        ("points-to-debt", "/redemption/points", {"points": 20})
    ]
    balance = till.balance()
    assert (balance.active, balance.debt) == (0, 19)


@pytest.mark.parametrize("policy", [Shortfall.WITHIN_BALANCE, Shortfall.ONLY_PENDING])
def test_a_printed_receipt_without_debt_leaves_points_unspent(policy: Shortfall) -> None:
    """`record`, a program without debt: 30 spent, 20 not, and attributed to lines accordingly."""
    till = shop(30, replace(PROGRAM, shortfall=policy))
    lines = [goods(7000, paid_by_points=3000), goods(8000, paid_by_points=2000)]
    sale = till.sell(*lines, points=50, record=True)
    spending = sale.posting.spending
    assert (spending.spent, spending.debt, spending.unspent, spending.by_line) == (30, 0, 20, (18, 12))
    assert [(notice.code, notice.values) for notice in spending.notices] == [("points-not-spent", {"points": 20})]
    assert till.balance().debt == 0


def test_a_printed_receipt_over_the_limit_is_charged_and_says_so() -> None:
    """The discount was given: with debt allowed it is charged in full, else only up to the limit."""
    lines = [goods(2000, paid_by_points=8000)]
    till = shop(100)
    sale = till.sell(*lines, points=80, record=True)
    assert (sale.posting.spending.spent, sale.posting.spending.debt) == (80, 0)
    assert [(n.code, n.values) for n in sale.posting.notices] == [("points-to-debt", {"points": 30})]
    till = shop(100, replace(PROGRAM, shortfall=Shortfall.WITHIN_BALANCE))
    sale = till.sell(*lines, points=80, record=True)
    assert (sale.posting.spending.spent, sale.posting.spending.unspent) == (50, 30)
    assert [(n.code, n.values) for n in sale.posting.notices] == [("points-not-spent", {"points": 30})]


def test_a_printed_receipt_with_points_on_tobacco_is_recorded_with_the_law() -> None:
    """A sale is a fact; the warning names the line."""
    till = Till(pack=RU)
    till.adjust(100)
    sale = till.sell(goods(99000), goods(9000, paid_by_points=1000, restrictions=("tobacco",)), points=10, record=True)
    notices = [(notice.code, notice.pointer, notice.values["action"]) for notice in sale.posting.notices]
    assert notices == [("restricted-line", "/lines/1", "spend"), ("restricted-line", "/lines/1", "earn")]
    assert sale.posting.spending.spent == 10


def test_a_frozen_account_spends_nothing_and_still_earns() -> None:
    """409 to a till that asks, a warning to one that tells."""
    till = shop(100)
    till.account.status = "frozen"
    line = goods(15000, paid_by_points=5000)
    with pytest.raises(AccountFrozen):
        till.sell(line, points=50)
    sale = till.sell(line, points=50, record=True)
    assert [notice.code for notice in sale.posting.notices] == ["account-frozen"]
    assert (sale.posting.spending.charged, sale.posting.earning.points, till.balance().active) == (0, 1, 101)


def test_verification_only_where_it_was_switched_on() -> None:
    """Off in the preset; a confirmed code lets the same request pass."""
    till = shop(100, replace(PROGRAM, verification=Verification.ALWAYS))
    line = goods(15000, paid_by_points=5000)
    with pytest.raises(VerificationRequired):
        till.sell(line, points=50)
    assert till.sell(line, points=50, verified=True).posting.spending.spent == 50
    told = till.sell(line, points=50, record=True)
    assert [notice.code for notice in told.posting.notices] == ["points-to-debt"]


def test_nobody_has_no_points() -> None:
    """An anonymous receipt that asks is refused; one that tells is recorded, and nothing is spent."""
    document = Document("receipt", UUID(int=1), NOON)
    lines = [goods(15000, paid_by_points=5000)]
    claimed = claim(redemption(50), lines, [], presentation=DISCOUNT, program=PROGRAM, pack=NO_RESTRICTIONS)
    with pytest.raises(InsufficientPoints):
        spend(claimed, None, lines=lines, program=PROGRAM, document=document, now=NOON, record=False)
    told = spend(claimed, None, lines=lines, program=PROGRAM, document=document, now=NOON, record=True)
    assert (told.charged, told.unspent) == (0, 50)
    assert [notice.code for notice in told.notices] == ["points-not-spent"]


def test_points_that_nobody_asked_to_spend_are_not_spent() -> None:
    """Points in the lines or payments without a redemption: another system's, perhaps. They still earn nothing."""
    till = shop(100)
    sale = till.sell(goods(20000), presentation=TENDER, payments=PAID)
    assert [notice.code for notice in sale.posting.notices] == ["points-not-spent"]
    assert (till.balance().active, sale.posting.earning.points) == (101, 1)


@pytest.mark.parametrize("points", [None, 50])
def test_a_lapsed_hold_spends_what_the_document_says(points: int | None) -> None:
    """As many as `points`, else as the lines' points discounts say; a mismatch refuses nothing here."""
    asked = Redemption(points, None, None, hold_id=UUID(int=9))
    for taken in (5000, 4950) if points else (5000,):
        lines = [goods(20000 - taken, paid_by_points=taken)]
        claimed = claim(asked, lines, [], presentation=DISCOUNT, program=PROGRAM, pack=NO_RESTRICTIONS)
        assert claimed is not None
        assert (claimed.points, claimed.by_line) == (50, (50,))
    assert claim(asked, [goods(1)], [], presentation=DISCOUNT, program=PROGRAM, pack=NO_RESTRICTIONS) is None or points


def test_no_redemption_claims_nothing() -> None:
    """The common receipt."""
    assert claim(None, [goods(100)], [], presentation=DISCOUNT, program=PROGRAM, pack=NO_RESTRICTIONS) is None


@given(
    totals=st.lists(st.integers(0, 10**7), min_size=1, max_size=8),
    points=st.integers(1, 5000),
    balance=st.integers(0, 5000),
    tender=st.booleans(),
)
def test_spending_is_attributed_exactly(*, totals: list[int], points: int, balance: int, tender: bool) -> None:
    """Whatever is charged is attributed to lines to the last point, and spent + owed + unspent is what was asked."""
    money = points * 100
    if sum(totals) < money:
        totals = [*totals, money]
    parts = [0] * len(totals) if tender else spread(money, totals)
    lines: list[ReceiptLine] = []
    for total, part in zip(totals, parts, strict=True):
        discounts = (DiscountPart("points", part),) if part else ()
        lines.append(replace(goods(total - part), discounts=discounts, discount=part))
    till = shop(balance)
    sale = till.sell(
        *lines,
        points=points,
        presentation=TENDER if tender else DISCOUNT,
        payments=[Payment("points", money)] if tender else [],
        record=True,
    )
    spending = sale.posting.spending
    assert spending.spent + spending.debt + spending.unspent == points
    assert sum(spending.by_line) == spending.charged
    assert sum(spending.tender) == (money if tender else 0)
    redeemed = [entry for entry in till.account.entries if entry.kind is EntryKind.REDEEM]
    assert -sum(entry.points for entry in redeemed) == spending.spent
