"""Everything that happened with a person, in one order (A34)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineEntry:
    """One thing that happened; `kind` is `sale`, `return`, `void` for documents of the till, else an interaction's.

    Receipts and notes stand here by reference (`refs`); `data` holds what a line on a screen needs.
    """

    id: UUID
    kind: str
    occurred_at: datetime
    recorded_at: datetime
    source: str
    store: str | None
    actor: str | None
    refs: Mapping[str, Any] = field(default_factory=dict)
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineFilter:
    """Which entries are asked for; `since` belongs to the period, `until` does not."""

    kinds: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    store: str | None = None
    author: str | None = None


RECEIPT_KINDS = ("sale", "return", "void")
