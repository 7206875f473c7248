"""A sale is a fact: who bought, what was left out and why; figures, lists and history after each document."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.e2e.contract.conftest import Abroad
from tests.support.counter import OTHER_PHONE, PHONE, Counter, Json, codes, line, moment, shown


async def test_unknown_places_are_created_unconfirmed(counter: Counter) -> None:
    """Store, register and employee codes become plain records; the next receipt has no news."""
    document = counter.sale(10_000, store="n-1", register="r-1", employee="e-1")
    first = await counter.post(document)
    assert [one["code"] for one in first["warnings"]] == ["unknown-store"]
    assert first["warnings"][0]["pointer"] == "/store"
    assert first["warnings"][0]["detail"]
    second = await counter.post(counter.sale(10_000, store="n-1", register="r-1", employee="e-1"))
    assert second["warnings"] == []
    for path, code in (("stores", "n-1"), ("registers", "r-1"), ("employees", "e-1")):
        (one,) = (await counter.get(f"/v1/{path}"))["items"]
        assert (one["code"], one["confirmed"]) == (code, False)


@pytest.mark.parametrize(
    ("customer", "pointer"),
    [({"id": str(uuid4())}, "/customer/id"), (shown("123"), "/customer/identifiers/0"),
     ({"identifiers": [{"type": "email", "value": "no mail"}]}, "/customer/identifiers/0"),
     ({"identifiers": [{"type": "phone", "value": "нет"}]}, "/customer/identifiers/0")],
)  # fmt: skip
async def test_whoever_cannot_be_known_is_anonymous(counter: Counter, customer: Json, pointer: str) -> None:
    """Recorded, warning `unknown-customer`, `loyalty` null; claimable later."""
    answer = await counter.post(counter.sale(10_000, customer=customer))
    assert [(one["code"], one["pointer"]) for one in answer["warnings"]] == [("unknown-customer", pointer)]
    assert (answer["customer_id"], answer["loyalty"]) == (None, None)
    assert (await counter.get("/v1/customers"))["items"] == []


async def test_one_impossible_identifier_beside_a_good_one(counter: Counter) -> None:
    """The good one names the person, the other is told."""
    both = {"identifiers": [{"type": "phone", "value": "12"}, {"type": "card", "value": "2000000000012"}],
            "on_missing": "create"}  # fmt: skip
    answer = await counter.post(counter.sale(10_000, customer=both))
    assert (codes(answer), answer["customer_match"]) == (["unknown-customer"], "created")
    assert answer["loyalty"]["earned"] == 1


@pytest.mark.parametrize("typed", ["+79350004567", "89350004567", "8 (935) 000-45-67", "9350004567", "7 935 000 45 67"])
async def test_a_phone_in_any_spelling_is_one_person(busy: Counter, typed: str) -> None:
    """A phone without country is read in the tenant's."""
    known = await busy.post(busy.sale(10_000, phone=PHONE))
    found = await busy.post(busy.sale(10_000, customer=shown(typed, on_missing="none")))
    assert (found["customer_id"], found["customer_match"]) == (known["customer_id"], "exact_unverified")


async def test_customer_match_has_resolves_words(counter: Counter) -> None:
    """`none`, `created`, `exact_unverified`, `exact_verified`, `id`, null."""
    assert (await counter.post(counter.sale(100, customer=shown(on_missing="none"))))["customer_match"] == "none"
    made = await counter.post(counter.sale(100))
    assert made["customer_match"] == "created"
    assert (await counter.post(counter.sale(100)))["customer_match"] == "exact_unverified"
    by_id = await counter.post(counter.sale(100, customer={"id": made["customer_id"]}))
    assert (by_id["customer_match"], by_id["customer_id"]) == ("id", made["customer_id"])
    (identifier,) = (await counter.get(f"/v1/customers/{made['customer_id']}"))["identifiers"]
    path = f"/v1/customers/{made['customer_id']}/identifiers/{identifier['id']}/verify"
    assert (await counter.api.post(path, json={})).status_code == 200
    assert (await counter.post(counter.sale(100)))["customer_match"] == "exact_verified"
    assert (await counter.post(counter.sale(100, phone=None)))["customer_match"] is None


async def test_a_currency_without_a_rate(counter: Counter) -> None:
    """Neither the tenant's nor the store's: recorded without points, warning `no-rate`; a redemption too."""
    answer = await counter.post(counter.sale(10_000, currency="USD"))
    assert (codes(answer), answer["loyalty"]["earned"]) == (["no-rate"], 0)
    assert answer["warnings"][-1]["pointer"] == "/currency"
    assert (await counter.get(f"/v1/receipts/{answer['id']}"))["currency"] == "USD"


