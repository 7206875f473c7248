"""From what the till decided to the rows that `receipt_write` stores."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec

from domain.checkout.changes import Changes, NewReceipt, Parked, Remembered
from domain.checkout.changes import NewCustomer as Arrival
from domain.checkout.state import Stored, StoredLine, TillState
from domain.customers.customer import Acquisition, Card, Profile
from domain.customers.drafts import NewCustomer, NewIdentifier, identifier_of
from domain.customers.identifiers import Normalised
from domain.history.receipt import Payment
from domain.kernel.events import Actor
from domain.kernel.ids import new_id
from domain.loyalty.entries import BookChanges, Entry, LotDelta
from domain.loyalty.events import expiries
from domain.loyalty.lots import Lot
from persistence.customer_rows import NewCustomerRows, new_customer_rows
from persistence.event_log import event_rows
from persistence.idempotency import CLEAR
from tenancy.vault import TenantVault

Row = dict[str, Any]
_BYTES = frozenset({
    "answer", "document_hash", "fiscal_hash", "profile", "wrapped", "commitment", "blind", "ending", "sealed",
    "content_hash", "key_hash", "request_hash", "detail", "note",
})  # fmt: skip
"""Columns of bytes; `detail` is bytes in an event and data in a document."""

_encoder = msgspec.json.Encoder()
PARKED = {"table": "parked_document", "column": "sealed"}


def arguments(
    tenant_id: UUID, state: TillState, changes: Changes, *, vault: TenantVault, actor: Actor, now: datetime
) -> tuple[Any, ...] | None:
    """Return the arguments of `receipt_write`; what is empty is NULL, which skips its statement; None: nothing."""
    people = _new_people(changes, vault)
    receipts, lines, payments, line_updates = _documents(state, changes)
    books = [book.changes() for book in state.books.values()]
    figures, accounts = _accounts(books, changes, now)
    entries = [(one.account_id, entry) for one in books for entry in one.entries]
    updated = [_receipt_update(one) for one in state.documents.values() if one.dirty and not one.fresh]
    rows: tuple[Any, ...] = (
        figures,
        updated,
        people.customer,
        people.key,
        people.identifier,
        list(changes.used),
        accounts,
        accounts,
        receipts,
        lines,
        payments,
        line_updates,
        _metrics(changes),
        list(changes.recount),
        [_parked(one, vault, now) for one in changes.parked],
        [_lot(one.account_id, lot, now) for one in books for lot in one.new_lots],
        [_lot_change(one.account_id, delta) for one in books for delta in one.lot_deltas],
        [_entry(account_id, entry, actor, now) for account_id, entry in entries],
        [
            {"account_id": account_id, "seq": entry.seq, "lot_id": lot_id, "points": points}
            for account_id, entry in entries
            for lot_id, points in entry.allocations
        ],
        event_rows(
            [*changes.events, *expiries(books)], tenant_id=tenant_id, actor=actor, now=now, seal=_nothing_personal
        ),
        [{"id": new_id(), "what": one.what, "code": one.code, "store": one.store} for one in changes.places],
        [_call(one, now) for one in changes.remembered],
        [asdict(one) for one in changes.aliases],
    )
    if not any(rows):
        return None
    return (tenant_id, *(_plain(value) for value in rows))


def _plain(value: list[Any]) -> Any:
    """Return a column of ids as it is and rows as JSON; nothing as NULL."""
    if not value:
        return None
    if isinstance(value[0], UUID):
        return value
    for row in value:
        for name in _BYTES & row.keys():
            if isinstance(row[name], bytes):
                row[name] = "\\x" + row[name].hex()
    return _encoder.encode(value).decode()


def _nothing_personal(_customer_id: UUID | None, _plaintext: bytes) -> bytes:
    msg = "events of the till hold nothing personal"
    raise AssertionError(msg)


def _new_people(changes: Changes, vault: TenantVault) -> NewCustomerRows:
    return new_customer_rows([_person(new) for new in changes.customers], vault=vault)[0]


def _person(new: Arrival) -> NewCustomer:
    shown = [Normalised(one.type, one.system, one.value, one.raw) for one in new.presented]
    types = [one.type for one in shown]
    identifiers = [
        NewIdentifier(identifier_of(one, new.at, primary=types.index(one.type) == position), one, position)
        for position, one in enumerate(shown)
    ]
    card = Card(
        id=new.customer_id,
        profile=Profile(),
        acquisition=Acquisition(channel="till", medium="receipt", store=new.store, employee=new.employee),
        created_at=new.at,
        updated_at=new.at,
    )
    return NewCustomer(card, identifiers, (), ())


def _documents(state: TillState, changes: Changes) -> tuple[list[Row], list[Row], list[Row], list[Row]]:
    receipts, lines, payments = [], [], []
    for new in changes.receipts:
        stored = state.documents[new.receipt_id]
        receipts.append(_receipt(stored, new))
        lines += [_line(stored.receipt_id, line) for line in stored.lines]
        payments += list(_payments(new, stored))
    updates = []
    for stored in state.documents.values():
        if stored.dirty and not stored.fresh:
            lines += [_line(stored.receipt_id, line) for line in stored.lines if line.fresh]
            updates += [_line(stored.receipt_id, line) for line in stored.lines if not line.fresh]
    return receipts, lines, payments, updates


def _receipt(stored: Stored, new: NewReceipt) -> Row:
    document = new.document
    return _receipt_update(stored) | {
        "source": stored.source,
        "external_id": stored.external_id,
        "kind": stored.kind,
        "sold_at": stored.sold_at,
        "counts_at": stored.counts_at,
        "business_date": new.business_date,
        "recorded_at": stored.recorded_at,
        "store": stored.store,
        "register": document.register,
        "shift": document.shift,
        "employee": stored.employee,
        "channel": document.channel,
        "currency": stored.currency,
        "rounding": document.rounding,
        "reason": stored.reason,
        "order_id": stored.order_id,
        "basket_id": document.basket_id,
        "exchange_group": document.exchange_group,
        "document_hash": stored.document_hash,
        "fiscal_hash": stored.fiscal_hash,
    }


def _receipt_update(stored: Stored) -> Row:
    """Return what later documents may change; `version` is the one that was read."""
    return {name: getattr(stored, name) for name in _CHANGING}


_CHANGING = (
    "receipt_id", "version", "state", "voided_by", "customer_id", "customer_match", "linked_by", "account_id",
    "program_version", "earned", "redeemed", "restored", "reversed", "counted", "counted_receipts", "sale_id",
    "waiting_for", "total", "fiscal_scheme", "fiscal_key", "fiscal_check", "detail", "answer",
)  # fmt: skip


def _line(receipt_id: UUID, line: StoredLine) -> Row:
    row = {name: getattr(line, name) for name in _LINE}
    row["receipt_id"] = receipt_id
    return row


_LINE = tuple(name for name in StoredLine.__dataclass_fields__ if name != "fresh")


def _payments(new: NewReceipt, stored: Stored) -> Iterable[Row]:
    """Yield the payments; a document without any was paid in a way nobody told."""
    given = new.document.payments
    if given is None and stored.kind == "sale" and stored.total:
        given = (Payment("other", stored.total),)
    for number, payment in enumerate(given or (), start=1):
        yield {
            "receipt_id": stored.receipt_id,
            "payment_no": number,
            "method": payment.method,
            "amount": payment.amount,
        }


def _accounts(books: list[BookChanges], changes: Changes, now: datetime) -> tuple[list[Row], list[Row]]:
    """Return the accounts that moved, in the order of their ids, and those that were opened with their owners."""
    new = {account.account_id: account for account in changes.accounts}
    moved = sorted((one for one in books if one.entries and one.account_id not in new), key=lambda one: one.account_id)
    opened = [
        _account(one)
        | {
            "program_id": new[one.account_id].program_id,
            "created_at": now,
            "customer_id": new[one.account_id].customer_id,
            "joined_at": now,
        }
        for one in books
        if one.account_id in new
    ]
    return [_account(one) for one in moved], opened


def _account(changes: BookChanges) -> Row:
    return {
        "account_id": changes.account_id,
        "expected": changes.expected_version,
        "version": changes.version,
        "active": changes.active,
        "pending": changes.pending,
        "held": changes.held,
        "debt": changes.debt,
        "lifetime_earned": changes.lifetime_earned,
        "next_activation_at": changes.next_activation_at,
    }


def _metrics(changes: Changes) -> list[Row]:
    return [
        {
            "customer_id": customer_id,
            "currency": currency,
            "receipts": delta.receipts,
            "sales_total": delta.sales_total,
            "returns_total": delta.returns_total,
            "first_at": delta.first_at,
            "last_at": delta.last_at,
        }
        for (customer_id, currency), delta in changes.metrics.items()
    ]


def _parked(parked: Parked, vault: TenantVault, now: datetime) -> Row:
    return {
        "parked_id": new_id(),
        "reason": parked.reason,
        "source": parked.source,
        "external_id": parked.external_id,
        "content_hash": parked.content_hash,
        "receipt_id": parked.receipt_id,
        "recorded": parked.recorded,
        "received": parked.received,
        "sealed": vault.seal(parked.raw, **PARKED),
        "created_at": now,
    }


def _lot(account_id: UUID, lot: Lot, now: datetime) -> Row:
    origin = lot.origin
    return {
        "account_id": account_id,
        "lot_id": lot.lot_id,
        "amount": lot.amount,
        "remaining": lot.remaining,
        "reserved": lot.reserved,
        "expired": lot.expired,
        "open": lot.open,
        "state": lot.state.value,
        "activates_at": lot.activates_at,
        "expires_at": lot.expires_at,
        "origin": origin.kind.value,
        "receipt_id": origin.receipt_id,
        "rule": origin.rule,
        "program_version": origin.program_version,
        "parent_lot_id": lot.parent_lot_id,
        "funding_store": origin.funding_store,
        "qualifying": origin.qualifying,
        "root_customer_id": origin.root_party_id,
        "created_at": now,
    }


def _lot_change(account_id: UUID, delta: LotDelta) -> Row:
    return {
        "account_id": account_id,
        "lot_id": delta.lot_id,
        "amount": delta.remaining,
        "reserved": delta.reserved,
        "expired": delta.expired,
        "open": delta.open,
        "state": delta.state.value,
    }


def _entry(account_id: UUID, entry: Entry, actor: Actor, now: datetime) -> Row:
    document = entry.document
    return {
        "account_id": account_id,
        "seq": entry.seq,
        "entry_id": entry.entry_id,
        "kind": entry.kind.value,
        "points": entry.points,
        "at": entry.at,
        "recorded_at": now,
        "document_type": None if document is None else document.type,
        "document_id": None if document is None else document.id,
        "reason": entry.reason,
        "program_version": entry.rule_version,
        "actor": f"{actor.kind}:{actor.id}",
    }


def _call(call: Remembered, now: datetime) -> Mapping[str, Any]:
    return {
        "key_hash": call.key_hash,
        "operation": call.operation,
        "request_hash": call.request_hash,
        "status": call.status,
        "day": now.astimezone(UTC).date(),
        "receipt_id": call.receipt_id,
        "sealed": CLEAR + call.body,
        "created_at": now,
    }
