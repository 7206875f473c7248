"""What the till decided, ready to be stored in one write."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from domain.checkout.state import Presented
from domain.history.receipt import Document
from domain.kernel.events import Event


@dataclass(frozen=True, slots=True)
class NewCustomer:
    """A person a receipt brought: active, with everything that was shown."""

    customer_id: UUID
    presented: tuple[Presented, ...]
    source: str
    store: str | None
    employee: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class NewAccount:
    """An account opened by a first receipt, with its owner."""

    account_id: UUID
    customer_id: UUID
    program_id: UUID
    at: datetime


@dataclass(frozen=True, slots=True)
class NewPlace:
    """A code that nobody knew: `what` is store, register or employee."""

    what: str
    code: str
    store: str | None


@dataclass(slots=True)
class MetricsDelta:
    """What documents add to a person's figures in one currency; times None leave first and last as they are."""

    receipts: int = 0
    sales_total: int = 0
    returns_total: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None

    def add(self, *, receipts: int = 0, sales: int = 0, returns: int = 0, at: datetime | None = None) -> None:
        """Add one document; `at` is its business time when it counts as a purchase."""
        self.receipts += receipts
        self.sales_total += sales
        self.returns_total += returns
        if at is not None:
            self.first_at = at if self.first_at is None else min(self.first_at, at)
            self.last_at = at if self.last_at is None else max(self.last_at, at)


@dataclass(frozen=True, slots=True)
class NewReceipt:
    """A document to be inserted; its figures stand in the state's `Stored` of the same id."""

    receipt_id: UUID
    document: Document
    business_date: date


@dataclass(frozen=True, slots=True)
class Remembered:
    """A call to be answered with the same bytes again: the digests of its key and body, and its answer."""

    key_hash: bytes
    request_hash: bytes
    operation: str
    status: int
    receipt_id: UUID
    body: bytes


@dataclass(frozen=True, slots=True)
class Parked:
    """A document that could not take effect; `raw` is what was sent, kept sealed."""

    reason: str
    source: str
    external_id: str
    content_hash: bytes
    receipt_id: UUID | None
    recorded: Mapping[str, Any] | None
    received: Mapping[str, Any]
    raw: bytes


@dataclass(frozen=True, slots=True)
class Alias:
    """Another number of a recorded document: it came again by another road."""

    source: str
    external_id: str
    receipt_id: UUID


@dataclass(slots=True)
class Changes:
    """Everything one write stores; the figures of accounts and documents stand in the state.

    `at` is the moment it was decided, which is when it counts as recorded; None: the moment of the write.
    """

    at: datetime | None = None
    receipts: list[NewReceipt] = field(default_factory=list)
    customers: list[NewCustomer] = field(default_factory=list)
    accounts: list[NewAccount] = field(default_factory=list)
    places: list[NewPlace] = field(default_factory=list)
    metrics: dict[tuple[UUID, str], MetricsDelta] = field(default_factory=dict)
    recount: set[UUID] = field(default_factory=set)
    parked: list[Parked] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    used: set[UUID] = field(default_factory=set)
    remembered: list[Remembered] = field(default_factory=list)
    aliases: list[Alias] = field(default_factory=list)

    def metrics_of(self, customer_id: UUID, currency: str) -> MetricsDelta:
        """Return the running delta of one person in one currency."""
        return self.metrics.setdefault((customer_id, currency), MetricsDelta())
