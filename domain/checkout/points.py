"""What a sale does to its customer's points: spend first, then earn."""

from dataclasses import dataclass
from uuid import UUID

from domain.checkout.desk import Desk, Item
from domain.checkout.identify import Identified
from domain.checkout.outcome import LoyaltyEffect
from domain.checkout.state import Stored
from domain.history.receipt import Document
from domain.loyalty import entries
from domain.loyalty.earning import BASE_RULE, earn
from domain.loyalty.expiry import life_of_points
from domain.loyalty.ledger import Book
from domain.loyalty.lots import Origin, OriginKind
from domain.loyalty.notices import Notice
from domain.loyalty.program import ProgramVersion
from domain.loyalty.redeeming import Spending, claim, default_presentation, spend


@dataclass(frozen=True, slots=True)
class Settled:
    """The effect, None without a person; `opened` is a book that is new and not known yet."""

    program_id: UUID
    effect: LoyaltyEffect | None
    opened: Book | None
    notices: tuple[Notice, ...]


def settle_points(desk: Desk, item: Item, stored: Stored, who: Identified) -> Settled:
    """Post what the sale spends and earns to the person's book, and attribute it to the lines of `stored`.

    Raises:
        InsufficientPoints, PointsLimitExceeded, RedemptionDoesNotMatch, VerificationRequired: see `spend` and `claim`;
            nothing is posted then.
        NeedsFullBook: load more and decide again.
    """
    document = item.document
    program = desk.rules.program_at(stored.counts_at)
    rated = desk.rules.prices_in(document.currency, document.store)
    book, new = (None, False) if who.person is None else desk.book_of(who.person)
    notices = [] if rated else [Notice("no-rate", "/currency", {"currency": document.currency})]
    if document.redemption is not None and document.redemption.hold_id is not None:
        notices.append(Notice("hold-lapsed", "/redemption/hold_id"))
    spending = _spend(desk, item, stored, program, book if rated else None)
    notices += spending.notices
    for line, points, money in zip(stored.lines, spending.by_line, spending.tender, strict=True):
        line.redeemed, line.tender = points, money
    if book is None or who.person is None:
        return Settled(program.program_id, None, None, tuple(notices))
    stored.account_id, stored.program_version, stored.redeemed = book.account_id, program.version, spending.charged
    effect = LoyaltyEffect(book.account_id, redeemed=spending.charged)
    if rated:
        notices += post_earning(
            desk,
            stored,
            document,
            program=program,
            book=book,
            customer_id=who.person.customer_id,
            spending=spending,
            effect=effect,
        )
    return Settled(program.program_id, effect, book if new else None, tuple(notices))


def _spend(desk: Desk, item: Item, stored: Stored, program: ProgramVersion, book: Book | None) -> Spending:
    document, wish = item.document, item.document.redemption
    pack = desk.rules.pack_on(desk.business_date(document.store, stored.counts_at))
    claimed = claim(
        wish,
        document.lines,
        document.payments or (),
        presentation=(wish and wish.as_) or default_presentation(desk.rules.country),
        program=program,
        pack=pack,
    )
    return spend(
        claimed,
        book,
        lines=document.lines,
        program=program,
        document=entries.Document("receipt", stored.receipt_id, stored.counts_at),
        now=desk.now,
        record=_recorded_anyway(item),
    )


def _recorded_anyway(item: Item) -> bool:
    """Tell whether the receipt is printed already, so that it can no longer be refused."""
    wish = item.document.redemption
    if wish is not None and wish.on_insufficient is not None:
        return wish.on_insufficient == "record"
    return not item.live or item.document.fiscal is not None or (wish is not None and wish.hold_id is not None)


def post_earning(
    desk: Desk,
    stored: Stored,
    document: Document,
    *,
    program: ProgramVersion,
    book: Book,
    customer_id: UUID,
    spending: Spending,
    effect: LoyaltyEffect,
) -> list[Notice]:
    """Credit what the lines earn, attribute it to them, and say so in `effect`; return the notices."""
    sold_on = desk.business_date(stored.store, stored.counts_at)
    pack = desk.rules.pack_on(sold_on)
    earning = earn(document.lines, spending.tender, program, pack, redeeming=spending.charged > 0)
    life = life_of_points(program, sold_at=stored.counts_at, sold_on=sold_on, now=desk.now)
    if earning.points:
        book.credit(
            earning.points,
            document=entries.Document("receipt", stored.receipt_id, stored.counts_at),
            now=desk.now,
            life=life,
            origin=origin_of(stored, program, customer_id),
        )
    for line, points in zip(stored.lines, earning.by_line, strict=True):
        line.earned = points
    stored.earned = effect.earned = earning.points
    effect.pending = earning.points if life.activates_at > desk.now else 0
    effect.explain += earning.explain
    return list(earning.notices)


def origin_of(stored: Stored, program: ProgramVersion, customer_id: UUID) -> Origin:
    """Return where points of this sale come from."""
    return Origin(
        OriginKind.EARN,
        stored.receipt_id,
        BASE_RULE,
        program.version,
        funding_store=stored.store,
        root_party_id=customer_id,
    )
