"""Void, reassign, find and claim: putting right what a till has told."""

import asyncio
from datetime import timedelta

import pytest

from domain.kernel.ids import new_id
from tests.support.counter import OTHER_PHONE, PHONE, Counter, Json, codes, line, shown

FISCAL = {"scheme": "ru-ffd", "fn": "9960440300712345", "fd": "778", "fp": "3826178549"}
QR = "t=20261120T1230&s=600.00&fn=9960440300712345&i=778&fp=3826178549&n=1"
EMPTY = {"active": 0, "pending": 0, "held": 0, "debt": 0, "expiring": []}


async def metrics_of(counter: Counter, customer_id: str) -> Json:
    return dict((await counter.get(f"/v1/customers/{customer_id}"))["metrics"])


async def proved(counter: Counter, *answers: Json) -> None:
    """Every account the answers name adds up."""
    for account_id in {answer["loyalty"]["account_id"] for answer in answers if answer["loyalty"]}:
        assert (await counter.account(account_id, "/proof"))["equal"] is True


async def test_a_void_is_as_if_the_sale_had_not_been(counter: Counter) -> None:
    """Not a return in statistics; spent points are back where they were; again changes nothing."""
    await counter.grant(100)
    before = await counter.post(counter.sale(10_000, sold_at=_ago(counter, days=3)))
    sold = await counter.post(counter.spending(60_000, 100))
    voided = await counter.call(f"/v1/receipts/{sold['id']}/void", {"reason": "payment_failed"})
    assert voided["id"] == sold["id"]
    assert voided["loyalty"]["balance"]["active"] == 101
    figures = await metrics_of(counter, sold["customer_id"])
    assert (figures["receipts"], figures["sales_total"], figures["returns_total"]) == (1, 10_000, 0)
    read = await counter.get(f"/v1/receipts/{before['id']}")
    assert figures["last_purchase_at"] == read["sold_at"]
    again = await counter.call(f"/v1/receipts/{sold['id']}/void", {"reason": "payment_failed"})
    assert again["loyalty"]["balance"]["active"] == 101
    assert (await counter.get(f"/v1/receipts/{sold['id']}"))["state"] == "voided"
    await proved(counter, sold)


async def test_a_void_after_a_partial_return_takes_only_the_rest(counter: Counter) -> None:
    """Cancel then refund gave a wrong balance (nopSolutions/nopCommerce#5595): here everything adds up to nothing."""
    await counter.grant(30)
    document = counter.spending(90_000, 30)
    sold = await counter.post(document)
    await counter.post(counter.back(document, {"line": "1", "quantity": "0.333"}))
    voided = await counter.call(f"/v1/receipts/{sold['id']}/void", {"reason": "cashier_error"})
    assert voided["loyalty"]["balance"]["active"] == 30
    figures = await metrics_of(counter, sold["customer_id"])
    assert (figures["receipts"], figures["sales_total"], figures["returns_total"], figures["spent_total"]) == (0,) * 4
    assert (await counter.post(counter.back(document), status=422))["code"] == "return-exceeds-sale"
    await proved(counter, sold)


async def test_a_void_document_comes_from_the_till(counter: Counter) -> None:
    """`kind: void` names its sale; a void of a return gives back what it took."""
    document = counter.sale(60_000)
    sold = await counter.post(document)
    back = counter.back(document)
    returned = await counter.post(back)
    named = {"source": back["source"], "external_id": back["external_id"]}
    undone = await counter.post(counter.document("void", returns=named, reason="cashier_error"))
    assert undone["loyalty"]["balance"]["active"] == 6
    assert (await metrics_of(counter, sold["customer_id"]))["returns_total"] == 0
    assert (await counter.get(f"/v1/receipts/{sold['id']}"))["lines"][0]["returnable"] == "1"
    named = {"receipt_id": sold["id"]}
    gone = await counter.post(counter.document("void", returns=named, reason="test"))
    assert gone["loyalty"]["balance"] == EMPTY
    assert (await counter.get(f"/v1/receipts/{returned['id']}"))["state"] == "voided"
    await proved(counter, sold)


async def test_a_void_before_its_sale_waits_for_it(counter: Counter) -> None:
    """Offline tills upload in any order: the sale comes and is void at once."""
    document = counter.sale(60_000)
    named = {"source": document["source"], "external_id": document["external_id"]}
    early = await counter.post(counter.document("void", returns=named, reason="cashier_error"))
    assert codes(early) == ["sale-not-found"]
    sold = await counter.post(document)
    assert sold["loyalty"]["balance"]["active"] == 0
    assert (await counter.get(f"/v1/receipts/{sold['id']}"))["state"] == "voided"
    assert (await metrics_of(counter, sold["customer_id"]))["receipts"] == 0


async def test_a_void_of_a_void_is_refused(counter: Counter) -> None:
    """Send the receipt again instead."""
    sold = await counter.post(counter.sale(60_000))
    void = await counter.post(counter.document("void", returns={"receipt_id": sold["id"]}, reason="test"))
    refused = await counter.call(f"/v1/receipts/{void['id']}/void", {"reason": "test"}, status=409)
    assert refused["code"] == "receipt-voided"
    gone = await counter.call(f"/v1/receipts/{new_id()}/void", {"reason": "test"}, status=404)
    assert gone["code"] == "receipt-not-found"


