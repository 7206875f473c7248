"""What a well-formed receipt is: every type, range and length of the contract, as any language would send it."""

import itertools
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.support.counter import Counter, Json, line, shown

SALE: Json = {
    "source": "till-1", "external_id": "1", "kind": "sale", "sold_at": "2026-11-20T12:30:00+03:00", "currency": "RUB",
    "lines": [{"line": "1", "quantity": "1", "unit_price": 10_000, "total": 10_000}], "total": 10_000,
}  # fmt: skip


NUMBERS = itertools.count()


def sale(**fields: Any) -> Json:
    """Return the smallest sale there is, with a number of its own."""
    return SALE | {"external_id": f"form-{next(NUMBERS)}"} | fields


def full() -> Json:
    """Return the example of the contract, with numbers of its own."""
    number = str(next(NUMBERS))
    return FULL | {"external_id": f"2026-11-21/{number}", "fiscal": FULL["fiscal"] | {"fd": number}}


def changed(document: Json, pointer: str, value: Any) -> Json:
    """Return a copy of the document in which `pointer` is `value`."""
    copy: Json = json.loads(json.dumps(document))
    *path, last = pointer.strip("/").split("/")
    place: Any = copy
    for part in path:
        place = place[int(part) if isinstance(place, list) else part]
    place[int(last) if isinstance(place, list) else last] = value
    return copy


async def refusal(counter: Counter, document: Json, status: int = 400) -> list[str]:
    """Return the pointers of the errors a document is refused for; nothing of it may be stored."""
    answered = await counter.api.post("/v1/receipts", json=document)
    assert answered.status_code == status, answered.text
    assert answered.headers["content-type"] == "application/problem+json"
    problem = answered.json()
    assert problem["type"].endswith(f"/problems/{problem['code']}")
    assert problem["status"] == status
    assert all(problem[name] for name in ("title", "detail", "trace_id"))
    assert (await counter.get("/v1/receipts"))["items"] == []
    assert all(set(error) >= {"pointer", "code", "message"} for error in problem["errors"])
    return [error["pointer"] for error in problem["errors"]]


async def test_only_what_the_contract_requires_is_required(busy: Counter) -> None:
    """Source, external id, kind, time, currency, lines of line, quantity, unit price, total; the total."""
    answer = await busy.post(sale())
    assert answer["status"] == "recorded"
    assert (answer["customer_id"], answer["customer_match"], answer["loyalty"]) == (None, None, None)
    assert (answer["linked_by"], answer["warnings"]) == (None, [])


async def test_left_out_fields_read_as_their_defaults(busy: Counter) -> None:
    """Kind goods, discount 0, settlement full, lists empty, the rest null."""
    read = await busy.get(f"/v1/receipts/{(await busy.post(sale()))['id']}")
    (sold,) = read["lines"]
    assert (sold["kind"], sold["discount"], sold["settlement"], sold["promo"]) == ("goods", 0, "full", False)
    assert (sold["discounts"], sold["restrictions"]) == ([], [])
    assert {sold[name] for name in ("sku", "name", "category", "brand", "min_unit_price")} == {None}
    assert (read["rounding"], read["coupons"]) == (0, [])
    nulls = ("store", "register", "shift", "employee", "channel", "redemption", "basket_id", "order_id", "fiscal")
    assert {read[name] for name in nulls} == {None}
    assert read["payments"] == [{"method": "other", "amount": 10_000}]


@pytest.mark.parametrize("name", ["source", "external_id", "kind", "sold_at", "currency", "lines", "total"])
async def test_a_sale_without_a_required_field_is_refused(strict: Counter, name: str) -> None:
    """400, with the field named."""
    broken = {key: value for key, value in SALE.items() if key != name}
    assert f"/{name}" in await refusal(strict, broken)


@pytest.mark.parametrize("name", ["line", "quantity", "unit_price", "total"])
async def test_a_line_without_a_required_field_is_refused(strict: Counter, name: str) -> None:
    """400, with the line and the field named."""
    broken = json.loads(json.dumps(SALE))
    del broken["lines"][0][name]
    assert await refusal(strict, broken) == [f"/lines/0/{name}"]


@pytest.mark.parametrize("customer", ["absent", None])
async def test_no_customer_and_a_null_customer_are_the_same(busy: Counter, customer: Any) -> None:
    """Both are anonymous: a resend in the other spelling is a duplicate."""
    absent = sale()
    null = absent | {"customer": None}
    first, second = (absent, null) if customer == "absent" else (null, absent)
    await busy.post(first)
    assert (await busy.post(second, status=200))["status"] == "duplicate"


