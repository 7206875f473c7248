"""Returns as the contract has them: every way to name the sale, exact shares, early, inferred, refused."""

import itertools
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.support.counter import OTHER_PHONE, Counter, Json, shown

numbers = itertools.count(1000)


def fiscal(**more: Any) -> Json:
    return {"scheme": "ru-ffd", "fn": "9960440300712345", "fd": str(next(numbers)), "fp": "3826178549"} | more


def pieces(quantity: str, total: int, **fields: Any) -> Json:
    """Return a line of equal pieces that cost `total` together."""
    return {
        "line": "1",
        "sku": "s",
        "quantity": quantity,
        "unit_price": total // int(quantity),
        "total": total,
    } | fields


async def figures(counter: Counter, answer: Json) -> tuple[int, int, int, int]:
    one = (await counter.get(f"/v1/customers/{answer['customer_id']}"))["metrics"]
    return one["receipts"], one["sales_total"], one["returns_total"], one["spent_total"]


async def balance(counter: Counter, answer: Json) -> tuple[int, int]:
    account_id = answer["loyalty"]["account_id"]
    assert (await counter.account(account_id, "/proof"))["equal"]
    account = await counter.account(account_id)
    return account["balance"]["active"], account["balance"]["debt"]


WAYS = ["document", "receipt_id", "fiscal", "qr", "order_id"]


@pytest.mark.parametrize("way", WAYS)
async def test_a_return_names_its_sale_in_five_ways(counter: Counter, way: str) -> None:
    """`{"source", "external_id"} | {"receipt_id"} | {"fiscal"} | {"qr"} | {"order_id"}`."""
    printed = fiscal()
    document = counter.sale(60_000, fiscal=printed, order_id="order-1")
    sold = await counter.post(document)
    qr = f"t=20261120T1230&s=600.00&fn={printed['fn']}&i={printed['fd']}&fp={printed['fp']}&n=1"
    named: Json = {
        "document": {"source": document["source"], "external_id": document["external_id"]},
        "receipt_id": {"receipt_id": sold["id"]},
        "fiscal": {"fiscal": printed},
        "qr": {"qr": qr},
        "order_id": {"order_id": "order-1"},
    }[way]
    back = counter.document("return", returns=named, lines=[{"line": "1", "quantity": "1"}], reason="size")
    answer = await counter.post(back)
    assert (answer["status"], answer["linked_by"], answer["warnings"]) == ("recorded", None, [])
    assert answer["loyalty"]["refund"] == {
        "money": 60_000, "points_restored": 0, "points_reversed": 6, "deduction": 0, "currency": "RUB",
    }  # fmt: skip
    assert (answer["loyalty"]["reversed"], answer["loyalty"]["restored"], answer["loyalty"]["earned"]) == (6, 0, 0)
    assert await figures(counter, sold) == (1, 60_000, 60_000, 0)
    read = await counter.get(f"/v1/receipts/{answer['id']}")
    assert (read["kind"], read["reason"], read["total"], read["state"]) == ("return", "size", 60_000, "recorded")
    assert {name: read["returns"][name] for name in named} == named, "the posted fields"
    assert {name: read[name] for name in answer} == answer


async def test_seven_points_over_three_pieces_come_back_whole(counter: Counter) -> None:
    """Round half up on the cumulative amount minus what was given before: 2, 3, 2 of 7 earned; money likewise."""
    document = counter.sale(pieces("3", 70_000))
    sold = await counter.post(document)
    assert sold["loyalty"]["earned"] == 7
    parts = [await counter.post(counter.back(document, {"line": "1", "quantity": "1"})) for _ in range(3)]
    assert [part["loyalty"]["reversed"] for part in parts] == [2, 3, 2]
    assert [part["loyalty"]["refund"]["money"] for part in parts] == [23_333, 23_334, 23_333]
    assert await balance(counter, sold) == (0, 0)
    assert await figures(counter, sold) == (1, 70_000, 70_000, 0)


async def test_seven_points_spent_on_three_pieces_come_back_whole(counter: Counter) -> None:
    """Restored by the same rule, as discount."""
    await counter.grant(7)
    given = pieces("3", 9_000) | {
        "discount": 700, "discounts": [{"kind": "points", "amount": 700, "points": 7}], "total": 8_300,
    }  # fmt: skip
    document = counter.sale(given, redemption={"points": 7, "as": "discount"})
    sold = await counter.post(document)
    parts = [await counter.post(counter.back(document, {"line": "1", "quantity": "1"})) for _ in range(3)]
    assert [part["loyalty"]["restored"] for part in parts] == [2, 3, 2]
    assert sum(part["loyalty"]["refund"]["money"] for part in parts) == 8_300
    assert await balance(counter, sold) == (7, 0)


