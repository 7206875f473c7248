"""Recorded sales as the ledger's rules of returns see them."""

from domain.checkout.desk import Desk
from domain.checkout.points import origin_of
from domain.checkout.state import Stored
from domain.loyalty.program import ProgramVersion
from domain.loyalty.returns import LineReturn, Sale, SoldLine, parts_spent


def sold_lines(sale: Stored) -> list[SoldLine]:
    """Return the lines of a sale with what its returns gave back so far."""
    return [
        SoldLine(
            quantity=line.quantity,
            total=line.total,
            tender=line.tender,
            earned=line.earned,
            redeemed=line.redeemed,
            returned=line.returned_quantity,
            refunded=line.returned_total,
            reversed=line.reversed,
            restored=line.restored,
        )
        for line in sale.lines
    ]


def program_of(desk: Desk, sale: Stored) -> ProgramVersion:
    """Return the program version the sale was computed by: never today's rules."""
    return desk.rules.program_of(sale.program_version, sale.counts_at)


def sale_of(desk: Desk, sale: Stored) -> Sale:
    """Return the sale of an account, with the lots that still stand for what it spent."""
    assert sale.account_id is not None and sale.customer_id is not None  # noqa: S101, PT018 - callers have looked
    book = desk.state.books[sale.account_id]
    family = {
        sale.receipt_id,
        *(one.receipt_id for one in desk.state.documents.values() if one.sale_id == sale.receipt_id),
    }
    entries = [e for e in desk.entries_of(sale.account_id) if e.document is not None and e.document.id in family]
    return Sale(
        receipt_id=sale.receipt_id,
        sold_at=sale.counts_at,
        sold_on=desk.business_date(sale.store, sale.counts_at),
        origin=origin_of(sale, program_of(desk, sale), sale.customer_id),
        parts=parts_spent(entries, {lot.lot_id: lot.parent_lot_id for lot in book.lots}),
    )


def take_shares(sale: Stored, shares: tuple[LineReturn, ...]) -> None:
    """Note on the sale's lines what came back."""
    for share in shares:
        line = sale.lines[share.line]
        line.returned_quantity += share.quantity
        line.returned_total += share.total
        line.reversed += share.reversed
        line.restored += share.restored
    sale.dirty = True
