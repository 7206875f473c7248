"""What the till needs from outside: one read and one write."""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID

from domain.checkout.changes import Changes
from domain.checkout.rules import ShopRules
from domain.checkout.state import TillState
from domain.history.receipt import Key
from domain.kernel.clock import Clock
from domain.kernel.events import Actor


class Stale(Exception):
    """Something the decision was made on has changed; nothing was written."""


@dataclass(slots=True)
class LoadRequest:
    """What to read.

    `keys` are natural keys, `waiting` those of sales that documents may wait for, `blinds` identifiers by type; `deep`
    asks for relatives, entries and every lot, `recent` for the people's sales since then. Without `lots` the answer
    tells what to hold and is too little to decide on.
    """

    keys: set[Key] = field(default_factory=set)
    receipts: set[UUID] = field(default_factory=set)
    waiting: set[Key] = field(default_factory=set)
    blinds: set[tuple[str, bytes]] = field(default_factory=set)
    customers: set[UUID] = field(default_factory=set)
    idempotency: set[bytes] = field(default_factory=set)
    recent: datetime | None = None
    deep: bool = False
    lots: bool = True


class TillTransaction(Protocol):
    """One read, one write; inside a transaction, rows can be held between them."""

    async def rules(self, config_version: int | None = None) -> ShopRules:
        """Return the shop's rules; not older than `config_version`."""

    async def load(self, request: LoadRequest) -> TillState:
        """Return the rows, as of now."""

    async def lock(self, state: TillState) -> None:
        """Hold the accounts and documents of `state` until the transaction ends; only then is `load` final."""

    async def save(self, state: TillState, changes: Changes, actor: Actor) -> None:
        """Store everything.

        Raises:
            Stale: an account or a document moved, or a key was taken, since `load`.
        """


class Till(Protocol):
    """The store behind the till."""

    @property
    def clock(self) -> Clock:
        """Return the clock that rules use."""

    def optimistic(self) -> TillTransaction:
        """Return a pair of single round trips that hold nothing."""

    def transaction(self) -> AbstractAsyncContextManager[TillTransaction]:
        """Open a transaction in which rows can be held; it commits at the end."""