async def test_a_receipt_moves_to_whom_it_belongs(counter: Counter) -> None:
    """Typed the wrong phone: points, figures and returns move, dates stay as at the sale."""
    document = counter.sale(line(60_000, quantity="2"), sold_at=_ago(counter, days=10))
    sold = await counter.post(document)
    await counter.post(counter.back(document, {"line": "1", "quantity": "1"}))
    moved = await counter.call(
        f"/v1/receipts/{sold['id']}/reassign", {"customer": shown(OTHER_PHONE), "reason": "wrong number"}
    )
    assert moved["customer_id"] != sold["customer_id"]
    assert moved["loyalty"]["balance"]["active"] == 3
    assert (await counter.account(sold["loyalty"]["account_id"]))["balance"] == EMPTY
    theirs = await metrics_of(counter, moved["customer_id"])
    assert (theirs["receipts"], theirs["sales_total"], theirs["returns_total"]) == (1, 60_000, 30_000)
    old = await metrics_of(counter, sold["customer_id"])
    assert (old["receipts"], old["sales_total"], old["returns_total"], old["first_purchase_at"]) == (0, 0, 0, None)
    (lot,) = await counter.everything(moved["loyalty"]["account_id"], "/lots")
    assert lot["origin"]["receipt_id"] == sold["id"]
    rest = await counter.post(counter.back(document, {"line": "1", "quantity": "1"}))
    assert rest["loyalty"]["account_id"] == moved["loyalty"]["account_id"]
    assert rest["loyalty"]["balance"] == EMPTY
    await proved(counter, sold, moved)


async def test_spent_points_move_with_the_receipt(counter: Counter) -> None:
    """The right person pays what the receipt spent, as debt where there is nothing; the wrong one has it back."""
    await counter.grant(50)
    sold = await counter.post(counter.spending(60_000, 50))
    moved = await counter.call(
        f"/v1/receipts/{sold['id']}/reassign", {"customer": shown(OTHER_PHONE), "reason": "wrong number"}
    )
    assert (await counter.account(sold["loyalty"]["account_id"]))["balance"]["active"] == 50
    assert moved["loyalty"]["balance"]["debt"] == 50 - 5
    await proved(counter, sold, moved)


@pytest.mark.parametrize(
    "whom", [{"id": "01890000-0000-7000-8000-000000000000"}, shown(OTHER_PHONE, on_missing="none")]
)
async def test_a_receipt_moves_to_somebody_only(counter: Counter, whom: Json) -> None:
    """422 `unknown-reference`: nobody is found."""
    sold = await counter.post(counter.sale(60_000))
    body = {"customer": whom, "reason": "wrong number"}
    refused = await counter.call(f"/v1/receipts/{sold['id']}/reassign", body, status=422)
    assert refused["code"] == "unknown-reference"


async def test_a_return_moves_with_its_sale(counter: Counter) -> None:
    """Reassigning either moves both."""
    document = counter.sale(60_000)
    await counter.post(document)
    back = await counter.post(counter.back(document))
    body = {"customer": shown(OTHER_PHONE), "reason": "wrong number"}
    moved = await counter.call(f"/v1/receipts/{back['id']}/reassign", body)
    for path in (f"/v1/receipts/{back['id']}",):
        assert (await counter.get(path))["customer_id"] == moved["customer_id"]
    assert len((await counter.get("/v1/receipts", customer_id=moved["customer_id"]))["items"]) == 2


async def test_receipts_are_found_by_every_name_they_have(counter: Counter) -> None:
    """Fiscal identity, QR, source and number, order, customer and period; with what can be returned of each line."""
    document = counter.sale(line(60_000, quantity="2"), fiscal=FISCAL, order_id="web-19")
    sold = await counter.post(document)
    await counter.post(counter.back(document, {"line": "1", "quantity": "0.5"}))
    ways: list[Json] = [
        {"fiscal": FISCAL},
        {"qr": QR},
        {"source": document["source"], "external_id": document["external_id"]},
        {"order_id": "web-19"},
    ]
    for way in ways:
        (found,) = (await counter.call("/v1/receipts/find", way))["items"]
        assert (found["id"], found["lines"][0]["returnable"]) == (sold["id"], "1.5")
        assert "identifiers" not in str(found)
    period = {"from": _ago(counter, days=1), "to": _ago(counter, days=-1)}
    mine = await counter.call("/v1/receipts/find", {"customer_id": sold["customer_id"]} | period)
    assert {one["kind"] for one in mine["items"]} == {"sale", "return"}
    assert (await counter.call("/v1/receipts/find", {"order_id": "web-20"}))["items"] == []
    assert (await counter.call("/v1/receipts/find", {"qr": "fn=x&i=y&fp=z"}, status=422))["code"] == "invalid-qr"
    assert (await counter.call("/v1/receipts/find", {}, status=400))["code"] == "invalid-request"


