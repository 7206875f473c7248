"""From what the till's desk found to the answers of the contract."""

from collections.abc import Mapping, Sequence
from typing import Any

from api.schemas import till as schemas
from api.schemas.notes import Note as NoteShown
from api.schemas.receipt_answers import Expiring
from domain.checkout.till_view import TillView
from domain.checkout.who import Resolved
from domain.customers.notes import Note
from domain.kernel.money import quantity_text
from domain.loyalty.entries import Balance


def shown_resolved(found: Resolved) -> schemas.ResolveAnswer:
    """Return the answer of resolve."""
    return schemas.ResolveAnswer(
        match=found.verdict.match.value,
        customer=None if found.view is None else shown_view(found.view),
        candidates=[schemas.ResolveCandidate(id=one.id, name=one.name) for one in found.candidates],
        ignored=[
            schemas.IgnoredIdentifier.model_validate({"pointer": f"/identifiers/{one.position}", "reason": one.reason})
            for one in found.verdict.ignored
        ],
    )


def shown_view(view: TillView) -> schemas.TillView:
    """Return the till view."""
    return schemas.TillView.model_validate(view_fields(view))


def view_fields(view: TillView) -> dict[str, Any]:
    """Return the fields of a till view by name."""
    return {
        "id": view.id,
        "state": view.state,
        "greeting_name": view.greeting_name,
        "identifiers": list(view.identifiers),
        "tier": view.tier,
        "balance": view.balance,
        "expiring": list(view.balance.expiring),
        "discount_percent": view.discount_percent,
        "discount_reason": view.discount_reason,
        "spend": view.spend,
        "hints": list(view.hints),
        "offers": list(view.offers),
    }


def shown_balance(balance: Balance) -> tuple[schemas.TillBalance, list[Expiring]]:
    """Return the figures of an account and what of it ends soon."""
    return schemas.TillBalance.model_validate(balance), [Expiring.model_validate(one) for one in balance.expiring]


def seller_view(view: TillView, notes: Sequence[Note], receipts: Sequence[Any]) -> schemas.SellerView:
    """Return what a seller sees: the till view, what was bought, and notes for sellers."""
    fields = view_fields(view) | {
        "purchases": [_purchased(rows.head, line) for rows in receipts for line in rows.lines],
        "preferences": [],
        "notes": [NoteShown.model_validate(note) for note in notes],
        "set_asides": [],
        "recommendations": [],
    }
    return schemas.SellerView.model_validate(fields)


def _purchased(head: Mapping[Any, Any], line: Mapping[Any, Any]) -> schemas.PurchasedLine:
    return schemas.PurchasedLine(
        receipt_id=head["receipt_id"],
        sold_at=head["sold_at"],
        store=head["store"],
        source=head["source"],
        sku=line["sku"],
        name=line["name"],
        category=line["category"],
        brand=line["brand"],
        quantity=quantity_text(line["quantity"]),
        returned=quantity_text(line["returned_quantity"]),
        total=line["total"],
        currency=head["currency"],
        attributes=dict(line["detail"].get("attributes") or {}),
    )
