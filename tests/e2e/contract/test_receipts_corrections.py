"""Void, reassign, find and claim, from the contract's text."""

import itertools
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.support.counter import OTHER_PHONE, PHONE, Counter, Json, codes, line, moment, shown

numbers = itertools.count(5000)
ZERO = {"active": 0, "pending": 0, "held": 0, "debt": 0, "expiring": []}


def fiscal() -> Json:
    return {"scheme": "ru-ffd", "fn": "9960440300712345", "fd": str(next(numbers)), "fp": "3826178549"}


def qr_of(printed: Json, rubles: str) -> str:
    return f"t=20261120T1230&s={rubles}&fn={printed['fn']}&i={printed['fd']}&fp={printed['fp']}&n=1"


async def metrics(counter: Counter, customer_id: str) -> Json:
    return dict((await counter.get(f"/v1/customers/{customer_id}"))["metrics"])


async def active(counter: Counter, answer: Json) -> int:
    account_id = answer["loyalty"]["account_id"]
    assert (await counter.account(account_id, "/proof"))["equal"]
    return int((await counter.account(account_id))["balance"]["active"])


async def voided(counter: Counter, sold: Json, document: Json, road: str, **fields: Any) -> Json:
    """Void by the verb, or by a document that names its own in one of the ways."""
    reason = {"reason": "cashier_error"} | fields
    if road == "verb":
        return await counter.call(f"/v1/receipts/{sold['id']}/void", reason)
    named = {
        "document": {"source": document["source"], "external_id": document["external_id"]},
        "receipt_id": {"receipt_id": sold.get("id")},
        "fiscal": {"fiscal": document.get("fiscal")},
    }[road]
    return await counter.post(counter.document("void", returns=named, **reason))


ROADS = ["verb", "document", "receipt_id", "fiscal"]


@pytest.mark.parametrize("road", ROADS)
async def test_a_void_is_as_if_the_sale_had_not_been(counter: Counter, road: str) -> None:
    """No figure, no point, no first purchase; in statistics it is no return."""
    document = counter.sale(60_000, fiscal=fiscal())
    sold = await counter.post(document)
    answer = await voided(counter, sold, document, road)
    assert answer["loyalty"]["balance"] == ZERO
    one = await metrics(counter, sold["customer_id"])
    names = ("receipts", "sales_total", "returns_total", "spent_total", "average_receipt", "first_purchase_at",
             "last_purchase_at")  # fmt: skip
    assert [one[name] for name in names] == [0, 0, 0, 0, None, None, None]
    read = await counter.get(f"/v1/receipts/{sold['id']}")
    assert (read["state"], read["lines"][0]["returnable"]) == ("voided", "0")
    assert await active(counter, sold) == 0


@pytest.mark.parametrize("reason", ["payment_failed", "cashier_error", "test", "fiscal_correction"])
async def test_every_reason_of_a_void_is_known(counter: Counter, reason: str) -> None:
    """By verb and by document; others are 400."""
    for road in ("verb", "document"):
        document = counter.sale(10_000)
        sold = await counter.post(document)
        await voided(counter, sold, document, road, reason=reason)
    refused = await counter.call(f"/v1/receipts/{sold['id']}/void", {"reason": "size"}, status=400)
    assert refused["errors"][0]["pointer"] == "/reason"
    await counter.call(f"/v1/receipts/{sold['id']}/void", {}, status=400)


async def test_the_verb_answers_the_receipts_answer_with_the_balance_now(counter: Counter) -> None:
    """The figures recorded then; again changes nothing and answers the same."""
    await counter.grant(100)
    sold = await counter.post(counter.spending(60_000, 50))
    first = await counter.call(f"/v1/receipts/{sold['id']}/void", {"reason": "payment_failed"})
    assert (first["id"], first["customer_id"]) == (sold["id"], sold["customer_id"])
    assert (first["loyalty"]["earned"], first["loyalty"]["redeemed"]) == (5, 50)
    assert first["loyalty"]["balance"]["active"] == 100
    assert await counter.call(f"/v1/receipts/{sold['id']}/void", {"reason": "payment_failed"}) == first
    assert await active(counter, sold) == 100


async def test_a_void_says_what_came_in_its_place(counter: Counter) -> None:
    """`replaced_by` is the number of the right document."""
    document = counter.sale(60_000)
    sold = await counter.post(document)
    await counter.call(f"/v1/receipts/{sold['id']}/void", {"reason": "cashier_error", "replaced_by": "sale-right"})
    assert (await counter.get(f"/v1/receipts/{sold['id']}"))["replaced_by"] == "sale-right"
    other = counter.sale(60_000)
    await counter.post(other)
    void = await voided(counter, {}, other, "document", replaced_by="sale-right")
    assert (await counter.get(f"/v1/receipts/{void['id']}"))["replaced_by"] == "sale-right"


