"""Who hears of what: every reaction of ours to an event, in one list."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from domain.kernel.feed import LoggedEvent
from persistence.unit_of_work import PgUnit

Handler = Callable[[LoggedEvent, PgUnit], Awaitable[None]]

PAUSES = tuple(timedelta(seconds=s) for s in (1, 5, 30, 120, 600, 3600, 6 * 3600, 24 * 3600))
"""How long a failed delivery waits before each further attempt; after the last it is parked."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """A reaction to events of `types` (all when empty); `name` never changes, the cursor is kept under it.

    `handle` runs in a transaction of the event's shop that commits together with the cursor: what it does to the
    database happens once, what it does outside may happen again. Events that fail are tried again later, so it may
    meet them out of order.
    """

    name: str
    types: frozenset[str]
    handle: Handler


async def learn_products(event: LoggedEvent, unit: PgUnit) -> None:
    """Make the goods of a sale known (A141)."""
    if event.data.get("kind") == "sale":
        await unit.products.learn(event.object_id)


SUBSCRIPTIONS: Sequence[Subscription] = (Subscription("products", frozenset({"receipt.recorded"}), learn_products),)
