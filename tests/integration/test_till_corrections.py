"""What people put right afterwards: voids of returns, moved sales, receipts that find their customer (A25, C34)."""

from typing import Any

import httpx
import pytest

from tests.support.till import sale

ANNA, BORIS = "+79350004567", "+79350004568"


class Shop:
    """A shop's till over HTTP, with balances at hand."""

    def __init__(self, api: httpx.AsyncClient) -> None:
        self.api = api

    async def post(self, path: str, body: dict[str, Any], status: int = 201) -> dict[str, Any]:
        answer = await self.api.post(path, json=body)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def sell(self, number: str, phone: str | None, **fields: Any) -> dict[str, Any]:
        return await self.post("/v1/receipts", sale(number, phone=phone, **fields))

    async def spend(self, number: str, phone: str) -> dict[str, Any]:
        """Sell four pieces for 200.00 after 50 points, which stand for 50.00."""
        lines = [
            {
                "line": "1", "sku": "S", "quantity": "4", "unit_price": 6250, "discount": 5000, "total": 20000,
                "discounts": [{"kind": "points", "amount": 5000, "points": 50}],
            }
        ]  # fmt: skip
        wish = {"points": 50, "as": "discount", "on_insufficient": "reject"}
        return await self.sell(number, phone, lines=lines, total=20000, redemption=wish)

    async def give_back(self, number: str, sale_number: str, quantity: str = "1") -> dict[str, Any]:
        body = {
            "source": "till-1", "external_id": number, "kind": "return", "sold_at": "2026-11-21T09:00:00Z",
            "currency": "RUB", "returns": {"source": "till-1", "external_id": f"sale-{sale_number}"},
            "lines": [{"line": "1", "quantity": quantity}],
        }  # fmt: skip
        return await self.post("/v1/receipts", body)

    async def void(self, receipt_id: str) -> dict[str, Any]:
        return await self.post(f"/v1/receipts/{receipt_id}/void", {"reason": "cashier_error"}, 200)

    async def active(self, phone: str) -> tuple[int, int]:
        """Return active points and debt, as a dry run of an empty sale would tell them."""
        probe = sale("probe", phone=phone, total=0, lines=[{"line": "1", "quantity": "1", "unit_price": 0, "total": 0}])
        balance = (await self.post("/v1/receipts?dry_run=true", probe))["loyalty"]["balance"]
        return balance["active"], balance["debt"]


@pytest.fixture
async def shop(api: httpx.AsyncClient) -> Shop:
    shop = Shop(api)
    await shop.sell("opening", ANNA, total=1_000_000)
    return shop


async def test_a_voided_return_then_a_voided_sale_leave_the_balance_of_before(shop: Shop) -> None:
    """Every point goes back to where it was, whatever was undone in between."""
    bought = await shop.spend("b", ANNA)
    returned = await shop.give_back("r", "b", "2")
    assert (returned["loyalty"]["restored"], returned["loyalty"]["reversed"]) == (25, 1)

    await shop.void(returned["id"])
    assert await shop.active(ANNA) == (100 - 50 + 2, 0)
    await shop.give_back("again", "b", "4")
    assert await shop.active(ANNA) == (100, 0)
    await shop.void(bought["id"])

    assert await shop.active(ANNA) == (100, 0)


async def test_a_void_that_comes_as_a_document_undoes_a_return_as_well(shop: Shop) -> None:
    """The till's own cancel document and the owner's button do the same."""
    bought = await shop.spend("b", ANNA)
    await shop.give_back("r", "b", "3")
    cancel = {
        "source": "till-1", "external_id": "cancel", "kind": "void", "sold_at": "2026-11-21T09:30:00Z",
        "currency": "RUB", "returns": {"source": "till-1", "external_id": "r"}, "reason": "cashier_error",
    }  # fmt: skip
    await shop.post("/v1/receipts", cancel)
    assert await shop.active(ANNA) == (52, 0)

    await shop.void(bought["id"])

    assert await shop.active(ANNA) == (100, 0)


async def test_a_reassigned_sale_takes_its_returns_along(shop: Shop) -> None:
    """Typed the wrong phone: afterwards all stands as if the right one had been typed."""
    await shop.sell("boris", BORIS, total=600_000)
    bought = await shop.spend("b", ANNA)
    returned = await shop.give_back("r", "b", "2")
    to_boris = {"customer": {"identifiers": [{"type": "phone", "value": BORIS}]}, "reason": "wrong number"}

    await shop.post(f"/v1/receipts/{bought['id']}/reassign", to_boris, 200)
    assert await shop.active(ANNA) == (100, 0)
    assert await shop.active(BORIS) == (60 - 25 + 1, 0)

    await shop.void(returned["id"])
    assert await shop.active(BORIS) == (60 - 50 + 2, 0)
    await shop.void(bought["id"])
    assert await shop.active(BORIS) == (60, 0)


async def test_a_receipt_claimed_after_a_return_earns_for_what_was_kept(shop: Shop) -> None:
    """The share that came back earns nothing, and voiding that return brings it back (C34)."""
    fiscal = {"scheme": "ru-ffd", "fn": "9960440300712345", "fd": "12345", "fp": "3826178549"}
    lines = [{"line": "1", "sku": "S", "quantity": "4", "unit_price": 25_000, "total": 100_000}]
    await shop.sell("anonymous", None, lines=lines, total=100_000, fiscal=fiscal)
    returned = await shop.give_back("r", "anonymous", "1")
    qr = "t=20261120T1230&s=1000.00&fn=9960440300712345&i=12345&fp=3826178549&n=1"
    claim = {"qr": qr, "customer": {"identifiers": [{"type": "phone", "value": ANNA}]}}

    await shop.post("/v1/receipts/claim", claim, 200)
    assert await shop.active(ANNA) == (100 + 10 - 3, 0)

    await shop.void(returned["id"])
    assert await shop.active(ANNA) == (110, 0)


async def test_a_claimed_receipt_is_nobody_elses(shop: Shop) -> None:
    """The first who shows the paper has it; the same person may show it again."""
    fiscal = {"scheme": "ru-ffd", "fn": "1", "fd": "2", "fp": "3"}
    await shop.sell("anonymous", None, total=100_000, fiscal=fiscal)
    claim = {"qr": "fn=1&i=2&fp=3&s=1000.00", "customer": {"identifiers": [{"type": "phone", "value": ANNA}]}}
    first = await shop.post("/v1/receipts/claim", claim, 200)

    assert (await shop.post("/v1/receipts/claim", claim, 200))["id"] == first["id"]
    await shop.sell("boris", BORIS)
    other = claim | {"customer": {"identifiers": [{"type": "phone", "value": BORIS}]}}
    assert (await shop.post("/v1/receipts/claim", other, 409))["code"] == "already-claimed"
    wrong_sum = claim | {"qr": "fn=1&i=2&fp=3&s=999.00"}
    assert (await shop.post("/v1/receipts/claim", wrong_sum, 422))["code"] == "unknown-reference"
