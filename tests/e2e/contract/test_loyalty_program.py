"""The preset program of a new tenant: what earns, how it is rounded, when it ends."""

from datetime import timedelta
from typing import Any

import pytest

from tests.e2e.contract.conftest import Abroad
from tests.support.counter import Counter, Json, codes, line, moment, shown


async def earned(counter: Counter, *lines: Json | int, **fields: Any) -> int:
    return int((await counter.post(counter.sale(*lines, **fields)))["loyalty"]["earned"])


@pytest.mark.parametrize(
    ("total", "points"), [(0, 0), (99, 0), (9_999, 0), (10_000, 1), (19_999, 1), (129_900, 12), (10**12, 10**8)]
)
async def test_one_point_for_each_hundred_floored(busy: Counter, total: int, points: int) -> None:
    """1 point per 100.00, scale 0."""
    assert await earned(busy, total) == points


async def test_the_floor_is_once_per_receipt(busy: Counter) -> None:
    """Two lines of 99.99 are 199.98: one point, not none."""
    assert await earned(busy, 9_999, 9_999) == 1
    assert await earned(busy, *[5_000] * 5) == 2


async def test_points_ignore_rounding(busy: Counter) -> None:
    """99.90 rounded up to 100.00 earns what 99.90 earns."""
    assert await earned(busy, 9_990, rounding=10, total=10_000) == 0
    assert await earned(busy, 10_009, rounding=-9, total=10_000) == 1
    assert await earned(busy, 10_000, rounding=-9, total=9_991) == 1


@pytest.mark.parametrize(
    ("kind", "points"),
    [("goods", 5), ("service", 5), ("delivery", 0), ("gift_card", 0), ("deposit", 0), ("fee", 0), ("tip", 0),
     ("bag", 0), ("donation", 0), ("other", 0)],
)  # fmt: skip
async def test_only_goods_and_services_earn(busy: Counter, kind: str, points: int) -> None:
    """A gift card is sold without points; what it pays for earns."""
    assert await earned(busy, line(50_000, kind=kind)) == points
    assert await earned(busy, line(50_000, kind=kind), line(10_000, number=2)) == points + 1


@pytest.mark.parametrize(
    ("settlement", "points"), [("full", 5), ("credit", 5), ("prepayment", 0), ("advance", 0), ("credit_payment", 0)]
)
async def test_points_and_figures_count_when_goods_are_handed_over(
    counter: Counter, settlement: str, points: int
) -> None:
    """Prepayment, advance and later payments are history only."""
    answer = await counter.post(counter.sale(line(50_000, settlement=settlement)))
    assert answer["loyalty"]["earned"] == points
    figures = (await counter.get(f"/v1/customers/{answer['customer_id']}"))["metrics"]
    counted = 50_000 if points else 0
    assert (figures["receipts"], figures["sales_total"]) == (int(points > 0), counted)
    assert (figures["first_purchase_at"] is None) is (points == 0)
    assert (await counter.get("/v1/receipts"))["items"][0]["total"] == 50_000, "it is history all the same"


async def test_what_is_paid_by_gift_card_earns(busy: Counter) -> None:
    """Its sale does not."""
    assert await earned(busy, 50_000, payments=[{"method": "gift_card", "amount": 50_000}]) == 5


async def test_points_are_posted_at_once_and_once(counter: Counter) -> None:
    """Nothing pending; the balance is there in the answer and in the account."""
    answer = await counter.post(counter.sale(50_000))
    assert (answer["loyalty"]["pending"], answer["loyalty"]["balance"]["active"]) == (0, 5)
    account = await counter.account(answer["loyalty"]["account_id"])
    assert account["balance"] == answer["loyalty"]["balance"]
    assert account["lifetime_earned"] == 5


