"""Points given or taken by hand: goodwill, corrections, and what a customer brought along when the shop moved in."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from domain.checkout.desk import Desk
from domain.checkout.identify import identify_by
from domain.checkout.ports import LoadRequest, TillTransaction
from domain.checkout.state import Person, Presented, TillState
from domain.history.receipt import CustomerRef
from domain.kernel.errors import DomainError, FieldError, UnknownReference
from domain.kernel.events import Event
from domain.kernel.ids import new_id
from domain.kernel.payment_card import mask_cards
from domain.loyalty.entries import Balance, Document, Entry, EntryKind
from domain.loyalty.errors import ExpiryOutOfRange
from domain.loyalty.ledger import Book
from domain.loyalty.lots import Origin, OriginKind
from domain.loyalty.ports import LoyaltyUnit, Remark

LONGEST = timedelta(days=36525)
"""A hundred years: points that end later are a slip of the pen."""

SOURCE = "adjustments"
OPENING = frozenset({"opening", "opening_balance", "opening-balance"})
"""Reasons by which a lot is known as brought along rather than given here."""

_CODE = re.compile(r"[a-z0-9]+(?:[_.:-][a-z0-9]+)*", re.ASCII)
MAX_CODE = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjustment:
    """Points to be added (> 0) or taken (< 0), of an account or of whom `customer` names.

    `presented` are the identifiers that can be such, `impossible` the positions of others. `expires_at` None: the
    points never end.
    """

    points: int
    reason: str
    account_id: UUID | None = None
    customer: CustomerRef | None = None
    presented: tuple[Presented, ...] = ()
    impossible: tuple[int, ...] = ()
    expires_at: datetime | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Adjusted:
    """What was recorded; `reason` and `note` as they will be read, `customer_id` the account's owner."""

    account_id: UUID
    customer_id: UUID | None
    entry: Entry
    recorded_at: datetime
    reason: str
    note: str | None
    balance: Balance


async def adjust_points(
    items: Sequence[Adjustment], *, unit: LoyaltyUnit, transaction: TillTransaction
) -> list[Adjusted | DomainError]:
    """Adjust one after another, in one read and one write; one that is refused never harms its neighbours.

    Raises:
        Stale: somebody else opened the same account just now: the caller rolls back and runs it again.
    """
    desk = await _held(items, unit, transaction)
    owners = await unit.ledger.owners({item.account_id for item in items if item.account_id})
    results: list[Adjusted | DomainError] = []
    for item in items:
        try:
            results.append(_adjust(desk, item, owners.get(item.account_id) if item.account_id else None))
        except DomainError as refusal:
            results.append(refusal)
    await transaction.save(desk.state, desk.changes, unit.actor)
    await unit.ledger.remark([_remark(one) for one in results if isinstance(one, Adjusted) and _needs_seal(one)])
    return results


async def _held(items: Sequence[Adjustment], unit: LoyaltyUnit, transaction: TillTransaction) -> Desk:
    """Read whom and what the items name, hold it, and read it again as it stands now."""
    request = LoadRequest(deep=True)
    for item in items:
        request.blinds.update((shown.type, shown.blind) for shown in item.presented)
        if item.customer is not None and item.customer.id is not None:
            request.customers.add(item.customer.id)
    account_ids = {item.account_id for item in items if item.account_id is not None}
    seen = await transaction.load(request)
    await _complete(seen, account_ids, unit)
    await transaction.lock(seen)
    state = await transaction.load(request)
    await _complete(state, account_ids, unit)
    return Desk(state, await transaction.rules(state.config_version), unit.clock.now())


async def _complete(state: TillState, account_ids: set[UUID], unit: LoyaltyUnit) -> None:
    missing = account_ids - state.books.keys()
    if missing:
        state.books.update(await unit.ledger.books(missing))


def _adjust(desk: Desk, item: Adjustment, owner: UUID | None) -> Adjusted:
    _check_expiry(item, desk.now)
    if item.account_id is not None:
        book = desk.state.books.get(item.account_id)
        if book is None:
            raise UnknownReference.at("/account_id")
        return _post(desk, item, book, owner)
    return _of_customer(desk, item)


def _of_customer(desk: Desk, item: Adjustment) -> Adjusted:
    """Adjust the account of a person, who gets one with the first points.

    Raises:
        UnknownReference: nobody is named, or several are.
        InsufficientPoints: see `Book.adjust`; then nobody and nothing new is made.
    """
    assert item.customer is not None  # noqa: S101 - the schema asks for one of the two
    who = identify_by(item.customer, item.presented, item.impossible, desk.state, desk.now, source=SOURCE, store=None)
    if item.impossible:
        raise UnknownReference.at(f"/customer/identifiers/{item.impossible[0]}")
    if who.person is None or any(notice.code == "identifier-conflict" for notice in who.warnings):
        raise UnknownReference.at("/customer" if item.customer.id is None else "/customer/id")
    book, new = desk.book_of(who.person)
    done = _post(desk, item, book, who.person.customer_id)
    if who.new is not None:
        desk.bring(who.person, who.new)
    if new:
        _open(desk, who.person, book)
    return done


def _open(desk: Desk, person: Person, book: Book) -> None:
    desk.open_account(person, book, desk.rules.program_at(desk.now).program_id)


def _post(desk: Desk, item: Adjustment, book: Book, owner: UUID | None) -> Adjusted:
    reason = mask_cards(item.reason)
    document = Document("adjustment", new_id(), desk.now, reason if _is_code(reason) else None)
    kind = OriginKind.OPENING if reason in OPENING else OriginKind.ADJUST
    origin = Origin(kind, program_version=desk.rules.program_at(desk.now).version, root_party_id=owner)
    book.adjust(item.points, document=document, now=desk.now, expires_at=item.expires_at, origin=origin)
    entry = next(one for one in reversed(book.changes().entries) if _is_of(one, document))
    data = {"points": item.points, "adjustment_id": str(document.id), "reason": document.reason}
    desk.changes.events.append(Event("points.adjusted", "account", book.account_id, desk.now, owner, data=data))
    note = None if item.note is None else mask_cards(item.note)
    return Adjusted(book.account_id, owner, entry, desk.now, reason, note, book.balance(desk.now))


def _is_of(entry: Entry, document: Document) -> bool:
    return entry.kind is EntryKind.ADJUST and entry.document is not None and entry.document.id == document.id


def _check_expiry(item: Adjustment, now: datetime) -> None:
    """Refuse an end that cannot be meant.

    Raises:
        ExpiryOutOfRange: it is over, too far away, or points are taken.
    """
    ends = item.expires_at
    if ends is None:
        return
    what = None
    if item.points < 0:
        what = "points that are taken have no end"
    elif ends <= now:
        what = "is over"
    elif ends > now + LONGEST:
        what = "is more than a hundred years away"
    if what is not None:
        raise ExpiryOutOfRange(errors=[FieldError("/expires_at", ExpiryOutOfRange.code, what)])


def _is_code(reason: str) -> bool:
    """Tell whether a reason is a word of the shop's own rather than a sentence, which may name somebody."""
    return len(reason) <= MAX_CODE and _CODE.fullmatch(reason) is not None


def _needs_seal(done: Adjusted) -> bool:
    return done.note is not None or done.entry.reason is None


def _remark(done: Adjusted) -> Remark:
    reason = done.reason if done.entry.reason is None else None
    return Remark(done.account_id, done.entry.seq, done.customer_id, reason, done.note)
