"""What a receipt earns, line by line."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.history.receipt import ReceiptLine
from domain.loyalty.earning import earn
from domain.loyalty.program import EarnWhileRedeeming, Rounding
from domain.loyalty.restrictions import NO_RESTRICTIONS
from tenancy.jurisdictions import restricted_goods
from tests.unit.loyalty.till import PROGRAM, goods

TODAY = date(2026, 11, 21)


def earned(*lines: ReceiptLine, tender: Sequence[int] = ()) -> tuple[int, tuple[int, ...]]:
    earning = earn(lines, tender, PROGRAM, NO_RESTRICTIONS)
    return earning.points, earning.by_line


def test_the_contracts_receipt_earns_twelve_and_says_why() -> None:
    """A24, A51: 1299.00 of goods, 1 point per 100.00, floor: 12, with rule, version and inputs."""
    earning = earn([goods(129900)], (), replace(PROGRAM, version=3), NO_RESTRICTIONS)
    assert earning.points == 12
    (explain,) = earning.explain
    assert (explain.rule, explain.version, explain.inputs, explain.points) == ("base", 3, {"eligible": 129900}, 12)


@pytest.mark.parametrize(("total", "points"), [(0, 0), (9999, 0), (10000, 1), (10001, 1), (19999, 1), (20000, 2)])
def test_borders_of_one_point(total: int, points: int) -> None:
    """One kopeck below a hundred is not a hundred."""
    assert earned(goods(total))[0] == points


def test_kopecks_of_lines_add_up_before_rounding() -> None:
    """Rounding is once per receipt: three lines of 33.34 earn the point that none of them earns alone."""
    assert earned(goods(3334), goods(3333), goods(3333)) == (1, (1, 0, 0))


def test_the_quotes_lines_earn_eleven_and_nothing() -> None:
    """The contract's quote: 1199.00 earns 11, 200.00 of tobacco nothing."""
    lines = [goods(119900), goods(20000, restrictions=("tobacco",))]
    earning = earn(lines, (), PROGRAM, restricted_goods("ru", TODAY))
    assert (earning.points, earning.by_line) == (11, (11, 0))


@pytest.mark.parametrize("kind", ["delivery", "gift_card", "deposit", "fee", "tip", "bag", "donation", "other"])
def test_only_goods_and_services_earn(kind: str) -> None:
    """Buying a gift card earns nothing: what it pays for will."""
    assert earned(goods(100000, kind=kind), goods(50000)) == (5, (0, 5))
    assert earned(goods(100000, kind="service"))[0] == 10


@pytest.mark.parametrize(
    ("settlement", "points"), [("full", 10), ("credit", 10), ("prepayment", 0), ("advance", 0), ("credit_payment", 0)]
)
def test_points_count_when_goods_are_handed_over(settlement: str, points: int) -> None:
    """A prepayment is history only; paying a credit off does not earn again."""
    assert earned(goods(100000, settlement=settlement))[0] == points


def test_a_promo_price_earns_in_the_preset() -> None:
    """The promo mark changes nothing until a rule says so."""
    assert earned(goods(100000, promo=True))[0] == 10


def test_money_paid_by_points_earns_nothing() -> None:
    """Base = total − part paid by points, per line, never below zero."""
    assert earned(goods(60000), goods(40000), tender=[30000, 20000]) == (5, (3, 2))
    assert earned(goods(10000), goods(40000), tender=[20000, 0]) == (4, (0, 4))


def test_earn_while_redeeming_none_earns_nothing() -> None:
    """МойСклад's choice: a receipt that spends points earns none."""
    program = replace(PROGRAM, earn_while_redeeming=EarnWhileRedeeming.NONE)
    lines = [goods(100000)]
    assert earn(lines, (), program, NO_RESTRICTIONS, redeeming=True).points == 0
    assert earn(lines, (), program, NO_RESTRICTIONS).points == 10


@pytest.mark.parametrize(("rounding", "points"), [(Rounding.FLOOR, 1), (Rounding.HALF_UP, 2), (Rounding.CEIL, 2)])
def test_rounding_is_a_setting(rounding: Rounding, points: int) -> None:
    """150.00 at a point per 100.00."""
    program = replace(PROGRAM, earn_rounding=rounding)
    assert earn([goods(15000)], (), program, NO_RESTRICTIONS).points == points


def test_g1_cigarettes_earn_nothing_in_ukraine() -> None:
    """Vector G1: 5 %, cigarettes 150.00, bread 50.00: 2.50 points, the cigarettes' line blocked by 2899-IV/16."""
    program = replace(PROGRAM, scale=2, earn_points=5, earn_per=100)
    lines = [goods(15000, restrictions=("tobacco",)), replace(goods(5000), line="2")]
    earning = earn(lines, (), program, restricted_goods("ua", TODAY))
    assert (earning.points, earning.by_line) == (250, (0, 250))
    assert earning.explain[0].inputs["blocked"] == [{"line": "1", "blocked": "2899-IV/16"}]
    assert [(notice.code, notice.pointer) for notice in earning.notices] == [("restricted-line", "/lines/0")]


@given(
    totals=st.lists(st.integers(0, 10**9), min_size=1, max_size=12),
    paid=st.integers(0, 100),
    scale=st.integers(0, 4),
)
def test_lines_sum_to_the_receipt(totals: list[int], paid: int, scale: int) -> None:
    """Line attribution is exact, never negative, and nothing is earned by a line without money."""
    program = replace(PROGRAM, earn_points=10**scale, scale=scale)
    tender = [total * paid // 100 for total in totals]
    earning = earn([goods(total) for total in totals], tender, program, NO_RESTRICTIONS)
    bases = [total - part for total, part in zip(totals, tender, strict=True)]
    assert sum(earning.by_line) == earning.points == sum(bases) * 10**scale // 10000
    assert all(points >= 0 and (base or not points) for points, base in zip(earning.by_line, bases, strict=True))