async def test_every_nullable_field_may_be_null(busy: Counter) -> None:
    """A serialiser that writes nulls is as welcome as one that leaves fields out."""
    names = ("store", "register", "shift", "employee", "channel", "customer", "payments", "redemption", "basket_id",
             "order_id", "exchange_group", "fiscal")  # fmt: skip
    of_a_line = ("sku", "name", "category", "brand", "min_unit_price", "unit", "gtin", "vat", "seller", "split_of",
                 "marking_code")  # fmt: skip
    lines = [SALE["lines"][0] | dict.fromkeys(of_a_line)]
    await busy.post(sale() | dict.fromkeys(names) | {"lines": lines})


FULL_LINE = {
    "line": "1", "kind": "goods", "sku": "4600000000017", "name": "Кофе в зёрнах", "category": "coffee",
    "brand": "Лавка", "quantity": "2", "unit_price": 65_000, "discount": 100,
    "discounts": [{"kind": "markdown", "amount": 100}], "total": 129_900, "promo": False,
    "restrictions": ["fixed_price"], "min_unit_price": None, "settlement": "full", "unit": "kg",
    "gtin": "04600000000017",
    "attributes": {"roast": "dark"}, "vat": {"code": "1", "rate": "20", "amount": 21_650}, "seller": "e-5",
    "split_of": None, "marking_code": "010460000000001721abc\u001d91EE10\u001d92sig",
}  # fmt: skip
FULL: Json = {
    "source": "till-1", "external_id": "2026-11-21/000123", "kind": "sale", "sold_at": "2026-11-21T12:30:00+03:00",
    "store": "main", "register": "1", "shift": "17", "employee": "e-5", "channel": "store", "currency": "RUB",
    "customer": {"identifiers": [{"type": "phone", "value": "+79350004567"}], "on_missing": "create"},
    "lines": [FULL_LINE], "rounding": 0, "total": 129_900, "payments": [{"method": "card", "amount": 129_900}],
    "redemption": None, "coupons": [], "basket_id": "b-1", "order_id": "o-1", "exchange_group": "x-1",
    "fiscal": {"scheme": "ru-ffd", "fn": "9960440300712345", "fd": "12345", "fp": "3826178549"},
}  # fmt: skip


async def test_the_example_of_the_contract_is_read_back_as_it_was_posted(busy: Counter) -> None:
    """Reading a receipt: the posted fields but for identifiers, the answer, state, dates, what can be returned."""
    document = full()
    answer = await busy.post(document)
    read = await busy.get(f"/v1/receipts/{answer['id']}")
    for name in document.keys() - {"customer", "sold_at", "lines"}:
        assert read[name] == document[name], name
    assert read["sold_at"] == "2026-11-21T09:30:00Z"
    for name, value in FULL_LINE.items():
        if value is not None:
            assert read["lines"][0][name] == value, name
    assert {name: read[name] for name in answer} == answer
    assert (read["state"], read["business_date"], read["lines"][0]["returnable"]) == ("recorded", "2026-11-21", "2")
    assert read["recorded_at"].endswith("Z")
    assert "935000" not in json.dumps(read), "identifiers are left out"


async def test_the_answer_has_every_member_of_the_contract(counter: Counter) -> None:
    """A typed client of any language can be written from the page."""
    answer = await counter.post(full())
    assert set(answer) >= {"id", "status", "customer_id", "customer_match", "linked_by", "warnings", "loyalty"}
    loyalty = answer["loyalty"]
    figures = {name: loyalty[name] for name in ("earned", "pending", "redeemed", "restored", "reversed")}
    assert figures == {"earned": 12, "pending": 0, "redeemed": 0, "restored": 0, "reversed": 0}
    assert (loyalty["refund"], loyalty["tier"], loyalty["coupons"]) == (None, None, [])
    assert set(loyalty["balance"]) == {"active", "pending", "held", "debt", "expiring"}
    (why,) = loyalty["explain"]
    assert (why["rule"], why["points"], why["inputs"]["eligible"]) == ("base", 12, 129_900)
    assert isinstance(why["version"], int)
    assert loyalty["footer"] == ["Начислено 12 баллов", "На счёте 12"]


