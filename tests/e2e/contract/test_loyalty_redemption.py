"""Spending points in a receipt: as discount and as tender, refused or recorded, never clamped."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from tests.e2e.contract.conftest import Abroad
from tests.support.counter import PHONE, Counter, Json, codes, line, shown

FISCAL = {"scheme": "ru-ffd", "fn": "9960440300712345", "fd": "1", "fp": "1"}
EUROS = {"currency": "EUR", "customer": shown("+491511234567")}


def tender(counter: Counter, total: int, points: int, **fields: Any) -> Json:
    """Return a sale of one line before points, paid by points and the rest by card."""
    paid = [{"method": "points", "amount": points * 100}, {"method": "card", "amount": total - points * 100}]
    wish = {"points": points} | fields.pop("redemption", {})
    return counter.sale(line(total), payments=paid, redemption=wish) | fields


async def active(counter: Counter) -> tuple[int, int]:
    (account,) = (await counter.get("/v1/loyalty/accounts"))["items"]
    assert (await counter.account(account["id"], "/proof"))["equal"]
    return account["balance"]["active"], account["balance"]["debt"]


async def test_points_as_a_discount_spread_over_net_lines(counter: Counter) -> None:
    """Lines are net, each names its points part; the rest earns: redeem first, then earn."""
    await counter.grant(100)
    lines = [line(60_000, points=3_000), line(40_000, number=2, points=2_000)]
    document = counter.sale(*lines, redemption={"points": 50, "as": "discount"})
    answer = await counter.post(document)
    assert document["total"] == 95_000
    assert (answer["loyalty"]["redeemed"], answer["loyalty"]["earned"]) == (50, 9)
    assert answer["loyalty"]["balance"]["active"] == 59
    assert answer["loyalty"]["footer"] == ["Списано 50 баллов", "Начислено 9 баллов", "На счёте 59"]
    read = await counter.get(f"/v1/receipts/{answer['id']}")
    assert [one["redeemed"] for one in read["lines"]] == [30, 20]
    assert sum(one["earned"] for one in read["lines"]) == 9


@pytest.mark.parametrize("country", ["RU", "UA"])
async def test_discount_is_the_default_where_lines_must_be_net(abroad: Abroad, country: str) -> None:
    """RU, UA: `as` may be left out."""
    counter = await abroad(country)
    fields: Json = {"currency": "RUB" if country == "RU" else "UAH"}
    opening = await counter.post(counter.sale(1_000_000, **fields))
    by_id = {"customer": {"id": opening["customer_id"]}}
    document = counter.sale(line(20_000, points=5_000), redemption={"points": 50}, **fields) | by_id
    assert (await counter.post(document))["loyalty"]["redeemed"] == 50
    refused = await counter.post(tender(counter, 20_000, 50, **fields, **by_id), status=422)
    assert refused["code"] == "redemption-does-not-match"


async def test_tender_is_the_default_elsewhere(abroad: Abroad) -> None:
    """DE: lines before points, a payment of method points with exactly their money value."""
    counter = await abroad("DE")
    await counter.post(counter.sale(1_000_000, **EUROS))
    answer = await counter.post(tender(counter, 20_000, 50, **EUROS))
    assert (answer["loyalty"]["redeemed"], answer["loyalty"]["earned"]) == (50, 1)
    assert answer["loyalty"]["footer"] == ["50 points spent", "1 point earned", "Balance 51"]
    net = counter.sale(line(20_000, points=5_000), redemption={"points": 50}, **EUROS)
    assert (await counter.post(net, status=422))["code"] == "redemption-does-not-match"
    said = counter.sale(line(20_000, points=1_000), redemption={"points": 10, "as": "discount"}, **EUROS)
    assert (await counter.post(said))["loyalty"]["redeemed"] == 10, "`as` says it otherwise"


async def test_tender_may_be_asked_for_in_russia(counter: Counter) -> None:
    """`as` is the till's word, the country only the default; what points paid is no money spent, in either form."""
    await counter.grant(100)
    answer = await counter.post(tender(counter, 20_000, 50, redemption={"as": "tender"}))
    assert (answer["loyalty"]["redeemed"], answer["loyalty"]["earned"]) == (50, 1)
    figures = (await counter.get(f"/v1/customers/{answer['customer_id']}"))["metrics"]
    assert figures["sales_total"] == 15_000