async def test_points_spent_since_become_a_debt_of_the_void(counter: Counter) -> None:
    """As if it had not been: what it earned is taken back even where it is gone."""
    sold = await counter.post(counter.sale(1_000_000))
    await counter.post(counter.spending(20_000, 100))
    answer = await counter.call(f"/v1/receipts/{sold['id']}/void", {"reason": "test"})
    assert answer["loyalty"]["balance"]["debt"] == 99, "one was earned by what was paid in money"
    assert await active(counter, sold) == 0


async def test_a_void_takes_the_returns_of_its_sale_along(counter: Counter) -> None:
    """Neither the sale nor its return had been."""
    document = counter.sale(line(60_000, quantity="2"))
    sold = await counter.post(document)
    await counter.post(counter.back(document, {"line": "1", "quantity": "1"}))
    await counter.call(f"/v1/receipts/{sold['id']}/void", {"reason": "test"})
    one = await metrics(counter, sold["customer_id"])
    assert (one["sales_total"], one["returns_total"], one["receipts"]) == (0, 0, 0)
    assert await active(counter, sold) == 0


async def test_a_voided_sale_takes_no_return(counter: Counter) -> None:
    """Nothing is left to come back: 422, and nothing moves."""
    document = counter.sale(60_000)
    sold = await counter.post(document)
    await counter.call(f"/v1/receipts/{sold['id']}/void", {"reason": "test"})
    refused = await counter.post(counter.back(document), status=422)
    assert refused["code"] == "return-exceeds-sale"
    assert await active(counter, sold) == 0


async def test_a_voided_return_can_be_made_again(counter: Counter) -> None:
    """The cashier returned the wrong line."""
    document = counter.sale(60_000)
    sold = await counter.post(document)
    back = await counter.post(counter.back(document))
    await counter.call(f"/v1/receipts/{back['id']}/void", {"reason": "cashier_error"})
    assert await active(counter, sold) == 6
    assert (await counter.get(f"/v1/receipts/{sold['id']}"))["lines"][0]["returnable"] == "1"
    await counter.post(counter.back(document))
    assert await active(counter, sold) == 0
    one = await metrics(counter, sold["customer_id"])
    assert (one["receipts"], one["returns_total"]) == (1, 60_000)


async def test_an_early_return_by_sku_reads_and_voids_as_what_it_became(counter: Counter) -> None:
    """Two pieces that turn out to be two lines: each is written as it is, and both come back once when it is voided."""
    document = counter.sale(line(20_000, number="a"), line(30_000, number="b"))
    early = await counter.post(counter.back(document, {"sku": "coffee", "quantity": "2"}))
    sold = await counter.post(document)
    read = await counter.get(f"/v1/receipts/{early['id']}")
    shown_lines = [(one["line"], one["sku"], one["quantity"], one["unit_price"], one["total"]) for one in read["lines"]]
    assert shown_lines == [("a", "coffee", "1", 20_000, 20_000), ("b", "coffee", "1", 30_000, 30_000)]
    assert (read["total"], read["warnings"][-1]["code"]) == (50_000, "sale-not-found")
    await counter.call(f"/v1/receipts/{early['id']}/void", {"reason": "cashier_error"})
    lines = (await counter.get(f"/v1/receipts/{sold['id']}"))["lines"]
    assert [one["returnable"] for one in lines] == ["1", "1"]
    assert await active(counter, sold) == 5


async def test_a_void_before_its_sale_waits_for_it(counter: Counter) -> None:
    """Offline tills send in any order: the sale is recorded and void at once."""
    document = counter.sale(60_000)
    void = await voided(counter, {}, document, "document")
    assert codes(void) == ["sale-not-found"]
    assert (await counter.get(f"/v1/receipts/{void['id']}"))["state"] == "waiting"
    sold = await counter.post(document)
    assert sold["loyalty"]["balance"] == ZERO
    assert (await counter.get(f"/v1/receipts/{sold['id']}"))["state"] == "voided"
    assert (await metrics(counter, sold["customer_id"]))["receipts"] == 0
    assert (await counter.post(document, status=200))["status"] == "duplicate"


