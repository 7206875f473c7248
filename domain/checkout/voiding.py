"""A void: as if the document had not been. It is not a return, and statistics do not show it as one."""

from domain.checkout.answering import Recorded
from domain.checkout.desk import Desk, Item
from domain.checkout.documents import business_moment, kept
from domain.checkout.matching import find_sale
from domain.checkout.outcome import LoyaltyEffect
from domain.checkout.sale import figures
from domain.checkout.state import Stored
from domain.checkout.undoing import program_of, sale_of, sold_lines
from domain.history.errors import ReceiptVoided
from domain.history.receipt import waiting_text
from domain.loyalty import entries
from domain.loyalty.notices import Notice
from domain.loyalty.returns import ReturnEffects, everything_left, void_return, void_sale


def record_void(desk: Desk, item: Item) -> Recorded:
    """Record a void document that nobody knew; one whose document is not known waits for it.

    Raises:
        UnknownReference: it names a receipt id that is none.
        ReceiptVoided: it names another void.
        NeedsFullBook: load more and decide again.
    """
    document = item.document
    counts_at, notices = business_moment(document, desk.now)
    assert document.returns is not None  # noqa: S101 - the schema asks for it
    target = find_sale(desk, document.returns)
    stored = kept(document, counts_at=counts_at, now=desk.now, total=document.total or 0, lines=[])
    effect = None
    if target is not None:
        effect = void(desk, target, document.reason, by=stored)
    else:
        stored.state = "waiting"
        stored.waiting_for = None if document.returns.key is None else waiting_text(document.returns.key)
        notices.append(Notice("sale-not-found", "/returns"))
    notices += desk.know_places(document)
    desk.keep(item, stored)
    return Recorded(stored, notices, effect)


def void(desk: Desk, target: Stored, reason: str | None, by: Stored | None = None) -> LoyaltyEffect | None:
    """Undo `target`; `by` is the document that asks for it. Voiding what is void changes nothing.

    Raises:
        ReceiptVoided: it is itself a void.
        NeedsFullBook: load more and decide again.
    """
    if target.kind == "void":
        raise ReceiptVoided("A void cannot be taken back; send the receipt again.")
    effect = None
    if target.state == "recorded":
        effect = _void_sale(desk, target, reason) if target.kind == "sale" else _void_return(desk, target, reason)
        desk.tell("receipt.voided", target, figures(target) | {"reason": reason})
    if target.state != "voided":
        target.state, target.waiting_for, target.dirty = "voided", None, True
        target.voided_by = None if by is None else by.receipt_id
    if by is not None:
        by.sale_id, by.customer_id, by.account_id = target.receipt_id, target.customer_id, target.account_id
        by.state, by.waiting_for, by.dirty = "recorded", None, True
        by.program_version, by.total = target.program_version, by.total or target.total
        if effect is not None:
            by.restored, by.reversed = effect.restored, effect.reversed
    if effect is None and target.account_id is not None:
        return LoyaltyEffect(target.account_id)
    return effect


def _ledger_document(desk: Desk, target: Stored, reason: str | None) -> entries.Document:
    """Return the cause of the entries: always the document that is undone, so that its sale's later reads find them."""
    return entries.Document("void", target.receipt_id, desk.now, reason)


def _void_sale(desk: Desk, sale: Stored, reason: str | None) -> LoyaltyEffect | None:
    shares = everything_left(sold_lines(sale))
    if sale.customer_id is not None:
        returned = sum(one.counted for one in desk.state.returns_of(sale))
        metrics = desk.changes.metrics_of(sale.customer_id, sale.currency)
        metrics.add(receipts=-sale.counted_receipts, sales=-sale.counted, returns=-returned)
        desk.changes.recount.add(sale.customer_id)
    effect = None
    if sale.account_id is not None:
        undone = void_sale(
            desk.state.books[sale.account_id],
            sale_of(desk, sale),
            shares,
            program=program_of(desk, sale),
            document=_ledger_document(desk, sale, reason),
            today=desk.business_date(sale.store, desk.now),
            now=desk.now,
        )
        effect = LoyaltyEffect(sale.account_id, restored=undone.restored, reversed=undone.reversed)
    for share in shares:
        line = sale.lines[share.line]
        line.reversed += share.reversed
        line.restored += share.restored
    return effect


def _void_return(desk: Desk, target: Stored, reason: str | None) -> LoyaltyEffect | None:
    """Undo a return: what it took comes back, what it restored is spent again."""
    sale = desk.state.documents.get(target.sale_id) if target.sale_id else None
    if sale is None or sale.state == "voided":
        return None
    effect = None
    if sale.account_id is not None:
        undone = void_return(
            desk.state.books[sale.account_id],
            sale_of(desk, sale),
            _effects(desk, sale, target),
            program=program_of(desk, sale),
            document=_ledger_document(desk, target, reason),
            today=desk.business_date(sale.store, desk.now),
            now=desk.now,
        )
        effect = LoyaltyEffect(sale.account_id, restored=undone.restored, reversed=undone.reversed)
    for line in target.lines:
        sold = next(one for one in sale.lines if one.line_no == line.sale_line_no)
        sold.returned_quantity -= line.quantity
        sold.returned_total -= line.total
        sold.reversed -= line.reversed
        sold.restored -= line.restored
    sale.dirty = True
    if sale.customer_id is not None:
        desk.changes.metrics_of(sale.customer_id, sale.currency).add(returns=-target.counted)
    return effect


def _effects(desk: Desk, sale: Stored, target: Stored) -> ReturnEffects:
    """Return what a return did to the account that holds its sale now.

    A sale that was moved or claimed after its return took the return's effect along in figures, without entries.
    """
    assert sale.account_id is not None  # noqa: S101 - the caller has looked
    effects = ReturnEffects.of(desk.entries_of(sale.account_id), target.receipt_id)
    if effects.given or effects.taken:
        return effects
    return ReturnEffects.elsewhere(
        restored=sum(line.restored for line in target.lines), reversed_=sum(line.reversed for line in target.lines)
    )