async def test_a_currency_of_the_store_has_points(counter: Counter) -> None:
    """A store near the border sells for another currency."""
    made = await counter.api.post("/v1/stores", json={"code": "border", "name": "Граница", "currency": "CNY"})
    assert made.status_code == 201, made.text
    answer = await counter.post(counter.sale(10_000, currency="CNY", store="border"))
    assert (codes(answer), answer["loyalty"]["earned"]) == ([], 1)


@pytest.mark.parametrize(("ahead", "told"), [(59, []), (61, ["clock-skew"])])
async def test_a_clock_ahead_by_more_than_an_hour(counter: Counter, ahead: int, told: list[str]) -> None:
    """Recorded, counts from `recorded_at`."""
    sold_at = counter.clock.now() + timedelta(minutes=ahead)
    answer = await counter.post(counter.sale(10_000, sold_at=sold_at.isoformat()))
    assert codes(answer) == told
    assert answer["loyalty"]["balance"]["active"] == 1
    read = await counter.get(f"/v1/receipts/{answer['id']}")
    assert moment(read["sold_at"]) == sold_at
    figures = (await counter.get(f"/v1/customers/{answer['customer_id']}"))["metrics"]
    if told:
        assert moment(figures["last_purchase_at"]) == moment(read["recorded_at"])


@pytest.mark.parametrize(
    ("sold_at", "day"),
    [("2026-11-20T20:59:59Z", "2026-11-20"), ("2026-11-20T21:00:00Z", "2026-11-21"),
     ("2026-11-21T01:00:00+09:00", "2026-11-20")],
)  # fmt: skip
async def test_the_business_date_is_the_stores(counter: Counter, sold_at: str, day: str) -> None:
    """`YYYY-MM-DD` in the store's zone: the shop's, unless the store has its own."""
    answer = await counter.post(counter.sale(10_000, sold_at=sold_at))
    assert (await counter.get(f"/v1/receipts/{answer['id']}"))["business_date"] == day
    made = await counter.api.post("/v1/stores", json={"code": "east", "time_zone": "Asia/Vladivostok"})
    assert made.status_code == 201, made.text
    east = await counter.post(counter.sale(10_000, sold_at="2026-11-20T14:30:00Z", store="east"))
    assert (await counter.get(f"/v1/receipts/{east['id']}"))["business_date"] == "2026-11-21"


async def test_figures_follow_every_document(counter: Counter) -> None:
    """receipts, sums, average = floor(spent / receipts), first and last; late ones take their place."""
    first = await counter.post(counter.sale(459_700))
    old = counter.clock.now() - timedelta(days=100)
    await counter.post(counter.sale(1, sold_at=old.isoformat()))
    document = counter.sale(50_001)
    await counter.post(document)
    await counter.post(counter.back(document))
    figures = (await counter.get(f"/v1/customers/{first['customer_id']}"))["metrics"]
    assert figures["receipts"] == 3
    assert (figures["sales_total"], figures["returns_total"], figures["spent_total"]) == (509_702, 50_001, 459_701)
    assert figures["average_receipt"] == 459_701 // 3
    assert (figures["currency"], figures["opening"]) == ("RUB", None)
    assert moment(figures["first_purchase_at"]) == old
    assert moment(figures["last_purchase_at"]) == moment(document["sold_at"])


async def test_a_customer_without_receipts_has_no_average(counter: Counter) -> None:
    """Null, not zero."""
    made = await counter.api.post("/v1/customers", json={"identifiers": [{"type": "phone", "value": PHONE}]})
    figures = (await counter.get(f"/v1/customers/{made.json()['id']}"))["metrics"]
    assert (figures["receipts"], figures["average_receipt"], figures["first_purchase_at"]) == (0, None, None)


async def test_receipts_are_listed_with_filters(counter: Counter) -> None:
    """Newest first by sale, by customer, kind, store, source and time, in pages."""
    start = datetime.fromisoformat("2026-10-01T10:00:00+00:00")
    made = []
    for day in range(4):
        sold_at = (start + timedelta(days=day)).isoformat()
        phone = PHONE if day % 2 else OTHER_PHONE
        made.append(await counter.post(counter.sale(10_000, sold_at=sold_at, store=f"s{day}", phone=phone)))
    ids = [one["id"] for one in reversed(made)]
    page = await counter.get("/v1/receipts", limit=3)
    rest = await counter.get("/v1/receipts", limit=3, cursor=page["next_cursor"])
    assert [one["id"] for one in page["items"] + rest["items"]] == ids

    async def listed(**query: Any) -> list[str]:
        return [one["id"] for one in (await counter.get("/v1/receipts", **query))["items"]]

    assert await listed(customer_id=made[1]["customer_id"]) == [ids[0], ids[2]]
    assert await listed(store="s2") == [ids[1]]
    assert await listed(kind="return") == []
    assert await listed(source="till-1") == ids
    assert await listed(**{"from": "2026-10-02T10:00:00Z", "to": "2026-10-03T10:00:00Z"}) == [ids[2]]
    for wrong in ({"limit": 0}, {"limit": 201}, {"cursor": "x"}, {"kind": "x"}, {"phone": PHONE}):
        await counter.get("/v1/receipts", status=400, **wrong)


