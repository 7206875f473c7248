"""What a use case may expect of the transaction it runs in."""

from typing import Protocol

from domain.kernel.clock import Clock
from domain.kernel.events import Actor, EventLog


class UnitOfWork(Protocol):
    """One open transaction of one shop; the edge that opened it commits it.

    Use cases take an open unit, so that the stored answer of an idempotent call commits together with its effect.
    """

    @property
    def actor(self) -> Actor:
        """Return who acts."""

    @property
    def clock(self) -> Clock:
        """Return the clock that rules use."""

    @property
    def events(self) -> EventLog:
        """Return the event log of this transaction."""


class Retry(Exception):
    """The database asked to run the whole transaction again (serialisation failure, deadlock)."""
