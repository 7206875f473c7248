"""What the points book tells by itself, whoever touched it."""

from collections.abc import Iterable

from domain.kernel.events import Event
from domain.loyalty.entries import BookChanges, EntryKind


def expiries(books: Iterable[BookChanges]) -> list[Event]:
    """Return `points.expired` for each time that points ended in `books`.

    Time is written down by whoever comes first, a receipt or the nightly job; the event is written with it.
    """
    return [
        Event("points.expired", "account", book.account_id, entry.at, data={"points": -entry.points})
        for book in books
        for entry in book.entries
        if entry.kind is EntryKind.EXPIRE
    ]