MISMATCHES: dict[str, Json] = {
    "less discount than points": {"lines": [line(20_000, points=4_900)], "total": 15_100},
    "more discount than points": {"lines": [line(20_000, points=5_100)], "total": 14_900},
    "no discount at all": {"lines": [line(20_000)], "total": 20_000},
    "no payment of points": {"redemption": {"points": 50, "as": "tender"}, "lines": [line(20_000)], "total": 20_000},
    "another payment of points": {
        "redemption": {"points": 50, "as": "tender"}, "lines": [line(20_000)], "total": 20_000,
        "payments": [{"method": "points", "amount": 4_999}, {"method": "card", "amount": 15_001}],
    },
    "both at once": {
        "redemption": {"points": 50, "as": "tender"}, "lines": [line(20_000, points=5_000)], "total": 15_000,
        "payments": [{"method": "points", "amount": 5_000}, {"method": "card", "amount": 10_000}],
    },
}  # fmt: skip


@pytest.mark.parametrize("wrong", MISMATCHES.values(), ids=MISMATCHES)
async def test_a_redemption_that_does_not_match_is_refused(counter: Counter, wrong: Json) -> None:
    """422 `redemption-does-not-match`, and nothing stored."""
    await counter.grant(100)
    document = counter.spending(20_000, 50) | wrong
    refused = await counter.post(document, status=422)
    assert refused["code"] == "redemption-does-not-match"
    assert (await counter.get("/v1/receipts"))["items"] == []
    assert await active(counter) == (100, 0)


async def test_half_of_the_eligible_lines_is_the_most(counter: Counter) -> None:
    """floor(50 %) of the eligible lines before points; more is refused with what is possible, never clamped."""
    await counter.grant(1_000)
    refused = await counter.post(counter.spending(12_345, 62), status=422)
    assert refused["code"] == "points-limit-exceeded"
    assert refused["max_points"] == 61
    assert refused["limits"]
    assert (await counter.post(counter.spending(12_345, 61)))["loyalty"]["redeemed"] == 61
    assert (await counter.get("/v1/receipts"))["items"][0]["total"] == 12_345 - 6_100


@pytest.mark.parametrize("kind", ["delivery", "gift_card", "deposit", "fee", "tip", "bag", "donation", "other"])
async def test_only_eligible_lines_count_for_the_half(counter: Counter, kind: str) -> None:
    """100.00 of goods and 900.00 of something else: 50 points."""
    await counter.grant(1_000)
    lines = [line(10_000, points=5_000), line(90_000, number=2, kind=kind)]
    assert (await counter.post(counter.sale(*lines, redemption={"points": 50})))["loyalty"]["redeemed"] == 50
    lines = [line(10_000, points=5_100), line(90_000, number=2, kind=kind)]
    refused = await counter.post(counter.sale(*lines, redemption={"points": 51}), status=422)
    assert (refused["code"], refused["max_points"]) == ("points-limit-exceeded", 50)


async def test_a_gift_card_is_not_bought_with_points(counter: Counter) -> None:
    """Nor is a deposit paid by them."""
    await counter.grant(1_000)
    document = counter.sale(line(10_000, kind="gift_card", points=1_000), redemption={"points": 10})
    refused = await counter.post(document, status=422)
    assert (refused["code"], refused["max_points"]) == ("points-limit-exceeded", 0)


async def test_no_discount_of_ours_passes_the_minimum_price(counter: Counter) -> None:
    """A line at 100.00 that may not go below 95.00 takes 5 points."""
    await counter.grant(1_000)
    floor_price = {"min_unit_price": 9_500}
    document = counter.spending(10_000, 6) | {"lines": [line(10_000, points=600, **floor_price)], "total": 9_400}
    refused = await counter.post(document, status=422)
    assert (refused["code"], refused["max_points"]) == ("points-limit-exceeded", 5)
    good = counter.spending(10_000, 5) | {"lines": [line(10_000, points=500, **floor_price)], "total": 9_500}
    assert (await counter.post(good))["loyalty"]["redeemed"] == 5


async def test_points_earned_by_a_receipt_are_not_spent_in_it(counter: Counter) -> None:
    """A first purchase of 10 000.00 has nothing to spend, though it earns 100."""
    refused = await counter.post(counter.spending(1_000_000, 1), status=422)
    assert (refused["code"], refused["available"]) == ("insufficient-points", 0)
    assert (await counter.get("/v1/customers"))["items"] == [], "nothing stored"


