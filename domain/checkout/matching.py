"""Which sale comes back: the one that is named, or the one that fits."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from domain.checkout.desk import Desk
from domain.checkout.state import Person, Stored
from domain.checkout.undoing import sold_lines
from domain.history.errors import LineNotSold, ReturnExceedsSale, ReturnTotalDiffers
from domain.history.receipt import Document, ReturnLine, SaleRef
from domain.kernel.errors import FieldError, UnknownReference
from domain.kernel.money import quantity_text
from domain.loyalty.returns import LineReturn, line_returns

RETURN_MATCH_DAYS = 30
"""How far back a return without a reference looks for its sale, unless the shop says otherwise."""

Split = list[tuple[int, int, int]]
"""(position in the return, index of the sale's line, thousandths)."""


def find_sale(desk: Desk, reference: SaleRef, wanted: Sequence[ReturnLine] = ()) -> Stored | None:
    """Return the document that a return or a void names, None while it is not known.

    An order may have several receipts: the first that holds all of `wanted` is meant.

    Raises:
        UnknownReference: an id of ours that is none.
    """
    if reference.receipt_id is not None:
        found = desk.state.documents.get(reference.receipt_id)
        if found is None:
            raise UnknownReference.at("/returns/receipt_id")
        return found
    if reference.order_id is not None and wanted:
        parts = (one for one in desk.state.documents.values() if one.order_id == reference.order_id)
        fitting = next((one for one in parts if one.kind == "sale" and _holds(one, wanted)), None)
        if fitting is not None:
            return fitting
    found = desk.state.document(reference.key) if reference.key is not None else None
    if found is not None and reference.fiscal is not None and not reference.fiscal.agrees(found.fiscal_check):
        return None
    return found


def infer_sale(desk: Desk, person: Person | None, document: Document) -> Stored | None:
    """Return the newest sale of the person that holds everything that comes back, by sku and unit price.

    The return's own line numbers say nothing of the sale's; totals that are there must fit.
    """
    wanted = [replace(line, line=None) for line in document.return_lines]
    if person is None or any(line.sku is None for line in wanted):
        return None
    since = document.sold_at - timedelta(days=RETURN_MATCH_DAYS)
    sales = [
        one
        for one in desk.state.documents.values()
        if one.kind == "sale" and one.state == "recorded" and one.customer_id is not None
        and desk.state.people.get(one.customer_id) == person and since <= one.counts_at <= document.sold_at
    ]  # fmt: skip
    newest_first = sorted(sales, key=lambda one: (one.counts_at, one.receipt_id), reverse=True)
    return next((sale for sale in newest_first if _holds(sale, wanted)), None)


def _holds(sale: Stored, wanted: Sequence[ReturnLine]) -> bool:
    """Tell whether all of `wanted` can come back of the sale, for the totals it names."""
    split, errors = split_lines(sale, wanted)
    if errors:
        return False
    try:
        check_totals(wanted, split, line_returns(sold_lines(sale), [(index, quantity) for _, index, quantity in split]))
    except ReturnTotalDiffers:
        return False
    return True


def split_lines(sale: Stored, wanted: Sequence[ReturnLine]) -> tuple[Split, list[FieldError]]:
    """Find the sale's lines for what comes back, the first with something left first."""
    left = [line.returnable if sale.state == "recorded" else 0 for line in sale.lines]
    split: Split = []
    errors = []
    for position, want in enumerate(wanted):
        candidates = _candidates(sale, want)
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


def _candidates(sale: Stored, want: ReturnLine) -> list[int]:
    """Return the lines meant: by name if its goods agree, else by sku; many tills number a return's lines anew."""
    lines = list(enumerate(sale.lines))
    if want.line is not None:
        named = [
            i for i, one in lines if one.line == want.line and (None in (want.sku, one.sku) or one.sku == want.sku)
        ]
        if named or want.sku is None:
            return named
    return [
        i for i, one in lines
        if one.sku == want.sku and (want.unit_price is None or one.unit_price == want.unit_price)
    ]  # fmt: skip


def check_totals(wanted: Sequence[ReturnLine], split: Split, shares: Sequence[LineReturn]) -> None:
    """Compare line totals with the lines' shares, where they are there.

    Raises:
        ReturnTotalDiffers: with every line that differs.
    """
    errors = []
    for position, want in enumerate(wanted):
        due = sum(share.total for (at, _, _), share in zip(split, shares, strict=True) if at == position)
        if want.total is not None and want.total != due:
            errors.append(FieldError(f"/lines/{position}/total", ReturnTotalDiffers.code, f"the line's share is {due}"))
    if errors:
        raise ReturnTotalDiffers(errors=errors)
