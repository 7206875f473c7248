"""Spending points in a receipt: as discount and as tender, refused or recorded, and never clamped."""

from typing import Any

import httpx
import pytest

from tests.support.counter import Counter, Json, codes, line, shown
from tests.support.shop import Base


async def test_points_as_a_discount_stand_in_net_lines(counter: Counter) -> None:
    """The default where fiscal rules want net lines (RU): each line names its points part; the rest earns."""
    await counter.grant(500)
    lines = [line(60_000, number=1, points=20_000), line(40_000, number=2, points=10_000)]
    answer = await counter.post(counter.sale(*lines, redemption={"points": 300}))
    loyalty = answer["loyalty"]
    assert (loyalty["redeemed"], loyalty["earned"], loyalty["balance"]["active"]) == (300, 7, 207)
    assert loyalty["explain"][0]["inputs"] == {"eligible": 70_000}
    read = await counter.get(f"/v1/receipts/{answer['id']}")
    assert [one["redeemed"] for one in read["lines"]] == [200, 100]
    assert loyalty["footer"] == ["Списано 300 баллов", "Начислено 7 баллов", "На счёте 207"]


async def test_points_as_tender_stand_in_the_payments(counter: Counter) -> None:
    """The default elsewhere: lines before points, a payment of exactly their money value."""
    await counter.grant(500)
    payments = [{"method": "points", "amount": 30_000}, {"method": "card", "amount": 70_000}]
    sale = counter.sale(60_000, 40_000, payments=payments, redemption={"points": 300, "as": "tender"})
    answer = await counter.post(sale)
    assert (answer["loyalty"]["redeemed"], answer["loyalty"]["earned"]) == (300, 7)
    metrics = (await counter.get(f"/v1/customers/{answer['customer_id']}"))["metrics"]
    assert metrics["spent_total"] == 70_000, "points are no money"
    back = await counter.post(counter.back(sale))
    assert back["loyalty"]["refund"]["money"] == 70_000
    assert (back["loyalty"]["restored"], back["loyalty"]["reversed"]) == (300, 7)


async def test_tender_is_the_default_outside_net_line_countries(edge: httpx.AsyncClient, base: Base) -> None:
    """Serbia's shop says nothing about presentation: points are looked for in the payments."""
    _, key = await base.open_shop(country="RS", currency="RSD", zone="Europe/Belgrade")
    async with httpx.AsyncClient(
        transport=edge._transport, base_url=edge.base_url, headers={"Authorization": f"Bearer {key}"}
    ) as api:
        counter = Counter(api)
        await counter.grant(100)
        payments = [{"method": "points", "amount": 5_000}, {"method": "cash", "amount": 5_000}]
        sale = counter.sale(10_000, currency="RSD", payments=payments, redemption={"points": 50})
        assert (await counter.post(sale))["loyalty"]["redeemed"] == 50


@pytest.mark.parametrize("case", ["discount too small", "tender too large", "both", "neither"])
async def test_a_redemption_that_does_not_match_is_refused(counter: Counter, case: str) -> None:
    """Points, lines and payments must say the same; otherwise nothing is stored."""
    await counter.grant(500)
    wish: Json = {"points": 50, "as": "tender" if "tender" in case else "discount"}
    documents: dict[str, Any] = {
        "discount too small": counter.sale(line(20_000, points=4_900), redemption=wish),
        "tender too large": counter.sale(
            20_000,
            redemption=wish,
            payments=[{"method": "points", "amount": 5_100}, {"method": "cash", "amount": 14_900}],
        ),
        "both": counter.sale(
            line(20_000, points=5_000),
            redemption=wish,
            payments=[{"method": "points", "amount": 5_000}, {"method": "cash", "amount": 10_000}],
        ),
        "neither": counter.sale(20_000, redemption=wish),
    }
    refused = await counter.post(documents[case], status=422)
    assert refused["code"] == "redemption-does-not-match"
    assert refused["expected"] == 5_000
    assert (await counter.get("/v1/receipts"))["items"] == []


async def test_a_live_call_is_refused_and_told_what_is_there(counter: Counter) -> None:
    """`reject` is the default of a single live call without `fiscal`: nothing stored, never clamped."""
    account_id = (await counter.grant(20))["account_id"]
    sale = counter.spending(10_000, 30)
    refused = await counter.post(sale, status=422)
    assert (refused["code"], refused["available"], refused["requested"]) == ("insufficient-points", 20, 30)
    assert (await counter.get("/v1/receipts"))["items"] == []
    assert (await counter.account(account_id))["balance"]["active"] == 20
    fitting = counter.spending(10_000, 20) | {"external_id": sale["external_id"]}
    assert (await counter.post(fitting))["loyalty"]["redeemed"] == 20, "the number is free after a refusal"


async def test_at_most_half_of_the_eligible_lines_is_paid_by_points(counter: Counter) -> None:
    """The preset's share: floor(50 %) of eligible lines before points; delivery is not eligible."""
    await counter.grant(1_000)
    delivery = line(50_000, number=2, kind="delivery", sku="d")
    within = counter.sale(line(20_001, points=10_000), delivery, redemption={"points": 100, "as": "discount"})
    assert (await counter.post(within))["loyalty"]["redeemed"] == 100
    beyond = counter.sale(line(20_001, points=10_100), delivery, redemption={"points": 101, "as": "discount"})
    refused = await counter.post(beyond, status=422)
    assert (refused["code"], refused["max_points"]) == ("points-limit-exceeded", 100)
    assert refused["limits"]["eligible"] == 20_001