async def test_more_than_there_is_is_refused_and_not_clamped(counter: Counter) -> None:
    """A single live call without `fiscal`: 422 with what is available; the next try may have it."""
    await counter.grant(30)
    document = counter.spending(100_000, 31)
    refused = await counter.post(document, status=422)
    assert (refused["code"], refused["available"]) == ("insufficient-points", 30)
    await counter.grant(1)
    assert (await counter.post(document))["loyalty"]["redeemed"] == 31, "a refusal leaves the number free"


ROADS = {
    "live": ({}, False, "reject"),
    "live, asked to record": ({"on_insufficient": "record"}, False, "record"),
    "live, asked to reject": ({"on_insufficient": "reject"}, False, "reject"),
    "printed": ({}, True, "record"),
    "printed, asked to reject": ({"on_insufficient": "reject"}, True, "reject"),
    "printed, asked to record": ({"on_insufficient": "record"}, True, "record"),
}


@pytest.mark.parametrize("batch", [False, True], ids=["single", "batch"])
@pytest.mark.parametrize(("wish", "fiscal", "then"), ROADS.values(), ids=ROADS)
async def test_who_asks_is_refused_and_who_tells_is_recorded(
    counter: Counter, wish: Json, fiscal: bool, then: str, batch: bool
) -> None:
    """`reject` is the default of a single live call without `fiscal`, `record` that of everything printed already."""
    await counter.grant(10)
    document = counter.spending(100_000, 30, redemption=wish, **({"fiscal": FISCAL} if fiscal else {}))
    if batch and "on_insufficient" not in wish:
        then = "record"
    if batch:
        (answer,) = (await counter.call("/v1/receipts/batch", {"items": [document]}))["items"]
        problem = answer.get("problem")
    else:
        answered = await counter.api.post("/v1/receipts", json=document)
        answer = answered.json()
        problem = answer if answered.status_code == 422 else None
    if then == "reject":
        assert (problem["status"], problem["code"], problem["available"]) == (422, "insufficient-points", 10)
        assert await active(counter) == (10, 0)
    else:
        assert (problem, codes(answer)) == (None, ["points-to-debt"])
        assert answer["loyalty"]["redeemed"] == 30
        assert answer["loyalty"]["earned"] == 9
        assert answer["loyalty"]["balance"]["debt"] == 11
        assert await active(counter) == (0, 11)


async def test_the_next_points_pay_the_debt(counter: Counter) -> None:
    """debt > 0 means active = 0 at every read."""
    await counter.grant(10)
    await counter.post(counter.spending(100_000, 30, redemption={"on_insufficient": "record"}))
    assert await active(counter) == (0, 11)
    answer = await counter.post(counter.sale(200_000))
    assert (answer["loyalty"]["earned"], answer["loyalty"]["balance"]["debt"]) == (20, 0)
    assert await active(counter) == (9, 0)


async def test_points_beyond_the_limit_are_recorded_when_printed(counter: Counter) -> None:
    """The discount was given: charged in full, and told."""
    await counter.grant(1_000)
    answer = await counter.post(counter.spending(10_000, 80, fiscal=FISCAL))
    assert answer["loyalty"]["redeemed"] == 80
    assert codes(answer) == ["points-to-debt"]
    assert await active(counter) == (920, 0)


@pytest.mark.parametrize("wish", [{"on_insufficient": "record"}, {}], ids=["record", "default"])
async def test_points_of_nobody(counter: Counter, wish: Json) -> None:
    """Recorded without points where the paper is printed, refused where it is not."""
    document = counter.spending(10_000, 30, phone=None, redemption=wish)
    if wish:
        answer = await counter.post(document)
        assert (codes(answer), answer["loyalty"]) == (["points-not-spent"], None)
    else:
        refused = await counter.post(document, status=422)
        assert (refused["code"], refused["available"]) == ("insufficient-points", 0)


async def test_a_hold_that_is_unknown_never_refuses(counter: Counter) -> None:
    """As many as `points`, else as the discounts say, else as the payment of points says, else none."""
    await counter.grant(100)
    hold = str(uuid4())
    told = await counter.post(counter.spending(20_000, 20) | {"redemption": {"hold_id": hold, "points": 20}})
    assert (codes(told), told["loyalty"]["redeemed"]) == (["hold-lapsed"], 20)
    by_lines = await counter.post(counter.spending(20_000, 10) | {"redemption": {"hold_id": hold}})
    assert (codes(by_lines), by_lines["loyalty"]["redeemed"]) == (["hold-lapsed"], 10)
    paid = tender(counter, 20_000, 5) | {"redemption": {"hold_id": hold, "final": True}}
    by_payment = await counter.post(paid)
    assert (codes(by_payment), by_payment["loyalty"]["redeemed"]) == (["hold-lapsed"], 5)
    nothing = await counter.post(counter.sale(20_000, redemption={"hold_id": hold, "final": False}))
    assert (codes(nothing), nothing["loyalty"]["redeemed"]) == (["hold-lapsed"], 0)
    beyond = await counter.post(counter.spending(200_000, 90) | {"redemption": {"hold_id": hold, "points": 90}})
    assert codes(beyond) == ["hold-lapsed", "points-to-debt"]
    assert beyond["loyalty"]["redeemed"] == 90