async def test_what_points_paid_as_tender_comes_back_as_points(counter: Counter) -> None:
    """The line's total is 200.00, the money 150.00, the rest 50 points."""
    await counter.grant(50)
    paid = [{"method": "points", "amount": 5_000}, {"method": "card", "amount": 15_000}]
    document = counter.sale(20_000, payments=paid, redemption={"points": 50, "as": "tender"})
    sold = await counter.post(document)
    back = counter.back(document, {"line": "1", "quantity": "1", "total": 20_000})
    refund = (await counter.post(back))["loyalty"]["refund"]
    assert (refund["money"], refund["points_restored"], refund["points_reversed"]) == (15_000, 50, 1)
    assert await balance(counter, sold) == (50, 0)
    assert (await figures(counter, sold))[3] == 0


async def test_restore_first_then_reverse(counter: Counter) -> None:
    """A customer with an empty account spent 50 and earned 2, spent those too; the return owes nothing."""
    await counter.grant(50)
    document = counter.spending(25_000, 50)
    sold = await counter.post(document)
    assert sold["loyalty"]["earned"] == 2
    await counter.post(counter.spending(1_000, 2))
    answer = (await counter.post(counter.back(document)))["loyalty"]
    assert (answer["restored"], answer["reversed"], answer["balance"]["debt"]) == (50, 2, 0)
    assert answer["balance"]["active"] == 48


async def test_what_is_missing_becomes_a_debt(counter: Counter) -> None:
    """`allow_debt` up to what the receipt earned; money is never withheld: `deduction` 0."""
    document = counter.sale(1_000_000)
    sold = await counter.post(document)
    await counter.post(counter.spending(100_000, 50, redemption={"points": 50}))
    answer = (await counter.post(counter.back(document)))["loyalty"]
    assert (answer["reversed"], answer["refund"]["deduction"]) == (100, 0)
    assert answer["balance"] == {"active": 0, "pending": 0, "held": 0, "debt": 41, "expiring": []}
    assert await balance(counter, sold) == (0, 41)


async def test_the_receipts_own_points_are_taken_first(counter: Counter) -> None:
    """Own lots before others, though others end sooner."""
    await counter.post(counter.sale(300_000, sold_at=(counter.clock.now() - timedelta(days=300)).isoformat()))
    document = counter.sale(500_000)
    sold = await counter.post(document)
    await counter.post(counter.back(document))
    lots = await counter.everything(sold["loyalty"]["account_id"], "/lots")
    left = {lot["origin"]["receipt_id"]: (lot["remaining"], lot["state"]) for lot in lots}
    assert left[sold["id"]] == (0, "reversed")
    assert sorted(left.values()) == [(0, "reversed"), (30, "active")]


async def test_more_than_was_sold_is_refused(counter: Counter) -> None:
    """422 `return-exceeds-sale`, over all returns together; what was refused left nothing."""
    document = counter.sale(pieces("3", 60_000))
    sold = await counter.post(document)
    await counter.post(counter.back(document, {"line": "1", "quantity": "2"}))
    for quantity in ("1.001", "2", "999999999"):
        refused = await counter.post(counter.back(document, {"line": "1", "quantity": quantity}), status=422)
        assert refused["code"] == "return-exceeds-sale"
        assert [error["pointer"] for error in refused["errors"]] == ["/lines/0/quantity"]
    twice = counter.back(document, {"line": "1", "quantity": "1"}, {"sku": "s", "quantity": "1"})
    assert (await counter.post(twice, status=422))["code"] == "return-exceeds-sale"
    assert (await counter.get(f"/v1/receipts/{sold['id']}"))["lines"][0]["returnable"] == "1"
    assert await figures(counter, sold) == (1, 60_000, 40_000, 20_000)


@pytest.mark.parametrize("wrong", [9_999, 10_001, 0, 30_000])
async def test_a_line_total_of_its_own_is_refused(counter: Counter, wrong: int) -> None:
    """422 `return-total-differs`, with the line."""
    document = counter.sale(pieces("3", 30_000))
    await counter.post(document)
    refused = await counter.post(counter.back(document, {"line": "1", "quantity": "1", "total": wrong}), status=422)
    assert refused["code"] == "return-total-differs"
    assert [error["pointer"] for error in refused["errors"]] == ["/lines/0/total"]


async def test_a_return_adds_up_where_it_says_sums(counter: Counter) -> None:
    """`total` and payments may be left out; given, they are those of the lines."""
    document = counter.sale(pieces("3", 30_000))
    await counter.post(document)
    one = {"line": "1", "quantity": "1", "total": 10_000}
    for wrong in ({"total": 15_000}, {"total": 10_000, "payments": [{"method": "card", "amount": 5_000}]}):
        refused = await counter.post(counter.back(document, one, **wrong), status=422)
        assert refused["code"] in {"receipt-does-not-add-up", "return-total-differs"}
    paid = {"total": 10_000, "payments": [{"method": "card", "amount": 10_000}], "rounding": 0}
    await counter.post(counter.back(document, one, **paid))
    rounded = {"total": 10_050, "rounding": 50, "payments": [{"method": "cash", "amount": 10_050}]}
    answer = await counter.post(counter.back(document, one, **rounded))
    assert (await counter.get(f"/v1/receipts/{answer['id']}"))["total"] == 10_050


