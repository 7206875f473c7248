"""Returns as the contract has them: every way to name the sale, exact shares, early, inferred, refused."""

import itertools
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.support.counter import OTHER_PHONE, Counter, Json, codes, line, shown

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


@pytest.mark.parametrize("sent", ["qr", "fiscal"])
async def test_the_fiscal_identity_ignores_leading_zeros(counter: Counter, sent: str) -> None:
    """Tills print them, QR codes leave them out."""
    printed = fiscal(fd="0000000042", fp="0026178549")
    await counter.post(counter.sale(60_000, fiscal=printed))
    short = {"scheme": "ru-ffd", "fn": printed["fn"], "fd": "42", "fp": "26178549"}
    named = (
        {"qr": f"t=20261120T123000&s=600.00&fn={printed['fn']}&i=42&fp=26178549&n=1"}
        if sent == "qr"
        else {"fiscal": short}
    )
    back = counter.document("return", returns=named, lines=[{"line": "1", "quantity": "1"}])
    assert (await counter.post(back))["loyalty"]["reversed"] == 6


@pytest.mark.parametrize(
    "scheme",
    [{"scheme": "ua-rro", "registrar": "3000123456", "number": "77", "mac": "ab", "offline": False},
     {"scheme": "other", "country": "DE", "id": "TSE-1/77", "qr": "V0;77"}],
    ids=["ua-rro", "other"],
)  # fmt: skip
async def test_every_fiscal_scheme_is_a_key(counter: Counter, scheme: Json) -> None:
    """One key per scheme, all of strings."""
    document = counter.sale(60_000, fiscal=scheme)
    sold = await counter.post(document)
    read = await counter.get(f"/v1/receipts/{sold['id']}")
    assert read["fiscal"] == scheme
    again = await counter.post(document | {"source": "ofd", "external_id": "x"}, status=200)
    assert (again["id"], again["status"]) == (sold["id"], "duplicate")
    back = counter.document("return", returns={"fiscal": scheme}, lines=[{"line": "1", "quantity": "1"}])
    assert (await counter.post(back))["loyalty"]["reversed"] == 6


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


async def test_a_return_before_its_sale_is_kept(counter: Counter) -> None:
    """Warning `sale-not-found`, state `waiting`; it takes effect when the sale arrives, by whatever key it named."""
    printed = fiscal()
    document = counter.sale(60_000, fiscal=printed)
    lines = [{"line": "1", "quantity": "1", "name": "Кофе", "category": "coffee"}]
    early = await counter.post(counter.document("return", returns={"fiscal": printed}, lines=lines))
    assert (codes(early), early["loyalty"], early["status"]) == (["sale-not-found"], None, "recorded")
    waiting = await counter.get(f"/v1/receipts/{early['id']}")
    assert (waiting["state"], waiting["customer_id"]) == ("waiting", None)
    assert {name: waiting["lines"][0][name] for name in lines[0]} == lines[0]
    sold = await counter.post(document)
    assert (sold["loyalty"]["earned"], sold["loyalty"]["balance"]["active"]) == (6, 0)
    assert await figures(counter, sold) == (1, 60_000, 60_000, 0)
    read = await counter.get(f"/v1/receipts/{early['id']}")
    assert (read["state"], read["customer_id"]) == ("recorded", sold["customer_id"])
    assert await balance(counter, sold) == (0, 0)


async def test_a_return_without_returns_finds_its_sale(counter: Counter) -> None:
    """By customer, sku and unit price within 30 days, newest first; line numbers are the return's own."""

    def ago(days: int) -> str:
        return (counter.clock.now() - timedelta(days=days)).isoformat()

    await counter.post(counter.sale(line(60_000, sku="a"), sold_at=ago(31)))
    old = await counter.post(counter.sale(line(10_000, sku="b"), line(60_000, number=2, sku="a"), sold_at=ago(20)))
    new = await counter.post(counter.sale(line(10_000, sku="b"), line(60_000, number=2, sku="a"), sold_at=ago(10)))
    await counter.post(counter.sale(line(50_000, sku="a"), sold_at=ago(5)))
    given = {"line": "1", "sku": "a", "quantity": "1", "unit_price": 60_000}
    for expected in (new, old):
        answer = await counter.post(counter.document("return", customer=shown(), lines=[given]))
        assert (answer["linked_by"], answer["loyalty"]["reversed"]) == ("inferred", 6)
        assert (await counter.get(f"/v1/receipts/{answer['id']}"))["sale_id"] == expected["id"]
    last = await counter.post(counter.document("return", customer=shown(), lines=[given]))
    assert codes(last) == ["sale-not-found"], "the one of 31 days ago is too old"
    parked = (await counter.get("/v1/receipts/parked"))["items"]
    assert [one["reason"] for one in parked] == ["sale-not-found"]


async def test_a_line_number_alone_infers_nothing(counter: Counter) -> None:
    """Without a sale a line number names nothing: it must not take points of whatever was bought last."""
    sold = await counter.post(counter.sale(60_000))
    answer = await counter.post(counter.document("return", customer=shown(), lines=[{"line": "1", "quantity": "1"}]))
    assert (codes(answer), answer["linked_by"]) == (["sale-not-found"], None)
    assert await balance(counter, sold) == (6, 0)


async def test_another_customers_sale_is_not_inferred(counter: Counter) -> None:
    """Matched by customer first."""
    await counter.post(counter.sale(60_000))
    await counter.post(counter.sale(1_000, phone=OTHER_PHONE))
    back = counter.document(
        "return", customer=shown(OTHER_PHONE), lines=[{"sku": "coffee", "quantity": "1", "unit_price": 60_000}]
    )
    assert codes(await counter.post(back)) == ["sale-not-found"]


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