async def test_a_refused_coupon_is_told_with_its_place(counter: Counter) -> None:
    """Coupons are accepted from the start; until they exist all are unknown."""
    answer = await counter.post(counter.sale(10_000, coupons=["WELCOME15", "x"]))
    told = [(warning["code"], warning["pointer"]) for warning in answer["warnings"]]
    assert [one for one in told if one[0] == "coupon-refused"] == [
        ("coupon-refused", "/coupons/0"), ("coupon-refused", "/coupons/1"),
    ]  # fmt: skip
    assert answer["loyalty"]["coupons"] in ([], [{"code": "WELCOME15", "status": "refused"}])


async def test_no_verification_until_the_owner_switches_it_on(counter: Counter) -> None:
    """The preset asks for no code; an id that comes all the same does no harm."""
    await counter.grant(100)
    document = counter.spending(20_000, 50, redemption={"verification_id": str(uuid4())})
    assert (await counter.post(document))["loyalty"]["redeemed"] == 50


@pytest.mark.parametrize("points", [0, -1, 1.5, "50", None, 10**12 + 1])
async def test_points_of_a_redemption_are_a_whole_number_above_zero(strict: Counter, points: Any) -> None:
    """400, with the place."""
    refused = await strict.post(strict.sale(10_000, redemption={"points": points}), status=400)
    assert [error["pointer"] for error in refused["errors"]] == ["/redemption/points"]


@pytest.mark.parametrize("goods", ["tobacco", "nicotine", "nicotine_device", "alcohol", "lottery"])
async def test_restricted_goods_take_no_points(counter: Counter, goods: str) -> None:
    """They do not count for the half either; the printed receipt is recorded with a warning that names the line."""
    await counter.grant(1_000)
    lines = [line(90_000, restrictions=[goods]), line(10_000, number=2, points=5_100)]
    refused = await counter.post(counter.sale(*lines, redemption={"points": 51}), status=422)
    assert (refused["code"], refused["max_points"]) == ("points-limit-exceeded", 50)
    on_it = [line(90_000, restrictions=[goods], points=1_000), line(10_000, number=2)]
    assert (await counter.post(counter.sale(*on_it, redemption={"points": 10}), status=422))["code"] == (
        "points-limit-exceeded"
    )
    printed = await counter.post(counter.sale(*on_it, redemption={"points": 10}, fiscal=FISCAL))
    assert "restricted-line" in codes(printed)


async def test_fifty_tills_at_once_never_spend_a_point_twice(counter: Counter) -> None:
    """50 parallel redemptions of 10 from 200: twenty are paid, thirty refused, nothing is left and nothing owed."""
    await counter.grant(200)
    documents = [counter.spending(2_000, 10) for _ in range(50)]
    answered = await asyncio.gather(*(counter.api.post("/v1/receipts", json=one) for one in documents))
    statuses = sorted(one.status_code for one in answered)
    assert statuses == [201] * 20 + [422] * 30
    assert all(one.json()["code"] == "insufficient-points" for one in answered if one.status_code == 422)
    assert await active(counter) == (0, 0)


async def test_fifty_printed_receipts_at_once_owe_exactly_the_rest(counter: Counter) -> None:
    """Recorded all: 50 × 10 from 200 leaves a debt of 300."""
    await counter.grant(200)
    documents = [counter.spending(2_000, 10, redemption={"on_insufficient": "record"}) for _ in range(50)]
    answered = await asyncio.gather(*(counter.api.post("/v1/receipts", json=one) for one in documents))
    assert [one.status_code for one in answered] == [201] * 50
    assert await active(counter) == (0, 300)
    phone = {"type": "phone", "value": PHONE}
    found = await counter.call("/v1/customers/resolve", {"identifiers": [phone]})
    assert found["customer"] is not None
