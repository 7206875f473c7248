"""Who hears of what: every reaction of ours to an event, in one list."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from domain.kernel.feed import LoggedEvent
from persistence.customer_search_rows import ENDING_INDEX, NAME_INDEX
from persistence.search_index import JOB as SEARCH_INDEX
from persistence.unit_of_work import PgUnit

Handler = Callable[[Sequence[LoggedEvent], PgUnit], Awaitable[None]]

PAUSES = tuple(timedelta(seconds=s) for s in (1, 5, 30, 120, 600, 3600, 6 * 3600, 24 * 3600))
"""How long a failed delivery waits before each further attempt; after the last it is parked."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """A reaction to events of `types` (all when empty); `name` never changes, the cursor is kept under it.

    `handle` gets some events of one shop, oldest first, in a transaction that commits together with the cursor: what
    it does to the database happens once, what it does outside may happen again. If it fails on several, each comes
    alone; what fails alone is tried again later, so events may also come out of order.
    """

    name: str
    types: frozenset[str]
    handle: Handler


async def learn_products(events: Sequence[LoggedEvent], unit: PgUnit) -> None:
    """Make the goods of sales known (A141)."""
    await unit.products.learn([event.object_id for event in events if event.data.get("kind") == "sale"])


async def index_names(events: Sequence[LoggedEvent], unit: PgUnit) -> None:
    """Bring the search indexes in step once an owner has switched one on or off."""
    changed = {change.field for event in events for change in event.changes}
    if changed & {NAME_INDEX, ENDING_INDEX}:
        await unit.jobs.enqueue(SEARCH_INDEX, dedupe=str(events[-1].id))


SUBSCRIPTIONS: Sequence[Subscription] = (
    Subscription("products", frozenset({"receipt.recorded"}), learn_products),
    Subscription("search-index", frozenset({"settings.updated"}), index_names),
)
