"""What a person does to a recorded receipt: void it, give it to somebody else, claim it by its QR."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from domain.checkout.answering import again, with_effect
from domain.checkout.desk import Desk
from domain.checkout.identify import identify_by
from domain.checkout.moving import attach, reassign
from domain.checkout.outcome import Outcome
from domain.checkout.ports import LoadRequest, TillTransaction
from domain.checkout.state import Person, Presented, Stored
from domain.checkout.voiding import void
from domain.history.errors import AlreadyClaimed, ClaimLimit, ReceiptNotFound, ReceiptVoided
from domain.history.fiscal_qr import FiscalQr
from domain.history.receipt import CustomerRef
from domain.kernel.clock import Clock
from domain.kernel.errors import UnknownReference
from domain.kernel.events import Actor

CLAIM_DAYS = 30
"""How old a receipt may be that is claimed."""

CLAIMS = 30
"""How many receipts of the last 30 days one person may have claimed: more is somebody collecting left receipts."""


async def void_receipt(
    receipt_id: UUID, reason: str, *, transaction: TillTransaction, clock: Clock, actor: Actor
) -> Outcome:
    """Take a receipt back as if it had not been; doing it again changes nothing.

    Raises:
        ReceiptNotFound, ReceiptVoided (a void cannot be taken back), Stale.
    """
    desk = await _held(LoadRequest(receipts={receipt_id}, deep=True), transaction, clock)
    stored = _the(desk, receipt_id)
    void(desk, stored, reason)
    await transaction.save(desk.state, desk.changes, actor)
    return again(desk, stored, status="recorded")


async def reassign_receipt(
    receipt_id: UUID,
    customer: CustomerRef,
    presented: Sequence[Presented],
    *,
    transaction: TillTransaction,
    clock: Clock,
    actor: Actor,
) -> Outcome:
    """Move a sale to the person it belongs to; a return moves with its sale.

    Raises:
        ReceiptNotFound, ReceiptVoided, UnknownReference (nobody is found), Stale.
    """
    request = _asking(LoadRequest(receipts={receipt_id}, deep=True), customer, presented)
    desk = await _held(request, transaction, clock)
    stored = _the(desk, receipt_id)
    sale = _the(desk, stored.sale_id) if stored.kind == "return" and stored.sale_id else stored
    if sale.state != "recorded" or sale.kind != "sale":
        raise ReceiptVoided
    person, match = _somebody(desk, sale, customer, presented)
    effect = reassign(desk, sale, person, match)
    sale.answer = with_effect(desk, sale, effect)
    await transaction.save(desk.state, desk.changes, actor)
    return again(desk, stored, status="recorded")


async def claim_receipt(
    qr: FiscalQr,
    customer: CustomerRef,
    presented: Sequence[Presented],
    *,
    transaction: TillTransaction,
    clock: Clock,
    actor: Actor,
) -> Outcome:
    """Give an anonymous receipt to the person who holds its paper (C34).

    Raises:
        UnknownReference: no such receipt, or nobody is found.
        AlreadyClaimed, ClaimLimit, Stale.
    """
    request = LoadRequest(keys={qr.fiscal.natural_key}, recent=clock.now() - timedelta(days=CLAIM_DAYS), deep=True)
    desk = await _held(_asking(request, customer, presented), transaction, clock)
    sale = desk.state.document(qr.fiscal.natural_key)
    # The total and the fiscal sign stand on the paper only: whoever guesses numbers learns nothing.
    checks = qr.fiscal.check, sale and sale.fiscal_check
    if sale is None or (None not in checks and checks[0] != checks[1]) or qr.total not in (None, sale.total):
        raise UnknownReference.at("/qr")
    person, match = _somebody(desk, sale, customer, presented)
    if sale.customer_id is not None:
        if desk.state.people.get(sale.customer_id) != person:
            raise AlreadyClaimed
        return again(desk, sale, status="recorded")
    if sale.state != "recorded" or sale.kind != "sale":
        raise ReceiptVoided
    claimed = [one for one in desk.state.documents.values() if one.linked_by == "claim"]
    if sale.counts_at < desk.now - timedelta(days=CLAIM_DAYS) or len(claimed) >= CLAIMS:
        raise ClaimLimit(days=CLAIM_DAYS, claims=CLAIMS)
    effect = attach(desk, sale, person, match)
    sale.linked_by = "claim"
    sale.answer = with_effect(desk, sale, effect)
    await transaction.save(desk.state, desk.changes, actor)
    return again(desk, sale, status="recorded")


async def _held(request: LoadRequest, transaction: TillTransaction, clock: Clock) -> Desk:
    """Read what is asked for, hold it, and read it again as it stands now."""
    await transaction.lock(await transaction.load(request))
    state = await transaction.load(request)
    return Desk(state, await transaction.rules(state.config_version), clock.now())


def _the(desk: Desk, receipt_id: UUID) -> Stored:
    stored = desk.state.documents.get(receipt_id)
    if stored is None:
        raise ReceiptNotFound
    return stored


def _asking(request: LoadRequest, customer: CustomerRef, presented: Sequence[Presented]) -> LoadRequest:
    request.blinds.update((shown.type, shown.blind) for shown in presented)
    if customer.id is not None:
        request.customers.add(customer.id)
    return request


def _somebody(
    desk: Desk, sale: Stored, customer: CustomerRef, presented: Sequence[Presented]
) -> tuple[Person, str | None]:
    """Return the one person that was named; a new one becomes known.

    Raises:
        UnknownReference: nobody, or several.
    """
    who = identify_by(customer, presented, (), desk.state, desk.now, source=sale.source, store=sale.store)
    if who.person is None or any(notice.code == "identifier-conflict" for notice in who.warnings):
        raise UnknownReference.at("/customer")
    if who.new is not None:
        desk.bring(who.person, who.new)
    return who.person, who.match
