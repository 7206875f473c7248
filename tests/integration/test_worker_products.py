"""A141: goods become known from the lines that sold them, by the worker."""

from uuid import UUID

import httpx

from domain.kernel.events import SYSTEM
from runtime.dispatch import Dispatcher
from runtime.subscriptions import SUBSCRIPTIONS
from tests.support.shop import Base


def sale(number: int, day: int, price: int, sku: str = "tea") -> dict[str, object]:
    line = {"line": "1", "sku": sku, "name": f"Чай {number}", "quantity": "1", "unit_price": price, "total": price}
    return {
        "source": "till",
        "external_id": str(number),
        "kind": "sale",
        "sold_at": f"2026-11-{day:02}T12:00:00Z",
        "currency": "RUB",
        "lines": [line],
        "total": price,
    }


async def test_goods_are_known_by_the_newest_sale_and_since_the_oldest(api: httpx.AsyncClient, base: Base) -> None:
    """Several sales at once, out of order: the newest describes, the oldest dates; a repetition changes nothing."""
    tenant = UUID((await api.get("/v1/me")).json()["tenant_id"])
    dispatcher = Dispatcher(base.store, SUBSCRIPTIONS)
    sales = [sale(1, 10, 300), sale(2, 12, 500), sale(3, 8, 100), sale(4, 9, 700, sku="cup")]
    assert (await api.post("/v1/receipts/batch", json={"items": sales})).status_code == 200

    await base.settled(tenant)
    while await dispatcher.deliver_one_turn():
        pass
    products = {p["sku"]: p for p in (await api.get("/v1/products")).json()["items"]}
    assert (products["tea"]["name"], products["tea"]["last_unit_price"]) == ("Чай 2", 500)
    assert products["tea"]["first_sold_at"] == "2026-11-08T12:00:00Z"
    assert products["cup"]["last_unit_price"] == 700

    async with base.store.transaction(tenant, SYSTEM) as unit:
        receipts = [e.object_id for e in (await unit.changes.page(after=0, limit=50, types=["receipt.recorded"])).items]
        await unit.products.learn(receipts)
    assert {p["sku"]: p for p in (await api.get("/v1/products")).json()["items"]} == products
