"""Documents of a till, and a desk to record them at without HTTP."""

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from api.schemas.receipt_answers import ReceiptRequest
from api.till import item_of
from domain.checkout.desk import Item
from domain.checkout.use_cases import Result
from domain.kernel.clock import Clock
from domain.kernel.errors import DomainError
from domain.kernel.events import Actor
from persistence.shop_rules import RulesCache
from persistence.till_gate import TillGate
from tests.support.shop import Base

CASHIER = Actor("key", "till", "cashier")
PHONE = "+79350004567"


def sale(number: int | str = 1, *, phone: str | None = PHONE, total: int = 129_900, **fields: Any) -> dict[str, Any]:
    """Return a plain sale of one line; `phone` None is an anonymous one."""
    customer = None
    if phone is not None:
        customer = {"identifiers": [{"type": "phone", "value": phone}], "on_missing": "create"}
    lines = [{"line": "1", "sku": "4600000000017", "quantity": "1", "unit_price": total, "total": total}]
    return {
        "source": "till-1",
        "external_id": f"sale-{number}",
        "kind": "sale",
        "sold_at": "2026-11-20T12:30:00+03:00",
        "store": "main",
        "currency": "RUB",
        "customer": customer,
        "lines": lines,
        "total": total,
    } | fields


@dataclass(frozen=True, slots=True)
class Desk:
    """One shop's till."""

    gate: TillGate
    base: Base
    tenant_id: UUID

    async def item(self, document: dict[str, Any], *, live: bool = True) -> Item:
        """Return what a route would hand to the till."""
        raw = json.dumps(document).encode()
        vault, rules = await self.gate.desk_facts(self.tenant_id)
        sent = ReceiptRequest.model_validate_json(raw).root
        return item_of(sent, vault=vault, country=rules.country, raw=raw, live=live)

    async def record(self, document: dict[str, Any]) -> Result:
        """Record one document as a live call."""
        return await self.gate.record(self.tenant_id, CASHIER, await self.item(document))

    async def answer(self, document: dict[str, Any]) -> dict[str, Any]:
        """Record one document and return the published answer."""
        result = await self.record(document)
        if isinstance(result, DomainError):
            raise result
        return result.parsed()


def desk_of(base: Base, tenant_id: UUID, *, clock: Clock | None = None) -> Desk:
    """Return a till of the shop, with caches of its own."""
    gate = TillGate(base.database, RulesCache(base.database), base.vaults, clock or base.clock)
    return Desk(gate, base, tenant_id)
