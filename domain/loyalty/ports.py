"""What reading and adjusting points needs from outside."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from domain.kernel.transaction import UnitOfWork
from domain.loyalty.entries import Entry
from domain.loyalty.ledger import Book
from domain.loyalty.lots import Lot
from domain.loyalty.program import ProgramVersion


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody whose points these are; `role` is owner or member, `spend_limit` None: as much as there is."""

    customer_id: UUID
    role: str
    spend_limit: int | None


@dataclass(frozen=True, slots=True)
class Account:
    """A points account with its members and its book, which holds every open lot."""

    account_id: UUID
    program_id: UUID
    tier: str | None
    created_at: datetime
    members: tuple[Member, ...]
    book: Book


@dataclass(frozen=True, slots=True)
class Recorded:
    """An entry as it stands in the ledger: `actor` is `kind:id`, `reason` and `note` are in full where keys remain."""

    entry: Entry
    recorded_at: datetime
    actor: str
    reason: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Remark:
    """What a person wrote beside an entry; kept under the key of `customer_id`, the shop's own when nobody is known."""

    account_id: UUID
    seq: int
    customer_id: UUID | None
    reason: str | None
    note: str | None


@dataclass(frozen=True, slots=True)
class History:
    """All that was ever recorded of an account by some moment, oldest first."""

    entries: Sequence[Entry]
    lots: Sequence[Lot]


class Ledger(Protocol):
    """The points books of one shop, for reading."""

    async def account(self, account_id: UUID) -> Account:
        """Return one account.

        Raises:
            AccountNotFound: there is none.
        """

    async def accounts(self, *, customer_id: UUID | None, after: UUID | None, limit: int) -> Sequence[Account]:
        """Return accounts by id, of one customer or of all."""

    async def books(self, account_ids: Collection[UUID]) -> Mapping[UUID, Book]:
        """Return the books of those accounts that exist, each with every open lot."""

    async def owners(self, account_ids: Collection[UUID]) -> Mapping[UUID, UUID]:
        """Return the customer who owns each account; one without members is left out."""

    async def lots(self, account_id: UUID, *, after: UUID | None, limit: int) -> Sequence[Lot]:
        """Return lots, newest first, those made before `after` only."""

    async def entries(self, account_id: UUID, *, before: int | None, limit: int) -> Sequence[Recorded]:
        """Return entries, newest first, those with a number below `before` only."""

    async def history(self, account_id: UUID, *, until: datetime | None = None) -> History:
        """Return every entry recorded by `until` (None: all), and every lot."""

    async def remark(self, remarks: Sequence[Remark]) -> None:
        """Seal what people wrote into their entries, in one round trip."""


@dataclass(frozen=True, slots=True)
class Published:
    """A program version with when it came into force and when it was published."""

    version: ProgramVersion
    valid_from: datetime
    published_at: datetime


@dataclass(frozen=True, slots=True)
class Program:
    """A loyalty program; `versions` oldest first."""

    program_id: UUID
    code: str
    name: str
    created_at: datetime
    versions: tuple[Published, ...]

    def at(self, moment: datetime) -> Published:
        """Return the version in force at `moment`; the first one rules what is older."""
        begun = [one for one in self.versions if one.valid_from <= moment]
        return begun[-1] if begun else self.versions[0]


class Programs(Protocol):
    """The loyalty programs of one shop."""

    async def get(self, program_id: UUID) -> Program:
        """Return one program.

        Raises:
            ProgramNotFound: there is none.
        """

    async def page(self, *, after: UUID | None, limit: int) -> Sequence[Program]:
        """Return programs, oldest first."""

    async def by_id(self, program_ids: Collection[UUID]) -> Mapping[UUID, Program]:
        """Return those of the programs that exist."""


class LoyaltyUnit(UnitOfWork, Protocol):
    """The open transaction that points need."""

    @property
    def ledger(self) -> Ledger:
        """Return the points books."""

    @property
    def programs(self) -> Programs:
        """Return the loyalty programs."""