TIMES = {
    "zulu": ("2026-11-20T09:30:00Z", "2026-11-20T09:30:00"),
    "offset": ("2026-11-20T12:30:00+03:00", "2026-11-20T09:30:00"),
    "west": ("2026-11-20T00:30:00-09:00", "2026-11-20T09:30:00"),
    "milliseconds": ("2026-11-20T09:30:00.125Z", "2026-11-20T09:30:00.125"),
    "one digit": ("2026-11-20T09:30:00.5+00:00", "2026-11-20T09:30:00.5"),
    "nanoseconds": ("2026-11-20T09:30:00.123456789Z", "2026-11-20T09:30:00.123456"),
    "small letters": ("2026-11-20t09:30:00z", "2026-11-20T09:30:00"),
    "unknown offset": ("2026-11-20T09:30:00-00:00", "2026-11-20T09:30:00"),
}


@pytest.mark.parametrize(("sent", "meant"), TIMES.values(), ids=TIMES)
async def test_any_rfc_3339_time_is_the_same_moment(busy: Counter, sent: str, meant: str) -> None:
    """Answers are in UTC with `Z`."""
    answer = await busy.post(sale(sold_at=sent))
    shown_at = (await busy.get(f"/v1/receipts/{answer['id']}"))["sold_at"]
    assert shown_at.endswith("Z")
    assert datetime.fromisoformat(shown_at) == datetime.fromisoformat(meant).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "sent",
    ["2026-11-20T12:30:00", "2026-11-20", "20.11.2026 12:30", "", "2026-02-30T12:00:00Z", 1_763_631_000, "now", None,
     "2026-11-20T25:00:00Z", "2026-11-20T12:30Z"],
)  # fmt: skip
async def test_what_is_no_time_with_an_offset_is_refused(strict: Counter, sent: Any) -> None:
    """A time without a zone means another moment in each shop."""
    assert await refusal(strict, SALE | {"sold_at": sent}) == ["/sold_at"]


@pytest.mark.parametrize("sent", ["2", "2.0", "2.00", "2.000"])
async def test_spellings_of_a_quantity_are_one_quantity(busy: Counter, sent: str) -> None:
    """Quantities are decimals: a resend that writes 2.0 in place of 2 is the same document."""
    document = sale(lines=[SALE["lines"][0] | {"quantity": "2", "unit_price": 5_000}])
    await busy.post(document)
    again = changed(document, "/lines/0/quantity", sent)
    assert (await busy.post(again, status=200))["status"] == "duplicate"


@pytest.mark.parametrize("sent", ["0.001", "1.250", "0.5", "999999999.999"])
async def test_a_quantity_is_above_zero_with_three_decimals(busy: Counter, sent: str) -> None:
    """From a gram to a thousand tonnes."""
    given = {"line": "1", "quantity": sent, "unit_price": 0, "total": 0}
    answer = await busy.post(sale(lines=[given], total=0))
    (read,) = (await busy.get(f"/v1/receipts/{answer['id']}"))["lines"]
    assert float(read["quantity"]) == float(sent)


@pytest.mark.parametrize(
    "sent",
    ["0", "0.000", "-1", "+1", "NaN", "Infinity", "1e3", "1e400", "1,5", ".5", "5.", "1.2345", "1000000000", "", " 1",
     "1\n", "two", "１", "0x10", 2, 2.5, None, True, ["1"], {"value": "1"}],
)  # fmt: skip
async def test_what_is_no_quantity_is_refused(strict: Counter, sent: Any) -> None:
    """Decimal strings above zero only: numbers of a language's own are how floats come in."""
    assert await refusal(strict, changed(SALE, "/lines/0/quantity", sent)) == ["/lines/0/quantity"]


@pytest.mark.parametrize("pointer", ["/total", "/lines/0/total", "/lines/0/unit_price", "/lines/0/discount"])
@pytest.mark.parametrize("sent", ["10000", 10_000.5, -1, 10**12 + 1, True, None, [1], 10**400])
async def test_money_is_a_whole_number_of_minor_units(strict: Counter, pointer: str, sent: Any) -> None:
    """No float, no string, nothing below zero, nothing beyond 10^12."""
    assert pointer in await refusal(strict, changed(SALE, pointer, sent))


@pytest.mark.parametrize("raw", ["10000.5", "1e-1", "NaN", "Infinity", "-Infinity", "0x2710", "010000"])
async def test_a_float_is_never_money(busy: Counter, raw: str) -> None:
    """No float anywhere; `10000.0` is an integer for JSON Schema, and so it is here."""
    body = json.dumps(SALE).replace('"total": 10000}', f'"total": {raw}}}')
    answered = await busy.api.post("/v1/receipts", content=body, headers={"Content-Type": "application/json"})
    assert answered.status_code == 400, answered.text


