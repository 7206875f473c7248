"""What the till is told about one document."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from domain.checkout.texts import notice_text
from domain.loyalty.entries import Balance
from domain.loyalty.notices import Explain, Notice


@dataclass(slots=True)
class LoyaltyEffect:
    """What a document did to points; `earned`, `restored` and `reversed` are positive."""

    account_id: UUID
    earned: int = 0
    pending: int = 0
    redeemed: int = 0
    restored: int = 0
    reversed: int = 0
    refund: dict[str, Any] | None = None
    explain: list[Explain] = field(default_factory=list)
    footer: list[str] = field(default_factory=list)

    def to_json(self, balance: Balance) -> dict[str, Any]:
        """Return the published form with the balance after it."""
        return {
            "account_id": str(self.account_id),
            "earned": self.earned,
            "pending": self.pending,
            "redeemed": self.redeemed,
            "restored": self.restored,
            "reversed": self.reversed,
            "refund": self.refund,
            "balance": balance_json(balance),
            "tier": None,
            "coupons": [],
            "explain": [
                {"rule": why.rule, "version": why.version, "inputs": dict(why.inputs), "points": why.points}
                for why in self.explain
            ],
            "footer": self.footer,
        }


@dataclass(frozen=True, slots=True)
class Outcome:
    """The answer to one document: an HTTP status and the published body as bytes."""

    status: int
    body: bytes
    receipt_id: UUID
    replayed: bool = False

    def parsed(self) -> dict[str, Any]:
        """Return the body as data."""
        body: dict[str, Any] = json.loads(self.body)
        return body


def moment_json(moment: datetime) -> str:
    """Return a time as published: RFC 3339 in UTC with `Z`."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def balance_json(balance: Balance) -> dict[str, Any]:
    """Return the published form of a balance."""
    return {
        "active": balance.active,
        "pending": balance.pending,
        "held": balance.held,
        "debt": balance.debt,
        "expiring": [{"points": part.points, "at": moment_json(part.at)} for part in balance.expiring],
    }


def receipt_json(
    receipt_id: UUID,
    *,
    status: str,
    customer_id: UUID | None,
    match: str | None,
    linked_by: str | None,
    warnings: Sequence[Notice],
    loyalty: Mapping[str, Any] | None,
    locale: str,
) -> dict[str, Any]:
    """Return the published answer to a receipt."""
    return {
        "id": str(receipt_id),
        "status": status,
        "customer_id": None if customer_id is None else str(customer_id),
        "customer_match": match,
        "linked_by": linked_by,
        "warnings": [
            {"code": each.code, "pointer": each.pointer, "detail": notice_text(each, locale)} for each in warnings
        ],
        "loyalty": loyalty,
    }