async def test_a_receipt_is_claimed_by_its_qr(counter: Counter) -> None:
    """C34: enrol after the purchase; points as if the customer had been known at the sale."""
    sale = counter.sale(60_000, phone=None, fiscal=FISCAL, sold_at=_ago(counter, days=20))
    sold = await counter.post(sale)
    claimed = await counter.call("/v1/receipts/claim", {"qr": QR, "customer": shown()})
    assert (claimed["id"], claimed["linked_by"]) == (sold["id"], "claim")
    assert (claimed["loyalty"]["earned"], claimed["loyalty"]["balance"]["active"]) == (6, 6)
    assert claimed["loyalty"]["footer"], "the customer is told at once"
    assert (await metrics_of(counter, claimed["customer_id"]))["spent_total"] == 60_000
    (lot,) = await counter.everything(claimed["loyalty"]["account_id"], "/lots")
    assert lot["activates_at"] == (await counter.get(f"/v1/receipts/{sold['id']}"))["sold_at"]
    again = await counter.call("/v1/receipts/claim", {"qr": QR, "customer": shown()})
    assert again["loyalty"]["balance"]["active"] == 6
    other = await counter.call("/v1/receipts/claim", {"qr": QR, "customer": shown(OTHER_PHONE)}, status=409)
    assert other["code"] == "already-claimed"


async def test_a_partly_returned_receipt_earns_its_rest_when_claimed(counter: Counter) -> None:
    """What came back before the claim earns nothing."""
    sale = counter.sale(line(60_000, quantity="2"), phone=None, fiscal=FISCAL)
    await counter.post(sale)
    await counter.post(counter.back(sale, {"line": "1", "quantity": "1"}))
    claimed = await counter.call("/v1/receipts/claim", {"qr": QR, "customer": shown()})
    assert claimed["loyalty"]["balance"]["active"] == 3
    figures = await metrics_of(counter, claimed["customer_id"])
    assert (figures["sales_total"], figures["returns_total"]) == (60_000, 30_000)
    rest = await counter.post(counter.back(sale, {"line": "1", "quantity": "1"}))
    assert rest["loyalty"]["balance"]["active"] == 0
    await proved(counter, claimed)


@pytest.mark.parametrize("qr", [QR.replace("600.00", "601.00"), QR.replace("fp=3826178549", "fp=1"),
                                QR.replace("i=778", "i=779")])  # fmt: skip
async def test_a_guessed_qr_claims_nothing(counter: Counter, qr: str) -> None:
    """Total and fiscal sign stand on the paper only."""
    await counter.post(counter.sale(60_000, phone=None, fiscal=FISCAL))
    refused = await counter.call("/v1/receipts/claim", {"qr": qr, "customer": shown()}, status=422)
    assert refused["code"] == "unknown-reference"


async def test_a_receipt_of_any_age_can_be_claimed(counter: Counter) -> None:
    """C34: retroactive without limit; what it earned ends when it would have ended."""
    await counter.post(counter.sale(60_000, phone=None, fiscal=FISCAL, sold_at=_ago(counter, days=400)))
    claimed = await counter.call("/v1/receipts/claim", {"qr": QR, "customer": shown()})
    assert (claimed["loyalty"]["earned"], claimed["loyalty"]["balance"]["active"]) == (6, 0)
    await proved(counter, claimed)


async def test_somebody_who_collects_paper_is_stopped(counter: Counter) -> None:
    """422 `claim-limit` after 30 receipts of the same days."""
    papers = [FISCAL | {"fd": str(number)} for number in range(1000, 1031)]
    sales = [counter.sale(10_000, phone=None, fiscal=paper) for paper in papers]
    await counter.call("/v1/receipts/batch", {"items": sales})
    codes = [f"t=20261120T1230&s=100.00&fn={one['fn']}&i={one['fd']}&fp={one['fp']}&n=1" for one in papers]
    for code in codes[:30]:
        await counter.call("/v1/receipts/claim", {"qr": code, "customer": shown()})
    refused = await counter.call("/v1/receipts/claim", {"qr": codes[30], "customer": shown()}, status=422)
    assert (refused["code"], refused["claims"]) == ("claim-limit", 30)
    await counter.call("/v1/receipts/claim", {"qr": codes[30], "customer": shown(OTHER_PHONE)})


async def test_two_who_claim_at_once_do_not_both_get_it(counter: Counter) -> None:
    """One has it, the other is told."""
    await counter.post(counter.sale(60_000, phone=None, fiscal=FISCAL))
    bodies = [{"qr": QR, "customer": shown(phone)} for phone in (PHONE, OTHER_PHONE)]
    answered = await asyncio.gather(*(counter.api.post("/v1/receipts/claim", json=body) for body in bodies))
    assert sorted(one.status_code for one in answered) == [200, 409]
    accounts = (await counter.get("/v1/loyalty/accounts"))["items"]
    assert sum(account["balance"]["active"] for account in accounts) == 6


def _ago(counter: Counter, **by: float) -> str:
    return (counter.clock.now() - timedelta(**by)).isoformat()
