"""Many tills at once on one customer: several processes, each with a queue of its own, against one account."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from domain.checkout.outcome import Outcome
from domain.kernel.errors import DomainError, Unavailable
from domain.loyalty.errors import InsufficientPoints
from persistence.ledger_checks import broken_rules
from tests.conftest import OWNER
from tests.support.counter import Counter, Json, line
from tests.support.shop import Base
from tests.support.till import Desk, desk_of

PROCESSES = 4


async def tills(counter: Counter, base: Base) -> list[Desk]:
    """Return the tills of several processes: one queue each, so that only the database keeps them apart."""
    tenant_id = UUID((await counter.get("/v1/me"))["tenant_id"])
    return [desk_of(base, tenant_id) for _ in range(PROCESSES)]


async def served(desks: list[Desk], documents: list[Json]) -> list[Any]:
    """Send each document until it is answered, as a till does; the till of each is the next process."""

    async def serve(desk: Desk, document: Json) -> Any:
        while True:
            try:
                result = await desk.record(document)
            except Unavailable:
                continue
            if not isinstance(result, Unavailable):
                return result

    return list(await asyncio.gather(*(serve(desks[n % len(desks)], document) for n, document in enumerate(documents))))


async def sound(counter: Counter, base: Base) -> Json:
    """Check every rule of the ledger; return the only account."""
    tenant_id = UUID((await counter.get("/v1/me"))["tenant_id"])
    async with base.store.transaction(tenant_id, OWNER) as unit:
        assert await broken_rules(unit.session) == {}
    (account,) = (await counter.get("/v1/loyalty/accounts"))["items"]
    assert (await counter.account(account["id"], "/proof"))["equal"] is True
    return dict(account)


async def test_fifty_redemptions_at_once_never_exceed_the_balance(counter: Counter, base: Base) -> None:
    """Medusa redeemed one gift card twice in concurrent checkouts (medusajs/medusa#16347): here the sum is exact."""
    await counter.grant(100)
    desks = await tills(counter, base)
    results = await served(desks, [counter.spending(1_400, 7) for _ in range(50)])
    done = [one for one in results if isinstance(one, Outcome)]
    refused = [one for one in results if isinstance(one, InsufficientPoints)]
    assert (len(done), len(done) + len(refused)) == (100 // 7, 50)
    account = await sound(counter, base)
    assert account["balance"]["active"] == 100 - 7 * len(done)


async def test_fifty_redemptions_over_http_never_exceed_the_balance(counter: Counter, base: Base) -> None:
    """The same through the door of one process, whose queue forms batches."""
    await counter.grant(100)
    documents = [counter.spending(1_400, 7) for _ in range(50)]
    answered = await asyncio.gather(*(counter.api.post("/v1/receipts", json=one) for one in documents))
    assert sorted(one.status_code for one in answered) == [201] * 14 + [422] * 36
    assert (await sound(counter, base))["balance"]["active"] == 2


async def test_a_hot_customer_loses_nothing(counter: Counter, base: Base) -> None:
    """Thirty-two clients at four processes buy for one customer: each receipt is recorded, each point is there."""
    await counter.post(counter.sale(10_000))
    desks = await tills(counter, base)
    results = await served(desks, [counter.sale(10_000) for _ in range(32 * 4)])
    assert all(isinstance(one, Outcome) and one.status == 201 for one in results)
    account = await sound(counter, base)
    assert account["balance"]["active"] == account["lifetime_earned"] == 129
    metrics = (await counter.get(f"/v1/customers/{account['members'][0]['customer_id']}"))["metrics"]
    assert (metrics["receipts"], metrics["spent_total"]) == (129, 1_290_000)


async def test_one_receipt_at_every_process_is_recorded_once(counter: Counter, base: Base) -> None:
    """The same receipt from 50 tasks, its customer unknown until then: one recorded, 49 duplicates."""
    desks = await tills(counter, base)
    results = await served(desks, [counter.sale(10_000)] * 50)
    statuses = sorted(one.status for one in results)
    assert statuses == [200] * 49 + [201]
    assert len({one.receipt_id for one in results}) == 1
    assert (await sound(counter, base))["balance"]["active"] == 1


@pytest.mark.parametrize("parts", [30])
async def test_returns_at_once_never_exceed_the_sale(counter: Counter, base: Base, parts: int) -> None:
    """Thirty tills take back a tenth each: ten are given, twenty refused, points and money to the unit."""
    await counter.grant(50)
    document = counter.sale(line(100_001, quantity="10", points=5_000), redemption={"points": 50, "as": "discount"})
    await counter.post(document)
    desks = await tills(counter, base)
    backs = [counter.back(document, {"line": "1", "quantity": "1"}) for _ in range(parts)]
    results = await served(desks, backs)
    done = [one for one in results if isinstance(one, Outcome)]
    refused = [one for one in results if isinstance(one, DomainError)]
    assert (len(done), {one.code for one in refused}) == (10, {"return-exceeds-sale"})
    assert sum(one.parsed()["loyalty"]["refund"]["money"] for one in done) == 95_001
    account = await sound(counter, base)
    assert (account["balance"]["active"], account["lifetime_earned"]) == (50, 0)


async def test_everything_at_once_adds_up(counter: Counter, base: Base) -> None:
    """Sales, redemptions, returns, resends, voids and adjustments of one customer at the same time."""
    await counter.grant(1_000)
    sold = [counter.spending(10_000, 10) for _ in range(12)]
    ids = [(await counter.post(document))["id"] for document in sold]
    desks = await tills(counter, base)
    documents = [counter.back(document) for document in sold[:6]] + sold + [counter.sale(20_000) for _ in range(12)]

    async def void(receipt_id: str) -> int:
        answered = await counter.api.post(f"/v1/receipts/{receipt_id}/void", json={"reason": "test"})
        return answered.status_code

    async def adjust() -> int:
        body = {"customer": sold[0]["customer"], "points": 1, "reason": "x"}
        return (await counter.api.post("/v1/loyalty/adjustments", json=body)).status_code

    results, *calls = await asyncio.gather(
        served(desks, documents), *(void(one) for one in ids[6:9]), *(adjust() for _ in range(6))
    )
    assert all(isinstance(one, Outcome) for one in results)
    assert set(calls) <= {200, 201, 503}
    account = await sound(counter, base)
    voided, adjusted = calls[:3].count(200), calls[3:].count(201)
    spent = 10 * (12 - 6 - voided)
    earned = 12 * 2
    assert account["balance"]["active"] == 1_000 + adjusted - spent + earned