async def test_a_void_of_what_is_unknown(counter: Counter) -> None:
    """The verb: 404 for any id that is none. A document with an id of ours that is none: 422."""
    for wrong in (str(uuid4()), "abc", "0"):
        await counter.call(f"/v1/receipts/{wrong}/void", {"reason": "test"}, status=404)
    body = counter.document("void", returns={"receipt_id": str(uuid4())}, reason="test")
    refused = await counter.post(body, status=422)
    assert (refused["code"], refused["errors"][0]["pointer"]) == ("unknown-reference", "/returns/receipt_id")


async def test_a_reassigned_receipt_belongs_to_the_other(counter: Counter) -> None:
    """Typed the wrong phone: points, figures, history move; dates count from the sale; audited with its reason."""
    sold_at = (counter.clock.now() - timedelta(days=20)).isoformat()
    wrong = await counter.post(counter.sale(60_000, sold_at=sold_at))
    right = await counter.post(counter.sale(10_000, phone=OTHER_PHONE))
    body = {"customer": {"identifiers": [{"type": "phone", "value": OTHER_PHONE}]}, "reason": "typed Boris's number"}
    moved = await counter.call(f"/v1/receipts/{wrong['id']}/reassign", body)
    assert (moved["id"], moved["customer_id"]) == (wrong["id"], right["customer_id"])
    assert moved["loyalty"]["account_id"] == right["loyalty"]["account_id"]
    assert (moved["loyalty"]["earned"], moved["loyalty"]["balance"]["active"]) == (6, 7)
    assert await active(counter, wrong) == 0
    old, new = await metrics(counter, wrong["customer_id"]), await metrics(counter, right["customer_id"])
    assert (old["receipts"], old["spent_total"], old["first_purchase_at"]) == (0, 0, None)
    assert (new["receipts"], new["spent_total"]) == (2, 70_000)
    assert moment(new["first_purchase_at"]) == moment(sold_at)
    lots = await counter.everything(right["loyalty"]["account_id"], "/lots")
    ends = {lot["amount"]: lot["expires_at"] for lot in lots}
    assert ends[6] < ends[1]
    listed = await counter.get("/v1/receipts", customer_id=right["customer_id"])
    assert {one["id"] for one in listed["items"]} == {wrong["id"], right["id"]}
    assert (await counter.get("/v1/receipts", customer_id=wrong["customer_id"]))["items"] == []


async def test_reassigning_to_nobody_is_refused(counter: Counter) -> None:
    """422 `unknown-reference`: an unknown id, an unknown phone, an impossible one; nothing moves."""
    sold = await counter.post(counter.sale(60_000))
    nobody: list[Json] = [
        {"id": str(uuid4())},
        {"identifiers": [{"type": "phone", "value": "+79350009999"}]},
        {"identifiers": [{"type": "phone", "value": "12"}]},
    ]
    for customer in nobody:
        body = {"customer": customer, "reason": "x"}
        refused = await counter.call(f"/v1/receipts/{sold['id']}/reassign", body, status=422)
        assert refused["code"] == "unknown-reference"
    assert await active(counter, sold) == 6
    await counter.call(f"/v1/receipts/{sold['id']}/reassign", {"customer": {"id": sold["customer_id"]}}, status=400)
    await counter.call(
        f"/v1/receipts/{uuid4()}/reassign", {"customer": {"id": sold["customer_id"]}, "reason": "x"}, status=404
    )


async def test_an_anonymous_receipt_can_be_reassigned(counter: Counter) -> None:
    """The owner gives it to somebody; `on_missing` create makes them."""
    sold = await counter.post(counter.sale(60_000, phone=None))
    body = {"customer": shown(OTHER_PHONE), "reason": "came back with the paper"}
    moved = await counter.call(f"/v1/receipts/{sold['id']}/reassign", body)
    assert (moved["loyalty"]["earned"], moved["loyalty"]["balance"]["active"]) == (6, 6)
    assert (await metrics(counter, moved["customer_id"]))["receipts"] == 1