@pytest.mark.parametrize("road", ["fiscal", "batch", "asked"])
async def test_a_printed_receipt_is_recorded_whatever_it_spent(counter: Counter, road: str) -> None:
    """`record` is the default with `fiscal`, in batches and offline uploads: the goods are gone already."""
    await counter.grant(10)
    sale = counter.spending(10_000, 80)
    if road == "fiscal":
        answer = await counter.post(sale | {"fiscal": {"scheme": "other", "country": "RU", "id": "1"}})
    elif road == "asked":
        sale["redemption"]["on_insufficient"] = "record"
        answer = await counter.post(sale)
    else:
        answer = (await counter.call("/v1/receipts/batch", {"items": [sale]}))["items"][0]
    assert codes(answer) == ["points-to-debt"]
    assert answer["loyalty"]["redeemed"] == 80
    assert answer["loyalty"]["balance"]["debt"] == 70


async def test_a_printed_receipt_may_ask_to_be_refused(counter: Counter) -> None:
    """A till that prints first and cancels by itself says `reject` in so many words."""
    sale = counter.spending(10_000, 30, redemption={"on_insufficient": "reject"})
    sale["fiscal"] = {"scheme": "other", "country": "RU", "id": "1"}
    assert (await counter.post(sale, status=422))["code"] == "insufficient-points"


async def test_points_earned_by_a_receipt_are_never_spendable_in_it(counter: Counter) -> None:
    """A reward could be bought with points of the same order (odoo/odoo#117988)."""
    refused = await counter.post(counter.spending(10_000_000, 1), status=422)
    assert (refused["code"], refused["available"]) == ("insufficient-points", 0)


async def test_points_in_the_lines_that_nobody_asked_for_are_not_spent(counter: Counter) -> None:
    """A till without a redemption prints a points discount: recorded, told, nothing charged."""
    await counter.grant(100)
    answer = await counter.post(counter.sale(line(10_000, points=3_000)))
    assert codes(answer) == ["points-not-spent"]
    assert (answer["loyalty"]["redeemed"], answer["loyalty"]["balance"]["active"]) == (0, 100)


async def test_nearest_expiry_is_spent_first(counter: Counter) -> None:
    """Then later ones, those without an end last."""
    for points, ends in ((10, None), (20, "2027-06-01T00:00:00Z"), (30, "2027-01-01T00:00:00Z")):
        account_id = (await counter.grant(points, expires_at=ends))["account_id"]
    await counter.post(counter.spending(10_000, 45))
    lots = {lot["amount"]: lot["remaining"] for lot in await counter.everything(account_id, "/lots")}
    assert lots == {30: 0, 20: 5, 10: 10}


async def test_a_redemption_over_more_lots_than_are_read_at_once(counter: Counter) -> None:
    """The first 32 lots come with every read; when they do not cover it, the rest is asked for."""
    one: Json = {"customer": shown(), "points": 1, "reason": "x"}
    items = [one | {"expires_at": f"2027-03-{1 + n % 28:02}T00:00:00Z"} for n in range(56)]
    answered = await counter.call("/v1/loyalty/adjustments/batch", {"items": items})
    account_id = answered["items"][0]["account_id"]
    answer = await counter.post(counter.spending(20_000, 50))
    assert answer["loyalty"]["balance"]["active"] == 6 + 1
    assert (await counter.account(account_id, "/proof"))["equal"] is True


async def test_what_is_paid_by_gift_card_earns_and_its_sale_does_not(counter: Counter) -> None:
    """Only goods and services earn; a gift card is money kept for later (C32)."""
    bought = await counter.post(counter.sale(line(100_000, kind="gift_card", sku="gc")))
    assert bought["loyalty"]["earned"] == 0
    assert (await counter.get(f"/v1/customers/{bought['customer_id']}"))["metrics"]["spent_total"] == 0
    paid = await counter.post(counter.sale(100_000, payments=[{"method": "gift_card", "amount": 100_000}]))
    assert paid["loyalty"]["earned"] == 10
    assert (await counter.get(f"/v1/customers/{bought['customer_id']}"))["metrics"]["spent_total"] == 100_000


@pytest.mark.parametrize(("settlement", "earned"), [("full", 10), ("credit", 10), ("prepayment", 0),
                                                    ("advance", 0), ("credit_payment", 0)])  # fmt: skip
async def test_points_count_when_goods_are_handed_over(counter: Counter, settlement: str, earned: int) -> None:
    """`full` and `credit` hand goods over; the others are history only."""
    answer = await counter.post(counter.sale(line(100_000, settlement=settlement)))
    assert answer["loyalty"]["earned"] == earned


async def test_no_discount_of_ours_passes_the_minimum_price(counter: Counter) -> None:
    """`min_unit_price` leaves room for the rest only."""
    await counter.grant(1_000)
    floor = line(100_000, points=40_000, min_unit_price=60_000)
    assert (await counter.post(counter.sale(floor, redemption={"points": 400, "as": "discount"})))["loyalty"][
        "redeemed"
    ] == 400
    below = line(100_000, points=40_100, min_unit_price=60_000)
    refused = await counter.post(counter.sale(below, redemption={"points": 401, "as": "discount"}), status=422)
    assert refused["code"] == "points-limit-exceeded"
