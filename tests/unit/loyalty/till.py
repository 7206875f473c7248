"""A till in memory: stores what books decide exactly as a database would, and posts receipts through the rules."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from uuid import UUID

from domain.history.receipt import DiscountPart, Payment, ReceiptLine, Redemption
from domain.kernel.clock import business_date
from domain.kernel.ids import new_id
from domain.loyalty.entries import Balance, BookChanges, Document, Entry
from domain.loyalty.errors import NeedsFullBook
from domain.loyalty.journal import Tail
from domain.loyalty.ledger import Book
from domain.loyalty.lots import Lot, Origin, OriginKind, spending_order
from domain.loyalty.program import ProgramVersion, preset
from domain.loyalty.proof import Proved, rebuild
from domain.loyalty.redeeming import DISCOUNT, claim
from domain.loyalty.restrictions import NO_RESTRICTIONS, Pack
from domain.loyalty.returns import (
    LineReturn,
    ReturnEffects,
    Sale,
    SoldLine,
    Undone,
    everything_left,
    give_return,
    line_returns,
    move_in,
    parts_spent,
    void_return,
    void_sale,
)
from tests.unit.loyalty.posting import Posting, origin_of, post_sale

MOSCOW = "Europe/Moscow"
NOON = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
PROGRAM = preset(UUID(int=7), MOSCOW)

T = TypeVar("T")


def goods(total: int, *, paid_by_points: int = 0, quantity: int = 1000, **fields: object) -> ReceiptLine:
    """A line of `total` minor units; `paid_by_points` is money already taken off it by points."""
    discounts = (DiscountPart("points", paid_by_points),) if paid_by_points else ()
    price = (total + paid_by_points) * 1000 // quantity
    return ReceiptLine(
        line="1",
        quantity=quantity,
        unit_price=price,
        total=total,
        discount=paid_by_points,
        discounts=discounts,
        **fields,
    )  # type: ignore[arg-type]


def redemption(points: int) -> Redemption:
    return Redemption(points, None, None)


@dataclass
class Stored:
    """One account as a database keeps it: cached figures, lots, entries; a write is checked like the real one."""

    account_id: UUID
    version: int = 0
    active: int = 0
    pending: int = 0
    held: int = 0
    debt: int = 0
    lifetime_earned: int = 0
    status: str = "active"
    next_activation_at: datetime | None = None
    lots: dict[UUID, Lot] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    recorded: dict[int, datetime] = field(default_factory=dict)

    def book(self, first: int | None = None, named: Sequence[UUID] = ()) -> Book:
        """Load the first open lots in spending order (None: all) and the named ones, closed ones too."""
        loaded = sorted((lot for lot in self.lots.values() if lot.open), key=spending_order)
        tail = None
        if first is not None:
            loaded = loaded[:first]
            tail = (
                Tail.behind(
                    loaded,
                    active=self.active,
                    pending=self.pending,
                    held=self.held,
                    next_activation_at=self.next_activation_at,
                )
                if loaded
                else None
            )
        have = {lot.lot_id for lot in loaded}
        loaded += [self.lots[lot_id] for lot_id in named if lot_id not in have]
        return Book(
            self.account_id,
            self.version,
            self.active,
            self.pending,
            self.held,
            self.debt,
            self.lifetime_earned,
            self.status,
            [lot.copy() for lot in loaded],
            tail,
        )

    def save(self, changes: BookChanges, now: datetime) -> None:
        assert changes.expected_version == self.version
        assert [entry.seq for entry in changes.entries] == list(range(self.version + 1, changes.version + 1))
        for lot in changes.new_lots:
            assert lot.lot_id not in self.lots
            self.lots[lot.lot_id] = lot.copy()
        for delta in changes.lot_deltas:
            lot = self.lots[delta.lot_id]
            lot.remaining += delta.remaining
            lot.reserved += delta.reserved
            lot.expired += delta.expired
            lot.state = delta.state
            assert lot.open is delta.open
        for lot in self.lots.values():
            assert 0 <= lot.reserved <= lot.remaining <= lot.amount
            assert lot.expired >= 0
        for name in ("active", "pending", "held", "debt", "lifetime_earned", "version", "next_activation_at"):
            setattr(self, name, getattr(changes, name))
        assert min(self.active, self.pending, self.held, self.debt) >= 0
        self.entries += changes.entries
        self.recorded |= {entry.seq: now for entry in changes.entries}

    def proof(self, now: datetime) -> Proved:
        return rebuild(self.entries, list(self.lots.values()), now)


@dataclass
class SoldReceipt:
    """A sale as the history keeps it, with its cumulative line facts."""

    sale: Sale
    account: Stored
    lines: list[SoldLine]
    posting: Posting
    documents: list[UUID]
    returns: dict[UUID, tuple[LineReturn, ...]] = field(default_factory=dict)
    voided: bool = False


@dataclass
class Till:
    """One shop with one program and a clock; accounts are made as they are needed."""

    program: ProgramVersion = PROGRAM
    pack: Pack = NO_RESTRICTIONS
    now: datetime = NOON
    first: int | None = None
    store_zone: str = MOSCOW
    account: Stored = field(default_factory=lambda: Stored(new_id()))

    def wait(self, **time: float) -> None:
        self.now += timedelta(**time)

    def decide(self, account: Stored, decide: Callable[[Book], T], named: Sequence[UUID] = ()) -> T:
        """Decide on the first lots, on all of them when those do not do; then store."""
        book = account.book(self.first, named)
        try:
            result = decide(book)
        except NeedsFullBook as need:
            book = account.book(None, [*named, *need.lot_ids])
            result = decide(book)
        account.save(book.changes(), self.now)
        return result

    def sell(
        self,
        *lines: ReceiptLine,
        points: int | None = None,
        presentation: str = DISCOUNT,
        record: bool = False,
        sold_at: datetime | None = None,
        account: Stored | None = None,
        payments: Sequence[Payment] = (),
        verified: bool = False,
    ) -> SoldReceipt:
        account = account or self.account
        document = Document("receipt", new_id(), sold_at or self.now)
        asked = redemption(points) if points is not None else None
        claimed = claim(asked, lines, payments, presentation=presentation, program=self.program, pack=self.pack)
        sold_on = business_date(document.at, self.store_zone)
        origin = origin_of(document.id, self.program, store="main")
        posting = self.decide(
            account,
            lambda book: post_sale(
                book,
                claimed,
                lines,
                program=self.program,
                pack=self.pack,
                document=document,
                origin=origin,
                sold_on=sold_on,
                now=self.now,
                record=record,
                verified=verified,
            ),
        )
        sold = [
            SoldLine(line.quantity, line.total, tender, earned, redeemed)
            for line, tender, earned, redeemed in zip(
                lines, posting.spending.tender, posting.earning.by_line, posting.spending.by_line, strict=True
            )
        ]
        sale = Sale(document.id, document.at, sold_on, origin)
        return SoldReceipt(sale, account, sold, posting, [document.id])

    def take_return(
        self, receipt: SoldReceipt, *items: tuple[int, int], at: datetime | None = None
    ) -> tuple[UUID, Undone]:
        """Return (line index, quantity in thousandths) pairs; all that is left without pairs."""
        shares = line_returns(receipt.lines, items) if items else everything_left(receipt.lines)
        document = Document("return", new_id(), at or self.now)
        undone = self._undo(
            receipt,
            document,
            lambda book, sale: give_return(
                book,
                sale,
                shares,
                program=self.program,
                document=document,
                returned_on=business_date(document.at, self.store_zone),
                now=self.now,
            ),
        )
        self._count(receipt, shares, 1)
        receipt.returns[document.id] = shares
        return document.id, undone

    def void(self, receipt: SoldReceipt) -> Undone:
        shares = everything_left(receipt.lines)
        document = Document("void", new_id(), self.now)
        undone = self._undo(
            receipt,
            document,
            lambda book, sale: void_sale(
                book,
                sale,
                shares,
                program=self.program,
                document=document,
                today=business_date(self.now, self.store_zone),
                now=self.now,
            ),
        )
        self._count(receipt, shares, 1)
        receipt.voided = True
        return undone

    def void_return(self, receipt: SoldReceipt, return_id: UUID) -> Undone:
        effects = ReturnEffects.of(receipt.account.entries, return_id)
        document = Document("void", new_id(), self.now)
        undone = self._undo(
            receipt,
            document,
            lambda book, sale: void_return(
                book,
                sale,
                effects,
                program=self.program,
                document=document,
                today=business_date(self.now, self.store_zone),
                now=self.now,
            ),
        )
        self._count(receipt, receipt.returns.pop(return_id), -1)
        return undone

    def reassign(self, receipt: SoldReceipt, to: Stored) -> None:
        """Undo what is left on one account and give it to another; the line facts stay as they are."""
        lines = list(receipt.lines)
        self.void(receipt)
        receipt.voided, receipt.lines, receipt.account = False, lines, to
        document = Document("reassign", new_id(), self.now)
        receipt.documents.append(document.id)
        self.decide(
            to,
            lambda book: move_in(book, receipt.sale, lines, program=self.program, document=document, now=self.now),
        )

    def adjust(self, points: int, *, expires_at: datetime | None = None, account: Stored | None = None) -> None:
        document = Document("adjustment", new_id(), self.now, reason="goodwill")
        origin = Origin(OriginKind.ADJUST)
        self.decide(
            account or self.account,
            lambda book: book.adjust(points, document=document, now=self.now, expires_at=expires_at, origin=origin),
        )

    def settle(self, account: Stored | None = None) -> None:
        """What the expiry job does."""
        self.decide(account or self.account, lambda book: book.settle(self.now))

    def balance(self, account: Stored | None = None) -> Balance:
        return (account or self.account).book().balance(self.now)

    def _undo(self, receipt: SoldReceipt, document: Document, decide: Callable[[Book, Sale], Undone]) -> Undone:
        account = receipt.account
        entries = [entry for entry in account.entries if entry.document and entry.document.id in receipt.documents]
        parents = {lot.lot_id: lot.parent_lot_id for lot in account.lots.values()}
        sale = replace(receipt.sale, parts=parts_spent(entries, parents))
        named = {lot_id for entry in entries for lot_id, _ in entry.allocations}
        named |= {lot.lot_id for lot in account.lots.values() if lot.origin.receipt_id == sale.receipt_id}
        undone = self.decide(account, lambda book: decide(book, sale), sorted(named))
        receipt.documents.append(document.id)
        return undone

    @staticmethod
    def _count(receipt: SoldReceipt, shares: Sequence[LineReturn], sign: int) -> None:
        for share in shares:
            line = receipt.lines[share.line]
            receipt.lines[share.line] = replace(
                line,
                returned=line.returned + sign * share.quantity,
                refunded=line.refunded + sign * share.total,
                reversed=line.reversed + sign * share.reversed,
                restored=line.restored + sign * share.restored,
            )
