"""A return: what comes back of which sale, and what that does to money and points.

Source: the API contract, "Return". The effect always goes to the account of the sale.
"""

from collections.abc import Sequence
from datetime import timedelta

from domain.checkout.answering import Recorded
from domain.checkout.desk import Desk, Item
from domain.checkout.documents import business_moment, kept
from domain.checkout.identify import identify
from domain.checkout.outcome import LoyaltyEffect
from domain.checkout.sale import figures
from domain.checkout.state import Person, Stored, StoredLine
from domain.checkout.undoing import program_of, sale_of, sold_lines, take_shares
from domain.history.errors import LineNotSold, ReturnExceedsSale, ReturnTotalDiffers
from domain.history.receipt import Document, ReturnLine, SaleRef, waiting_text
from domain.kernel.errors import FieldError, UnknownReference
from domain.kernel.money import quantity_text
from domain.loyalty import entries
from domain.loyalty.notices import Notice
from domain.loyalty.returns import LineReturn, give_return, line_returns

RETURN_MATCH_DAYS = 30
"""How far back a return without a reference looks for its sale, unless the shop says otherwise."""

Split = list[tuple[int, int, int]]
"""(position in the return, index of the sale's line, thousandths)."""


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
    sale = find_sale(desk, document.returns) if document.returns else infer_sale(desk, who.person, document)
    stored = kept(document, counts_at=counts_at, now=desk.now, total=document.total or 0, lines=[])
    stored.customer_match = who.match
    effect = None
    if sale is not None:
        stored.linked_by = None if document.returns else "inferred"
        effect = apply_return(desk, stored, sale, document.return_lines)
    else:
        _wait(desk, item, stored)
        notices.append(Notice("sale-not-found", "/returns"))
    notices += desk.know_places(document)
    desk.keep(item, stored)
    if sale is not None:
        tell_return(desk, stored)
    return Recorded(stored, [*who.warnings, *notices], effect)


def find_sale(desk: Desk, reference: SaleRef) -> Stored | None:
    """Return the document that a return or a void names, None while it is not known.

    Raises:
        UnknownReference: an id of ours that is none.
    """
    if reference.receipt_id is not None:
        found = desk.state.documents.get(reference.receipt_id)
        if found is None:
            raise UnknownReference.at("/returns/receipt_id")
        return found
    return desk.state.document(reference.key) if reference.key is not None else None


def infer_sale(desk: Desk, person: Person | None, document: Document) -> Stored | None:
    """Return the newest sale of the person that holds everything that comes back, by sku and unit price."""
    if person is None:
        return None
    since = document.sold_at - timedelta(days=RETURN_MATCH_DAYS)
    sales = [
        one
        for one in desk.state.documents.values()
        if one.kind == "sale" and one.state == "recorded" and one.customer_id is not None
        and desk.state.people.get(one.customer_id) == person and since <= one.counts_at <= document.sold_at
    ]  # fmt: skip
    for sale in sorted(sales, key=lambda one: (one.counts_at, one.receipt_id), reverse=True):
        if _split(sale, document.return_lines)[1] == []:
            return sale
    return None


def apply_return(desk: Desk, stored: Stored, sale: Stored, wanted: Sequence[ReturnLine]) -> LoyaltyEffect | None:
    """Give back what `wanted` takes from `sale`; `stored` becomes its return. Nothing has moved when it raises.

    Raises:
        ReturnExceedsSale, LineNotSold, ReturnTotalDiffers, NeedsFullBook.
    """
    if sale.kind != "sale":
        raise LineNotSold(errors=[FieldError("/returns", "line-not-sold", "names no sale")])
    split, errors = _split(sale, wanted)
    if errors:
        missing = any(error.code == LineNotSold.code for error in errors)
        raise (LineNotSold if missing else ReturnExceedsSale)(errors=errors)
    shares = line_returns(sold_lines(sale), [(index, quantity) for _, index, quantity in split])
    _check_totals(wanted, split, shares)
    effect = _give(desk, stored, sale, shares)
    take_shares(sale, shares)
    stored.sale_id, stored.state, stored.waiting_for = sale.receipt_id, "recorded", None
    stored.customer_id = sale.customer_id
    stored.total = stored.total or sum(share.total for share in shares)
    stored.counted = sum(share.money for share in shares if sale.lines[share.line].counts)
    _keep_lines(stored, sale, shares)
    if sale.customer_id is not None:
        desk.changes.metrics_of(sale.customer_id, sale.currency).add(returns=stored.counted)
    return effect


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


def _split(sale: Stored, wanted: Sequence[ReturnLine]) -> tuple[Split, list[FieldError]]:
    """Find the sale's lines for what comes back, the first with something left first."""
    left = [line.returnable if sale.state == "recorded" else 0 for line in sale.lines]
    split: Split = []
    errors = []
    for position, want in enumerate(wanted):
        candidates = [index for index, line in enumerate(sale.lines) if _same(line, want)]
        if not candidates:
            errors.append(FieldError(f"/lines/{position}", LineNotSold.code, "is not in the sale"))
        rest = want.quantity
        for index in candidates:
            taken = min(rest, left[index])
            if taken:
                split.append((position, index, taken))
                left[index] -= taken
                rest -= taken
        if candidates and rest:
            returnable = quantity_text(want.quantity - rest)
            message = f"more than was sold: {returnable} can still come back"
            errors.append(FieldError(f"/lines/{position}/quantity", ReturnExceedsSale.code, message))
    return split, errors


def _same(line: StoredLine, want: ReturnLine) -> bool:
    if want.line is not None:
        return line.line == want.line and (want.sku is None or line.sku is None or line.sku == want.sku)
    return line.sku == want.sku and (want.unit_price is None or line.unit_price == want.unit_price)


def _check_totals(wanted: Sequence[ReturnLine], split: Split, shares: Sequence[LineReturn]) -> None:
    errors = []
    for position, want in enumerate(wanted):
        due = sum(share.total for (at, _, _), share in zip(split, shares, strict=True) if at == position)
        if want.total is not None and want.total != due:
            errors.append(FieldError(f"/lines/{position}/total", ReturnTotalDiffers.code, f"the line's share is {due}"))
    if errors:
        raise ReturnTotalDiffers(errors=errors)


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
        gtin=None,
        name=None,
        category=None,
        brand=None,
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
