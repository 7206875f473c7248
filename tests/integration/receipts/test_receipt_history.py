"""One history for shop, site and app, and goods that are known because they were sold."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

import pytest

from domain.kernel.ids import new_id
from runtime.dispatch import Dispatcher
from runtime.subscriptions import SUBSCRIPTIONS
from tests.support.counter import Counter, Json, line, shown
from tests.support.shop import Base

Worked = Callable[[], Awaitable[None]]


@pytest.fixture
def worked(base: Base, counter: Counter) -> Worked:
    """Lets the worker do what is to be done."""
    dispatcher = Dispatcher(base.store, SUBSCRIPTIONS)

    async def work() -> None:
        while await dispatcher.position_once():
            pass
        while await dispatcher.deliver_one_turn():
            pass

    return work


async def test_a_receipt_is_read_as_it_was_posted(counter: Counter) -> None:
    """A24: lines, discounts, store, till, shift, employee, payments; identifiers are left out."""
    posted = counter.sale(
        line(
            50_000, sku="4600000000017", gtin="04600000000017", name="Кофе в зёрнах", category="coffee", brand="Лавка",
            unit="шт", attributes={"roast": "dark"}, vat={"code": "vat20", "amount": 8_333}, promo=True,
            restrictions=["medicine"], marking_code="0104600000000017215abc\x1d93dGVz",
        ) | {"discounts": [{"kind": "markdown", "amount": 100}], "discount": 100, "total": 49_900},
        total=49_900, store="main", register="1", shift="17", employee="e-5", channel="store", basket_id="b-1",
        payments=[{"method": "card", "amount": 40_000}, {"method": "cash", "amount": 9_900}], coupons=["X"],
    )  # fmt: skip
    answer = await counter.post(posted)
    read = await counter.get(f"/v1/receipts/{answer['id']}")
    left_out = {"customer", "sold_at", "lines"}
    assert {name: read[name] for name in posted.keys() - left_out} == {
        name: value for name, value in posted.items() if name not in left_out
    }
    assert {name: read["lines"][0][name] for name in posted["lines"][0]} == posted["lines"][0]
    assert (read["state"], read["lines"][0]["returnable"]) == ("recorded", "1")
    assert read["customer_id"] == answer["customer_id"]
    assert read["loyalty"] == answer["loyalty"]
    assert "+7935" not in str(read)


async def test_the_business_date_is_the_stores_own(counter: Counter) -> None:
    """The local date of `sold_at` in the store's zone, else the shop's."""
    await counter.call("/v1/stores", {"code": "vvo", "time_zone": "Asia/Vladivostok"}, status=201)
    for store, expected in ((None, "2026-11-20"), ("vvo", "2026-11-21")):
        answer = await counter.post(counter.sale(10_000, sold_at="2026-11-20T15:30:00Z", store=store))
        assert (await counter.get(f"/v1/receipts/{answer['id']}"))["business_date"] == expected


async def test_all_sources_are_one_history(counter: Counter) -> None:
    """A34, A36: shop, site and app under one customer, newest first, the source shown, filtered and paged."""
    stories = [("till-1", 3, "store"), ("site", 2, "site"), ("app", 1, "app")]
    for source, days, channel in stories:
        sold_at = (counter.clock.now() - timedelta(days=days)).isoformat()
        document = counter.sale(60_000, sold_at=sold_at, channel=channel, store=channel) | {"source": source}
        answer = await counter.post(document)
    await counter.post(counter.back(document) | {"source": "till-1"})
    customer_id = answer["customer_id"]
    timeline = await counter.get(f"/v1/customers/{customer_id}/timeline")
    kinds = [(entry["kind"], entry["source"]) for entry in timeline["items"]]
    assert kinds == [("return", "till-1"), ("sale", "app"), ("sale", "site"), ("sale", "till-1")]
    sales = await counter.get(f"/v1/customers/{customer_id}/timeline", kind="sale", store="site")
    assert [entry["source"] for entry in sales["items"]] == ["site"]
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = await counter.get(f"/v1/customers/{customer_id}/timeline", limit=1, **cursor)
        seen += [entry["id"] for entry in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert seen == [entry["id"] for entry in timeline["items"]]
    listed = await counter.get("/v1/receipts", customer_id=customer_id, kind="sale")
    assert [one["source"] for one in listed["items"]] == ["app", "site", "till-1"]


async def test_figures_do_not_depend_on_the_order_of_arrival(counter: Counter) -> None:
    """A10, A11: first and last purchase, sums and averages are recomputed by late and out-of-order documents."""
    documents = [
        counter.sale(total, sold_at=(counter.clock.now() - timedelta(days=days)).isoformat())
        for total, days in ((30_000, 2), (10_000, 9), (20_001, 5))
    ]
    for document in documents:
        answer = await counter.post(document)
    metrics = (await counter.get(f"/v1/customers/{answer['customer_id']}"))["metrics"]
    assert (metrics["receipts"], metrics["sales_total"], metrics["average_receipt"]) == (3, 60_001, 20_000)
    dates = [one["sold_at"] for one in (await counter.get("/v1/receipts"))["items"]]
    assert (metrics["first_purchase_at"], metrics["last_purchase_at"]) == (min(dates), max(dates))


async def test_goods_are_known_from_the_lines_that_sold_them(counter: Counter, worked: Worked) -> None:
    """A141: sku, gtin, name, category, brand, attributes, restrictions, price; a newer sale describes them anew."""
    old, new = (counter.clock.now() - timedelta(days=days) for days in (5, 1))
    facts: Json = {"gtin": "04600000000017", "category": "coffee", "brand": "Лавка", "attributes": {"roast": "dark"}}
    await counter.post(counter.sale(line(65_000, name="Кофе, новый", **facts), sold_at=new.isoformat()))
    await counter.post(counter.sale(line(60_000, name="Кофе, старый", unit="шт"), sold_at=old.isoformat()))
    await counter.post(counter.sale(line(1_000, sku=None, name="Пакет")))
    await worked()
    (product,) = (await counter.get("/v1/products"))["items"]
    assert product["sku"] == "coffee"
    assert (product["name"], product["last_unit_price"], product["currency"]) == ("Кофе, новый", 65_000, "RUB")
    assert {name: product[name] for name in facts} == facts
    assert product["confirmed"] is False
    assert product["first_sold_at"] < product["last_sold_at"]
    for query in ({"sku": "coffee"}, {"category": "coffee"}, {"brand": "Лавка"}, {"gtin": "04600000000017"}):
        assert len((await counter.get("/v1/products", **query))["items"]) == 1
    assert (await counter.get("/v1/products", category="tea"))["items"] == []


async def test_what_a_person_has_put_right_stays_right(counter: Counter, worked: Worked) -> None:
    """A141: after a PATCH sales move only the price and the times; If-Match guards two editors."""
    await counter.post(counter.sale(line(60_000, name="KOFE ZERNO 1KG")))
    await worked()
    (product,) = (await counter.get("/v1/products"))["items"]
    path = f"/v1/products/{product['id']}"
    etag = (await counter.api.get(path)).headers["ETag"]
    change = {"name": "Кофе в зёрнах", "category": "coffee", "restrictions": ["fixed_price"]}
    changed = await counter.api.patch(path, json=change, headers={"If-Match": etag})
    assert changed.status_code == 200, changed.text
    assert (changed.json()["confirmed"], changed.json()["version"]) == (True, 2)
    stale = await counter.api.patch(path, json={"name": "Чай"}, headers={"If-Match": etag})
    assert (stale.status_code, stale.json()["code"]) == (412, "version-mismatch")
    await counter.post(counter.sale(line(70_000, name="KOFE ZERNO 1KG")))
    await worked()
    read = await counter.get(path)
    assert (read["name"], read["restrictions"], read["last_unit_price"]) == ("Кофе в зёрнах", ["fixed_price"], 70_000)
    cleared = await counter.api.patch(path, json={"category": None})
    assert cleared.json()["category"] is None
    await counter.get(f"/v1/products/{new_id()}", status=404)


async def test_an_event_tells_what_a_receipt_did(counter: Counter) -> None:
    """The change feed: `receipt.recorded` and what happened to points, with ids and figures only."""
    await counter.grant(100)
    document = counter.spending(60_000, 100)
    sold = await counter.post(document)
    await counter.post(counter.back(document))
    await counter.call(f"/v1/receipts/{sold['id']}/reassign", {"customer": shown("+79350004569"), "reason": "x"})
    events = (await counter.get("/v1/changes", limit=200))["items"]
    types = [event["type"] for event in events if event["object"]["type"] in {"receipt", "account"}]
    assert types == [
        "points.adjusted", "receipt.recorded", "points.redeemed", "points.earned",
        "receipt.recorded", "points.restored", "points.reversed", "receipt.reassigned",
    ]  # fmt: skip
    recorded = next(event for event in events if event["type"] == "receipt.recorded")
    assert UUID(recorded["object"]["id"]) == UUID(sold["id"])
    assert "+7935" not in str(events)