async def test_a_return_of_everything_gives_the_rounding_back(counter: Counter) -> None:
    """Sold for 99.90 + 0.10: the till may give 100.00 back."""
    document = counter.sale(9_990, rounding=10, total=10_000)
    await counter.post(document)
    await counter.post(counter.back(document, rounding=10, total=10_000))


async def test_the_effect_goes_to_the_account_of_the_sale(counter: Counter) -> None:
    """`customer` only says who came: a husband brings the coffee back."""
    document = counter.sale(60_000)
    sold = await counter.post(document)
    other = await counter.post(counter.sale(90_000, phone=OTHER_PHONE))
    back = await counter.post(counter.back(document, customer=shown(OTHER_PHONE)))
    assert back["loyalty"]["account_id"] == sold["loyalty"]["account_id"]
    assert back["customer_id"] == sold["customer_id"]
    assert await balance(counter, sold) == (0, 0)
    assert await balance(counter, other) == (9, 0)
    assert (await figures(counter, other))[2] == 0


async def test_a_return_of_an_anonymous_sale_has_no_points(counter: Counter) -> None:
    """`loyalty` is null, who comes gets none of it."""
    document = counter.sale(60_000, phone=None)
    await counter.post(document)
    back = await counter.post(counter.back(document, customer=shown()))
    assert back["loyalty"] is None
    assert (await counter.get(f"/v1/receipts/{back['id']}"))["total"] == 60_000


async def test_an_exchange_joins_a_return_and_a_sale(counter: Counter) -> None:
    """Both read with the same `exchange_group`; each has its own effect."""
    document = counter.sale(60_000)
    await counter.post(document)
    back = await counter.post(counter.back(document, exchange_group="x-1", reason="size"))
    paid = [{"method": "exchange", "amount": 60_000}, {"method": "card", "amount": 10_000}]
    sold = await counter.post(counter.sale(70_000, exchange_group="x-1", payments=paid))
    for one in (back, sold):
        assert (await counter.get(f"/v1/receipts/{one['id']}"))["exchange_group"] == "x-1"
    assert await balance(counter, sold) == (7, 0)


@pytest.mark.parametrize("reason", ["defect", "size", "changed_mind", "wrong_item", "fiscal_correction", "other", None])
async def test_every_reason_is_known(counter: Counter, reason: str | None) -> None:
    """`other` when it is left out."""
    document = counter.sale(10_000)
    await counter.post(document)
    answer = await counter.post(counter.back(document, **({} if reason is None else {"reason": reason})))
    assert (await counter.get(f"/v1/receipts/{answer['id']}"))["reason"] == (reason or "other")


async def test_what_is_not_of_the_sale_is_refused(counter: Counter) -> None:
    """Another line, another sku, a receipt id that is none, a sale of another shop: 422, nothing stored."""
    document = counter.sale(10_000)
    await counter.post(document)
    for wrong in ({"line": "7", "quantity": "1"}, {"sku": "tea", "quantity": "1"}):
        refused = await counter.post(counter.back(document, wrong), status=422)
        assert refused["errors"][0]["pointer"].startswith("/lines/0")
    unknown = counter.document("return", returns={"receipt_id": str(uuid4())}, lines=[{"line": "1", "quantity": "1"}])
    refused = await counter.post(unknown, status=422)
    assert (refused["code"], refused["errors"][0]["pointer"]) == ("unknown-reference", "/returns/receipt_id")
    assert [one["kind"] for one in (await counter.get("/v1/receipts"))["items"]] == ["sale"]


async def test_returns_of_a_sale_are_listed(counter: Counter) -> None:
    """`/receipts/{id}/returns`, in pages; what is left is shown on the sale's lines."""
    document = counter.sale(pieces("3", 30_000))
    sold = await counter.post(document)
    made = [(await counter.post(counter.back(document, {"line": "1", "quantity": "1"})))["id"] for _ in range(3)]
    first = await counter.get(f"/v1/receipts/{sold['id']}/returns", limit=2)
    rest = await counter.get(f"/v1/receipts/{sold['id']}/returns", limit=2, cursor=first["next_cursor"])
    assert sorted(one["id"] for one in first["items"] + rest["items"]) == sorted(made)
    assert rest["next_cursor"] is None
    assert (await counter.get(f"/v1/receipts/{sold['id']}"))["lines"][0]["returnable"] == "0"


async def test_a_late_sale_of_another_day_still_takes_its_return(later: Counter) -> None:
    """Points of a sale that expired before the return are not taken from elsewhere."""
    document = later.sale(500_000)
    sold = await later.post(document)
    later.clock.move(days=400)
    await later.post(later.sale(300_000))
    answer = await later.post(later.back(document))
    assert answer["loyalty"]["balance"]["active"] == 30
    assert await balance(later, sold) == (30, 0)
    later.clock.move(days=1)
    assert await balance(later, sold) == (30, 0)
