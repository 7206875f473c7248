"""A receipt that finds its person later: claimed by its QR, sent again with a customer, or typed on the wrong phone."""

from domain.checkout.desk import Desk
from domain.checkout.documents import line_again
from domain.checkout.outcome import LoyaltyEffect
from domain.checkout.points import origin_of
from domain.checkout.sale import figures
from domain.checkout.state import Person, Stored, StoredLine
from domain.checkout.undoing import program_of, sale_of, sold_lines
from domain.kernel.money import share_of
from domain.loyalty import entries
from domain.loyalty.earning import earn
from domain.loyalty.expiry import life_of_points
from domain.loyalty.ledger import Book
from domain.loyalty.notices import Explain
from domain.loyalty.returns import everything_left, move_in, void_sale


def attach(desk: Desk, sale: Stored, person: Person, match: str | None) -> LoyaltyEffect:
    """Give an anonymous sale to its person: figures, points net of its returns, dates counted from the sale."""
    program = desk.rules.program_at(sale.counts_at)
    book = _book(desk, person, sale)
    _hand_over(sale, person, book, match, desk)
    sale.program_version = program.version
    effect = LoyaltyEffect(book.account_id)
    if desk.rules.prices_in(sale.currency, sale.store):
        effect.earned, effect.pending, effect.explain = _earn_late(desk, sale, person, book)
    _count(desk, sale, person, 1)
    desk.tell("receipt.assigned", sale, figures(sale))
    desk.tell_points("earned", sale, effect.earned)
    return effect


def reassign(desk: Desk, sale: Stored, person: Person, match: str | None) -> LoyaltyEffect:
    """Move a sale, with what its returns left of it, from one person to another.

    Raises:
        NeedsFullBook: load more and decide again.
    """
    old_id = sale.customer_id
    if old_id is None or sale.account_id is None:
        return attach(desk, sale, person, match)
    if old_id == person.customer_id:
        return LoyaltyEffect(sale.account_id)
    program, lines, today = program_of(desk, sale), sold_lines(sale), desk.business_date(sale.store, desk.now)
    document = entries.Document("reassign", sale.receipt_id, desk.now)
    void_sale(
        desk.state.books[sale.account_id],
        sale_of(desk, sale),
        everything_left(lines),
        program=program,
        document=document,
        today=today,
        now=desk.now,
    )
    _count(desk, sale, Person(old_id, "active"), -1)
    desk.changes.recount.add(old_id)
    book = _book(desk, person, sale)
    _hand_over(sale, person, book, match, desk)
    redeemed, earned = move_in(book, sale_of(desk, sale), lines, program=program, document=document, now=desk.now)
    _count(desk, sale, person, 1)
    return LoyaltyEffect(book.account_id, earned=earned, redeemed=redeemed)


def _book(desk: Desk, person: Person, sale: Stored) -> Book:
    book, new = desk.book_of(person)
    if new:
        desk.open_account(person, book, desk.rules.program_at(sale.counts_at).program_id)
    return book


def _hand_over(sale: Stored, person: Person, book: Book, match: str | None, desk: Desk) -> None:
    for document in (sale, *desk.state.returns_of(sale)):
        document.customer_id, document.account_id = person.customer_id, book.account_id
        document.customer_match, document.dirty = match, True


def _earn_late(desk: Desk, sale: Stored, person: Person, book: Book) -> tuple[int, int, list[Explain]]:
    """Credit what the sale earns, less the share of what came back already.

    Return the points, how many of them are pending, and why.
    """
    program = desk.rules.program_at(sale.counts_at)
    sold_on = desk.business_date(sale.store, sale.counts_at)
    lines = [line_again(line) for line in sale.lines]
    earning = earn(lines, [line.tender for line in sale.lines], program, desk.rules.pack_on(sold_on))
    for line, points in zip(sale.lines, earning.by_line, strict=True):
        line.earned = points
        _share_out(desk, sale, line)
    net = earning.points - sum(line.reversed for line in sale.lines)
    life = life_of_points(program, sold_at=sale.counts_at, sold_on=sold_on, now=desk.now)
    if net:
        book.credit(
            net,
            document=entries.Document("receipt", sale.receipt_id, sale.counts_at),
            now=desk.now,
            life=life,
            origin=origin_of(sale, program, person.customer_id),
        )
    sale.earned = earning.points
    return net, net if life.activates_at > desk.now else 0, list(earning.explain)


def _count(desk: Desk, sale: Stored, person: Person, sign: int) -> None:
    metrics = desk.changes.metrics_of(person.customer_id, sale.currency)
    returned = sum(one.counted for one in desk.state.returns_of(sale))
    at = sale.counts_at if sign > 0 and sale.counted_receipts else None
    metrics.add(receipts=sign * sale.counted_receipts, sales=sign * sale.counted, returns=sign * returned, at=at)


def _share_out(desk: Desk, sale: Stored, line: StoredLine) -> None:
    """Note on the returns that came before the customer what each of them would have taken back of `line`."""
    cumulative = 0
    for back in sorted(desk.state.returns_of(sale), key=lambda one: (one.recorded_at, one.receipt_id)):
        for returned in back.lines:
            if returned.sale_line_no == line.line_no:
                cumulative += returned.quantity
                returned.reversed = share_of(line.earned, cumulative, line.quantity, line.reversed)
                line.reversed += returned.reversed
        back.reversed, back.dirty = sum(one.reversed for one in back.lines), True
