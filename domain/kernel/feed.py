"""Reading the event log: by position, which the worker gives in an order that no late commit can disturb."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from domain.kernel.events import Actor


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field that changed; a personal value is None for those who may not see it, or once its person is erased."""

    field: str
    old: Any
    new: Any


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """One event with its place in the tenant's order; `position` counts from 1 without gaps."""

    position: int
    id: UUID
    type: str
    object_type: str
    object_id: UUID
    customer_id: UUID | None
    actor: Actor
    occurred_at: datetime
    recorded_at: datetime
    changes: Sequence[FieldChange]
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class FeedPage:
    """Events after a position, oldest first; reading on from `next_position` skips nothing."""

    items: Sequence[LoggedEvent]
    next_position: int


class ChangeFeed(Protocol):
    """The tenant's events in the order of their positions."""

    async def page(
        self, *, after: int, limit: int, types: Sequence[str] = (), personal: bool = False, patient: bool = False
    ) -> FeedPage:
        """Return up to `limit` events behind position `after`, all types when `types` is empty.

        `personal` asks for personal values too; without it they are None. `patient`: rather than an empty page, wait a
        moment for events that somebody's open transaction holds up.

        Raises:
            Unavailable: personal values are asked for and the tenant's key cannot be had now.
        """
