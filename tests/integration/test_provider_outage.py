"""P6: while the key provider is away for longer than keys stay in memory, tills go on selling."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from uuid import UUID

import httpx
import pytest_asyncio

from api.app import build_app
from persistence.key_store import PgKeyStore
from persistence.unit_of_work import Store
from runtime.adapters.key_provider import encode_root_key
from runtime.adapters.vault import SECRETS_SECONDS
from runtime.adapters.vaults import CHECK_SECONDS, KeptVaults
from runtime.container import build_core, build_services
from runtime.settings import Settings
from tests.fakes.keys import SwitchedProvider, Ticker
from tests.support.shop import Base

KNOWN, NEW = "+79350001001", "+79350001002"


@dataclass
class Shop:
    """A shop behind a provider that can be switched off."""

    client: httpx.AsyncClient
    provider: SwitchedProvider
    ticker: Ticker
    tenant_id: UUID
    sold: int = 0

    def lose_keys(self) -> None:
        self.provider.away = True
        self.ticker.advance(SECRETS_SECONDS + 1)

    def find_keys(self) -> None:
        self.provider.away = False
        self.ticker.advance(CHECK_SECONDS)

    async def sell(self, phone: str | None, on_missing: str = "create", **changes: object) -> httpx.Response:
        self.sold += 1
        identifiers = [{"type": "phone", "value": phone}]
        document: dict[str, object] = {
            "source": "till-1",
            "external_id": str(self.sold),
            "kind": "sale",
            "sold_at": "2026-11-21T12:30:00+03:00",
            "currency": "RUB",
            "customer": None if phone is None else {"identifiers": identifiers, "on_missing": on_missing},
            "lines": [{"line": "1", "sku": "1", "quantity": "1", "unit_price": 100000, "total": 100000}],
            "total": 100000,
        }
        return await self.client.post("/v1/receipts", json=document | changes)


@pytest_asyncio.fixture
async def shop(base: Base) -> AsyncIterator[Shop]:
    ticker, provider = Ticker(), SwitchedProvider([base.postgres.master_key])
    settings = Settings(database_url=base.postgres.app, master_key=encode_root_key(base.postgres.master_key))
    vaults = KeptVaults(PgKeyStore(base.database), provider, clock=ticker)
    store = Store(base.database, vaults, base.clock)
    core = replace(build_core(settings), database=base.database, vaults=vaults, store=store)
    tenant_id, key = await base.open_shop()
    transport = httpx.ASGITransport(app=build_app(build_services(settings, core)))  # type: ignore[arg-type]
    headers = {"authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(transport=transport, base_url="http://test", headers=headers) as client:
        yield Shop(client, provider, ticker, tenant_id)


async def test_every_receipt_is_accepted_and_counts(shop: Shop) -> None:
    """Known, new and unknown customers, anonymous sales, returns and conflicting documents: none is turned away."""
    before = await shop.sell(KNOWN)
    assert before.status_code == 201, before.text
    shop.lose_keys()

    known, new, again = await shop.sell(KNOWN), await shop.sell(NEW), await shop.sell(NEW)
    unknown, anonymous = await shop.sell("+79350001003", "none"), await shop.sell(None)
    line = {"line": "1", "sku": "1", "quantity": "1"}
    conflict = await shop.sell(
        KNOWN, external_id="1", total=90000, lines=[line | {"unit_price": 90000, "total": 90000}]
    )
    sale = {"source": "till-1", "external_id": "2"}
    returned = await shop.sell(None, kind="return", returns=sale, lines=[line], total=100000)

    for answer in (known, new, again, unknown, anonymous, returned):
        assert answer.status_code == 201, answer.text
    assert (conflict.status_code, conflict.json()["code"]) == (409, "document-conflict")
    assert known.json()["customer_id"] == before.json()["customer_id"]
    assert new.json()["customer_id"] == again.json()["customer_id"]
    assert again.json()["loyalty"]["balance"]["active"] == 20

    shop.find_keys()
    after = await shop.sell(NEW)
    assert after.status_code == 201, after.text
    assert after.json()["customer_id"] == new.json()["customer_id"]
