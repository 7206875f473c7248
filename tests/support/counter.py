"""A counter of a shop: a till, a manager and the customers in front of it, over HTTP; and a clock that can be moved."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from domain.kernel.money import line_amount, thousandths

PHONE = "+79350004567"
OTHER_PHONE = "+79350004568"
Json = dict[str, Any]


class MovableClock:
    """Shows the machine's time, moved forward as far as a test wants; never back."""

    def __init__(self) -> None:
        self._ahead = timedelta(0)

    def now(self) -> datetime:
        """Return the moved moment."""
        return datetime.now(UTC) + self._ahead

    def move(self, **by: float) -> datetime:
        """Go forward by the given timedelta."""
        self._ahead += timedelta(**by)
        return self.now()

    def move_to(self, moment: datetime) -> None:
        """Go forward to `moment`, unless it is over."""
        self._ahead += max(timedelta(0), moment - self.now())


def moment(text: str) -> datetime:
    """Return a time of an answer."""
    return datetime.fromisoformat(text)


def shown(phone: str = PHONE, *, on_missing: str = "create") -> Json:
    """Return a customer by phone."""
    return {"identifiers": [{"type": "phone", "value": phone}], "on_missing": on_missing}


def line(
    total: int, *, number: str | int = 1, quantity: str = "1", points: int = 0, sku: str | None = "coffee", **more: Any
) -> Json:
    """Return a line that costs `total` before `points` minor units of it are paid by points."""
    unit_price = total if quantity == "1" else -(-total * 1000 // thousandths(quantity))
    given = line_amount(thousandths(quantity), unit_price) - total
    discounts = [{"kind": kind, "amount": amount} for kind, amount in (("till", given), ("points", points)) if amount]
    return {
        "line": str(number),
        "sku": sku,
        "quantity": quantity,
        "unit_price": unit_price,
        "discount": given + points,
        "discounts": discounts,
        "total": total - points,
    } | more


@dataclass
class Counter:
    """Sends documents with numbers of its own and checks that every answer is well."""

    api: httpx.AsyncClient
    clock: MovableClock = field(default_factory=MovableClock)
    source: str = "till-1"
    numbers: Any = field(default_factory=lambda: itertools.count(1))

    def document(self, kind: str, **fields: Any) -> Json:
        """Return a document of `kind` with the next number, sold now."""
        return {
            "source": self.source,
            "external_id": f"{kind}-{next(self.numbers)}",
            "kind": kind,
            "sold_at": self.clock.now().isoformat(),
            "currency": "RUB",
        } | fields

    def sale(self, *lines: Json | int, phone: str | None = PHONE, **fields: Any) -> Json:
        """Return a sale of lines, or of totals."""
        whole = [line(one, number=at) if isinstance(one, int) else one for at, one in enumerate(lines, start=1)]
        total = sum(one["total"] for one in whole)
        customer = None if phone is None else shown(phone)
        return self.document("sale", customer=customer, lines=whole, total=total) | fields

    def spending(self, total: int, points: int, *, price: int = 100, **fields: Any) -> Json:
        """Return a sale of one line that pays `points` as a discount."""
        wish = {"points": points, "as": "discount"} | fields.pop("redemption", {})
        return self.sale(line(total, points=points * price), redemption=wish, **fields)

    def back(self, sale: Json, *lines: Json, **fields: Any) -> Json:
        """Return a return of `lines` of the posted document `sale`; without lines, of all of it."""
        wanted = list(lines) or [{"line": one["line"], "quantity": one["quantity"]} for one in sale["lines"]]
        named = {"source": sale["source"], "external_id": sale["external_id"]}
        return self.document("return", returns=named, lines=wanted) | fields

    async def post(self, document: Json, *, status: int = 201) -> Json:
        """Send a document and return the answer."""
        answered = await self.api.post("/v1/receipts", json=document)
        assert answered.status_code == status, answered.text
        return dict(answered.json())

    async def call(self, path: str, body: Mapping[str, Any] | None = None, *, status: int = 200) -> Json:
        """Post to any path and return the answer."""
        answered = await self.api.post(path, json=body)
        assert answered.status_code == status, answered.text
        return dict(answered.json())

    async def get(self, path: str, *, status: int = 200, **query: Any) -> Json:
        """Read any path."""
        answered = await self.api.get(path, params=query)
        assert answered.status_code == status, answered.text
        return dict(answered.json())

    async def grant(self, points: int, *, phone: str = PHONE, status: int = 201, **fields: Any) -> Json:
        """Give or take points by hand."""
        body = {"customer": shown(phone), "points": points, "reason": "goodwill"} | fields
        return await self.call("/v1/loyalty/adjustments", body, status=status)

    async def account(self, account_id: str, part: str = "", **query: Any) -> Json:
        """Read an account or a part of it."""
        return await self.get(f"/v1/loyalty/accounts/{account_id}{part}", **query)

    async def everything(self, account_id: str, part: str) -> list[Json]:
        """Read all pages of a part of an account."""
        items: list[Json] = []
        cursor: dict[str, str] = {}
        while True:
            page = await self.account(account_id, part, limit=200, **cursor)
            items += page["items"]
            if page["next_cursor"] is None:
                return items
            cursor = {"cursor": page["next_cursor"]}


def codes(answer: Json) -> list[str]:
    """Return the codes of an answer's warnings, but for the store that every first sale creates."""
    return [warning["code"] for warning in answer["warnings"] if warning["code"] != "unknown-store"]
