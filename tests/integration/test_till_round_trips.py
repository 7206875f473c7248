"""What a receipt may cost: round trips are what the till waits for."""

import asyncio
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest

from domain.checkout.use_cases import record_receipts
from persistence import till as till_module
from persistence.till import PgTillTransaction
from tests.support.shop import Base
from tests.support.till import CASHIER, Desk, desk_of, sale


@dataclass
class Trips:
    """Counts what goes to the database on the till's road."""

    queries: list[str] = field(default_factory=list)


@pytest.fixture
def trips(monkeypatch: pytest.MonkeyPatch) -> Trips:
    counted = Trips()
    fetch = PgTillTransaction._fetch

    async def counting(self: PgTillTransaction, query: str, arguments: tuple[Any, ...]) -> Any:
        counted.queries.append(query)
        return await fetch(self, query, arguments)

    monkeypatch.setattr(PgTillTransaction, "_fetch", counting)
    return counted


@pytest.fixture
async def desk(base: Base, tenant: UUID) -> Desk:
    desk = desk_of(base, tenant)
    await desk.gate.desk_facts(tenant)
    return desk


@pytest.mark.parametrize("documents", [1, 500])
async def test_one_receipt_and_five_hundred_cost_the_same_two_round_trips(
    desk: Desk, trips: Trips, documents: int
) -> None:
    """One read, one write; nothing between them asks the database anything."""
    items = [await desk.item(sale(n, phone=f"+7935000{n:04}")) for n in range(documents)]

    results = await record_receipts(items, till=desk.gate.till(desk.tenant_id), actor=CASHIER)

    assert [result.status for result in results] == [201] * documents  # type: ignore[union-attr]
    assert trips.queries == [till_module.READ, till_module.WRITE]


async def test_a_return_and_a_resend_cost_no_more(desk: Desk, trips: Trips) -> None:
    """A return reads its sale in the same round trip; a known document writes nothing at all."""
    await desk.answer(sale(1))
    trips.queries.clear()
    returned = {
        "source": "till-1", "external_id": "back", "kind": "return", "sold_at": "2026-11-21T10:00:00Z",
        "currency": "RUB",
        "returns": {"source": "till-1", "external_id": "sale-1"}, "lines": [{"line": "1", "quantity": "1"}],
    }  # fmt: skip

    await desk.answer(returned)
    assert trips.queries == [till_module.READ, till_module.WRITE]

    trips.queries.clear()
    assert (await desk.answer(returned))["status"] == "duplicate"
    assert trips.queries == [till_module.READ]


async def test_receipts_that_wait_form_one_batch(desk: Desk, trips: Trips) -> None:
    """While one batch is in flight the others wait without a connection and go together."""
    sent = [desk.answer(sale(n, phone=f"+7935000{n:04}")) for n in range(20)]

    await asyncio.gather(*sent)

    assert trips.queries.count(till_module.WRITE) <= 3


async def test_many_clients_of_one_shop_do_not_empty_the_pool(desk: Desk) -> None:
    """One hot customer must not keep others from the database: who waits holds no connection."""
    answers = await asyncio.gather(*(desk.answer(sale(n)) for n in range(64)))

    assert {answer["status"] for answer in answers} == {"recorded"}
    assert max(answer["loyalty"]["balance"]["active"] for answer in answers) == 64 * 12
