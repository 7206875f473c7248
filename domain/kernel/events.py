"""What happened, as the event log keeps it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: `kind` is `key`, `staff`, `plugin`, `operator` or `system`; `id` names it inside its kind."""

    kind: str
    id: str
    role: str


SYSTEM = Actor("system", "regulars", "system")


@dataclass(frozen=True, slots=True)
class Change:
    """One field that changed. `personal` values are kept under the customer's key only."""

    field: str
    old: Any
    new: Any
    personal: bool = False


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened.

    `type` is `<thing>.<past verb>` (`receipt.recorded`); `object_type` and `object_id` name what it happened to;
    `customer_id` is the person whose key seals the personal changes. `data` holds ids and figures, nothing personal.
    """

    type: str
    object_type: str
    object_id: UUID
    occurred_at: datetime
    customer_id: UUID | None = None
    changes: Sequence[Change] = ()
    data: dict[str, Any] = field(default_factory=dict)


class EventLog(Protocol):
    """The append-only log: outbox, change feed and source of streams at once."""

    async def add(self, events: Sequence[Event]) -> None:
        """Append `events` in the caller's transaction, in one round trip."""
