"""From the rows of `receipt_read` to the state that the till's rules look at."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.checkout.ports import LoadRequest
from domain.checkout.state import Found, KnownCall, Person, Stored, StoredLine, TillState
from domain.history.receipt import waiting_text
from domain.loyalty.entries import Document, Entry, EntryKind
from domain.loyalty.ledger import Book, Tail
from domain.loyalty.lots import Lot, LotState, Origin, OriginKind
from persistence.till_wire import ReceiptRead

LOTS = 32
"""Open lots that come with every read, in spending order."""

Rows = Sequence[dict[str, Any]]


def arguments(tenant_id: UUID, request: LoadRequest) -> tuple[Any, ...]:
    """Return the arguments of `receipt_read`; what nobody asked for is NULL, which skips its query."""
    documents = [key[1:] for key in request.keys if key[0] == "document"]
    fiscals = [key[1:] for key in request.keys if key[0] == "fiscal"]
    orders = [key[1] for key in request.keys if key[0] == "order"]
    return (
        tenant_id,
        _column(documents, 0),
        _column(documents, 1),
        _column(fiscals, 0),
        _column(fiscals, 1),
        orders or None,
        list(request.receipts) or None,
        [waiting_text(key) for key in request.waiting] or None,
        [kind for kind, _ in request.blinds] or None,
        [blind for _, blind in request.blinds] or None,
        list(request.customers) or None,
        list(request.idempotency) or None,
        request.recent,
        request.deep,
        LOTS if request.lots else 0,
    )


def _column(rows: Sequence[Sequence[str]], index: int) -> list[str] | None:
    return [row[index] for row in rows] or None


def state_of(read: ReceiptRead, program_id: UUID | None, *, lots: bool = True) -> TillState:
    """Return the state in what `receipt_read` returned; without `lots`, books are names to be held by."""
    state = TillState(read["config_version"] or 0, read["status"] or "missing")
    for row in read["customers"] or ():
        person = Person(row["canonical_id"], row["state"], row["is_staff"])
        state.people[row["customer_id"]] = person
        state.people.setdefault(person.customer_id, person)
    for shown in read["identifiers"] or ():
        found = Found(
            shown["identifier_id"], shown["customer_id"], shown["status"], shown["verified"], shown["last_used_at"]
        )
        state.found.setdefault((shown["type"], bytes.fromhex(shown["blind"])), []).append(found)
    for member in read["members"] or ():
        if program_id is None or member["program_id"] == program_id:
            state.account_of[member["customer_id"]] = member["account_id"]
    _read_books(state, read, whole=read["deep"] or not lots)
    for document in read["documents"] or ():
        stored = stored_of(document["receipt"], document["lines"] or ())
        state.remember(stored)
        if stored.waiting_for is not None:
            state.waiting.setdefault(stored.waiting_for, []).append(stored.receipt_id)
    for alias in read["aliases"] or ():
        state.by_key.setdefault(("document", alias["source"], alias["external_id"]), UUID(alias["receipt_id"]))
    for call in read["keys"] or ():
        state.calls[bytes.fromhex(call["key_hash"])] = KnownCall(
            bytes.fromhex(call["request_hash"]),
            call["status"] or 0,
            _id(call["receipt_id"]),
            None if call["answer"] is None else bytes.fromhex(call["answer"])[1:],
        )
    for entry in read["entries"] or ():
        state.entries.setdefault(UUID(entry["account_id"]), []).append(entry_of(entry))
    return state


def _read_books(state: TillState, read: ReceiptRead, *, whole: bool) -> None:
    lots: dict[UUID, list[Lot]] = {}
    for row in read["lots"] or ():
        lots.setdefault(row["account_id"], []).append(lot_of(row))
    for account in read["accounts"] or ():
        account_id = account["account_id"]
        state.books[account_id] = book_of(account, lots.get(account_id, []), whole=whole)


def book_of(row: Mapping[str, Any], lots: list[Lot], *, whole: bool) -> Book:
    """Return an account's book; unless `whole`, `lots` are the first ones in spending order."""
    book = Book(
        account_id=row["account_id"],
        version=row["version"],
        active=row["active"],
        pending=row["pending"],
        held=row["held"],
        debt=row["debt"],
        lifetime_earned=row["lifetime_earned"],
        status=row["status"],
        lots=lots,
    )
    if not whole:
        book.tail = Tail.behind(
            lots,
            active=book.active,
            pending=book.pending,
            held=book.held,
            next_activation_at=row["next_activation_at"],
        )
    return book


def lot_of(row: Mapping[str, Any]) -> Lot:
    """Return a lot row."""
    origin = Origin(
        OriginKind(row["origin"]),
        row["receipt_id"],
        row["rule"],
        row["program_version"],
        row["qualifying"],
        row["funding_store"],
        row["root_customer_id"],
    )
    return Lot(
        lot_id=row["lot_id"],
        amount=row["amount"],
        remaining=row["remaining"],
        state=LotState(row["state"]),
        activates_at=row["activates_at"],
        expires_at=row["expires_at"],
        origin=origin,
        reserved=row["reserved"],
        expired=row["expired"],
        parent_lot_id=row["parent_lot_id"],
    )


def entry_of(row: dict[str, Any]) -> Entry:
    """Return an entry row with its allocations."""
    at = _moment(row["at"])
    assert at is not None  # noqa: S101 - NOT NULL in the table
    document = None
    if row["document_id"] is not None:
        document = Document(row["document_type"], UUID(str(row["document_id"])), at)
    return Entry(
        UUID(str(row["entry_id"])),
        row["seq"],
        EntryKind(row["kind"]),
        row["points"],
        at,
        document,
        row["reason"],
        row["program_version"],
        tuple((UUID(str(lot_id)), points) for lot_id, points in row["allocations"] or ()),
    )


def stored_of(row: dict[str, Any], lines: Iterable[dict[str, Any]]) -> Stored:
    """Return a receipt row with its lines."""
    values = {name: row[name] for name in _PLAIN}
    values |= {name: _id(row[name]) for name in _IDS}
    values |= {name: _moment(row[name]) for name in _MOMENTS}
    values |= {name: bytes.fromhex(row[name][2:]) for name in _BYTES}
    return Stored(**values, lines=[StoredLine(**{name: line[name] for name in _LINE}) for line in lines])


_IDS = ("receipt_id", "customer_id", "account_id", "sale_id", "voided_by")
_MOMENTS = ("sold_at", "counts_at", "recorded_at")
_BYTES = ("document_hash", "fiscal_hash", "answer")
_PLAIN = tuple(
    name for name in Stored.__dataclass_fields__ if name not in {*_IDS, *_MOMENTS, *_BYTES, "lines", "fresh", "dirty"}
)
_LINE = tuple(name for name in StoredLine.__dataclass_fields__ if name != "fresh")


def _moment(value: str | datetime | None) -> datetime | None:
    return datetime.fromisoformat(value) if isinstance(value, str) else value


def _id(value: str | UUID | None) -> UUID | None:
    return UUID(value) if isinstance(value, str) else value
