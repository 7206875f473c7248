"""What the till knows while it decides: the loaded rows, and what earlier documents of the same batch made of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from domain.history.receipt import GOODS_SETTLED, NOT_A_PURCHASE, Key, fiscal_keys
from domain.loyalty.entries import Entry
from domain.loyalty.ledger import Book

FRESHLY_USED = datetime.max.replace(tzinfo=UTC)
"""An identifier that was made in this very batch needs no touch of `last_used_at`."""


@dataclass(frozen=True, slots=True)
class Presented:
    """An identifier as it was shown, normalised; `blind` is what it is found by. A `barred` one is junk."""

    type: str
    system: str | None
    value: str
    raw: str
    blind: bytes
    barred: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """An identifier row that matched."""

    identifier_id: UUID
    customer_id: UUID
    status: str
    verified: bool
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class Person:
    """What the till's rules need of a customer; `customer_id` is the canonical one."""

    customer_id: UUID
    state: str
    is_staff: bool = False


@dataclass(slots=True)
class StoredLine:
    """A line of a recorded document with what its returns took back so far."""

    line_no: int
    line: str
    kind: str
    settlement: str
    sku: str | None
    gtin: str | None
    name: str | None
    category: str | None
    brand: str | None
    quantity: int
    unit_price: int
    discount: int
    total: int
    detail: Mapping[str, Any]
    earned: int = 0
    redeemed: int = 0
    tender: int = 0
    returned_quantity: int = 0
    returned_total: int = 0
    reversed: int = 0
    restored: int = 0
    sale_line_no: int | None = None
    fresh: bool = False

    @property
    def counts(self) -> bool:
        """Whether the line is a purchase of goods handed over."""
        return self.settlement in GOODS_SETTLED and self.kind not in NOT_A_PURCHASE

    @property
    def returnable(self) -> int:
        """Return how many thousandths may still come back."""
        return self.quantity - self.returned_quantity


@dataclass(slots=True)
class Stored:
    """A recorded document as later ones may change it; `version` is the one that was read."""

    receipt_id: UUID
    version: int
    source: str
    external_id: str
    kind: str
    state: str
    sold_at: datetime
    counts_at: datetime
    recorded_at: datetime
    currency: str
    total: int
    store: str | None
    employee: str | None
    customer_id: UUID | None
    customer_match: str | None
    linked_by: str | None
    account_id: UUID | None
    program_version: int | None
    earned: int
    redeemed: int
    restored: int
    reversed: int
    counted: int
    counted_receipts: int
    sale_id: UUID | None
    waiting_for: str | None
    voided_by: UUID | None
    order_id: str | None
    fiscal_scheme: str | None
    fiscal_key: str | None
    fiscal_check: str | None
    document_hash: bytes
    fiscal_hash: bytes
    reason: str | None
    detail: dict[str, Any]
    answer: bytes
    lines: list[StoredLine] = field(default_factory=list)
    fresh: bool = False
    dirty: bool = False

    def natural_keys(self) -> tuple[Key, ...]:
        """Return every key under which a later document may name this one."""
        keys: list[Key] = [("document", self.source, self.external_id)]
        keys += fiscal_keys(self.fiscal_scheme, self.fiscal_key, self.fiscal_check)
        if self.order_id is not None and self.kind == "sale":
            keys.append(("order", self.order_id))
        return tuple(keys)


@dataclass(frozen=True, slots=True)
class KnownCall:
    """A call that was made under an idempotency key; `answer` is None while it is worked on elsewhere."""

    request_hash: bytes
    status: int
    receipt_id: UUID | None
    answer: bytes | None


@dataclass(slots=True)
class TillState:
    """Loaded rows by the keys that rules look them up with; batches chain their documents through it."""

    config_version: int
    status: str
    documents: dict[UUID, Stored] = field(default_factory=dict)
    by_key: dict[Key, UUID] = field(default_factory=dict)
    found: dict[tuple[str, bytes], list[Found]] = field(default_factory=dict)
    people: dict[UUID, Person] = field(default_factory=dict)
    account_of: dict[UUID, UUID] = field(default_factory=dict)
    books: dict[UUID, Book] = field(default_factory=dict)
    entries: dict[UUID, list[Entry]] = field(default_factory=dict)
    calls: dict[bytes, KnownCall] = field(default_factory=dict)
    waiting: dict[str, list[UUID]] = field(default_factory=dict)

    def document(self, key: Key) -> Stored | None:
        """Return the document that a natural key names."""
        receipt_id = self.by_key.get(key)
        return None if receipt_id is None else self.documents[receipt_id]

    def learn(self, customer_id: UUID, presented: Iterable[Presented]) -> None:
        """Make a person's identifiers known to later documents of the batch."""
        for shown in presented:
            found = Found(customer_id, customer_id, "active", verified=False, last_used_at=FRESHLY_USED)
            self.found.setdefault((shown.type, shown.blind), []).append(found)

    def returns_of(self, sale: Stored) -> list[Stored]:
        """Return the recorded returns of a sale."""
        return [
            one
            for one in self.documents.values()
            if one.sale_id == sale.receipt_id and one.kind == "return" and one.state == "recorded"
        ]

    def remember(self, stored: Stored) -> None:
        """Make `stored` known under each of its keys."""
        self.documents[stored.receipt_id] = stored
        for key in stored.natural_keys():
            self.by_key.setdefault(key, stored.receipt_id)
