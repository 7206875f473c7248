"""Two natural keys: a document is recorded once, whatever road it comes by and however often."""

import asyncio
from typing import Any

import pytest

from tests.support.counter import OTHER_PHONE, PHONE, Counter, Json, codes, line, shown

FISCAL = {"scheme": "ru-ffd", "fn": "9960440300712345", "fd": "12345", "fp": "3826178549"}


async def test_a_resend_answers_the_figures_of_then_and_the_balance_of_now(counter: Counter) -> None:
    """A24: idempotent by (source, external id); nothing is counted twice."""
    document = counter.sale(50_000)
    first = await counter.post(document)
    await counter.grant(100)
    again = await counter.post(document, status=200)
    assert (again["status"], again["id"]) == ("duplicate", first["id"])
    assert again["loyalty"]["earned"] == first["loyalty"]["earned"] == 5
    assert again["loyalty"]["balance"]["active"] == 105
    metrics = (await counter.get(f"/v1/customers/{first['customer_id']}"))["metrics"]
    assert (metrics["receipts"], metrics["sales_total"]) == (1, 50_000)


@pytest.mark.parametrize(
    "change",
    [
        {"total": 60_000, "lines": [line(60_000)]},
        {"currency": "USD"},
        {"sold_at": "2026-11-01T10:00:00Z"},
        {"lines": [line(50_000, number="2")]},
        {"lines": [line(50_000, sku="tea")]},
        {"lines": [line(50_000, quantity="2")]},
    ],
    ids=["total", "currency", "sold_at", "line", "sku", "quantity"],
)
async def test_other_content_under_the_same_number_is_a_conflict(counter: Counter, change: Json) -> None:
    """Kind, time, currency, total and lines are compared; the other document is parked for the owner to see."""
    document = counter.sale(50_000)
    first = await counter.post(document)
    refused = await counter.post(document | change, status=409)
    assert (refused["code"], refused["receipt_id"]) == ("document-conflict", first["id"])
    assert refused["recorded"]["total"] == 50_000
    assert refused["received"] != refused["recorded"]
    assert set(refused["received"]) == {"kind", "sold_at", "currency", "total", "lines"}
    await counter.post(document | change, status=409)
    (parked,) = (await counter.get("/v1/receipts/parked"))["items"]
    assert (parked["reason"], parked["receipt_id"], parked["state"]) == ("document-conflict", first["id"], "open")
    assert parked["received"] == refused["received"]


@pytest.mark.parametrize(
    "change",
    [
        {"sold_at": "2026-11-20T12:30:00+03:00"},
        {"register": "2", "employee": "e-1", "channel": "site"},
        {"lines": [line(50_000, name="Другое имя", category="x")]},
    ],
    ids=["same moment in another zone", "where and who", "words of a line"],
)
async def test_what_is_not_compared_may_differ(counter: Counter, change: Json) -> None:
    """Names, places and zones say the same thing otherwise."""
    document = counter.sale(50_000, sold_at="2026-11-20T09:30:00Z")
    await counter.post(document)
    assert (await counter.post(document | change, status=200))["status"] == "duplicate"


async def test_the_same_fiscal_document_by_another_road_is_a_duplicate(counter: Counter) -> None:
    """The till sent it, the fiscal operator sends it again: other source, number and lines, one purchase."""
    first = await counter.post(counter.sale(50_000, fiscal=FISCAL, sold_at="2026-11-20T09:30:41Z"))
    by_operator = counter.sale(
        line(20_000, number="a", sku=None), line(30_000, number="b", sku=None),
        fiscal=FISCAL, sold_at="2026-11-20T09:30:00Z", source="ofd", phone=None,
    )  # fmt: skip
    again = await counter.post(by_operator, status=200)
    assert (again["status"], again["id"]) == ("duplicate", first["id"])
    assert len((await counter.get("/v1/receipts"))["items"]) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"lines": [line(60_000)], "total": 60_000},
        {"sold_at": "2026-11-20T09:31:00Z"},
        {"fiscal": FISCAL | {"fp": "1"}},
    ],
    ids=["total", "minute", "fiscal sign"],
)
async def test_another_document_under_the_same_fiscal_identity_is_a_conflict(counter: Counter, change: Json) -> None:
    """(fn, fd) finds it, `fp` is the check; kind, currency, total and the minute are compared."""
    document = counter.sale(50_000, fiscal=FISCAL, sold_at="2026-11-20T09:30:00Z")
    await counter.post(document)
    other = document | {"source": "ofd", "external_id": "1"} | change
    assert (await counter.post(other, status=409))["code"] == "document-conflict"