async def test_receipts_are_found_in_every_way(counter: Counter) -> None:
    """By fiscal, qr, source and external id, order, customer and period; with what can still come back."""
    printed = fiscal()
    document = counter.sale(line(60_000, quantity="2"), fiscal=printed, order_id="o-1")
    sold = await counter.post(document)
    other = await counter.post(counter.sale(10_000, phone=OTHER_PHONE))
    await counter.post(counter.back(document, {"line": "1", "quantity": "0.5"}))
    now = counter.clock.now()
    period = {"from": (now - timedelta(hours=1)).isoformat(), "to": (now + timedelta(hours=1)).isoformat()}
    ways: list[Json] = [
        {"fiscal": printed},
        {"fiscal": {name: printed[name] for name in ("scheme", "fn", "fd")}},
        {"qr": qr_of(printed, "600.00")},
        {"source": document["source"], "external_id": document["external_id"]},
        {"order_id": "o-1"},
        {"customer_id": sold["customer_id"], **period},
    ]
    for way in ways:
        found = (await counter.call("/v1/receipts/find", way))["items"]
        sales = [one for one in found if one["kind"] == "sale"]
        assert [one["id"] for one in sales] == [sold["id"]], way
        assert sales[0]["lines"][0]["returnable"] == "1.5"
    before = {"from": "2020-01-01T00:00:00Z", "to": "2020-02-01T00:00:00Z"}
    assert (await counter.call("/v1/receipts/find", {"customer_id": other["customer_id"], **before}))["items"] == []
    for nothing in ({"order_id": "none"}, {"fiscal": fiscal()}, {"source": "x", "external_id": "y"}):
        assert (await counter.call("/v1/receipts/find", nothing))["items"] == []


async def test_a_long_history_is_found_in_pages(counter: Counter) -> None:
    """Nothing falls off the end: `limit` and `cursor` as in every list, `next_cursor` null on the last page."""
    answers = (await counter.call("/v1/receipts/batch", {"items": [counter.sale(100) for _ in range(5)]}))["items"]
    body: Json = {"customer_id": answers[0]["customer_id"], "limit": 2}
    seen: list[str] = []
    while True:
        page = await counter.call("/v1/receipts/find", body)
        seen += [one["id"] for one in page["items"]]
        if page["next_cursor"] is None:
            break
        body["cursor"] = page["next_cursor"]
    assert sorted(seen) == sorted(one["id"] for one in answers)
    for wrong in ({"limit": 0}, {"limit": 201}, {"cursor": "x"}):
        await counter.call("/v1/receipts/find", body | wrong, status=400)


@pytest.mark.parametrize("body", [{}, {"source": "till-1"}, {"external_id": "1"}, {"order_id": "a", "qr": "b"},
                                  {"customer_id": "abc"}, {"phone": PHONE}])  # fmt: skip
async def test_find_needs_one_way(strict: Counter, body: Json) -> None:
    """400 otherwise: no way, half of one, two, one that would put a person into it."""
    await strict.call("/v1/receipts/find", body, status=400)


async def test_a_claim_gives_an_anonymous_receipt_to_its_holder(counter: Counter) -> None:
    """C34: as if known at the sale; again is the same; somebody else is told 409."""
    printed = fiscal()
    sold = await counter.post(counter.sale(60_000, phone=None, fiscal=printed))
    body = {"qr": qr_of(printed, "600.00"), "customer": shown()}
    answer = await counter.call("/v1/receipts/claim", body)
    assert (answer["id"], answer["linked_by"]) == (sold["id"], "claim")
    assert (answer["loyalty"]["earned"], answer["loyalty"]["balance"]["active"]) == (6, 6)
    assert (await metrics(counter, answer["customer_id"]))["spent_total"] == 60_000
    again = await counter.call("/v1/receipts/claim", body)
    assert again["loyalty"]["balance"]["active"] == 6
    taken = await counter.call("/v1/receipts/claim", body | {"customer": shown(OTHER_PHONE)}, status=409)
    assert taken["code"] == "already-claimed"
    assert PHONE not in str(taken), "and not by whom"


async def test_a_receipt_with_a_customer_is_claimed_already(counter: Counter) -> None:
    """Whoever finds the paper gets nothing."""
    printed = fiscal()
    await counter.post(counter.sale(60_000, fiscal=printed))
    body = {"qr": qr_of(printed, "600.00"), "customer": shown(OTHER_PHONE)}
    assert (await counter.call("/v1/receipts/claim", body, status=409))["code"] == "already-claimed"


@pytest.mark.parametrize("customer", [{"id": str(uuid4())}, {"identifiers": [{"type": "phone", "value": PHONE}]}])
async def test_a_claim_for_nobody_is_refused(counter: Counter, customer: Json) -> None:
    """422 `unknown-reference`: `on_missing` is none unless said."""
    printed = fiscal()
    await counter.post(counter.sale(60_000, phone=None, fiscal=printed))
    body = {"qr": qr_of(printed, "600.00"), "customer": customer}
    refused = await counter.call("/v1/receipts/claim", body, status=422)
    assert refused["code"] == "unknown-reference"
    assert refused["errors"][0]["pointer"].startswith("/customer")
