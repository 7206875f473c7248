"""Receipts among the manners of the API: roles, keys of verbs, dry runs, sizes, strange texts, one shape for all."""

import json
from datetime import timedelta
from typing import Any

import httpx
import pytest

from tests.support.counter import OTHER_PHONE, PHONE, Counter, Json, codes, line, shown

ANY: Json = {
    "shift": None, "channel": None, "basket_id": None, "order_id": None, "exchange_group": None, "fiscal": None,
    "register": None, "employee": None, "customer": None, "rounding": 0, "payments": None, "redemption": None,
    "coupons": [], "replaced_by": None,
}  # fmt: skip


async def test_one_class_of_a_typed_client_serves_all_kinds(counter: Counter) -> None:
    """What belongs to another kind may be there, empty: a serialiser writes every member."""
    sale = counter.sale(60_000, **{name: value for name, value in ANY.items() if name != "customer"})
    sold = await counter.post(sale | {"returns": None, "reason": None})
    back = counter.back(sale, **ANY, total=None, reason="size")
    returned = await counter.post(back)
    assert returned["loyalty"]["reversed"] == 6
    named = {"source": sale["source"], "external_id": sale["external_id"]}
    void = counter.document("void", returns=named, reason="test", lines=[], total=None, **ANY)
    await counter.post(void)
    assert (await counter.get(f"/v1/receipts/{sold['id']}"))["state"] == "voided"


async def test_a_void_that_repeats_its_sale_is_understood(counter: Counter) -> None:
    """Tills print a cancel document with lines and total of the sale."""
    sale = counter.sale(60_000)
    sold = await counter.post(sale)
    named = {"source": sale["source"], "external_id": sale["external_id"]}
    paid = [{"method": "card", "amount": 60_000}]
    body = counter.document(
        "void", returns=named, reason="cashier_error", lines=sale["lines"], total=60_000, payments=paid
    )
    answer = await counter.post(body)
    assert answer["loyalty"]["balance"]["active"] == 0
    assert (await counter.get(f"/v1/receipts/{sold['id']}"))["state"] == "voided"
    assert (await counter.post(body, status=200))["status"] == "duplicate"


@pytest.mark.parametrize("offline", [True, False, "1", "false", None])
async def test_a_ukrainian_fiscal_number_says_offline_in_either_way(busy: Counter, offline: Any) -> None:
    """The contract says strings; a truth value is as good."""
    printed = {"scheme": "ua-rro", "registrar": "3000", "number": f"n-{offline}", "mac": "ab", "offline": offline}
    answer = await busy.post(busy.sale(10_000, fiscal=printed))
    read = (await busy.get(f"/v1/receipts/{answer['id']}"))["fiscal"]
    assert read == {name: value for name, value in printed.items() if value is not None}


@pytest.mark.parametrize("road", ["void", "reassign", "claim", "adjust"])
async def test_a_verb_can_be_tried_out(counter: Counter, road: str) -> None:
    """`?dry_run=true` on what changes more than one record: the same answer, nothing stored."""
    await counter.post(counter.sale(10_000, phone=OTHER_PHONE))
    printed = {"scheme": "ru-ffd", "fn": "9960440300712345", "fd": "1", "fp": "2"}
    phone = None if road == "claim" else PHONE
    sold = await counter.post(counter.sale(60_000, phone=phone, fiscal=printed))
    other = shown(OTHER_PHONE)
    path, body = {
        "void": (f"/v1/receipts/{sold['id']}/void", {"reason": "test"}),
        "reassign": (f"/v1/receipts/{sold['id']}/reassign", {"customer": other, "reason": "x"}),
        "claim": ("/v1/receipts/claim", {"qr": "s=600.00&fn=9960440300712345&i=1&fp=2", "customer": other}),
        "adjust": ("/v1/loyalty/adjustments", {"customer": other, "points": 5, "reason": "x"}),
    }[road]
    before = await counter.get("/v1/loyalty/accounts")
    dry = await counter.api.post(path, json=body, params={"dry_run": "true"})
    after = await counter.get("/v1/loyalty/accounts")
    assert [one["balance"] for one in after["items"]] == [one["balance"] for one in before["items"]]
    wet = await counter.api.post(path, json=body)
    assert dry.status_code == wet.status_code
    if road != "adjust":
        assert dry.json() == wet.json()