GERMAN = {"scheme": "other", "country": "DE", "id": "TSE-1/77", "qr": "V0;955002-00;Kassenbeleg-V1;Beleg^0.00^600.00"}


async def test_a_qr_of_another_country_finds_what_was_sent_with_it(counter: Counter) -> None:
    """Nothing of it is read: the text itself is the way to find, claim and return."""
    document = counter.sale(60_000, fiscal=GERMAN, phone=None)
    sold = await counter.post(document)
    found = await counter.call("/v1/receipts/find", {"qr": GERMAN["qr"]})
    assert [one["id"] for one in found["items"]] == [sold["id"]]
    claimed = await counter.call("/v1/receipts/claim", {"qr": f" {GERMAN['qr']}", "customer": shown()})
    assert (claimed["id"], claimed["loyalty"]["earned"]) == (sold["id"], 6)
    lines = [{"line": "1", "quantity": "1"}]
    back = await counter.post(counter.document("return", returns={"qr": GERMAN["qr"]}, lines=lines))
    assert back["loyalty"]["reversed"] == 6
    early = await counter.post(counter.document("return", returns={"qr": "V0;other"}, lines=lines))
    assert codes(early) == ["sale-not-found"]
    late = await counter.post(counter.sale(60_000, fiscal=GERMAN | {"id": "TSE-1/78", "qr": "V0;other"}))
    assert late["loyalty"]["balance"]["active"] == 0


async def test_a_wrong_fiscal_sign_finds_nothing(counter: Counter) -> None:
    """`fp` is the check of (fn, fd): whoever counts numbers through learns nothing, and returns nothing."""
    printed = fiscal()
    sold = await counter.post(counter.sale(60_000, fiscal=printed))
    wrong = printed | {"fp": "1"}
    assert (await counter.call("/v1/receipts/find", {"fiscal": wrong}))["items"] == []
    qr = f"t=20261120T1230&s=600.00&fn={printed['fn']}&i={printed['fd']}&fp=1&n=1"
    assert (await counter.call("/v1/receipts/find", {"qr": qr}))["items"] == []
    for named in ({"fiscal": wrong}, {"qr": qr}):
        body = counter.document("return", returns=named, lines=[{"line": "1", "quantity": "1"}])
        assert codes(await counter.post(body)) == ["sale-not-found"]
    assert await balance(counter, sold) == (6, 0)


async def test_an_early_return_of_an_order_waits_for_the_right_receipt(counter: Counter) -> None:
    """An order is shipped in parts; what comes back is of the part that comes last."""
    lines = [{"sku": "b", "quantity": "1"}]
    early = await counter.post(counter.document("return", returns={"order_id": "o-9"}, lines=lines))
    await counter.post(counter.sale(line(60_000, sku="a"), order_id="o-9"))
    assert (await counter.get(f"/v1/receipts/{early['id']}"))["state"] == "waiting"
    second = await counter.post(counter.sale(line(30_000, sku="b"), order_id="o-9"))
    read = await counter.get(f"/v1/receipts/{early['id']}")
    assert (read["state"], read["sale_id"]) == ("recorded", second["id"])
    assert await balance(counter, second) == (6, 0)


async def test_a_receipt_is_known_by_the_numbers_of_every_road(counter: Counter) -> None:
    """The fiscal operator was first, the till second: a return by the till's own number finds the sale."""
    printed = fiscal()
    by_operator = counter.sale(60_000, source="ofd", fiscal=printed, phone=None)
    sold = await counter.post(by_operator)
    by_till = by_operator | {"source": "till-1", "external_id": "own-1", "customer": shown()}
    assert (await counter.post(by_till, status=200))["loyalty"]["earned"] == 6
    del by_till["fiscal"]
    assert (await counter.post(by_till, status=200))["id"] == sold["id"], "known by it alone from now on"
    await counter.post(by_till | {"total": 70_000, "lines": [line(70_000)]}, status=409)
    named = {"source": "till-1", "external_id": "own-1"}
    assert [one["id"] for one in (await counter.call("/v1/receipts/find", named))["items"]] == [sold["id"]]
    back = counter.document("return", returns=named, lines=[{"line": "1", "quantity": "1"}])
    assert (await counter.post(back))["loyalty"]["reversed"] == 6
    assert len((await counter.get("/v1/receipts", kind="sale"))["items"]) == 1


@pytest.mark.parametrize("how", ["fiscal", "number"])
async def test_a_return_that_waits_for_a_later_number_takes_effect_with_it(counter: Counter, how: str) -> None:
    """The sale was there, but not yet under the name that the return knows it by."""
    printed = fiscal()
    document = counter.sale(60_000, **({} if how == "fiscal" else {"fiscal": printed}))
    sold = await counter.post(document)
    named = {"fiscal": printed} if how == "fiscal" else {"source": "ofd", "external_id": "o-1"}
    early = await counter.post(counter.document("return", returns=named, lines=[{"line": "1", "quantity": "1"}]))
    assert codes(early) == ["sale-not-found"]
    later = {"fiscal": printed} if how == "fiscal" else {"source": "ofd", "external_id": "o-1"}
    again = await counter.post(document | later, status=200)
    assert (again["id"], again["loyalty"]["balance"]["active"]) == (sold["id"], 0)
    assert (await counter.get(f"/v1/receipts/{early['id']}"))["state"] == "recorded"
