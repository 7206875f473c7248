"""What one document is decided with, and what every kind of document does to figures, places and accounts."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from domain.checkout.changes import (
    Changes,
    NewAccount,
    NewCustomer,
    NewPlace,
    NewReceipt,
    Parked,
    Remembered,
)
from domain.checkout.documents import compared, compared_stored
from domain.checkout.outcome import Outcome
from domain.checkout.rules import ShopRules
from domain.checkout.state import Person, Presented, Stored, TillState
from domain.history.natural_key import document_digest
from domain.history.receipt import Document
from domain.kernel.events import Event
from domain.kernel.ids import new_id
from domain.loyalty.entries import Entry
from domain.loyalty.ledger import Book
from domain.loyalty.notices import Notice


@dataclass(frozen=True, slots=True)
class Item:
    """One document to be recorded.

    `presented` are the identifiers that can be such, with their blind digests, `impossible` the positions of others.
    `live`: a single call of a till that can still be refused. `remembered`: key and body digests of an idempotent call.
    """

    document: Document
    presented: tuple[Presented, ...] = ()
    impossible: tuple[int, ...] = ()
    live: bool = True
    raw: bytes = b""
    remembered: tuple[str, bytes, bytes] | None = None


@dataclass(slots=True)
class Desk:
    """The rows, the rules and the moment; what is decided goes into `changes`."""

    state: TillState
    rules: ShopRules
    now: datetime
    changes: Changes = field(default_factory=Changes)

    def __post_init__(self) -> None:
        """Let what is decided be recorded as of the moment it is decided at."""
        self.changes.at = self.now

    def business_date(self, store: str | None, at: datetime) -> date:
        """Return the date of `at` in the store's zone."""
        return self.rules.business_date(store, at)

    def book_of(self, person: Person) -> tuple[Book, bool]:
        """Return the person's account, or a new one that `open_account` must still make known."""
        account_id = self.state.account_of.get(person.customer_id)
        if account_id is not None:
            return self.state.books[account_id], False
        return Book(new_id()), True

    def open_account(self, person: Person, book: Book, program_id: UUID) -> None:
        """Make a new account known, with its owner."""
        self.state.account_of[person.customer_id] = book.account_id
        self.state.books[book.account_id] = book
        self.changes.accounts.append(NewAccount(book.account_id, person.customer_id, program_id, self.now))

    def entries_of(self, account_id: UUID) -> Sequence[Entry]:
        """Return the loaded entries of an account, those recorded in this batch too."""
        return [*self.state.entries.get(account_id, ()), *self.state.books[account_id].changes().entries]

    def know_places(self, document: Document) -> list[Notice]:
        """Create the codes that nobody knew, unconfirmed; tell of them once."""
        store, notices = document.store, []
        known = self.changes.places
        if store is not None and store not in self.rules.stores and not _there(known, "store", store, store):
            known.append(NewPlace("store", store, store))
            notices.append(Notice("unknown-store", "/store", {"code": store}))
        code = document.register
        if (
            code is not None
            and (store, code) not in self.rules.registers
            and not _there(known, "register", code, store)
        ):
            known.append(NewPlace("register", code, store))
        code = document.employee
        if code is not None and code not in self.rules.employees and not _there(known, "employee", code, None):
            known.append(NewPlace("employee", code, store))
        return notices

    def remember(self, item: Item, outcome: Outcome) -> None:
        """Keep the call's key with its answer."""
        if item.remembered is not None:
            operation, key_hash, request_hash = item.remembered
            self.changes.remembered.append(
                Remembered(key_hash, request_hash, operation, outcome.status, outcome.receipt_id, outcome.body)
            )

    def keep(self, item: Item, stored: Stored) -> None:
        """Take a new document in: it is stored, and known to later ones."""
        on = self.business_date(stored.store, stored.counts_at)
        self.changes.receipts.append(NewReceipt(stored.receipt_id, item.document, on))
        self.state.remember(stored)

    def park(self, reason: str, item: Item, recorded: Stored | None) -> None:
        """Put a document where an owner sees it, because it could not take effect."""
        document = item.document
        self.changes.parked.append(
            Parked(
                reason,
                document.source,
                document.external_id,
                document_digest(document),
                None if recorded is None else recorded.receipt_id,
                None if recorded is None else compared_stored(recorded),
                compared(document),
                item.raw,
            )
        )

    def park_again(self, reason: str, waiting: Stored, sale: Stored) -> None:
        """Show the owner a document that waited and then did not fit."""
        waiting.waiting_for, waiting.dirty = None, True
        summary = compared_stored(waiting)
        self.changes.parked.append(
            Parked(
                reason,
                waiting.source,
                waiting.external_id,
                waiting.document_hash,
                sale.receipt_id,
                compared_stored(sale),
                summary,
                json.dumps(summary, ensure_ascii=False).encode(),
            )
        )

    def bring(self, person: Person, new: NewCustomer) -> None:
        """Make a person that a receipt brought known, to be stored with it."""
        self.state.people[person.customer_id] = person
        self.state.learn(new.customer_id, new.presented)
        self.changes.customers.append(new)
        data = {"source": new.source, "store": new.store}
        self.changes.events.append(
            Event("customer.created", "customer", person.customer_id, self.now, person.customer_id, data=data)
        )

    def tell(
        self,
        kind: str,
        stored: Stored,
        data: Mapping[str, Any],
        *,
        object_type: str = "receipt",
        object_id: UUID | None = None,
    ) -> None:
        """Append an event about `stored`; `data` holds ids and figures."""
        self.changes.events.append(
            Event(
                kind,
                object_type,
                object_id or stored.receipt_id,
                stored.counts_at,
                customer_id=stored.customer_id,
                data=dict(data),
            )
        )

    def tell_points(self, kind: str, stored: Stored, points: int) -> None:
        """Append `points.<kind>` when there are any."""
        if points and stored.account_id is not None:
            data = {"points": points, "receipt_id": str(stored.receipt_id)}
            self.tell(f"points.{kind}", stored, data, object_type="account", object_id=stored.account_id)


def _there(places: Sequence[NewPlace], what: str, code: str, store: str | None) -> bool:
    """Tell whether the batch creates the place already; an employee is known by the code alone."""
    return any(
        place.what == what and place.code == code and (store is None or place.store == store) for place in places
    )