@pytest.mark.parametrize("road", ["void", "reassign", "claim"])
async def test_a_verb_has_its_idempotency_key(counter: Counter, road: str) -> None:
    """Accepted on every POST: the replay is byte-equal."""
    printed = {"scheme": "ru-ffd", "fn": "9960440300712345", "fd": "1", "fp": "2"}
    sold = await counter.post(counter.sale(60_000, phone=None if road == "claim" else PHONE, fiscal=printed))
    path, body = {
        "void": (f"/v1/receipts/{sold['id']}/void", {"reason": "test"}),
        "reassign": (f"/v1/receipts/{sold['id']}/reassign", {"customer": shown(OTHER_PHONE), "reason": "x"}),
        "claim": ("/v1/receipts/claim", {"qr": "s=600.00&fn=9960440300712345&i=1&fp=2", "customer": shown()}),
    }[road]
    headers = {"Idempotency-Key": "verb-0001"}
    first = await counter.api.post(path, json=body, headers=headers)
    await counter.grant(3, phone=OTHER_PHONE)
    again = await counter.api.post(path, json=body, headers=headers)
    assert (first.status_code, again.content) == (200, first.content)
    assert again.headers["Idempotent-Replayed"] == "true"


async def test_find_accepts_and_ignores_a_key(counter: Counter) -> None:
    """Operations that store nothing: another body under the same key is just another question."""
    await counter.post(counter.sale(10_000, order_id="o-1"))
    for order, count in (("o-2", 0), ("o-1", 1)):
        found = await counter.api.post(
            "/v1/receipts/find", json={"order_id": order}, headers={"Idempotency-Key": "find-0001"}
        )
        assert (found.status_code, len(found.json()["items"])) == (200, count)


@pytest.mark.parametrize(
    ("role", "status"),
    [("owner", 201), ("manager", 201), ("seller", 201), ("cashier", 201), ("integration", 201), ("marketer", 403),
     ("accountant", 403), ("dpo", 403)],
)  # fmt: skip
async def test_who_may_record_a_receipt(counter: Counter, edge: httpx.AsyncClient, role: str, status: int) -> None:
    """`receipts:write` is held by owner, manager, seller, cashier, integration."""
    made = await counter.api.post("/v1/api-keys", json={"name": role, "role": role})
    assert made.status_code == 201, made.text
    headers = {"Authorization": f"Bearer {made.json()['api_key']}"}
    answered = await edge.post("/v1/receipts", json=counter.sale(10_000), headers=headers)
    assert answered.status_code == status, answered.text


async def test_nobody_records_without_a_credential(edge: httpx.AsyncClient, counter: Counter) -> None:
    """401, before the body is looked at."""
    assert (await edge.post("/v1/receipts", json={})).status_code == 401
    assert (await edge.post("/v1/receipts/batch", json={})).status_code == 401


async def test_the_operator_sees_no_receipts(operator: httpx.AsyncClient, counter: Counter) -> None:
    """403: tenants only."""
    assert (await operator.post("/v1/receipts", json=counter.sale(1))).status_code == 403
    assert (await operator.get("/v1/receipts")).status_code == 403


async def test_a_suspended_shop_records_nothing(counter: Counter, operator: httpx.AsyncClient) -> None:
    """403 `tenant-suspended` for tills; the owner still reads."""
    await counter.post(counter.sale(10_000))
    tenant_id = (await counter.get("/v1/me"))["tenant_id"]
    assert (await operator.post(f"/v1/tenants/{tenant_id}/suspend", json={})).status_code == 200
    for path, body in (("/v1/receipts", counter.sale(10_000)), ("/v1/receipts/batch", {"items": [counter.sale(1)]})):
        refused = await counter.api.post(path, json=body)
        assert (refused.status_code, refused.json()["code"]) == (403, "tenant-suspended")
    assert len((await counter.get("/v1/receipts"))["items"]) == 1


async def test_a_batch_may_have_eight_mebibytes(counter: Counter) -> None:
    """A receipt one, a batch eight; beyond is 413."""
    name = "ё" * 200
    items = [counter.sale(*[line(100, number=n, name=name, sku=None) for n in range(60)]) for _ in range(80)]
    body = json.dumps({"items": items}, ensure_ascii=False).encode()
    assert 2 * 1024 * 1024 < len(body) < 8 * 1024 * 1024
    headers = {"Content-Type": "application/json"}
    answered = await counter.api.post("/v1/receipts/batch", content=body, headers=headers)
    assert {one["status"] for one in answered.json()["items"]} == {"recorded"}
    too_large = await counter.api.post("/v1/receipts/batch", content=body.ljust(8 * 1024 * 1024 + 1), headers=headers)
    assert too_large.status_code == 413