async def test_the_largest_amount_is_an_amount(busy: Counter) -> None:
    """10^12 minor units, to the last one."""
    given = {"line": "1", "quantity": "1", "unit_price": 10**12, "total": 10**12}
    answer = await busy.post(sale(lines=[given], total=10**12, customer=shown()))
    assert answer["loyalty"]["earned"] == 10**8
    assert (await busy.get(f"/v1/receipts/{answer['id']}"))["total"] == 10**12


UNKNOWN_FIELDS = [
    "/extra", "/lines/0/extra", "/lines/0/discounts/0/extra", "/lines/0/vat/extra", "/payments/0/extra",
    "/customer/extra", "/customer/identifiers/0/extra", "/fiscal/extra", "/lines/0/price", "/consents",
]  # fmt: skip


@pytest.mark.parametrize("pointer", UNKNOWN_FIELDS)
async def test_an_unknown_field_is_an_error_at_every_depth(strict: Counter, pointer: str) -> None:
    """Requests are closed: a typo is told, not swallowed."""
    assert await refusal(strict, changed(FULL, pointer, 1)) == [pointer]


@pytest.mark.parametrize(
    ("pointer", "sent"),
    [("/kind", "refund"), ("/currency", "rub"), ("/currency", "RUBL"), ("/currency", 643), ("/lines", []),
     ("/lines", {}), ("/lines/0/kind", "goodies"), ("/lines/0/settlement", "paid"),
     ("/lines/0/restrictions/0", "fun"), ("/lines/0/discounts/0/kind", "loyalty"), ("/payments/0/method", "bitcoin"),
     ("/rounding", 100), ("/rounding", -100), ("/lines/0/promo", "no"), ("/customer", "+79350004567"),
     ("/customer/identifiers/0/type", "fax"), ("/customer/on_missing", "maybe"), ("/fiscal/scheme", "fr"),
     ("/coupons", "X"), ("/lines/0/min_unit_price", -1)],
)  # fmt: skip
async def test_a_word_or_range_that_is_not_the_contracts_is_refused(strict: Counter, pointer: str, sent: Any) -> None:
    """400 with the place."""
    assert await refusal(strict, changed(FULL, pointer, sent)) == [pointer]


@pytest.mark.parametrize(
    ("pointer", "longest"),
    [("/lines/0/name", 200), ("/lines/0/category", 200), ("/lines/0/brand", 200), ("/source", 64), ("/store", 64),
     ("/register", 64), ("/employee", 64), ("/lines/0/line", 64), ("/lines/0/sku", 64)],
)  # fmt: skip
async def test_texts_are_as_long_as_the_contract_says(
    strict: Counter, busy: Counter, pointer: str, longest: int
) -> None:
    """Names 200, codes 64 characters, counted as characters and not as bytes."""
    assert await refusal(strict, changed(FULL, pointer, "ё" * (longest + 1))) == [pointer]
    await busy.post(changed(full(), pointer, "ё" * longest))


@pytest.mark.parametrize("pointer", ["/source", "/external_id", "/lines/0/name", "/lines/0/sku", "/shift", "/order_id"])
async def test_a_nul_is_refused(strict: Counter, busy: Counter, pointer: str) -> None:
    """NUL and lone surrogates are 400, never a fault of the store."""
    assert await refusal(strict, changed(FULL, pointer, "a\x00b")) == [pointer]
    body = json.dumps(changed(FULL, pointer, "LONE")).replace("LONE", "\\ud83d")
    answered = await busy.api.post("/v1/receipts", content=body, headers={"Content-Type": "application/json"})
    assert answered.status_code == 400


async def test_a_thousand_lines_are_a_receipt_and_one_more_is_not(strict: Counter, busy: Counter) -> None:
    """The limit of the contract; every line is kept."""
    lines = [line(100, number=number) for number in range(1, 1002)]
    assert await refusal(strict, SALE | {"lines": lines, "total": 100_100}) == ["/lines"]
    answer = await busy.post(sale(lines=lines[:1000], total=100_000, customer=shown()))
    assert answer["loyalty"]["earned"] == 10
    read = await busy.get(f"/v1/receipts/{answer['id']}")
    assert [one["line"] for one in read["lines"]] == [str(number) for number in range(1, 1001)]