MOSCOW = [
    ("2026-11-20T12:30:00+03:00", "2027-11-20T21:00:00Z"),
    ("2026-11-20T00:00:00+03:00", "2027-11-20T21:00:00Z"),
    ("2026-11-20T23:59:59+03:00", "2027-11-20T21:00:00Z"),
    ("2026-11-20T20:59:59Z", "2027-11-20T21:00:00Z"),
    ("2026-11-20T21:00:00Z", "2027-11-21T21:00:00Z"),
    ("2026-03-01T12:00:00Z", "2027-03-01T21:00:00Z"),
    ("2024-02-01T12:00:00Z", "2025-01-31T21:00:00Z"),
]


@pytest.mark.parametrize(("sold_at", "ends"), MOSCOW)
async def test_points_end_with_the_365th_day_in_the_programs_zone(counter: Counter, sold_at: str, ends: str) -> None:
    """The day after the sale is day 1: sold on 2026-11-20 in Moscow, last day 2027-11-20."""
    answer = await counter.post(counter.sale(100_000, sold_at=sold_at))
    (lot,) = await counter.everything(answer["loyalty"]["account_id"], "/lots")
    assert lot["expires_at"] == ends


async def test_points_end_at_midnight_abroad_as_well(abroad: Abroad) -> None:
    """In Berlin's summer midnight is 22:00 UTC, in Kyiv's winter too."""
    berlin, kyiv = await abroad("DE"), await abroad("UA")
    for counter, sold_at, ends in (
        (berlin, "2026-07-01T12:00:00+02:00", "2027-07-01T22:00:00Z"),
        (kyiv, "2026-11-20T12:00:00+02:00", "2027-11-20T22:00:00Z"),
    ):
        currency = "EUR" if counter is berlin else "UAH"
        phone = "+491511234567" if counter is berlin else "+380501234567"
        answer = await counter.post(counter.sale(100_000, sold_at=sold_at, currency=currency, customer=shown(phone)))
        (lot,) = await counter.everything(answer["loyalty"]["account_id"], "/lots")
        assert lot["expires_at"] == ends


async def test_a_late_receipt_counts_from_its_sale(counter: Counter) -> None:
    """Two years late: it earned, and what it earned is over; figures take their place in the past."""
    first = await counter.post(counter.sale(100_000))
    old = (counter.clock.now() - timedelta(days=730)).isoformat()
    late = await counter.post(counter.sale(200_000, sold_at=old))
    assert codes(late) == []
    assert (late["loyalty"]["earned"], late["loyalty"]["balance"]["active"]) == (20, 10)
    assert first["loyalty"]["balance"]["active"] == 10
    figures = (await counter.get(f"/v1/customers/{first['customer_id']}"))["metrics"]
    assert (figures["receipts"], figures["sales_total"]) == (2, 300_000)
    assert moment(figures["first_purchase_at"]) == moment(old)
    proof = await counter.account(late["loyalty"]["account_id"], "/proof")
    assert proof["equal"]


async def test_what_ends_soon_is_told_at_the_till(counter: Counter) -> None:
    """`expiring` names points and their last moment, the nearest first."""
    for days in (350, 360):
        await counter.post(counter.sale(100_000, sold_at=(counter.clock.now() - timedelta(days=days)).isoformat()))
    answer = await counter.post(counter.sale(10_000))
    soon = answer["loyalty"]["balance"]["expiring"]
    assert [one["points"] for one in soon] == [10, 10]
    assert soon[0]["at"] < soon[1]["at"]
    assert all(one["at"].endswith("T21:00:00Z") for one in soon)


async def test_the_last_moment_is_the_last_moment(later: Counter) -> None:
    """A point is spendable while now is before its end, whatever any job has done."""
    answer = await later.post(later.sale(1_000_000))
    (lot,) = await later.everything(answer["loyalty"]["account_id"], "/lots")
    end = moment(lot["expires_at"])
    later.clock.move_to(end - timedelta(seconds=60))
    assert (await later.post(later.spending(100_000, 50)))["loyalty"]["redeemed"] == 50
    later.clock.move_to(end)
    account = await later.account(answer["loyalty"]["account_id"])
    assert account["balance"]["active"] == 9, "what the last sale earned: 950.00"
    refused = await later.post(later.spending(100_000, 50), status=422)
    assert (refused["code"], refused["available"]) == ("insufficient-points", 9)