@pytest.mark.parametrize(
    "name",
    ["\u202eeffoc", "a\u0007b\u001b[31m", "👩\u200d👧", "ﷺ" * 50, "e\u0301", "'; DROP TABLE receipt; --", "{0}%s${x}",
     " ", "\\u0000", "\ufeff"],
)  # fmt: skip
async def test_strange_names_are_kept_as_they_are(busy: Counter, name: str) -> None:
    """Control characters, right-to-left marks, other people's quotes: facts of a sale, shown as they came."""
    answer = await busy.post(busy.sale(line(10_000, name=name, category=name, sku=name), store="main"))
    (read,) = (await busy.get(f"/v1/receipts/{answer['id']}"))["lines"]
    assert (read["name"], read["category"], read["sku"]) == (name, name, name)


async def test_an_ean_that_looks_like_a_card_is_kept(busy: Counter) -> None:
    """An EAN-13 that passes Luhn is a sku."""
    answer = await busy.post(busy.sale(line(10_000, sku="4000000000006", gtin="4000000000006")))
    (read,) = (await busy.get(f"/v1/receipts/{answer['id']}"))["lines"]
    assert (read["sku"], read["gtin"]) == ("4000000000006", "4000000000006")


async def test_points_that_nobody_asked_for_are_told(counter: Counter) -> None:
    """A points discount or payment without a redemption: the sale stands, nothing is spent, the warning says it."""
    given = await counter.grant(100)
    paid = [{"method": "points", "amount": 5_000}, {"method": "card", "amount": 15_000}]
    for document in (counter.sale(line(20_000, points=5_000)), counter.sale(20_000, payments=paid)):
        answer = await counter.post(document)
        assert codes(answer) == ["points-not-spent"]
        assert answer["loyalty"]["redeemed"] == 0
    assert (await counter.account(given["account_id"]))["balance"]["active"] == 102


async def test_an_order_of_several_receipts_is_returned_by_the_one_that_holds_it(counter: Counter) -> None:
    """Shipped in two parts under one order id."""
    first = await counter.post(counter.sale(line(60_000, sku="a"), order_id="o-7"))
    second = await counter.post(counter.sale(line(30_000, sku="b"), order_id="o-7"))
    for sku, sold, points in (("b", second, 3), ("a", first, 6)):
        lines = [{"sku": sku, "quantity": "1"}]
        back = await counter.post(counter.document("return", returns={"order_id": "o-7"}, lines=lines))
        assert back["loyalty"]["reversed"] == points
        assert (await counter.get(f"/v1/receipts/{back['id']}"))["sale_id"] == sold["id"]


async def test_a_return_with_line_numbers_of_its_own_is_found_by_sku(counter: Counter) -> None:
    """Many tills number the lines of a return from one: goods that agree are believed."""
    sale = counter.sale(line(60_000, number="1", sku="a"), line(30_000, number="2", sku="b"))
    await counter.post(sale)
    back = await counter.post(counter.back(sale, {"line": "1", "sku": "b", "quantity": "1"}))
    assert back["loyalty"]["refund"]["money"] == 30_000


async def test_figures_of_a_past_moment(counter: Counter) -> None:
    """`?as_of=` on metrics: what was known then by the time of the sales."""
    now = counter.clock.now()
    for days, total in ((50, 10_000), (10, 20_000)):
        answer = await counter.post(counter.sale(total, sold_at=(now - timedelta(days=days)).isoformat()))
    path = f"/v1/customers/{answer['customer_id']}/metrics"
    sums = []
    for days in (60, 30, 0):
        figures = (await counter.get(path, as_of=(now - timedelta(days=days)).isoformat()))["totals"]
        sums.append((figures["receipts"], figures["sales_total"]))
    assert sums == [(0, 0), (1, 10_000), (2, 30_000)]


async def test_a_thousand_lines_come_back(counter: Counter) -> None:
    """A return may name as many as a sale has; its points are those of the sale."""
    sale = counter.sale(*[line(999, number=number) for number in range(1000)])
    sold = await counter.post(sale)
    assert sold["loyalty"]["earned"] == 99
    back = await counter.post(counter.back(sale))
    assert (back["loyalty"]["reversed"], back["loyalty"]["refund"]["money"]) == (99, 999_000)