async def test_twenty_attributes_are_the_most(strict: Counter, busy: Counter) -> None:
    """Optional words of a line, at most 20."""
    many = {f"a{number}": "x" for number in range(21)}
    assert await refusal(strict, changed(FULL, "/lines/0/attributes", many)) == ["/lines/0/attributes"]
    del many["a20"]
    await busy.post(changed(full(), "/lines/0/attributes", many))


async def test_all_errors_are_told_at_once(strict: Counter) -> None:
    """A developer fixes a body in one round, not in ten."""
    broken = changed(changed(changed(FULL, "/currency", "rub"), "/lines/0/quantity", "0"), "/extra", 1)
    assert sorted(await refusal(strict, broken)) == ["/currency", "/extra", "/lines/0/quantity"]


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [(b"", "application/json", 400), (b"{", "application/json", 400), (b"[]", "application/json", 400),
     (b"null", "application/json", 400), (b'"x"', "application/json", 400), (b"\xff\xfe", "application/json", 400),
     (b"{}", "text/plain", 415), (b"a=1", "application/x-www-form-urlencoded", 415)],
)  # fmt: skip
async def test_what_is_no_json_object_is_refused(busy: Counter, content: bytes, kind: str, status: int) -> None:
    """Truncated, empty, of another type: told, never 5xx."""
    answered = await busy.api.post("/v1/receipts", content=content, headers={"Content-Type": kind})
    assert answered.status_code == status, answered.text


async def test_a_body_beyond_a_mebibyte_is_too_large(busy: Counter) -> None:
    """413, before it is looked at."""
    answered = await busy.api.post(
        "/v1/receipts", content=b" " * (1024 * 1024 + 1), headers={"Content-Type": "application/json"}
    )
    assert answered.status_code == 413


@pytest.mark.parametrize("sent", ["1989-12-31T23:59:59Z", "1970-01-01T00:00:00Z", "0001-01-01T00:00:00Z",
                                  "0001-01-01T00:00:00+03:00"])  # fmt: skip
async def test_a_sale_before_1990_is_refused(strict: Counter, sent: str) -> None:
    """422: a broken clock, not a sale."""
    assert await refusal(strict, SALE | {"sold_at": sent}, 422) == ["/sold_at"]


@pytest.mark.parametrize("sent", ["1990-01-01T00:00:00Z", "1990-01-01T00:00:00+00:00"])
async def test_the_first_day_of_1990_is_a_day(busy: Counter, sent: str) -> None:
    """History may be that old."""
    await busy.post(sale(sold_at=sent))


@pytest.mark.parametrize("sent", ["9999-12-31T23:59:59Z", "9999-12-31T23:59:59-12:00", "2100-01-01T00:00:00Z"])
async def test_a_clock_far_ahead_is_recorded(counter: Counter, sent: str) -> None:
    """A sale is a fact, whatever the till believes; it counts from when it was received."""
    answer = await counter.post(sale(sold_at=sent, customer=shown()))
    assert [warning["code"] for warning in answer["warnings"]] == ["clock-skew"]
    assert answer["loyalty"]["earned"] == 1
    assert answer["loyalty"]["balance"]["active"] == 1


@pytest.mark.parametrize("drop", ["external_id", "source", "kind", "sold_at", "currency", "lines"])
async def test_a_return_needs_what_the_contract_says(strict: Counter, drop: str) -> None:
    """The same but for prices and the total."""
    back = {**SALE, "kind": "return", "lines": [{"line": "1", "quantity": "1"}]}
    del back["total"]
    assert f"/{drop}" in await refusal(strict, {key: value for key, value in back.items() if key != drop})


async def test_a_returned_line_names_a_line_or_a_sku(strict: Counter, busy: Counter) -> None:
    """One of the two, with a quantity."""
    back = busy.document("return", lines=[{"quantity": "1"}])
    assert await refusal(strict, back) == ["/lines/0"]
    assert await refusal(strict, back | {"lines": [{"line": "1"}]}) == ["/lines/0/quantity"]


@pytest.mark.parametrize("drop", ["external_id", "source", "sold_at", "currency", "returns", "reason"])
async def test_a_void_needs_what_the_contract_says(strict: Counter, busy: Counter, drop: str) -> None:
    """It names its document and says why."""
    void = busy.document("void", returns={"source": "till-1", "external_id": "9"}, reason="test")
    assert await refusal(strict, {key: value for key, value in void.items() if key != drop}) == [f"/{drop}"]