async def test_a_later_customer_is_an_addition(counter: Counter) -> None:
    """The till found out who it was after it had sent the receipt: points are posted as if it had known."""
    document = counter.sale(50_000, phone=None)
    first = await counter.post(document)
    assert first["loyalty"] is None
    again = await counter.post(document | {"customer": shown()}, status=200)
    assert again["status"] == "duplicate"
    assert again["loyalty"]["earned"] == 5
    assert again["loyalty"]["balance"]["active"] == 5
    third = await counter.post(document | {"customer": shown()}, status=200)
    assert third["loyalty"]["balance"]["active"] == 5
    metrics = (await counter.get(f"/v1/customers/{again['customer_id']}"))["metrics"]
    assert (metrics["receipts"], metrics["spent_total"]) == (1, 50_000)


async def test_a_later_fiscal_number_is_an_addition(counter: Counter) -> None:
    """The fiscal drive was slow: afterwards the receipt is found by it."""
    document = counter.sale(50_000)
    first = await counter.post(document)
    assert (await counter.post(document | {"fiscal": FISCAL}, status=200))["status"] == "duplicate"
    found = await counter.call("/v1/receipts/find", {"fiscal": FISCAL})
    assert [one["id"] for one in found["items"]] == [first["id"]]


async def test_another_customer_does_not_move_a_recorded_receipt(counter: Counter) -> None:
    """A resend is no reassignment: who was recorded stays."""
    document = counter.sale(50_000)
    first = await counter.post(document)
    again = await counter.post(document | {"customer": shown(OTHER_PHONE)}, status=200)
    assert again["customer_id"] == first["customer_id"]


async def test_one_receipt_from_fifty_tasks_is_recorded_once(counter: Counter) -> None:
    """Bad input: the same receipt from 50 threads at once, its customer unknown until then."""
    document = counter.sale(50_000, fiscal=FISCAL)
    answered = await asyncio.gather(*(counter.api.post("/v1/receipts", json=document) for _ in range(50)))
    assert sorted(one.status_code for one in answered) == [200] * 49 + [201]
    bodies = [one.json() for one in answered]
    assert {body["id"] for body in bodies} == {bodies[0]["id"]}
    assert {body["loyalty"]["balance"]["active"] for body in bodies} == {5}
    assert len((await counter.get("/v1/customers"))["items"]) == 1
    assert len(await counter.everything(bodies[0]["loyalty"]["account_id"], "/entries")) == 1


async def test_one_document_under_two_keys_at_once_is_recorded_once(counter: Counter) -> None:
    """The till's own number and the fiscal operator's race: one purchase, one person, five points."""
    document = counter.sale(50_000, fiscal=FISCAL, sold_at="2026-11-20T09:30:00Z")
    roads = [document | {"source": f"road-{n}", "external_id": str(n)} for n in range(20)]
    answered = await asyncio.gather(*(counter.api.post("/v1/receipts", json=one) for one in roads))
    assert sorted(one.status_code for one in answered) == [200] * 19 + [201]
    assert {one.json()["loyalty"]["balance"]["active"] for one in answered} == {5}