@pytest.mark.parametrize(
    ("country", "goods", "earns"),
    [("RU", "tobacco", False), ("UA", "tobacco", False), ("DE", "tobacco", False), ("RU", "nicotine", False),
     ("UA", "nicotine_device", False), ("DE", "infant_formula", False), ("UA", "infant_formula", False),
     ("RU", "infant_formula", True), ("RU", "medicine", True), ("RU", "fixed_price", True), ("RU", "lottery", False),
     ("RU", "alcohol", False)],
)  # fmt: skip
async def test_the_law_of_the_country_says_what_may_earn(abroad: Abroad, country: str, goods: str, earns: bool) -> None:
    """The jurisdiction pack maps each restriction; the line is named, the rest of the receipt earns."""
    counter = await abroad(country)
    currency = {"RU": "RUB", "UA": "UAH", "DE": "EUR"}[country]
    lines = [line(50_000, restrictions=[goods]), line(10_000, number=2)]
    answer = await counter.post(counter.sale(*lines, currency=currency, customer=shown("+79350004567")))
    assert answer["loyalty"]["earned"] == (6 if earns else 1)
    assert codes(answer) == ([] if earns else ["restricted-line"])
    if not earns:
        assert answer["warnings"][-1]["pointer"] == "/lines/0"


async def test_alcohol_above_its_minimum_price_may_earn_in_russia(busy: Counter) -> None:
    """The law asks for the price, not for abstinence."""
    assert await earned(busy, line(50_000, restrictions=["alcohol"], min_unit_price=30_000)) == 5


async def test_promo_goods_earn_unless_a_rule_says_otherwise(busy: Counter) -> None:
    """The preset program has no such rule."""
    assert await earned(busy, line(50_000, promo=True)) == 5


async def test_points_are_spent_from_the_nearest_end_on(later: Counter) -> None:
    """Nearest expiry first, those without an end last; more lots than one read brings are no obstacle."""
    given = await later.grant(5)
    start = later.clock.now()
    sales = [later.sale(10_000, sold_at=(start - timedelta(days=day)).isoformat()) for day in range(40)]
    await later.call("/v1/receipts/batch", {"items": sales})
    answer = await later.post(later.spending(20_000, 38))
    assert answer["loyalty"]["redeemed"] == 38
    lots = await later.everything(given["account_id"], "/lots")
    left = {lot["expires_at"] for lot in lots if lot["state"] == "active"}
    ends = sorted({lot["expires_at"] for lot in lots} - {None})
    assert left == {None, *ends[-2:]}, "38 of 40 ended sooner; the last day has what the spending itself earned too"
    assert (await later.account(given["account_id"], "/proof"))["equal"]


async def test_restored_points_whose_time_is_over_get_fourteen_days(later: Counter) -> None:
    """Restore grace 14 days: a lot that ended meanwhile, or ends within them, ends with the 14th day after."""
    answer = await later.post(later.sale(1_000_000))
    account_id = answer["loyalty"]["account_id"]
    (lot,) = await later.everything(account_id, "/lots")
    later.clock.move_to(moment(lot["expires_at"]) - timedelta(days=5))
    document = later.spending(20_000, 50)
    await later.post(document)
    later.clock.move_to(moment(lot["expires_at"]) + timedelta(days=5))
    returned_at = later.clock.now()
    back = await later.post(later.back(document))
    assert back["loyalty"]["restored"] == 50
    assert back["loyalty"]["balance"]["active"] == 50
    (soon,) = back["loyalty"]["balance"]["expiring"]
    assert soon["points"] == 50
    assert timedelta(days=14) <= moment(soon["at"]) - returned_at < timedelta(days=15)
    later.clock.move_to(moment(soon["at"]))
    assert (await later.account(account_id))["balance"]["active"] == 0
    assert (await later.account(account_id, "/proof"))["equal"]
