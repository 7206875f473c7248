"""Sums of a receipt: what adds up, what a till's rounding may do, and what is a broken document."""

from typing import Any

import pytest

from tests.support.counter import Counter, Json


def sold(quantity: str, unit_price: int, total: int, **fields: Any) -> Json:
    return {"line": "1", "quantity": quantity, "unit_price": unit_price, "total": total} | fields


def document(counter: Counter, *lines: Json, **fields: Any) -> Json:
    total = sum(one["total"] for one in lines)
    numbered = [one | {"line": str(number)} for number, one in enumerate(lines, start=1)]
    return counter.document("sale", lines=numbered, total=total) | fields


async def said(counter: Counter, *lines: Json, **fields: Any) -> list[tuple[str, str]]:
    """Record a sale and return its warnings with their places."""
    answer = await counter.post(document(counter, *lines, **fields))
    assert answer["status"] == "recorded"
    return [(warning["code"], warning["pointer"]) for warning in answer["warnings"]]


async def broken(counter: Counter, *lines: Json, **fields: Any) -> list[str]:
    """Return the places of what does not add up."""
    refused = await counter.post(document(counter, *lines, **fields), status=422)
    assert refused["code"] == "receipt-does-not-add-up"
    return [error["pointer"] for error in refused["errors"]]


@pytest.mark.parametrize(
    ("quantity", "unit_price", "total"),
    [("0.5", 1, 1), ("0.5", 3, 2), ("1.250", 99, 124), ("0.001", 499, 0), ("0.001", 500, 1), ("3", 3_333, 9_999),
     ("2.5", 10_001, 25_003), ("999999999.999", 1, 1_000_000_000)],
)  # fmt: skip
async def test_a_line_is_quantity_times_price_rounded_half_up(
    busy: Counter, quantity: str, unit_price: int, total: int
) -> None:
    """Exactly so: no warning, no float."""
    assert await said(busy, sold(quantity, unit_price, total)) == []


@pytest.mark.parametrize(
    ("quantity", "off"), [("1", 1), ("0.5", 1), ("2", 2), ("2.001", 3), ("2.5", 3), ("10", 10), ("1", -1), ("2.5", -3)]
)
async def test_a_tills_rounding_is_kept_with_a_warning(busy: Counter, quantity: str, off: int) -> None:
    """At most max(1, ⌈quantity⌉) minor units: the till's line total is the truth."""
    exact = int(float(quantity) * 1_000)
    assert await said(busy, sold(quantity, 1_000, exact + off)) == [("line-total-adjusted", "/lines/0/total")]
    beyond = off + (1 if off > 0 else -1)
    assert await broken(busy, sold(quantity, 1_000, exact + beyond)) == ["/lines/0/total"]


async def test_the_tills_line_total_is_what_is_kept(counter: Counter) -> None:
    """Points and figures follow it too."""
    answer = await counter.post(counter.sale(sold("1", 10_001, 10_000)))
    read = await counter.get(f"/v1/receipts/{answer['id']}")
    assert (read["total"], read["lines"][0]["total"]) == (10_000, 10_000)
    assert answer["loyalty"]["explain"][0]["inputs"]["eligible"] == 10_000


async def test_a_discount_is_taken_off_and_needs_no_parts(busy: Counter) -> None:
    """`discounts` may be left out; given, they are the discount."""
    assert await said(busy, sold("2", 5_000, 9_000, discount=1_000)) == []
    parts = [{"kind": "markdown", "amount": 600}, {"kind": "staff", "amount": 400}]
    assert await said(busy, sold("2", 5_000, 9_000, discount=1_000, discounts=parts)) == []
    assert await broken(busy, sold("2", 5_000, 9_000, discount=1_000, discounts=parts[:1])) == ["/lines/0/discount"]


async def test_a_surcharge_is_added(busy: Counter) -> None:
    """Delivery by weight, a deposit on the bottle."""
    assert await said(busy, sold("1", 10_000, 10_500, surcharge=500)) == []
    assert await broken(busy, sold("1", 10_000, 10_000, surcharge=500)) == ["/lines/0/total"]


@pytest.mark.parametrize("rounding", [-99, -50, 1, 99])
async def test_rounding_belongs_to_the_total(busy: Counter, rounding: int) -> None:
    """Σ line totals + rounding = total, |rounding| ≤ 99."""
    assert await said(busy, sold("1", 10_050, 10_050), rounding=rounding, total=10_050 + rounding) == []
    assert await broken(busy, sold("1", 10_050, 10_050), rounding=rounding) == ["/total"]


async def test_payments_are_after_change(busy: Counter) -> None:
    """What was handed over less what was given back is the total, in however many parts."""
    paid = [{"method": "cash", "amount": 4_000}, {"method": "card", "amount": 6_000}]
    assert await said(busy, sold("1", 10_000, 10_000), payments=paid) == []
    over = [{"method": "cash", "amount": 50_000}]
    assert await broken(busy, sold("1", 10_000, 10_000), payments=over) == ["/payments"]


async def test_everything_that_differs_is_told_at_once(busy: Counter) -> None:
    """Lines, discounts, total and payments in one answer."""
    lines = [sold("1", 100, 500), sold("1", 100, 50, discount=50, discounts=[{"kind": "till", "amount": 20}])]
    found = await broken(busy, *lines, total=999, payments=[{"method": "card", "amount": 1}])
    assert found == ["/lines/0/total", "/lines/1/discount", "/total", "/payments"]


async def test_a_receipt_over_nothing_is_legal(busy: Counter) -> None:
    """`total: 0` with no payments: a gift."""
    assert await said(busy, sold("1", 0, 0), payments=[]) == []
    assert await said(busy, sold("1", 5_000, 0, discount=5_000)) == []
    assert await said(busy, sold("1", 5_000, 0, discount=5_000), payments=[{"method": "card", "amount": 0}]) == []


async def test_left_out_payments_are_one_of_method_other(busy: Counter) -> None:
    """Figures by method of payment stay whole."""
    answer = await busy.post(document(busy, sold("1", 10_000, 10_000)))
    read = await busy.get(f"/v1/receipts/{answer['id']}")
    assert read["payments"] == [{"method": "other", "amount": 10_000}]


@pytest.mark.parametrize(
    "method",
    ["cash", "card", "qr", "transfer", "prepayment", "credit", "exchange", "gift_card", "store_credit", "certificate",
     "other"],
)  # fmt: skip
async def test_every_method_of_payment_is_known(busy: Counter, method: str) -> None:
    """What is paid by them earns as any money does."""
    answer = await busy.post(busy.sale(sold("1", 10_000, 10_000), payments=[{"method": method, "amount": 10_000}]))
    assert answer["loyalty"]["earned"] == 1


async def test_two_lines_of_one_name_are_a_broken_document(busy: Counter) -> None:
    """A return could not say which it means."""
    lines = [sold("1", 100, 100), sold("1", 200, 200)]
    refused = await busy.post(busy.document("sale", lines=lines, total=300), status=422)
    assert refused["errors"][0]["pointer"] == "/lines/1/line"


async def test_sums_of_a_refused_receipt_leave_no_trace(counter: Counter) -> None:
    """422 stores nothing: neither the customer that was to be made nor the store."""
    body = counter.sale(sold("1", 100, 500), store="new", phone="+79350004599") | {"total": 400}
    await counter.post(body, status=422)
    for path in ("/v1/receipts", "/v1/customers", "/v1/stores", "/v1/receipts/parked"):
        assert (await counter.get(path))["items"] == []
