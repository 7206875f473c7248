"""The answer to a document, made once: the same bytes are stored and sent."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from domain.checkout.desk import Desk
from domain.checkout.outcome import LoyaltyEffect, Outcome, balance_json, receipt_json
from domain.checkout.state import Stored
from domain.loyalty.notices import Notice
from domain.loyalty.texts import footer


@dataclass(frozen=True, slots=True)
class Recorded:
    """A new document that was taken in, and what there is to say of it."""

    stored: Stored
    notices: Sequence[Notice]
    effect: LoyaltyEffect | None


def answer(desk: Desk, recorded: Recorded) -> Outcome:
    """Return the answer to a new document, with the balance as it is now, and keep its bytes with it."""
    stored = recorded.stored
    loyalty = None if recorded.effect is None else told(desk, stored, recorded.effect)
    body = receipt_json(
        stored.receipt_id,
        status="recorded",
        customer_id=stored.customer_id,
        match=stored.customer_match,
        linked_by=stored.linked_by,
        warnings=recorded.notices,
        loyalty=loyalty,
        locale=desk.rules.locale,
    )
    stored.answer = to_bytes(body)
    return Outcome(201, stored.answer, stored.receipt_id)


def told(desk: Desk, stored: Stored, effect: LoyaltyEffect) -> dict[str, Any]:
    """Return an effect as it is published: with the balance after it, and what the till prints."""
    balance = desk.state.books[effect.account_id].balance(desk.now)
    effect.footer = list(
        footer(
            desk.rules.locale,
            balance,
            earned=effect.earned,
            redeemed=effect.redeemed,
            restored=effect.restored,
            reversed_=effect.reversed,
            scale=desk.rules.program_of(stored.program_version, stored.counts_at).scale,
        )
    )
    return effect.to_json(balance)


def with_effect(desk: Desk, known: Stored, effect: LoyaltyEffect) -> bytes:
    """Return the stored answer of a receipt with another customer and effect on points."""
    body = again(desk, known, status="recorded").parsed()
    return to_bytes(body | {"loyalty": told(desk, known, effect)})


def again(desk: Desk, stored: Stored, *, status: str = "duplicate") -> Outcome:
    """Return the answer to a document that is known: the figures recorded then, the balance as it is now."""
    body = json.loads(stored.answer)
    body |= {
        "status": status,
        "customer_id": None if stored.customer_id is None else str(stored.customer_id),
        "customer_match": stored.customer_match,
        "linked_by": stored.linked_by,
    }
    loyalty = body["loyalty"]
    if loyalty is not None and stored.account_id is not None:
        book = desk.state.books[stored.account_id]
        loyalty |= {"account_id": str(stored.account_id), "balance": balance_json(book.balance(desk.now))}
    return Outcome(200, to_bytes(body), stored.receipt_id)


def to_bytes(body: dict[str, Any]) -> bytes:
    """Return the JSON of an answer."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
