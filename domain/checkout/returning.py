"""A return: what comes back of which sale, and what that does to money and points.

Source: the API contract, "Return". The effect always goes to the account of the sale.
"""

from collections.abc import Sequence
from dataclasses import replace

from domain.checkout.answering import Recorded
from domain.checkout.desk import Desk, Item
from domain.checkout.documents import business_moment, kept
from domain.checkout.identify import identify
from domain.checkout.matching import check_totals, find_sale, infer_sale, split_lines
from domain.checkout.outcome import LoyaltyEffect
from domain.checkout.sale import figures
from domain.checkout.state import Stored, StoredLine
from domain.checkout.undoing import program_of, sale_of, sold_lines, take_shares
from domain.history.errors import LineNotSold, ReturnExceedsSale
from domain.history.receipt import Document, ReturnLine, waiting_text
from domain.history.sums import check_return_sums
from domain.kernel.errors import FieldError
from domain.loyalty import entries
from domain.loyalty.notices import Notice
from domain.loyalty.returns import LineReturn, give_return, line_returns


def record_return(desk: Desk, item: Item) -> Recorded:
    """Record a return that nobody knew; one whose sale is not known waits for it.

    Raises:
        ReturnExceedsSale, LineNotSold, ReturnTotalDiffers: it does not fit its sale.
        UnknownReference: it names a receipt id that is none.
        SoldTooEarly: a broken clock.
        NeedsFullBook: load more and decide again.
    """
    document = item.document
    counts_at, notices = business_moment(document, desk.now)
    who = identify(document, item.presented, item.impossible, desk.state, desk.now)
    wanted = document.return_lines if document.returns else _unnumbered(document)
    sale = find_sale(desk, document.returns, wanted) if document.returns else infer_sale(desk, who.person, document)
    stored = kept(document, counts_at=counts_at, now=desk.now, total=document.total or 0, lines=[])
    stored.customer_match = who.match
    effect = None
    if sale is not None:
        stored.linked_by = None if document.returns else "inferred"
        effect = apply_return(desk, stored, sale, wanted, document)
    else:
        _wait(desk, item, stored)
        notices.append(Notice("sale-not-found", "/returns"))
    notices += desk.know_places(document)
    desk.keep(item, stored)
    if sale is not None:
        tell_return(desk, stored)
    return Recorded(stored, [*who.warnings, *notices], effect)


def apply_return(
    desk: Desk, stored: Stored, sale: Stored, wanted: Sequence[ReturnLine], document: Document | None = None
) -> LoyaltyEffect | None:
    """Give back what `wanted` takes from `sale`; `stored` becomes its return. Nothing has moved when it raises.

    `document` is what was sent, None for one that has waited.

    Raises:
        ReturnExceedsSale, LineNotSold, ReturnTotalDiffers, ReceiptDoesNotAddUp, NeedsFullBook.
    """
    if sale.kind != "sale":
        raise LineNotSold(errors=[FieldError("/returns", "line-not-sold", "names no sale")])
    split, errors = split_lines(sale, wanted)
    if errors:
        missing = any(error.code == LineNotSold.code for error in errors)
        raise (LineNotSold if missing else ReturnExceedsSale)(errors=errors)
    shares = line_returns(sold_lines(sale), [(index, quantity) for _, index, quantity in split])
    check_totals(wanted, split, shares)
    due = sum(share.total for share in shares)
    if document is not None:
        check_return_sums(document, due=due, money=sum(share.money for share in shares))
        due += document.rounding
    effect = _give(desk, stored, sale, shares)
    take_shares(sale, shares)
    stored.sale_id, stored.state, stored.waiting_for = sale.receipt_id, "recorded", None
    stored.customer_id = sale.customer_id
    stored.total = stored.total or due
    stored.counted = sum(share.money for share in shares if sale.lines[share.line].counts)
    _keep_lines(stored, sale, shares)
    if sale.customer_id is not None:
        desk.changes.metrics_of(sale.customer_id, sale.currency).add(returns=stored.counted)
    return effect