async def test_the_timeline_shows_the_days_of_a_customer(counter: Counter) -> None:
    """Sales and returns, newest first, with their references."""
    document = counter.sale(60_000)
    sold = await counter.post(document)
    back = await counter.post(counter.back(document))
    items = (await counter.get(f"/v1/customers/{sold['customer_id']}/timeline"))["items"]
    names = {"id", "kind", "occurred_at", "recorded_at", "source", "store", "actor", "title", "refs", "data"}
    assert all(names <= set(one) for one in items)
    text = str(items)
    assert sold["id"] in text
    assert back["id"] in text
    assert [one["occurred_at"] for one in items] == sorted((one["occurred_at"] for one in items), reverse=True)


async def test_changes_tell_each_document_once_its_transaction_is_over(counter: Counter) -> None:
    """The feed is filled by the worker; the call itself answers, with a cursor that is never null."""
    await counter.post(counter.sale(10_000))
    feed = await counter.get("/v1/changes")
    assert isinstance(feed["next_cursor"], str)


@pytest.mark.parametrize("wrong", ["abc", "00000000-0000-7000-8000-000000000000"])
async def test_a_receipt_that_is_none_is_404(strict: Counter, wrong: str) -> None:
    """In the path, malformed or not."""
    for path in (f"/v1/receipts/{wrong}", f"/v1/receipts/{wrong}/returns"):
        assert (await strict.get(path, status=404))["status"] == 404


async def test_another_shops_receipt_is_no_receipt(counter: Counter, abroad: Abroad) -> None:
    """404, and a return of it by id is 422."""
    sold = await counter.post(counter.sale(10_000))
    kyiv = await abroad("UA")
    await kyiv.get(f"/v1/receipts/{sold['id']}", status=404)
    await kyiv.call(f"/v1/receipts/{sold['id']}/void", {"reason": "test"}, status=404)
    back = kyiv.document(
        "return", currency="UAH", returns={"receipt_id": sold["id"]}, lines=[{"line": "1", "quantity": "1"}]
    )
    assert (await kyiv.post(back, status=422))["code"] == "unknown-reference"
    own = await kyiv.post(kyiv.sale(10_000, currency="UAH", customer={"id": sold["customer_id"]}))
    assert codes(own) == ["unknown-customer"]


async def test_answers_speak_the_shops_language(abroad: Abroad) -> None:
    """`detail` and `footer` in the tenant's locale, fit to be read to a customer."""
    for country, currency, footer in (
        ("RU", "RUB", "Начислено 1 балл"), ("UA", "UAH", "Нараховано 1 бал"), ("DE", "EUR", "1 point earned"),
    ):  # fmt: skip
        counter = await abroad(country)
        phone = {"RU": PHONE, "UA": "+380501234567", "DE": "+491511234567"}[country]
        answer = await counter.post(counter.sale(10_000, currency=currency, customer=shown(phone)))
        assert answer["loyalty"]["footer"][0] == footer


async def test_an_archived_customer_still_buys(counter: Counter) -> None:
    """A sale is a fact: they are found by id and by phone, and earn."""
    sold = await counter.post(counter.sale(10_000))
    await counter.call(f"/v1/customers/{sold['customer_id']}/archive", {})
    again = await counter.post(counter.sale(10_000, customer={"id": sold["customer_id"]}))
    assert (again["customer_id"], again["loyalty"]["earned"]) == (sold["customer_id"], 1)


async def test_a_line_may_say_all_the_contract_lets_it(counter: Counter) -> None:
    """A split line names its other half; a marking code with GS is taken and read back."""
    whole = line(1_001, number="1", quantity="3")
    rest = line(1_000, number="1a", quantity="1", split_of="1", marking_code="0104600\u001d91AB", seller="e-7")
    answer = await counter.post(counter.sale(whole, rest))
    read = (await counter.get(f"/v1/receipts/{answer['id']}"))["lines"]
    assert (read[1]["split_of"], read[1]["marking_code"], read[1]["seller"]) == ("1", "0104600\u001d91AB", "e-7")
