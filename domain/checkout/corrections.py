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
from domain.checkout.sale import figures
from domain.checkout.state import Person, Presented, Stored
from domain.checkout.voiding import void
from domain.history.errors import AlreadyClaimed, ClaimLimit, ReceiptNotFound, ReceiptVoided
from domain.history.fiscal_qr import FiscalQr
from domain.history.receipt import CustomerRef
from domain.kernel.clock import Clock
from domain.kernel.errors import UnknownReference
from domain.kernel.events import Actor, Change, Event, EventLog

CLAIM_DAYS = 30
CLAIMS = 30
"""How many receipts sold within 30 days of each other one person may claim: more is somebody collecting left paper.

How old a receipt is does not matter (C34); what it earned ends when it would have ended.
"""

LOOK_BACK = timedelta(days=400)
"""How far back claims are counted: what is older has no points left to collect."""


async def void_receipt(
    receipt_id: UUID,
    reason: str,
    replaced_by: str | None = None,
    *,
    transaction: TillTransaction,
    clock: Clock,
    actor: Actor,
) -> Outcome:
    """Take a receipt back as if it had not been; doing it again changes nothing.

    `replaced_by` is the number of the document that was sent in its place.

    Raises:
        ReceiptNotFound, ReceiptVoided (a void cannot be taken back), Stale.
    """
    desk = await _held(LoadRequest(receipts={receipt_id}, deep=True), transaction, clock)
    stored = _the(desk, receipt_id)
    if replaced_by is not None and stored.state != "voided":
        stored.detail["replaced_by"] = replaced_by
    void(desk, stored, reason)
    await transaction.save(desk.state, desk.changes, actor)
    return again(desk, stored, status="recorded")


async def reassign_receipt(
    receipt_id: UUID,
    customer: CustomerRef,
    presented: Sequence[Presented],
    reason: str,
    *,
    transaction: TillTransaction,
    events: EventLog,
    clock: Clock,
    actor: Actor,
) -> Outcome:
    """Move a sale to the person it belongs to; a return moves with its sale. The log keeps who, from whom and why.

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
    former = sale.customer_id
    effect = reassign(desk, sale, person, match)
    sale.answer = with_effect(desk, sale, effect)
    await transaction.save(desk.state, desk.changes, actor)
    if former != sale.customer_id:
        await events.add([_moved(sale, former, reason)])
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
    request = LoadRequest(keys={qr.fiscal.natural_key}, recent=clock.now() - LOOK_BACK, deep=True)
    desk = await _held(_asking(request, customer, presented), transaction, clock)
    sale = desk.state.document(qr.fiscal.natural_key)
    # The total and the fiscal sign stand on the paper only: whoever guesses numbers learns nothing.
    if sale is None or not qr.fiscal.agrees(sale.fiscal_check) or qr.total not in (None, sale.total):
        raise UnknownReference.at("/qr")
    person, match = _somebody(desk, sale, customer, presented)
    if sale.customer_id is not None:
        if desk.state.people.get(sale.customer_id) != person:
            raise AlreadyClaimed
        return again(desk, sale, status="recorded")
    if sale.state != "recorded" or sale.kind != "sale":
        raise ReceiptVoided
    near = timedelta(days=CLAIM_DAYS)
    claimed = [one for one in desk.state.documents.values() if one.linked_by == "claim"]
    if sum(abs(one.counts_at - sale.counts_at) < near for one in claimed) >= CLAIMS:
        raise ClaimLimit(days=CLAIM_DAYS, claims=CLAIMS)
    effect = attach(desk, sale, person, match)
    sale.linked_by = "claim"
    sale.answer = with_effect(desk, sale, effect)
    await transaction.save(desk.state, desk.changes, actor)
    return again(desk, sale, status="recorded")


def _moved(sale: Stored, former: UUID | None, reason: str) -> Event:
    """Return what the log keeps of a reassignment; the reason may name somebody and is sealed."""
    changes = [Change("customer_id", former, sale.customer_id), Change("reason", None, reason, personal=True)]
    data = figures(sale) | {"from_customer_id": None if former is None else str(former)}
    return Event("receipt.reassigned", "receipt", sale.receipt_id, sale.counts_at, sale.customer_id, changes, data)


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