def _unnumbered(document: Document) -> tuple[ReturnLine, ...]:
    """Return the lines without their names: where no sale is named they are the return's own numbers."""
    return tuple(replace(line, line=None) for line in document.return_lines)


def tell_return(desk: Desk, stored: Stored) -> None:
    """Append the events of a return that took effect."""
    desk.tell("receipt.recorded", stored, figures(stored))
    desk.tell_points("restored", stored, stored.restored)
    desk.tell_points("reversed", stored, stored.reversed)


def _give(desk: Desk, stored: Stored, sale: Stored, shares: tuple[LineReturn, ...]) -> LoyaltyEffect | None:
    if sale.account_id is None:
        return None
    undone = give_return(
        desk.state.books[sale.account_id],
        sale_of(desk, sale),
        shares,
        program=program_of(desk, sale),
        document=entries.Document("return", stored.receipt_id, stored.counts_at, stored.reason),
        returned_on=desk.business_date(stored.store, stored.counts_at),
        now=desk.now,
    )
    stored.account_id, stored.program_version = sale.account_id, sale.program_version
    stored.restored, stored.reversed = undone.restored, undone.reversed
    refund = {
        "money": sum(share.money for share in shares),
        "points_restored": undone.restored,
        "points_reversed": undone.reversed,
        "deduction": 0,
        "currency": sale.currency,
    }
    return LoyaltyEffect(sale.account_id, restored=undone.restored, reversed=undone.reversed, refund=refund)


def _keep_lines(stored: Stored, sale: Stored, shares: Sequence[LineReturn]) -> None:
    """Write one line for each share; rows of a return that waited are used first."""
    waiting = {line.line_no for line in stored.lines}
    stored.lines = [_return_line(number, sale.lines[share.line], share) for number, share in enumerate(shares, start=1)]
    for line in stored.lines:
        line.fresh = line.line_no not in waiting
    stored.dirty = True


def _return_line(line_no: int, sold: StoredLine, share: LineReturn) -> StoredLine:
    return StoredLine(
        line_no=line_no,
        line=sold.line,
        kind=sold.kind,
        settlement=sold.settlement,
        sku=sold.sku,
        gtin=sold.gtin,
        name=sold.name,
        category=sold.category,
        brand=sold.brand,
        quantity=share.quantity,
        unit_price=sold.unit_price,
        discount=0,
        total=share.total,
        detail={},
        tender=share.total - share.money,
        reversed=share.reversed,
        restored=share.restored,
        sale_line_no=sold.line_no,
    )


def _wait(desk: Desk, item: Item, stored: Stored) -> None:
    """Keep a return until its sale comes; without a reference it is also shown to the owner."""
    document = item.document
    stored.state = "waiting"
    stored.lines = [_waiting_line(number, line) for number, line in enumerate(document.return_lines, start=1)]
    if document.returns is not None and document.returns.key is not None:
        stored.waiting_for = waiting_text(document.returns.key)
    else:
        desk.park("sale-not-found", item, None)


def _waiting_line(line_no: int, wanted: ReturnLine) -> StoredLine:
    detail = {"line": wanted.line, "total": wanted.total, "unit_price": wanted.unit_price}
    return StoredLine(
        line_no=line_no,
        line=wanted.line or "",
        kind="goods",
        settlement="full",
        sku=wanted.sku,
        gtin=wanted.gtin,
        name=wanted.name,
        category=wanted.category,
        brand=wanted.brand,
        quantity=wanted.quantity,
        unit_price=wanted.unit_price or 0,
        discount=0,
        total=wanted.total or 0,
        detail=detail,
    )


def wanted_again(stored: Stored) -> list[ReturnLine]:
    """Return what a waiting return asked for."""
    return [
        ReturnLine(line.quantity, line.detail["line"], line.sku, line.detail["total"], line.detail["unit_price"])
        for line in stored.lines
    ]
