"""Bad input at the till: refused with every error at once, never 5xx, nothing half stored; the odd but true stays."""

import json
from typing import Any

import pytest

from tests.support.counter import Counter, Json, codes, line

JSON = {"Content-Type": "application/json"}
EAN_THAT_PASSES_LUHN = "4000000000002"
RIGHT_TO_LEFT = "\u202eкофе\u202c"


async def refused(counter: Counter, body: bytes | str, status: int = 400, **headers: str) -> Json:
    answered = await counter.api.post("/v1/receipts", content=body, headers=JSON | headers)
    assert answered.status_code == status, answered.text
    assert answered.headers["content-type"] == "application/problem+json"
    assert (await counter.get("/v1/receipts"))["items"] == []
    assert (await counter.get("/v1/customers"))["items"] == []
    return dict(answered.json())


def with_line(counter: Counter, **fields: Any) -> str:
    document = counter.sale(10_000)
    document["lines"][0] |= fields
    return json.dumps(document)


async def test_truncated_json_is_no_receipt(counter: Counter) -> None:
    """Wherever it was cut."""
    whole = json.dumps(counter.sale(10_000))
    for length in (1, len(whole) // 3, len(whole) - 1):
        assert (await refused(counter, whole[:length]))["code"] == "invalid-request"


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"quantity": "1e400"}, "/lines/0/quantity"),
        ({"quantity": "-1"}, "/lines/0/quantity"),
        ({"quantity": "0"}, "/lines/0/quantity"),
        ({"quantity": "NaN"}, "/lines/0/quantity"),
        ({"quantity": "1000000000"}, "/lines/0/quantity"),
        ({"quantity": "0.0001"}, "/lines/0/quantity"),
        ({"quantity": 1}, "/lines/0/quantity"),
        ({"unit_price": -1}, "/lines/0/unit_price"),
        ({"unit_price": 10**12 + 1}, "/lines/0/unit_price"),
        ({"unit_price": 100.5}, "/lines/0/unit_price"),
        ({"total": "10000"}, "/lines/0/total"),
        ({"sku": "x\x00y"}, "/lines/0/sku"),
        ({"name": "x" * 201}, "/lines/0/name"),
        ({"kind": "magic"}, "/lines/0/kind"),
        ({"card_number": "4111111111111111"}, "/lines/0/card_number"),
        ({"attributes": {str(n): "x" for n in range(21)}}, "/lines/0/attributes"),
    ],
)
async def test_a_line_outside_the_schema_is_refused(counter: Counter, fields: Json, pointer: str) -> None:
    """400 with the pointer, whatever the number or the text."""
    problem = await refused(counter, with_line(counter, **fields))
    assert [error["pointer"] for error in problem["errors"]] == [pointer]


async def test_all_errors_come_at_once(counter: Counter) -> None:
    """A till's developer sees the whole list, not the first of it."""
    document = counter.sale(10_000, currency="roubles", sold_at="yesterday")
    document["lines"].append({"line": "2"})
    del document["source"]
    pointers = {error["pointer"] for error in (await refused(counter, json.dumps(document)))["errors"]}
    assert pointers >= {
        "/currency",
        "/sold_at",
        "/source",
        "/lines/1/quantity",
        "/lines/1/unit_price",
        "/lines/1/total",
    }


async def test_numbers_that_json_cannot_hold_are_refused(counter: Counter) -> None:
    """1e400, NaN and Infinity as numbers, not as strings."""
    for value in ("1e400", "NaN", "Infinity", "-1e400"):
        body = with_line(counter, unit_price=77_777).replace("77777", value)
        await refused(counter, body)


async def test_lone_surrogates_are_refused(counter: Counter) -> None:
    """Half a character is no text."""
    body = with_line(counter, name="HERE").replace("HERE", "\\ud83d")
    await refused(counter, body)


async def test_ten_thousand_lines_and_ten_megabytes_are_too_many(counter: Counter) -> None:
    """400 beyond 1 000 lines; 413 beyond the body's limit."""
    many = counter.sale(*[line(1, number=n) for n in range(1, 1_002)])
    assert (await refused(counter, json.dumps(many)))["errors"][0]["pointer"] == "/lines"
    large = await refused(counter, with_line(counter, name="x" * 10_000_000), status=413)
    assert large["code"] == "body-too-large"


async def test_a_thousand_lines_are_a_receipt(counter: Counter) -> None:
    """The limit itself is allowed, and its points are spread to every line."""
    answer = await counter.post(counter.sale(*[line(100, number=n) for n in range(1, 1_001)]))
    assert answer["loyalty"]["earned"] == 10
    read = await counter.get(f"/v1/receipts/{answer['id']}")
    assert sum(one["earned"] for one in read["lines"]) == 10


async def test_another_content_type_is_refused(counter: Counter) -> None:
    """415."""
    whole = json.dumps(counter.sale(10_000))
    assert (await refused(counter, whole, status=415, **{"Content-Type": "text/plain"}))["status"] == 415


async def test_the_same_line_twice_does_not_add_up(counter: Counter) -> None:
    """A line names itself: a return could not say which of two it means."""
    document = counter.sale(line(10_000, number=1), line(10_000, number=1))
    assert (await refused(counter, json.dumps(document), status=422))["errors"][0]["pointer"] == "/lines/1/line"


async def test_what_is_odd_but_true_is_kept(counter: Counter) -> None:
    """An EAN-13 that passes the card test stays in its sku; marks of direction and control in names harm nobody."""
    goods = line(10_000, sku=EAN_THAT_PASSES_LUHN, name=f"{RIGHT_TO_LEFT}\t\x07", quantity="1")
    answer = await counter.post(counter.sale(goods))
    (read,) = (await counter.get(f"/v1/receipts/{answer['id']}"))["lines"]
    assert read["sku"] == EAN_THAT_PASSES_LUHN
    assert "кофе" in read["name"]


async def test_the_largest_amounts_are_counted_exactly(counter: Counter) -> None:
    """10^12 minor units are whole numbers to us, and to every client that reads 64-bit integers or doubles."""
    answer = await counter.post(counter.sale(10**12))
    assert answer["loyalty"]["earned"] == 10**8
    assert (codes(answer), (await counter.get(f"/v1/receipts/{answer['id']}"))["total"]) == ([], 10**12)


@pytest.mark.parametrize(
    "returns",
    [{}, {"source": "till-1"}, {"receipt_id": "x"}, {"qr": ""}, {"fiscal": {"scheme": "xx"}}, {"nothing": 1}],
)
async def test_a_return_that_names_nothing_well_is_refused(counter: Counter, returns: Json) -> None:
    """400: exactly one way to name a sale."""
    document = counter.document("return", returns=returns, lines=[{"line": "1", "quantity": "1"}])
    await refused(counter, json.dumps(document))


async def test_a_bad_batch_item_says_where_it_is_bad(counter: Counter) -> None:
    """Pointers of an item point into that item; its neighbours are recorded."""
    bad = counter.sale(10_000)
    bad["lines"][0]["quantity"] = "NaN"
    answered = await counter.call("/v1/receipts/batch", {"items": [bad, counter.sale(10_000), 17, None]})
    statuses = [item["status"] for item in answered["items"]]
    assert statuses == ["rejected", "recorded", "rejected", "rejected"]
    assert answered["items"][0]["problem"]["errors"][0]["pointer"] == "/lines/0/quantity"