async def test_a_phone_created_by_fifty_receipts_at_once_is_one_customer(counter: Counter) -> None:
    """Bad input: the same phone created by 50 threads at once."""
    documents = [counter.sale(10_000) for _ in range(50)]
    answered = await asyncio.gather(*(counter.api.post("/v1/receipts", json=one) for one in documents))
    assert [one.status_code for one in answered] == [201] * 50
    assert len({one.json()["customer_id"] for one in answered}) == 1
    (account,) = (await counter.get("/v1/loyalty/accounts"))["items"]
    assert account["balance"]["active"] == 50
    metrics = (await counter.get(f"/v1/customers/{answered[0].json()['customer_id']}"))["metrics"]
    assert (metrics["receipts"], metrics["spent_total"]) == (50, 500_000)


async def test_a_batch_takes_effect_item_after_item(counter: Counter) -> None:
    """Chained state: the second item spends what the first earned, the resend inside the batch is a duplicate."""
    first = counter.sale(500_000)
    spends = counter.spending(10_000, 40)
    items: list[Any] = [first, spends, first, counter.sale(10_000, total=1), {"kind": "sale"}, counter.sale(10_000)]
    answered = await counter.call("/v1/receipts/batch", {"items": items})
    statuses = [item["status"] for item in answered["items"]]
    assert statuses == ["recorded", "recorded", "duplicate", "rejected", "rejected", "recorded"]
    assert answered["items"][1]["loyalty"]["redeemed"] == 40
    assert answered["items"][3]["problem"]["code"] == "receipt-does-not-add-up"
    assert answered["items"][4]["problem"]["code"] == "invalid-request"
    last = answered["items"][5]["loyalty"]
    assert last["balance"]["active"] == 50 - 40 + 0 + 1


async def test_a_conflict_inside_a_batch_tells_all_of_it(counter: Counter) -> None:
    """The problem of an item is the single call's, members and all."""
    document = counter.sale(50_000)
    first = await counter.post(document)
    answered = await counter.call("/v1/receipts/batch", {"items": [document | {"currency": "USD"}]})
    problem = answered["items"][0]["problem"]
    assert (problem["code"], problem["receipt_id"]) == ("document-conflict", first["id"])
    assert problem["recorded"]["currency"] == "RUB"
    assert len((await counter.get("/v1/receipts/parked"))["items"]) == 1


async def test_a_dry_run_answers_the_same_and_stores_nothing(counter: Counter) -> None:
    """What a till tries out leaves no trace: no receipt, no customer, no points."""
    document = counter.sale(50_000)
    tried = await counter.api.post("/v1/receipts", json=document, params={"dry_run": "true"})
    assert tried.json()["loyalty"]["balance"]["active"] == 5
    batch = await counter.api.post("/v1/receipts/batch", json={"items": [document]}, params={"dry_run": "true"})
    assert batch.json()["items"][0]["loyalty"]["earned"] == 5
    for path in ("/v1/receipts", "/v1/customers", "/v1/loyalty/accounts"):
        assert (await counter.get(path))["items"] == []
    assert (await counter.post(document))["status"] == "recorded"


async def test_an_idempotency_key_gives_the_same_bytes(counter: Counter) -> None:
    """The stored answer, not one made again: the balance in it is that of then."""
    document = counter.sale(50_000)
    headers = {"Idempotency-Key": "till-1-000123"}
    first = await counter.api.post("/v1/receipts", json=document, headers=headers)
    await counter.grant(100)
    again = await counter.api.post("/v1/receipts", json=document, headers=headers)
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["Idempotent-Replayed"] == "true"
    other = await counter.api.post("/v1/receipts", json=counter.sale(1), headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")


async def test_two_shops_know_nothing_of_each_others_numbers(counter: Counter, later: Counter) -> None:
    """Natural keys are the shop's own."""
    document = counter.sale(50_000, phone=PHONE)
    first = await counter.post(document)
    second = await later.post(document)
    assert first["id"] != second["id"]
    assert first["customer_id"] != second["customer_id"]
    assert codes(second) == []
    await later.get(f"/v1/receipts/{first['id']}", status=404)
    await later.get(f"/v1/loyalty/accounts/{first['loyalty']['account_id']}", status=404)
